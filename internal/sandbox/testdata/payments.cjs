// A customer's life with a shop: cards, payments in each way, money back.
const { run, say, kind, refused, post } = require("./journey.cjs");

const card = { currency: "usd", payment_method_types: ["card"] };

run(async (stripe) => {
  // customers
  const ann = await stripe.customers.create({ name: "Ann Ødegård", email: "ann@example.org", metadata: { a: "1", b: "2" }, address: { city: "Oslo", country: "NO" } });
  say("customer", { id: kind(ann.id), name: ann.name, city: ann.address.city, livemode: ann.livemode, balance: ann.balance });
  const renamed = await stripe.customers.update(ann.id, { metadata: { a: "", c: "3" }, description: "first" });
  say("customer updated", { metadata: renamed.metadata, description: renamed.description, email: renamed.email });
  const found = await stripe.customers.search({ query: "email:'ann@example.org'" });
  say("customer found", { found: found.data.length, same: found.data[0].id === ann.id });

  // tokens and the older cards
  const token = await stripe.tokens.create({ card: { number: "4242424242424242", exp_month: "12", exp_year: "2034", cvc: "123" } });
  say("token", { id: kind(token.id), type: token.type, last4: token.card.last4, used: token.used });
  const old = await stripe.customers.createSource(ann.id, { source: token.id });
  say("card", { id: kind(old.id), object: old.object, brand: old.brand, owner: old.customer === ann.id });
  say("token used", { used: (await stripe.tokens.retrieve(token.id)).used });
  const source = await stripe.sources.create({ type: "card", token: "tok_mastercard" });
  say("source", { id: kind(source.id), type: source.type, status: source.status });
  const withSources = await stripe.customers.retrieve(ann.id, { expand: ["sources"] });
  say("sources", { count: withSources.sources.data.length, first: withSources.default_source === old.id });

  // payment methods
  const visa = await stripe.paymentMethods.attach("pm_card_visa", { customer: ann.id });
  say("attached", { id: kind(visa.id), last4: visa.card.last4, owner: visa.customer === ann.id });
  const spare = await stripe.paymentMethods.create({ type: "card", card: { token: "tok_amex" }, billing_details: { name: "Ann" } });
  await stripe.paymentMethods.attach(spare.id, { customer: ann.id });
  const changed = await stripe.paymentMethods.update(spare.id, { billing_details: { email: "x@example.org" }, metadata: { k: "v" } });
  say("method updated", { brand: changed.card.brand, name: changed.billing_details.name, email: changed.billing_details.email, metadata: changed.metadata });
  say("methods", { types: (await stripe.paymentMethods.list({ customer: ann.id, type: "card" })).data.map((m) => m.card.brand) });
  say("detached", { customer: (await stripe.paymentMethods.detach(spare.id)).customer });

  // setup intents
  const saved = await stripe.setupIntents.create({ customer: ann.id, payment_method: "pm_card_mastercard", payment_method_types: ["card"], confirm: true });
  say("setup intent", { id: kind(saved.id), status: saved.status, usage: saved.usage });
  const asked = await stripe.setupIntents.create({ customer: ann.id, payment_method: "pm_card_authenticationRequiredOnSetup", payment_method_types: ["card"], confirm: true, return_url: "https://shop.example/" });
  say("setup intent asks", { status: asked.status, next: asked.next_action.type });
  await post(asked.next_action.redirect_to_url.url, { outcome: "complete" });
  say("setup intent done", { status: (await stripe.setupIntents.retrieve(asked.id)).status });
  const off = await stripe.setupIntents.create({ payment_method_types: ["card"] });
  say("setup intent canceled", { status: (await stripe.setupIntents.cancel(off.id)).status });

  // automatic capture
  const paid = await stripe.paymentIntents.create({ ...card, amount: 10000, customer: ann.id, payment_method: visa.id, confirm: true, off_session: true, expand: ["latest_charge.balance_transaction"] });
  const entry = paid.latest_charge.balance_transaction;
  say("paid", { id: kind(paid.id), status: paid.status, received: paid.amount_received, fee: entry.fee, net: entry.net, kind: entry.type });
  const waiting = await stripe.paymentIntents.create({ amount: 5000, currency: "eur", customer: ann.id, automatic_payment_methods: { enabled: true, allow_redirects: "never" } });
  say("intent", { status: waiting.status, methods: waiting.payment_method_types.includes("card") });
  await stripe.paymentIntents.update(waiting.id, { amount: 5500, description: "more" });
  const confirmed = await stripe.paymentIntents.confirm(waiting.id, { payment_method: visa.id });
  say("intent confirmed", { status: confirmed.status, amount: confirmed.amount, description: confirmed.description });

  // manual capture
  const held = await stripe.paymentIntents.create({ ...card, amount: 3000, payment_method: "pm_card_visa", confirm: true, capture_method: "manual" });
  say("held", { status: held.status, capturable: held.amount_capturable });
  const part = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 2000 });
  say("captured", { status: part.status, received: part.amount_received, capturable: part.amount_capturable });
  const dropped = await stripe.paymentIntents.create({ ...card, amount: 3000, payment_method: "pm_card_visa", confirm: true, capture_method: "manual" });
  const canceled = await stripe.paymentIntents.cancel(dropped.id, { cancellation_reason: "abandoned" });
  say("canceled", { status: canceled.status, reason: canceled.cancellation_reason });

  // 3D Secure
  for (const outcome of ["complete", "fail"]) {
    const secure = await stripe.paymentIntents.create({ ...card, amount: 4000, payment_method: "pm_card_threeDSecure2Required", confirm: true, return_url: "https://shop.example/?a=b" });
    const back = await post(secure.next_action.redirect_to_url.url, { outcome });
    const after = await stripe.paymentIntents.retrieve(secure.id);
    const to = new URL(back.headers.get("location")).searchParams;
    say("3ds " + outcome, { before: secure.status, after: after.status, told: to.get("redirect_status"), same: to.get("payment_intent") === secure.id, error: after.last_payment_error && after.last_payment_error.code });
  }

  // charges without an intent
  const charge = await stripe.charges.create({ amount: 2500, currency: "usd", source: "tok_visa", capture: false, description: "old" });
  say("charge", { id: kind(charge.id), captured: charge.captured, paid: charge.paid, status: charge.status });
  say("charge captured", { captured: (await stripe.charges.capture(charge.id, { amount: 2000 })).amount_captured });
  say("charge updated", { metadata: (await stripe.charges.update(charge.id, { metadata: { k: "v" } })).metadata });
  const byCustomer = await stripe.charges.create({ amount: 1500, currency: "usd", customer: ann.id });
  say("charge of a customer", { source: byCustomer.source.id === old.id, status: byCustomer.status });

  // refunds
  const back = await stripe.refunds.create({ payment_intent: paid.id, amount: 2500, reason: "requested_by_customer" });
  say("refund", { id: kind(back.id), status: back.status, amount: back.amount, reason: back.reason });
  await stripe.refunds.create({ payment_intent: paid.id });
  const returned = await stripe.charges.retrieve(paid.latest_charge.id, { expand: ["refunds"] });
  say("refunded", { refunded: returned.refunded, amount: returned.amount_refunded, amounts: returned.refunds ? returned.refunds.data.map((r) => r.amount) : null });
  await refused("refunded twice", stripe.refunds.create({ payment_intent: paid.id }));
  say("refund updated", { metadata: (await stripe.refunds.update(back.id, { metadata: { why: "size" } })).metadata });

  // disputes
  const contested = await dispute(stripe);
  say("dispute", { id: kind(contested.id), status: contested.status, reason: contested.reason, amount: contested.amount, entries: contested.balance_transactions.map((b) => [b.amount, b.fee, b.net]) });
  const draft = await stripe.disputes.update(contested.id, { evidence: { product_description: "A book" }, submit: false });
  say("evidence", { has: draft.evidence_details.has_evidence, text: draft.evidence.product_description, status: draft.status });
  // Evidence that decides nothing: the bank would take a moment of the clock over the magic words.
  await stripe.disputes.update(contested.id, { evidence: { uncategorized_text: "The book was read." } });
  const after = await stripe.disputes.retrieve(contested.id);
  say("evidence submitted", { status: after.status, entries: after.balance_transactions.map((b) => b.net) });
  const lost = await stripe.disputes.close((await dispute(stripe)).id);
  say("dispute closed", { status: lost.status, entries: lost.balance_transactions.map((b) => b.net) });

  // money adds up
  const sum = {};
  for await (const line of stripe.balanceTransactions.list({ limit: 7 })) sum[line.currency] = (sum[line.currency] || 0) + line.net;
  const balance = await stripe.balance.retrieve();
  const have = {};
  for (const one of [...balance.available, ...balance.pending]) have[one.currency] = (have[one.currency] || 0) + one.amount;
  say("balance", { sum, have });

  // deleted
  const deleted = await stripe.customers.del(ann.id);
  say("deleted", { deleted: deleted.deleted, still: (await stripe.customers.retrieve(ann.id)).deleted });
  await refused("deleted twice", stripe.customers.del(ann.id));
});

// dispute pays with the card whose owner complains, and finds the complaint.
async function dispute(stripe) {
  const paid = await stripe.paymentIntents.create({ ...card, amount: 9000, payment_method: "pm_card_createDispute", confirm: true });
  return (await stripe.disputes.list({ payment_intent: paid.id })).data[0];
}
