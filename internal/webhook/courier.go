// Package webhook carries events to merchants' endpoints: it signs them as
// Standard Webhooks has it, posts them once, and says whose fault a failure is.
// Merchants choose the addresses, so it also keeps them from making Florin
// knock at doors inside the operator's network. When to try again is engine's
// business.
package webhook

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"florin/internal/pay"
)

const (
	// defaultTimeout bounds a delivery from the look-up of the host to the last
	// byte of the answer (Standard Webhooks: 15 to 30 seconds).
	defaultTimeout = 15 * time.Second
	// connectTimeout leaves time for an answer when connecting is slow.
	connectTimeout = 5 * time.Second
	// idleTimeout lets a burst of events share a connection, and no more: a
	// host that moves is looked up again soon.
	idleTimeout = 30 * time.Second
	// maxIdle bounds the open connections to all endpoints together.
	maxIdle = 64
	// maxHeaderBytes bounds the header of an answer.
	maxHeaderBytes = 16 << 10
)

// Config says how events travel.
type Config struct {
	Private   Private       // which private addresses endpoints may have; empty: none
	AllowHTTP bool          // public endpoints without TLS, where anyone on the way can read and change events
	Version   string        // of Florin, for the User-Agent
	Timeout   time.Duration // of a delivery in all; 0: 15 seconds
	Resolver  *net.Resolver // nil: the machine's

	// Observe, when set, is told of every attempt: "delivered", or its fault.
	Observe func(result string)
}

// Courier delivers events. It is safe for use by many goroutines.
type Courier struct {
	guard   guard
	clients map[string]*http.Client // by scheme: what may be dialed without TLS is less
	agent   string
	timeout time.Duration
	observe func(result string)
}

// New makes a courier.
func New(c Config) *Courier {
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Observe == nil {
		c.Observe = func(string) {}
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	g := newGuard(c)
	return &Courier{
		guard: g, agent: "Florin/" + c.Version, timeout: c.Timeout, observe: c.Observe,
		clients: map[string]*http.Client{"https": newClient(g, c.Resolver), "http": newClient(g.withoutTLS(), c.Resolver)},
	}
}

// newClient makes a client that follows no redirect, keeps no cookies and asks
// no proxy: behind one the guard would see the proxy's address, not the
// endpoint's.
func newClient(g guard, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: connectTimeout, Resolver: resolver, Control: g.control}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    connectTimeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // a small answer must not unpack to a large one
			MaxIdleConns:           maxIdle,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
		},
	}
}

// Deliver signs and posts the event once; it never returns an error: what went
// wrong is in the attempt. Its id and number are the caller's to fill in.
func (c *Courier) Deliver(ctx context.Context, parcel pay.Parcel) pay.Attempt {
	attempt := pay.Attempt{At: parcel.Now}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, problem := c.newRequest(ctx, parcel)
	if problem == nil {
		problem = c.post(req, parcel.Now, &attempt)
	}
	attempt.Duration = time.Since(start)
	if problem != nil {
		attempt.Fault, attempt.Error = problem.fault, problem.text
	}
	c.observe(resultOf(attempt.Fault))
	return attempt
}

func resultOf(f pay.Fault) string {
	if f == pay.FaultNone {
		return "delivered"
	}
	return string(f)
}

func (c *Courier) newRequest(ctx context.Context, parcel pay.Parcel) (*http.Request, *problem) {
	u, err := parseURL(parcel.URL)
	if err != nil {
		return nil, &problem{pay.FaultAddress, "the endpoint's URL cannot be used: " + err.Error()}
	}
	headers, err := signedHeaders(parcel)
	if err != nil {
		return nil, &problem{pay.FaultOurs, err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(parcel.Body))
	if err != nil {
		return nil, &problem{pay.FaultAddress, "the endpoint's URL cannot be used"}
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.agent)
	// Present but empty it is not sent; it tells net/http that the request may
	// be repeated on a new connection when an idle one turns out to be closed.
	// Receivers know duplicates by webhook-id.
	req.Header["Idempotency-Key"] = []string{}
	return req, nil
}

// post sends the request and fills in what came back.
func (c *Courier) post(req *http.Request, now time.Time, attempt *pay.Attempt) *problem {
	req, connected := traced(req)
	resp, err := c.clients[req.URL.Scheme].Do(req)
	if err != nil {
		return problemOf(err, connected.Load())
	}
	defer resp.Body.Close()
	attempt.StatusCode = resp.StatusCode
	attempt.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	body, err := readAnswer(resp.Body)
	attempt.Response = body
	if err != nil {
		return problemOf(err, true)
	}
	return problemOfStatus(resp)
}

// traced tells whether the request found a connection, which decides who is to
// blame when no answer comes.
func traced(req *http.Request) (*http.Request, *connection) {
	var c connection
	return req.WithContext(c.trace(req.Context())), &c
}

// CheckURL says whether events can be sent to such an address at all: by its
// form, and by where its host leads now. A host that leads nowhere yet is
// accepted when it is to be reached with TLS: endpoints are often set up before
// their DNS, and an outage of our own resolver should stop nobody. It is the
// check at each connect that keeps private networks safe, since names can be
// pointed elsewhere at any time.
//
// Errors: invalid_url, url_not_allowed.
func (c *Courier) CheckURL(ctx context.Context, rawURL string) error {
	const field = "webhook_url"
	u, err := parseURL(rawURL)
	if err != nil {
		return pay.Invalid(pay.CodeInvalidURL, field, "%s", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := c.guardFor(u).checkHost(ctx, u.Hostname(), portOf(u)); err != nil {
		return pay.Invalid(pay.CodeURLNotAllowed, field, "%s", err)
	}
	return nil
}

func (c *Courier) guardFor(u *url.URL) guard {
	if u.Scheme == "http" {
		return c.guard.withoutTLS()
	}
	return c.guard
}
