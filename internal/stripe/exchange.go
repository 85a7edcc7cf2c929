package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

const (
	// maxTries is the first try and two more, as in Stripe's own clients.
	maxTries = 3
	// maxRetryWait bounds the growing waits between tries, as in stripe-go.
	maxRetryWait = 5 * time.Second
	// maxAnswer bounds an answer in bytes. The largest that is asked for is a
	// page of a hundred payments with their charges, about 1 MiB.
	maxAnswer = 8 << 20
)

// userAgent tells Stripe's support who calls, and nothing about the machine.
var userAgent = "Florin (stripe-go " + stripego.ClientVersion + " types)"

var (
	errTooLarge = errors.New("the answer is larger than the limit")
	errNoBase   = errors.New("no address is configured for this kind of connection")
)

// request is one thing to ask, with the bytes that ask it.
type request struct {
	access pay.Access
	wire   pay.Wire
	key    string // Idempotency-Key; empty for reads, which need none
	sent   bool   // these bytes were sent before, and their outcome is not known
}

// answer is what the last try of a request brought back.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	whole     bool  // the body is JSON
	err       error // no whole answer came
	connected bool  // bytes of this try may have reached Stripe
	doubt     bool  // an earlier try may have been carried out
}

func (a answer) requestRef() string { return a.header.Get("Request-Id") }

// exchange sends a request until it has an answer that more tries would not
// better, or until time is up.
//
// It does so with net/http and not with stripe-go's RawRequest, which hides
// what must be known here: whether a byte was written, and the status of an
// answer that is no JSON. RawRequest also reads answers without a limit, sleeps
// past the deadline between its tries, and describes the machine and its
// environment in its headers.
func (g *Gateway) exchange(ctx context.Context, r request) answer {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	doubt := r.sent
	for try := 1; ; try++ {
		got := g.once(ctx, r)
		got.doubt = doubt
		if try == maxTries || !got.isWorthAnother() || !g.rest(ctx, try) {
			return got
		}
		doubt = doubt || got.verdict() == pay.OutcomeInDoubt
	}
}

// rest waits before the next try, three quarters to all of the wait at random
// so that clients turned away together do not come back together. It reports
// false when time is up.
func (g *Gateway) rest(ctx context.Context, try int) bool {
	wait := min(g.retryWait<<(try-1), maxRetryWait)
	wait -= time.Duration(rand.Int64N(int64(wait)/4 + 1))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once is one try.
func (g *Gateway) once(ctx context.Context, r request) (got answer) {
	var connected atomic.Bool
	defer func() { got.connected = connected.Load() }()
	trace := &httptrace.ClientTrace{
		// With TLS this is after the handshake: nothing was written before.
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}
	req, err := g.newRequest(httptrace.WithClientTrace(ctx, trace), r)
	if err != nil {
		return answer{err: err}
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		body, err = nil, errTooLarge
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body, whole: json.Valid(body), err: err}
}

func (g *Gateway) newRequest(ctx context.Context, r request) (*http.Request, error) {
	base := g.bases[r.access.Kind]
	if base == "" {
		return nil, fmt.Errorf("%w: %s", errNoBase, r.access.Kind)
	}
	var body io.Reader
	if r.wire.Body != "" {
		body = strings.NewReader(r.wire.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.wire.Method, base+r.wire.Path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.access.Key.Reveal())
	req.Header.Set("Stripe-Version", r.wire.APIVersion)
	req.Header.Set("User-Agent", userAgent)
	if r.wire.Method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.wire.Account != "" {
		req.Header.Set("Stripe-Account", r.wire.Account)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	return req, nil
}

// isWorthAnother reports whether the same bytes under the same key may bring a
// better answer. One that did not come whole is asked for again: Stripe keeps
// what it answers to a key. Of whole ones Stripe's own advice comes first;
// without it the rules are stripe-go's: 409, lock_timeout and its own faults.
func (a answer) isWorthAnother() bool {
	switch {
	case errors.Is(a.err, errTooLarge), errors.Is(a.err, errNoBase):
		return false
	case a.err != nil, a.isGood() && !a.whole:
		return true
	}
	switch a.header.Get("Stripe-Should-Retry") {
	case "true":
		return true
	case "false":
		return false
	}
	switch {
	case a.status == http.StatusConflict, a.status >= http.StatusInternalServerError:
		return true
	default:
		return a.status == http.StatusTooManyRequests && a.problem().Code == stripego.ErrorCodeLockTimeout
	}
}

func (a answer) isGood() bool { return a.status >= 200 && a.status < 300 }
