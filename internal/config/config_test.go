package config_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/config"
	"florin/internal/pay"
)

const goodKey = "MDEyMzQ1Njc4OWFiY2RlZkFCQ0RFRkdISUpLTE1OT1A=" // base64 of 32 distinct letters

// load reads the settings as the program does, with flags as typed.
func load(env map[string]string, args ...string) (config.Config, error) {
	flags := pflag.NewFlagSet("florin", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	config.Bind(flags)
	if err := flags.Parse(args); err != nil {
		return config.Config{}, err
	}
	return config.Load(flags, func(name string) string { return env[name] })
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	data, err := filepath.Abs("data")
	require.NoError(t, err)
	want := config.Config{
		DatabaseURL: pay.NewSecret("sqlite:" + filepath.Join(data, "florin.db")), DataDir: data,
		Listen: "127.0.0.1:8080", SandboxListen: "127.0.0.1:12111", PublicURL: "http://127.0.0.1:8080",
		Role:        config.RoleAll,
		CallTimeout: 20 * time.Second, MinPollEvery: 15 * time.Second, RunRetention: 90 * 24 * time.Hour, DrainTimeout: 15 * time.Second,
		AllowPrivateEndpoints: config.PrivateLoopback, RateLimit: 100, RateBurst: 200,
		LogFormat: config.LogAuto, LogLevel: slog.LevelInfo,
	}
	got, err := load(nil)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.True(t, got.ServesSandbox())

	without, err := config.Load(nil, func(string) string { return "" })
	require.NoError(t, err)
	assert.Equal(t, want, without, "no flags at all are the same as none given")
}

func TestFlagWinsOverEnvironmentWinsOverDefault(t *testing.T) {
	t.Parallel()
	env := map[string]string{"FLORIN_LISTEN": ":1", "FLORIN_LOG_LEVEL": "WARN", "FLORIN_SMTP_URL": "smtp://mail", "FLORIN_ROLE": ""}
	got, err := load(env, "--listen=:2", "--smtp-url=")
	require.NoError(t, err)
	assert.Equal(t, ":2", got.Listen)
	assert.Equal(t, "http://127.0.0.1:2", got.PublicURL)
	assert.Equal(t, slog.LevelWarn, got.LogLevel)
	assert.True(t, got.SMTPURL.IsZero(), "an empty flag takes back the environment")
	assert.Equal(t, config.RoleAll, got.Role, "an empty variable is not set")
}

func TestEverySettingIsReadFromFlagAndEnvironment(t *testing.T) {
	t.Parallel()
	values := []struct{ env, flag, text string }{
		{"FLORIN_DATABASE_URL", "database-url", "postgres://florin:pw@db:5432/florin"},
		{"FLORIN_DATA_DIR", "data-dir", "/srv/florin"},
		{"FLORIN_MASTER_KEY", "master-key", goodKey},
		{"FLORIN_LISTEN", "listen", "[::1]:9000"},
		{"FLORIN_SANDBOX_LISTEN", "sandbox-listen", "off"},
		{"FLORIN_PUBLIC_URL", "public-url", "https://pay.example.com/florin/"},
		{"FLORIN_ROLE", "role", "worker"},
		{"FLORIN_STRIPE_API_BASE", "stripe-api-base", "http://localhost:12111"},
		{"FLORIN_CALL_TIMEOUT", "call-timeout", "1m20s"},
		{"FLORIN_MIN_POLL", "min-poll", "2s"},
		{"FLORIN_RUN_RETENTION", "run-retention", "2d"},
		{"FLORIN_DRAIN_TIMEOUT", "drain-timeout", "0s"},
		{"FLORIN_SMTP_URL", "smtp-url", "smtps://u:p@mail.example.com:465"},
		{"FLORIN_ALLOW_PRIVATE_ENDPOINTS", "allow-private-endpoints", "all"},
		{"FLORIN_RATE_LIMIT", "rate-limit", "0"},
		{"FLORIN_RATE_BURST", "rate-burst", "1"},
		{"FLORIN_LOG_FORMAT", "log-format", "json"},
		{"FLORIN_LOG_LEVEL", "log-level", "debug"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "otlp-endpoint", "http://collector:4318"},
	}
	want := config.Config{
		DatabaseURL: pay.NewSecret(values[0].text), DataDir: "/srv/florin", MasterKey: pay.NewSecret(goodKey),
		Listen: "[::1]:9000", SandboxListen: config.Off, PublicURL: "https://pay.example.com/florin",
		Role: config.RoleWorker, StripeAPIBase: "http://localhost:12111", CallTimeout: 80 * time.Second, MinPollEvery: 2 * time.Second,
		RunRetention: 48 * time.Hour, SMTPURL: pay.NewSecret(values[12].text), AllowPrivateEndpoints: config.PrivateAll,
		RateBurst: 1, LogFormat: config.LogJSON, LogLevel: slog.LevelDebug, OTLPEndpoint: "http://collector:4318",
	}
	env, args := map[string]string{}, []string{}
	for _, value := range values {
		env[value.env] = value.text
		args = append(args, "--"+value.flag+"="+value.text)
		assert.Contains(t, config.Markdown(), fmt.Sprintf("| `%s` | `--%s` |", value.env, value.flag))
	}
	fromEnv, err := load(env)
	require.NoError(t, err)
	assert.Equal(t, want, fromEnv)
	fromFlags, err := load(nil, args...)
	require.NoError(t, err)
	assert.Equal(t, want, fromFlags)
	assert.Equal(t, len(values), strings.Count(config.Markdown(), "| `--"), "a setting is missing in this test")
}

func TestBadSettingsSayTheRemedyAndRepeatNoSecret(t *testing.T) {
	t.Parallel()
	const postgres = "postgres://db/florin"
	cases := []struct{ env, text, remedy string }{
		{"FLORIN_DATABASE_URL", "mysql://root:hunter2@db/x", "sqlite:<file> or postgres://"},
		{"FLORIN_DATABASE_URL", "postgres://u:hunter2%zz@db/x", "percent-encode"},
		{"FLORIN_DATABASE_URL", "postgres://u:hunter2@db", "database name"},
		{"FLORIN_DATABASE_URL", "sqlite:", "sqlite:data/florin.db"},
		{"FLORIN_DATABASE_URL", "sqlite::memory:", "name a file"},
		{"FLORIN_DATABASE_URL", "sqlite:hunter2?mode=memory", "another file name"},
		{"FLORIN_DATA_DIR", "  ", "must be a folder"},
		{"FLORIN_RUN_RETENTION", "0d", "must be a number of days from 1d to 3650d"},
		{"FLORIN_RUN_RETENTION", "90", "must be a number of days from 1d to 3650d"},
		{"FLORIN_MASTER_KEY", "hunter2", "openssl rand -base64 32"},
		{"FLORIN_MASTER_KEY", strings.Repeat("A", 43) + "=", "is not random"},
		{"FLORIN_LISTEN", "8080", "host:port"},
		{"FLORIN_LISTEN", "127.0.0.1:70000", "0 to 65535"},
		{"FLORIN_SANDBOX_LISTEN", "none", "host:port"},
		{"FLORIN_SANDBOX_LISTEN", "127.0.0.1:8080", "choose another port"},
		{"FLORIN_PUBLIC_URL", "pay.example.com", "http or https URL"},
		{"FLORIN_PUBLIC_URL", "https://u:hunter2@pay.example.com", "no user"},
		{"FLORIN_ROLE", "boss", "one of: all api worker"},
		{"FLORIN_ROLE", "worker", "set FLORIN_DATABASE_URL to a Postgres"},
		{"FLORIN_STRIPE_API_BASE", "http://api.stripe.com", "unencrypted"},
		{"FLORIN_CALL_TIMEOUT", "20", "from 1s to 1m20s"},
		{"FLORIN_CALL_TIMEOUT", "999ms", "from 1s to 1m20s"},
		{"FLORIN_DRAIN_TIMEOUT", "-1s", "from 0s to 10m0s"},
		{"FLORIN_SMTP_URL", "http://u:hunter2@mail", "smtp://user:password@host:port"},
		{"FLORIN_ALLOW_PRIVATE_ENDPOINTS", "yes", "one of: off loopback all"},
		{"FLORIN_RATE_LIMIT", "-1", "from 0 to 1000000"},
		{"FLORIN_RATE_LIMIT", "201", "raise it"},
		{"FLORIN_RATE_BURST", "0", "from 1 to 1000000"},
		{"FLORIN_LOG_FORMAT", "xml", "one of: auto json text"},
		{"FLORIN_LOG_LEVEL", "loud", "debug, info, warn or error"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "http or https URL"},
	}
	for _, test := range cases {
		_, err := load(map[string]string{test.env: test.text})
		if !assert.Error(t, err, "%s=%s", test.env, test.text) {
			continue
		}
		assert.Contains(t, err.Error(), test.remedy)
		assert.NotContains(t, err.Error(), "hunter2")
	}
	_, err := load(map[string]string{"FLORIN_ROLE": "api", "FLORIN_DATABASE_URL": postgres})
	assert.NoError(t, err, "the roles are for Postgres")
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(map[string]string{"FLORIN_LISTEN": "x", "FLORIN_ROLE": "y"}, "--rate-limit=z")
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	var names []string
	for _, problem := range problems {
		names = append(names, problem.Env+" --"+problem.Flag)
	}
	assert.Equal(t, []string{"FLORIN_LISTEN --listen", "FLORIN_ROLE --role", "FLORIN_RATE_LIMIT --rate-limit"}, names)
	for _, name := range names {
		assert.Contains(t, err.Error(), strings.Replace(name, " ", " (", 1))
	}
}

func TestWhatDependsOnOtherSettings(t *testing.T) {
	t.Parallel()
	got, err := load(map[string]string{"FLORIN_SANDBOX_LISTEN": "off", "FLORIN_LISTEN": "0.0.0.0:0", "FLORIN_DATA_DIR": "/srv"})
	require.NoError(t, err)
	assert.Equal(t, config.PrivateOff, got.AllowPrivateEndpoints)
	assert.False(t, got.ServesSandbox())
	assert.Empty(t, got.PublicURL, "nobody knows the port before the listener is open")
	file, onSQLite := got.SQLiteFile()
	assert.True(t, onSQLite)
	assert.Equal(t, "/srv/florin.db", file)

	got, err = load(map[string]string{"FLORIN_DATABASE_URL": "postgres:///florin?host=/var/run/postgresql"})
	require.NoError(t, err)
	_, onSQLite = got.SQLiteFile()
	assert.False(t, onSQLite)

	public := map[string]string{
		"127.0.0.1:80": "http://127.0.0.1:80", ":80": "http://127.0.0.1:80", "0.0.0.0:80": "http://127.0.0.1:80",
		"[::]:80": "http://127.0.0.1:80", "[::1]:80": "http://[::1]:80", "florin.local:80": "http://florin.local:80", "x": "",
	}
	for listen, want := range public {
		assert.Equal(t, want, config.PublicURLFor(listen), listen)
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	got, err := load(map[string]string{
		"FLORIN_DATABASE_URL": "postgres://florin:hunter2@db/florin", "FLORIN_SMTP_URL": "smtp://u:hunter2@mail", "FLORIN_MASTER_KEY": goodKey,
	})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		printed := fmt.Sprintf(verb, got)
		assert.NotContains(t, printed, "hunter2", verb)
		assert.NotContains(t, printed, goodKey, verb)
	}
}

func TestHelpShowsEveryDefault(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("florin", pflag.ContinueOnError)
	config.Bind(flags)
	usage := flags.FlagUsages()
	assert.Contains(t, usage, `(default sqlite:<data dir>/florin.db)`)
	assert.Contains(t, usage, `(default "127.0.0.1:12111")`)
	assert.Contains(t, usage, "[OTEL_EXPORTER_OTLP_ENDPOINT]")
	page := config.Markdown()
	assert.Contains(t, page, "| `FLORIN_CALL_TIMEOUT` | `--call-timeout` | `20s` | ")
	assert.NotContains(t, strings.SplitN(page, "|---", 2)[1], "<data dir>", "a page would swallow this as a tag")
	for _, line := range strings.Split(strings.TrimSpace(page), "\n") {
		if strings.HasPrefix(line, "| `") {
			assert.Equal(t, 5, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), line)
		}
	}
}

func mode(t *testing.T, path string) os.FileMode {
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}
