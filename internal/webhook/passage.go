package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"code.dny.dev/ssrf"

	"florin/internal/pay"
)

// Passage is the same guard for what else leaves for addresses that merchants
// choose: requests, databases and mail servers of flows.
type Passage struct {
	guard   guard
	clients map[string]*http.Client // by scheme
	dialer  *net.Dialer             // to any port
}

// NewPassage makes a guard. Timeout, Version and Observe of the configuration
// do not matter to it.
func NewPassage(c Config) *Passage {
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	g := newGuard(c)
	anyPort := g
	anyPort.public = ssrf.New(ssrf.WithAnyPort())
	return &Passage{
		guard:   g,
		clients: map[string]*http.Client{"https": newClient(g, c.Resolver), "http": newClient(g.withoutTLS(), c.Resolver)},
		dialer:  &net.Dialer{Timeout: connectTimeout, Resolver: c.Resolver, Control: anyPort.control},
	}
}

// Do sends a request, follows no redirect, and connects to no address that the
// guard does not let through.
//
// Errors: those of http.Client.Do; Explain puts them into words.
func (p *Passage) Do(req *http.Request) (*http.Response, error) {
	return p.clients[req.URL.Scheme].Do(req)
}

// Dial connects to any port of an address that the guard lets through.
func (p *Passage) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return p.dialer.DialContext(ctx, network, address)
}

// ParseURL reads a URL that means the same to everybody.
//
// Errors: invalid_url.
func (p *Passage) ParseURL(raw string) (*url.URL, error) {
	u, err := parseURL(raw)
	if err != nil {
		return nil, pay.Invalid(pay.CodeInvalidURL, "url", "%s", err)
	}
	return u, nil
}

// Local reports whether addresses of this machine are let through.
func (p *Passage) Local() bool { return len(p.guard.private) > 0 }

// Explain puts an error of Do or Dial into words that hold no address and no
// secret, and says whether it was the guard that refused.
func Explain(err error) (text string, refused bool) {
	return problemOf(err, false).text, errors.Is(err, errPrivate) || errors.Is(err, errNotPublicHTTP)
}

// RetryAfter reads the header of that name in either of its forms; what cannot
// be read is 0.
func RetryAfter(header string, now time.Time) time.Duration { return retryAfter(header, now) }
