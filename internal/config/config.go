// Package config is the one Config of the program. Every setting is one row of
// one table (settings.go), from which the flags, the environment variables,
// the help, the documentation and the checks all come, so that they cannot
// disagree. Reading a Config changes nothing on disk; Prepare does that, and
// says so.
package config

import (
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"florin/internal/pay"
)

// Role is which part of the work a process does, so that one Postgres can be
// served by several machines.
type Role string

// The roles: everything in one process, answering requests only, or working
// on jobs only.
const (
	RoleAll    Role = "all"
	RoleAPI    Role = "api"
	RoleWorker Role = "worker"
)

// PrivateEndpoints is which addresses inside a private network merchants'
// webhook endpoints may have. Anything but PrivateOff lets who can set an
// endpoint make Florin send requests into that network.
type PrivateEndpoints string

// The choices, from safest to most open: none, this machine only, all.
const (
	PrivateOff      PrivateEndpoints = "off"
	PrivateLoopback PrivateEndpoints = "loopback"
	PrivateAll      PrivateEndpoints = "all"
)

// LogFormat is how log lines are written.
type LogFormat string

// The formats: text on a terminal and JSON elsewhere, always JSON, always text.
const (
	LogAuto LogFormat = "auto"
	LogJSON LogFormat = "json"
	LogText LogFormat = "text"
)

// Off is what switches an optional part off where an address is expected.
const Off = "off"

// Config is everything that a person can decide about a running Florin. It is
// read once at the start; parts get the values that they need, never the whole.
type Config struct {
	DatabaseURL pay.Secret // sqlite:<file> or postgres://…; secret because it may hold a password
	DataDir     string     // absolute path; what a newcomer needs is created here
	MasterKey   pay.Secret // 32 bytes in base64; empty until Prepare has read or made the file

	Listen        string // host:port of the API and the dashboard
	SandboxListen string // host:port of the sandbox, or "off"
	PublicURL     string // where browsers and Stripe reach us, without a closing slash; empty when Listen has port 0
	Role          Role

	StripeAPIBase string        // where Stripe answers; empty means the sandbox for test keys while one is served, else Stripe itself
	CallTimeout   time.Duration // one call to Stripe with all its retries; the lease of a payment is derived from it
	MinPollEvery  time.Duration // the shortest interval at which a flow may have Stripe asked for what is new
	RunRetention  time.Duration // how long runs of flows are kept after their end
	DrainTimeout  time.Duration // how long open work may take to finish after SIGTERM

	SMTPURL               pay.Secret // empty means that no mail is sent; secret because it holds a password
	AllowPrivateEndpoints PrivateEndpoints
	RateLimit             int // requests per second and API key; 0 means no limit
	RateBurst             int // requests that a quiet API key may make at once

	LogFormat    LogFormat
	LogLevel     slog.Level
	OTLPEndpoint string // base URL of a trace collector; empty means no traces
}

// ServesSandbox says whether the local Stripe is part of this process.
func (c Config) ServesSandbox() bool { return c.SandboxListen != Off }

// SQLiteFile is the database's file, and false when the database is Postgres.
func (c Config) SQLiteFile() (string, bool) {
	return strings.CutPrefix(c.DatabaseURL.Reveal(), sqliteScheme)
}

// PublicURLFor is the address that people on this machine reach a listener
// under. A listener on every address is reached as loopback.
func PublicURLFor(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	address := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
	return address.String()
}

// derive fills what depends on other settings and was not set itself.
func (c *Config) derive() {
	if abs, err := filepath.Abs(c.DataDir); err == nil { // fails only without a working folder; then the path stays as given
		c.DataDir = abs
	}
	if c.DatabaseURL.IsZero() {
		c.DatabaseURL = pay.NewSecret(sqliteScheme + filepath.Join(c.DataDir, defaultDatabase))
	}
	if c.PublicURL == "" && !anyPort(c.Listen) {
		c.PublicURL = PublicURLFor(c.Listen)
	}
	if c.AllowPrivateEndpoints == "" {
		c.AllowPrivateEndpoints = PrivateOff
		if c.ServesSandbox() {
			c.AllowPrivateEndpoints = PrivateLoopback
		}
	}
}

// anyPort says that the system chooses the port, so nobody knows it yet.
func anyPort(listen string) bool {
	_, port, err := net.SplitHostPort(listen)
	return err == nil && port == "0"
}
