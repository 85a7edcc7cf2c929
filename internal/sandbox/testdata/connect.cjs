// A platform and its partners: accounts, shared payments, transfers, payouts.
const { run, say, kind, refused } = require("./journey.cjs");

const details = {
  type: "custom", country: "US", email: "jenny@example.org", business_type: "individual",
  business_profile: { url: "https://jenny.example", mcc: "5734" },
  capabilities: { card_payments: { requested: true }, transfers: { requested: true } },
  external_account: "btok_us_verified", tos_acceptance: { date: 1774905600, ip: "127.0.0.1" },
  individual: {
    first_name: "Jenny", last_name: "Rosen", email: "jenny@example.org", phone: "+10000000000", ssn_last_4: "0000", dob: { day: 1, month: 1, year: 1901 },
    address: { line1: "address_full_match", city: "San Francisco", state: "CA", postal_code: "94111" },
  },
  settings: { payouts: { schedule: { interval: "manual" } } },
};
const paying = { amount: 1000, currency: "usd", payment_method: "pm_card_bypassPending", payment_method_types: ["card"], confirm: true };

run(async (stripe) => {
  const partner = await stripe.accounts.create(details);
  say("account", { id: kind(partner.id), type: partner.type, charges: partner.charges_enabled, payouts: partner.payouts_enabled, due: partner.requirements.currently_due });
  const bare = await stripe.accounts.create({ type: "express", country: "US", capabilities: { transfers: { requested: true } } });
  say("express account", { charges: bare.charges_enabled, due: bare.requirements.currently_due.length > 0 });
  const link = await stripe.accountLinks.create({ account: bare.id, type: "account_onboarding", refresh_url: "https://a.example/r", return_url: "https://a.example/d" });
  say("account link", { object: link.object, page: (await fetch(link.url)).status });
  say("account updated", { metadata: (await stripe.accounts.update(partner.id, { metadata: { k: "v" } })).metadata });
  say("capabilities", { active: (await stripe.accounts.listCapabilities(partner.id)).data.map((c) => c.id + " " + c.status).sort() });
  say("bank", { objects: (await stripe.accounts.listExternalAccounts(partner.id)).data.map((b) => b.object) });
  say("accounts", { count: (await stripe.accounts.list()).data.length });

  const there = { stripeAccount: partner.id };
  const direct = await stripe.paymentIntents.create({ ...paying, application_fee_amount: 123, expand: ["latest_charge.balance_transaction"] }, there);
  const entry = direct.latest_charge.balance_transaction;
  say("direct", { status: direct.status, fee: entry.fee, net: entry.net, fees: entry.fee_details.map((f) => f.type + " " + f.amount).sort() });
  await refused("direct, seen from the platform", stripe.paymentIntents.retrieve(direct.id));
  const fee = (await stripe.applicationFees.list()).data[0];
  say("application fee", { id: kind(fee.id), amount: fee.amount, from: fee.account === partner.id });
  const feeBack = await stripe.applicationFees.createRefund(fee.id, { amount: 23 });
  say("fee refund", { id: kind(feeBack.id), amount: feeBack.amount, left: (await stripe.applicationFees.retrieve(fee.id)).amount_refunded });

  const destination = await stripe.paymentIntents.create({ ...paying, application_fee_amount: 123, transfer_data: { destination: partner.id }, expand: ["latest_charge.transfer"] });
  say("destination", { status: destination.status, transfer: destination.latest_charge.transfer.amount, fee: destination.latest_charge.application_fee_amount });
  const back = await stripe.refunds.create({ payment_intent: destination.id, reverse_transfer: true, refund_application_fee: true });
  say("destination refunded", { status: back.status, reversal: kind(back.transfer_reversal) });

  await stripe.paymentIntents.create({ ...paying, amount: 50000 });
  const transfer = await stripe.transfers.create({ amount: 5000, currency: "usd", destination: partner.id, transfer_group: "order 7" });
  const reversal = await stripe.transfers.createReversal(transfer.id, { amount: 250 });
  const after = await stripe.transfers.retrieve(transfer.id);
  say("transfer", { id: kind(transfer.id), amount: after.amount, reversed: after.amount_reversed, whole: after.reversed, reversal: [kind(reversal.id), reversal.amount] });
  await refused("transfer of too much", stripe.transfers.create({ amount: 99999999, currency: "usd", destination: partner.id }));
  await refused("transfer to nobody", stripe.transfers.create({ amount: 100, currency: "usd", destination: "acct_1nobody" }));

  const payout = await stripe.payouts.create({ amount: 2000, currency: "usd" }, there);
  say("payout", { id: kind(payout.id), status: payout.status, automatic: payout.automatic });
  say("payout canceled", { status: (await stripe.payouts.cancel(payout.id, {}, there)).status });
  await refused("payout of too much", stripe.payouts.create({ amount: 99999999, currency: "usd" }, there));
  const topup = await stripe.topups.create({ amount: 7000, currency: "usd", description: "more" });
  say("top-up", { id: kind(topup.id), amount: topup.amount, status: topup.status });

  for (const [who, options] of [["platform", {}], ["partner", there]]) {
    let sum = 0;
    for await (const line of stripe.balanceTransactions.list({ limit: 3 }, options)) sum += line.net;
    const balance = await stripe.balance.retrieve({}, options);
    const have = [...balance.available, ...balance.pending].reduce((total, one) => total + one.amount, 0);
    say("balance of the " + who, { sum, have });
  }
  say("account deleted", { deleted: (await stripe.accounts.del(bare.id)).deleted });
});
