// What every journey shares: Stripe's own library for node, pointed at the
// sandbox, and a way to say what was seen, one line of JSON a step. The test in
// Go holds the lines against what they must be.
const Stripe = require("stripe");
const http = require("http");

const sandbox = new URL(process.env.SANDBOX_URL);

// client is the library with its defaults, except where it connects to.
exports.client = (key, more) =>
  new Stripe(key, { host: sandbox.hostname, port: sandbox.port, protocol: "http", telemetry: false, ...more });

exports.Stripe = Stripe;

exports.say = (step, seen) => console.log(JSON.stringify({ step, ...seen }));

// kind is what an id begins with: all that is foreseeable of one.
exports.kind = (id) => (id ? id.slice(0, id.indexOf("_")) : id);

// refused says how the library classed an error, and what of it a program reads.
exports.refused = async (step, promise) => {
  try {
    await promise;
    exports.say(step, { refused: false });
  } catch (e) {
    exports.say(step, { refused: e.type, status: e.statusCode, code: e.code, decline: e.decline_code, param: e.param, traced: exports.kind(e.requestId) });
    return e;
  }
};

// post opens a hosted page and presses a button on it, as a browser does.
exports.post = (page, fields) =>
  fetch(page, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });

// raw sends a request beside the library, for what it has no way to say.
exports.raw = (method, path, body) =>
  fetch(new URL(path, sandbox), { method, body: body && JSON.stringify(body) });

// endpoint is a merchant's server: it keeps what came, and tells when the one
// that is waited for is there.
exports.endpoint = async (answer) => {
  const came = [];
  const waiting = [];
  const server = http.createServer((request, reply) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      reply.writeHead(answer ? answer(came.length) : 200).end();
      came.push({ body: Buffer.concat(chunks), header: request.headers["stripe-signature"] });
      waiting.splice(0).forEach((look) => look());
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    came,
    until: async (wanted) => {
      for (;;) {
        const found = came.find(wanted);
        if (found) return found;
        await new Promise((look) => waiting.push(look));
      }
    },
    close: () => server.close(() => {}) && server.closeAllConnections(),
  };
};

// run starts a journey and ends the program with its outcome.
exports.run = (journey) =>
  journey(exports.client("sk_test_node")).catch((e) => {
    console.error(e);
    process.exit(1); // whatever still listens
  });
