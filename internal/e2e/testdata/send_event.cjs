// Sends a Stripe event as Stripe does, signed by Stripe's own library for
// node. Reads {url, payload, secret, times} from standard input, prints the
// statuses of the answers.
const Stripe = require("stripe");
const stripe = new (Stripe.default || Stripe)("sk_test_unused");

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", async () => {
  const { url, payload, secret, times } = JSON.parse(text);
  const statuses = [];
  for (let i = 0; i < times; i++) {
    const signature = stripe.webhooks.generateTestHeaderString({ payload, secret });
    const headers = { "Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8" };
    const answer = await fetch(url, { method: "POST", headers, body: payload });
    statuses.push(answer.status);
  }
  console.log(JSON.stringify(statuses));
});
