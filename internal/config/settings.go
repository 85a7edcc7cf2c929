package config

import "time"

// defaultDataDir is a folder where the program was started: a newcomer sees
// what was made, deletes it to start anew, and two checkouts never share money.
// A folder hidden in the home would outlive the checkout that filled it.
const defaultDataDir = "data"

// defaultDatabase is the SQLite file in the data folder.
const defaultDatabase = "florin.db"

// The limits of CallTimeout. Below a second even a healthy card network is
// called in doubt; Stripe's own client gives up at 80 s, and the caller of a
// payment waits all that time.
const (
	shortestCall = time.Second
	longestCall  = 80 * time.Second
)

// The limits of MinPollEvery. Below the first a poll would not end before the
// next begins; above the second nobody would call a flow prompt.
const (
	shortestPoll = 100 * time.Millisecond
	longestPoll  = time.Hour
)

// longestRetention is ten years of days, as long as any law has books kept.
const longestRetention = 3650

// longestDrain is more than any supervisor waits between SIGTERM and SIGKILL.
const longestDrain = 10 * time.Minute

// highestRate keeps a typing error from becoming a limit that limits nothing.
const highestRate = 1_000_000

// setting is one row of the table: one decision a person can make.
type setting struct {
	env      string // name of the environment variable
	flag     string // name of the flag, without dashes
	fallback string // text that is parsed when neither is given
	derived  string // shown as the default where it depends on other settings
	secret   bool   // its text is never repeated, not even in an error
	help     string // one sentence; the `quoted` word names the value
	parse    func(c *Config, text string) error
}

// settings is the table that everything else is made from.
var settings = []setting{
	{
		env: "FLORIN_DATABASE_URL", flag: "database-url", secret: true,
		derived: "sqlite:<data dir>/" + defaultDatabase,
		help:    "Database `url`: sqlite:<file>, or postgres://user:password@host/name (Postgres 15 or newer).",
		parse:   parseDatabaseURL,
	},
	{
		env: "FLORIN_DATA_DIR", flag: "data-dir", fallback: defaultDataDir,
		help:  "`Folder` for the SQLite database, the sandbox's state and the master key; made at the first start.",
		parse: parseDataDir,
	},
	{
		env: "FLORIN_MASTER_KEY", flag: "master-key", secret: true,
		derived: "the file " + MasterKeyFile + " in the data folder, made at the first start",
		help:    "The `key` that encrypts stored credentials: 32 bytes in base64. Every process on one database needs the same one. Several, separated by commas, let it be rotated: the first seals, all of them open. As a flag it is visible in the process list.",
		parse:   parseMasterKey,
	},
	{
		env: "FLORIN_LISTEN", flag: "listen", fallback: "127.0.0.1:8080",
		help:  "`Address` (host:port) of the API and the dashboard.",
		parse: func(c *Config, text string) error { return parseListen(&c.Listen, text) },
	},
	{
		env: "FLORIN_SANDBOX_LISTEN", flag: "sandbox-listen", fallback: "127.0.0.1:12111",
		help:  "`Address` (host:port) of the sandbox, the local Stripe; off serves none.",
		parse: parseSandboxListen,
	},
	{
		env: "FLORIN_PUBLIC_URL", flag: "public-url", derived: "http://<listen>",
		help:  "`URL` under which browsers and Stripe reach this server, as written into links and webhook addresses.",
		parse: func(c *Config, text string) error { return parseBaseURL(&c.PublicURL, text) },
	},
	{
		env: "FLORIN_ROLE", flag: "role", fallback: string(RoleAll),
		help:  "Which `part` of the work this process does: all, api or worker. More than one process needs Postgres.",
		parse: func(c *Config, text string) error { return oneOf(&c.Role, text, RoleAll, RoleAPI, RoleWorker) },
	},
	{
		env: "FLORIN_STRIPE_API_BASE", flag: "stripe-api-base",
		derived: "the sandbox for test keys while one is served, else https://api.stripe.com",
		help:    "`URL` of Stripe's API for connections with credentials of their own; plain http only on this machine.",
		parse:   parseStripeAPIBase,
	},
	{
		env: "FLORIN_CALL_TIMEOUT", flag: "call-timeout", fallback: "20s",
		help:  "`Duration` of one call to Stripe with its retries; after it the payment is in doubt and settled later (1s to 80s).",
		parse: func(c *Config, text string) error { return between(&c.CallTimeout, text, shortestCall, longestCall) },
	},
	{
		env: "FLORIN_MIN_POLL", flag: "min-poll", fallback: "15s",
		help:  "Shortest `interval` at which a flow may have Stripe asked for what is new; 15s are 5,760 calls a day, 1s are 86,400 (100ms to 1h).",
		parse: func(c *Config, text string) error { return between(&c.MinPollEvery, text, shortestPoll, longestPoll) },
	},
	{
		env: "FLORIN_RUN_RETENTION", flag: "run-retention", fallback: "90d",
		help:  "How many `days` runs of flows are kept after their end, with their steps; one in doubt is kept for good (1d to 3650d).",
		parse: func(c *Config, text string) error { return wholeDays(&c.RunRetention, text, longestRetention) },
	},
	{
		env: "FLORIN_DRAIN_TIMEOUT", flag: "drain-timeout", fallback: "15s",
		help:  "`Duration` that open requests and jobs get to finish after SIGTERM (0s to 10m).",
		parse: func(c *Config, text string) error { return between(&c.DrainTimeout, text, 0, longestDrain) },
	},
	{
		env: "FLORIN_SMTP_URL", flag: "smtp-url", secret: true, derived: "no mail is sent",
		help:  "Mail server `url` for receipts and invoices: smtp://user:password@host:port (STARTTLS), or smtps:// (TLS).",
		parse: parseSMTPURL,
	},
	{
		env: "FLORIN_ALLOW_PRIVATE_ENDPOINTS", flag: "allow-private-endpoints",
		derived: "loopback when the sandbox is served, else off",
		help:    "Whether webhook endpoints may be on a private `network`: off, loopback or all.",
		parse: func(c *Config, text string) error {
			return oneOf(&c.AllowPrivateEndpoints, text, PrivateOff, PrivateLoopback, PrivateAll)
		},
	},
	{
		env: "FLORIN_RATE_LIMIT", flag: "rate-limit", fallback: "100",
		help:  "`Requests` per second that one API key may make for long; 0 means no limit. Stripe's own limit is 100 in live mode.",
		parse: func(c *Config, text string) error { return count(&c.RateLimit, text, 0, highestRate) },
	},
	{
		env: "FLORIN_RATE_BURST", flag: "rate-burst", fallback: "200",
		help:  "`Requests` that an API key may make at once after a quiet time.",
		parse: func(c *Config, text string) error { return count(&c.RateBurst, text, 1, highestRate) },
	},
	{
		env: "FLORIN_LOG_FORMAT", flag: "log-format", fallback: string(LogAuto),
		help:  "`Format` of log lines: json, text, or auto, which is text on a terminal and json elsewhere.",
		parse: func(c *Config, text string) error { return oneOf(&c.LogFormat, text, LogAuto, LogJSON, LogText) },
	},
	{
		env: "FLORIN_LOG_LEVEL", flag: "log-level", fallback: "info",
		help:  "Lowest `level` that is logged: debug, info, warn or error.",
		parse: parseLogLevel,
	},
	{
		env: "OTEL_EXPORTER_OTLP_ENDPOINT", flag: "otlp-endpoint", derived: "no traces",
		help:  "Base `url` of an OpenTelemetry collector (OTLP over HTTP) that traces are sent to. The name is OpenTelemetry's own.",
		parse: func(c *Config, text string) error { return parseBaseURL(&c.OTLPEndpoint, text) },
	},
}
