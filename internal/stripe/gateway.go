// Package stripe is the only room that speaks to Stripe: it writes requests,
// sends them, says what came of them in pay's words, and checks and reads
// Stripe's events. Parameters and objects are stripe-go's types; see exchange
// for why the bytes are carried by net/http itself.
//
// What came of a request is the heart of it. Money may have moved whenever a
// byte may have reached Stripe and no clear answer came back: such a request is
// in doubt, never failed, and may only be repeated with the same bytes under
// the same idempotency key.
package stripe

import (
	"net"
	"net/http"
	"strings"
	"time"

	"florin/internal/pay"
)

const (
	// defaultCallTimeout bounds a call with all its tries when none is
	// configured. Stripe answers card payments within a few seconds; its own
	// clients wait 80, which is longer than callers of ours do.
	defaultCallTimeout = 30 * time.Second
	// defaultRetryWait is the wait before the second try, as in stripe-go.
	defaultRetryWait = 500 * time.Millisecond
	// dialTimeout bounds what comes before the first byte: a call that could
	// not be sent is known to have done nothing, so it is better found out soon.
	dialTimeout = 5 * time.Second
	// idleConnections is how many open connections are kept for the next calls:
	// Stripe allows about 100 requests a second, most of which share one.
	idleConnections = 64
	// idleTimeout drops connections before Stripe's own edge does.
	idleTimeout = 50 * time.Second
	// maxHeaderBytes bounds the header of an answer; Stripe's has 2 KiB.
	maxHeaderBytes = 64 << 10
)

// stripeBase is where Stripe lives.
const stripeBase = "https://api.stripe.com"

// Config says where Stripe is and how to reach it.
type Config struct {
	Base        string            // for connections of kind stripe; empty: https://api.stripe.com
	SandboxBase string            // for connections of kind sandbox; empty: there is no sandbox
	CallTimeout time.Duration     // of one call with all its tries; 0: 30 seconds
	RetryWait   time.Duration     // before the second try, doubling after; 0: half a second
	Transport   http.RoundTripper // nil: this room's own

	// Around, when set, wraps the transport, to trace what is sent.
	Around func(http.RoundTripper) http.RoundTripper

	// Observe, when set, is told of every call: the action in pay's words or
	// the look-up's name, how it went, how long it took, and Stripe's req_….
	Observe func(action string, outcome pay.Outcome, took time.Duration, requestRef string)
}

// Gateway is Florin's side of Stripe. It keeps no state of its own and is safe
// for use by many goroutines.
type Gateway struct {
	bases     map[pay.ConnectionKind]string
	client    *http.Client
	timeout   time.Duration
	retryWait time.Duration
	observe   func(action string, outcome pay.Outcome, took time.Duration, requestRef string)
}

// New makes a gateway.
func New(c Config) *Gateway {
	g := &Gateway{
		bases: map[pay.ConnectionKind]string{
			pay.ConnectionStripe:  base(c.Base, stripeBase),
			pay.ConnectionSandbox: base(c.SandboxBase, ""),
		},
		timeout:   c.CallTimeout,
		retryWait: c.RetryWait,
		observe:   c.Observe,
		client:    &http.Client{Transport: c.Transport, CheckRedirect: followNothing},
	}
	if g.timeout <= 0 {
		g.timeout = defaultCallTimeout
	}
	if g.retryWait <= 0 {
		g.retryWait = defaultRetryWait
	}
	if g.client.Transport == nil {
		g.client.Transport = newTransport()
	}
	if c.Around != nil {
		g.client.Transport = c.Around(g.client.Transport)
	}
	if g.observe == nil {
		g.observe = func(string, pay.Outcome, time.Duration, string) {}
	}
	return g
}

// followNothing hands redirects back as they are: Stripe sends none, and a key
// must not follow one to another host.
func followNothing(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// newTransport is net/http's own, with shorter waits before the first byte.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           idleConnections,
		MaxIdleConnsPerHost:    idleConnections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// base takes an address as people write it: with a slash at the end, or with
// the /v1 that every path here begins with.
func base(configured, otherwise string) string {
	if configured == "" {
		configured = otherwise
	}
	return strings.TrimSuffix(strings.TrimSuffix(configured, "/"), "/v1")
}
