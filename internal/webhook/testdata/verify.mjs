// Verifies deliveries with the library that the authors of Standard Webhooks
// publish for node. Reads [{secret, body, headers}] from standard input, prints
// for each "ok" or what is wrong with it.
import { createRequire } from "node:module";
import process from "node:process";

const require = createRequire(process.env.NODE_PATH + "/");
const { Webhook } = require("standardwebhooks");

let text = "";
for await (const chunk of process.stdin) text += chunk;
const verdicts = JSON.parse(text).map(({ secret, body, headers }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return "ok";
  } catch (error) {
    return String(error);
  }
});
console.log(JSON.stringify(verdicts));
