// Verifies webhooks with the library that the authors of Standard Webhooks
// publish for node. Reads [{secret, body, headers}] from standard input, prints
// for each the type of its event, or what is wrong with it.
const { Webhook } = require("standardwebhooks");

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  const verdicts = JSON.parse(text).map(({ secret, body, headers }) => {
    try {
      return new Webhook(secret).verify(body, headers).type;
    } catch (error) {
      return String(error);
    }
  });
  console.log(JSON.stringify(verdicts));
});
