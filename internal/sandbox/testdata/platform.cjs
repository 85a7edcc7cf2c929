// What holds for all objects: errors by class, keys, pages, events, webhooks.
const { run, say, kind, refused, raw, client, endpoint, Stripe } = require("./journey.cjs");

const card = { amount: 1000, currency: "usd", payment_method_types: ["card"], confirm: true };

run(async (stripe) => {
  // errors are classed by the library alone
  await refused("unknown url", stripe.rawRequest("GET", "/v1/nothing"));
  await refused("missing", stripe.customers.retrieve("cus_nobody"));
  await refused("unknown parameter", stripe.customers.create({ nonsense: 1 }));
  await refused("missing parameter", stripe.paymentIntents.create({ amount: 1000 }));
  await refused("too small", stripe.paymentIntents.create({ amount: 1, currency: "usd" }));
  const declined = await refused("declined", stripe.paymentIntents.create({ ...card, payment_method: "pm_card_chargeDeclinedInsufficientFunds" }));
  say("declined intent", { status: declined.payment_intent.status, charge: kind(declined.charge), class: declined instanceof Stripe.errors.StripeCardError });
  await refused("wrong key", client("nonsense").customers.list());
  await refused("live key", client("sk_live_1234567890").customers.list());
  await refused("foreign account", stripe.balance.retrieve({}, { stripeAccount: "acct_1nobody" }));
  await refused("unknown version", stripe.balance.retrieve({}, { apiVersion: "yesterday" }));
  const once = client("sk_test_node", { maxNetworkRetries: 0 });
  for (const type of ["rate_limit", "conflict", "error"]) {
    await raw("POST", "/_sandbox/faults", { count: 1, match: { path: "/v1/balance" }, effect: { type } });
    await refused("fault " + type, once.balance.retrieve());
  }
  await refused("raw error of a charge", stripe.charges.create({ amount: 1000, currency: "usd", source: "tok_chargeDeclinedExpiredCard" }));

  // keys
  const one = await stripe.customers.create({ name: "once" }, { idempotencyKey: "k1" });
  const two = await stripe.customers.create({ name: "once" }, { idempotencyKey: "k1" });
  say("replayed", { same: one.id === two.id, replayed: two.lastResponse.headers["idempotent-replayed"], request: one.lastResponse.requestId !== two.lastResponse.requestId });
  await refused("key with other parameters", stripe.customers.create({ name: "twice" }, { idempotencyKey: "k1" }));
  const first = await refused("decline with a key", stripe.charges.create({ amount: 900, currency: "usd", source: "tok_chargeDeclined" }, { idempotencyKey: "k2" }));
  const again = await refused("decline replayed", stripe.charges.create({ amount: 900, currency: "usd", source: "tok_chargeDeclined" }, { idempotencyKey: "k2" }));
  say("decline is the same", { same: first.charge === again.charge });
  const racing = await Promise.all(Array.from({ length: 20 }, () => stripe.customers.create({ name: "race" }, { idempotencyKey: "k3" })));
  say("race", { customers: new Set(racing.map((c) => c.id)).size });

  // a fault is retried by the library, and nothing is done twice
  await raw("POST", "/_sandbox/faults", { count: 1, match: { path: "/v1/charges" }, effect: { type: "reset_after" } });
  const survived = await stripe.charges.create({ amount: 4321, currency: "usd", source: "tok_visa" });
  const charges = (await stripe.charges.list({ limit: 100 })).data.filter((c) => c.amount === 4321);
  say("reset", { status: survived.status, charges: charges.length, same: charges[0].id === survived.id });

  // pages
  const shop = client("sk_test_pages");
  const names = Array.from({ length: 250 }, (_, at) => "n" + at);
  for (const name of names) await shop.customers.create({ name });
  const seen = [];
  for await (const c of shop.customers.list({ limit: 100 })) seen.unshift(c.name);
  say("pages", { seen: seen.length, ordered: seen.join() === names.join() });
  const all = await shop.customers.list({ limit: 30 }).autoPagingToArray({ limit: 1000 });
  say("pages of 30", { seen: all.length, distinct: new Set(all.map((c) => c.id)).size });
  const backwards = [];
  for await (const c of shop.customers.list({ limit: 100, ending_before: all[249].id })) backwards.push(c.name);
  say("pages backwards", { seen: backwards.length, ordered: backwards.join() === names.slice(1).join() });

  // events and webhooks
  const hook = await endpoint((n) => (n === 0 ? 500 : 200));
  const to = await shop.webhookEndpoints.create({ url: hook.url, enabled_events: ["charge.succeeded", "charge.refunded"], description: "books" });
  say("webhook endpoint", { id: kind(to.id), status: to.status, secret: kind(to.secret), events: to.enabled_events });
  const failing = await shop.charges.create({ amount: 1111, currency: "usd", source: "tok_visa" });
  await hook.until((d) => String(d.body).includes(failing.id));
  const charge = await shop.charges.create({ amount: 2222, currency: "usd", source: "tok_visa" });
  await shop.refunds.create({ charge: charge.id });
  const delivery = await hook.until((d) => String(d.body).includes("charge.refunded"));
  const event = shop.webhooks.constructEvent(delivery.body, delivery.header, to.secret);
  say("delivered", { id: kind(event.id), type: event.type, object: event.object, refunded: event.data.object.amount_refunded, same: event.data.object.id === charge.id, pending: event.pending_webhooks });
  await refused("forged", (async () => shop.webhooks.constructEvent(String(delivery.body) + " ", delivery.header, to.secret))());
  await refused("wrong secret", (async () => shop.webhooks.constructEvent(delivery.body, delivery.header, "whsec_other"))());
  const kept = await shop.events.retrieve(event.id);
  say("event", { same: kept.type === event.type && kept.created === event.created, request: kind(kept.request.id) });
  say("events", { types: (await shop.events.list({ types: ["charge.succeeded", "charge.refunded"] })).data.map((e) => e.type) });
  say("webhook endpoint updated", { status: (await shop.webhookEndpoints.update(to.id, { disabled: true })).status });
  say("webhook endpoint deleted", { deleted: (await shop.webhookEndpoints.del(to.id)).deleted, left: (await shop.webhookEndpoints.list()).data.length });
  hook.close();
});
