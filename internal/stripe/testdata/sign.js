// Signs bodies with Stripe's own library for node, as Stripe's servers do.
// Reads [{payload, secret, timestamp}] from standard input, prints the headers.
const Stripe = require("stripe");
const stripe = new (Stripe.default || Stripe)("sk_test_unused");

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  const headers = JSON.parse(text).map((one) => stripe.webhooks.generateTestHeaderString(one));
  console.log(JSON.stringify(headers));
});
