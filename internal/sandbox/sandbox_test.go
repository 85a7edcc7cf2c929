package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
	"go.uber.org/goleak"

	"florin/internal/clock"
	"florin/internal/sandbox"
)

// verify runs the tests and fails when one leaves a goroutine behind.
func verify(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a sandbox behind a real HTTP server, and the real Stripe client.
type world struct {
	*testing.T
	sandbox *sandbox.Sandbox
	server  *httptest.Server
	stripe  *stripe.Client
	key     string
	stop    func()
}

// start is the moment at which every test's clock begins: 2026-03-30 21:20:51Z,
// when one of Stripe's recordings was made.
const start = 1774905651

func open(t *testing.T) *world { return openIn(t, sandbox.Config{}) }

func openIn(t *testing.T, c sandbox.Config) *world {
	t.Helper()
	c.Clock = clock.NewMovable(clock.Fixed(time.Unix(start, 0)), 0)
	s, err := sandbox.Open(c)
	require.NoError(t, err)
	return serve(t, s)
}

// serve puts a sandbox on a port of its own and runs it until the test ends.
func serve(t *testing.T, s *sandbox.Sandbox) *world {
	t.Helper()
	server := httptest.NewServer(s)
	w := &world{T: t, sandbox: s, server: server, key: "sk_test_world"}
	w.stripe = w.client(w.key)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		server.CloseClientConnections()
		server.Close()
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, s.Close())
	}
	t.Cleanup(w.stop)
	return w
}

// client is stripe-go for a key, without retries, so that every answer is seen.
func (w *world) client(key string) *stripe.Client {
	transport := &http.Transport{}
	w.Cleanup(transport.CloseIdleConnections)
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL: stripe.String(w.server.URL), HTTPClient: &http.Client{Transport: transport, Timeout: 10 * time.Second},
		MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return stripe.NewClient(key, stripe.WithBackends(backends))
}

// reply is an answer as it came over the wire.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// send makes a raw request as the world's account; headers are name, value pairs.
func (w *world) send(method, path, form string, headers ...string) reply {
	w.Helper()
	r, err := w.try(method, path, form, headers...)
	require.NoError(w, err)
	return r
}

func (w *world) try(method, path, form string, headers ...string) (reply, error) {
	request, err := http.NewRequest(method, w.server.URL+path, strings.NewReader(form))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+w.key)
	for at := 0; at < len(headers); at += 2 {
		request.Header.Set(headers[at], headers[at+1])
	}
	answer, err := w.server.Client().Do(request)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{}, err
	}
	out := reply{status: answer.StatusCode, header: answer.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &out.body)
	return out, nil
}

// at reads a value out of nested objects: at("error", "code").
func (r reply) at(path ...string) any {
	var have any = r.body
	for _, name := range path {
		level, _ := have.(map[string]any)
		have = level[name]
	}
	return have
}

// advance moves the sandbox's clock.
func (w *world) advance(d time.Duration) {
	w.Helper()
	body, err := json.Marshal(map[string]int64{"seconds": int64(d / time.Second)})
	require.NoError(w, err)
	require.Equal(w, 200, w.send("POST", "/_sandbox/clock/advance", string(body)).status)
}

// pay makes and confirms a payment of 10.00 USD with a card.
func (w *world) pay(card string, more ...string) reply {
	w.Helper()
	return w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method="+card+strings.Join(append([]string{""}, more...), "&"))
}

// problem is the error object of a failed stripe-go call.
func problem(t *testing.T, err error) *stripe.Error {
	t.Helper()
	var e *stripe.Error
	require.True(t, errors.As(err, &e), "not a Stripe error: %v", err)
	return e
}

// eventTypes are the types of the account's events, oldest first.
func (w *world) eventTypes() []string {
	w.Helper()
	var out []string
	for e, err := range w.stripe.V1Events.List(w.Context(), &stripe.EventListParams{}).All(w.Context()) {
		require.NoError(w, err)
		out = append([]string{string(e.Type)}, out...)
	}
	return out
}

func query(pairs ...string) string {
	q := url.Values{}
	for at := 0; at < len(pairs); at += 2 {
		q.Add(pairs[at], pairs[at+1])
	}
	return q.Encode()
}
