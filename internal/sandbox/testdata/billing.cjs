// Things sold again and again, on a test clock: trials, renewals, invoices.
const { run, say, kind, refused } = require("./journey.cjs");

const day = 24 * 60 * 60;

run(async (stripe) => {
  const begin = Math.floor(Date.UTC(2027, 0, 1) / 1000);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: begin, name: "a year" });
  say("test clock", { id: kind(clock.id), status: clock.status });
  const product = await stripe.products.create({ name: "Gold", metadata: { tier: "1" } });
  const price = await stripe.prices.create({ product: product.id, unit_amount: 2000, currency: "usd", recurring: { interval: "month" } });
  say("price", { product: kind(product.id), id: kind(price.id), type: price.type, interval: price.recurring.interval });
  say("product updated", { name: (await stripe.products.update(product.id, { name: "Gold +" })).name });
  const plan = await stripe.plans.create({ amount: 500, currency: "usd", interval: "week", product: { name: "Old" } });
  say("plan", { interval: plan.interval, amount: plan.amount });
  const coupon = await stripe.coupons.create({ percent_off: 25, duration: "once" });
  say("coupon", { percent: coupon.percent_off, valid: coupon.valid });

  const customer = await stripe.customers.create({ email: "b@example.org", test_clock: clock.id, payment_method: "pm_card_visa" });
  const visa = (await stripe.customers.listPaymentMethods(customer.id)).data[0];
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: visa.id } });
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }], trial_period_days: 14 });
  const item = subscription.items.data[0];
  say("trial", { id: kind(subscription.id), status: subscription.status, days: (subscription.trial_end - begin) / day, item: kind(item.id), ends: item.current_period_end === subscription.trial_end });

  const move = async (to) => {
    let now = await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: to });
    const first = now.status;
    while (now.status === "advancing") now = await stripe.testHelpers.testClocks.retrieve(clock.id);
    return [first, now.status];
  };
  await refused("clock too far", stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: begin + 400 * day }));
  say("clock moved", { statuses: await move(begin + 15 * day) });
  const active = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
  say("paid", { status: active.status, invoice: active.latest_invoice.status, total: active.latest_invoice.total, reason: active.latest_invoice.billing_reason });
  await move(begin + 47 * day);
  say("invoices", { each: (await stripe.invoices.list({ customer: customer.id })).data.map((i) => [i.billing_reason, i.status, i.total]) });

  const preview = await stripe.invoices.createPreview({ customer: customer.id, subscription: subscription.id });
  say("preview", { total: preview.total, lines: preview.lines.data.length });
  const more = await stripe.subscriptions.update(subscription.id, { items: [{ id: item.id, quantity: 2 }], proration_behavior: "none" });
  say("quantity", { quantity: more.items.data[0].quantity });
  const ending = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  say("ending", { status: ending.status, at: ending.cancel_at_period_end });
  say("canceled", { status: (await stripe.subscriptions.cancel(subscription.id)).status });

  await stripe.invoiceItems.create({ customer: customer.id, amount: 700, currency: "usd", description: "Help" });
  const draft = await stripe.invoices.create({ customer: customer.id, pending_invoice_items_behavior: "include", auto_advance: false });
  const open = await stripe.invoices.finalizeInvoice(draft.id);
  const paid = await stripe.invoices.pay(draft.id);
  say("invoice", { id: kind(draft.id), statuses: [draft.status, open.status, paid.status], total: paid.total, remaining: paid.amount_remaining });
  await refused("invoice paid twice", stripe.invoices.pay(draft.id));
  await stripe.invoiceItems.create({ customer: customer.id, amount: 300, currency: "usd" });
  const unwanted = await stripe.invoices.create({ customer: customer.id, pending_invoice_items_behavior: "include", auto_advance: false });
  await stripe.invoices.finalizeInvoice(unwanted.id);
  say("void", { status: (await stripe.invoices.voidInvoice(unwanted.id)).status });

  const meter = await stripe.billing.meters.create({ display_name: "Calls", event_name: "calls", default_aggregation: { formula: "sum" } });
  say("meter", { id: kind(meter.id), status: meter.status });
  const used = await stripe.billing.meterEvents.create({ event_name: "calls", payload: { stripe_customer_id: customer.id, value: "3" } });
  say("meter event", { name: used.event_name, value: used.payload.value });
  say("clock deleted", { deleted: (await stripe.testHelpers.testClocks.del(clock.id)).deleted });
  await refused("customer of a deleted clock", stripe.customers.update(customer.id, { name: "gone" }));
});
