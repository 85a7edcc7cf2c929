package stripe_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/stripe"
)

// at is a gateway for an address that is not a fake's. Few calls are that
// short; these have no answer to wait for.
func at(base string, timeout time.Duration) *stripe.Gateway {
	return stripe.New(stripe.Config{Base: base, RetryWait: time.Millisecond, CallTimeout: timeout})
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestWhatNeverLeftThisMachine(t *testing.T) {
	t.Parallel()
	plain := newFake(t, always(200, "{}"))
	stranger := httptest.NewTLSServer(http.NotFoundHandler()) // with a certificate that nobody vouches for
	stranger.Config.ErrorLog = nil
	t.Cleanup(stranger.Close)
	bases := map[string]string{
		"nobody listens":        "http://" + closedPort(t),
		"no such host":          "http://stripe.invalid:1",
		"no TLS there":          "https://" + strings.TrimPrefix(plain.URL, "http://"),
		"an unknown authority":  stranger.URL,
		"an address that isn't": "http://[::1",
	}
	for name, base := range bases {
		g := at(base, 10*time.Second)
		got := g.Send(t.Context(), access, chargeCall(t, g, order()))
		assert.Equal(t, pay.OutcomeNotSent, got.Outcome, "%s: %v", name, got.Err)
		assert.Equal(t, pay.CodeProviderUnreachable, got.Err.Code, name)
	}
	assert.Empty(t, plain.requests())
}

func TestNoSandboxConfigured(t *testing.T) {
	t.Parallel()
	g := at("http://"+closedPort(t), time.Second)
	got := g.Send(t.Context(), pay.Access{Kind: pay.ConnectionSandbox, Key: access.Key}, chargeCall(t, g, order()))
	assert.Equal(t, pay.OutcomeNotSent, got.Outcome)
	assert.Equal(t, pay.CodeProviderUnreachable, got.Err.Code)
}

// hijack takes the connection over after the request has arrived.
func hijack(t *testing.T, w http.ResponseWriter) *net.TCPConn {
	t.Helper()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return nil
	}
	return conn.(*net.TCPConn)
}

func TestWhatMayHaveArrived(t *testing.T) {
	t.Parallel()
	faults := map[string]func(http.ResponseWriter, *http.Request){
		"reset after the request": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			_ = conn.SetLinger(0)
			_ = conn.Close()
		},
		"closed after the request": func(w http.ResponseWriter, _ *http.Request) { _ = hijack(t, w).Close() },
		"cut off in the header": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le")
			_ = conn.Close()
		},
		"cut off in the body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, `{"id":"pi_1"`)
		},
		"not HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
			_ = conn.Close()
		},
		"an endless header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("a", 200<<10))
			_, _ = io.WriteString(w, `{}`)
		},
	}
	for name, fault := range faults {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) { fault(w, r) })
		g := f.gateway()
		got := g.Send(t.Context(), access, chargeCall(t, g, order()))
		assert.Equal(t, pay.OutcomeInDoubt, got.Outcome, "%s: %v", name, got.Err)
		assert.Equal(t, pay.CodeInDoubt, got.Err.Code, name)
		assert.NotEmpty(t, got.Note, name)
		assert.NotContains(t, got.Err.Error(), "CANARY", name)
	}
}

// An answer over the limit is not read to its end, and not asked for again.
func TestTenMegabytes(t *testing.T) {
	t.Parallel()
	f := newFake(t, always(200, `{"id":"`+strings.Repeat("a", 10<<20)+`"}`))
	g := f.gateway()
	got := g.Send(t.Context(), access, chargeCall(t, g, order()))
	assert.Equal(t, pay.OutcomeInDoubt, got.Outcome)
	assert.Contains(t, got.Note, "larger than 8388608 bytes")
	assert.Len(t, f.requests(), 1)
}

func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"nothing at all": "", "one byte at a time": "{"} {
		done := make(chan struct{})
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			if first != "" {
				_, _ = io.WriteString(w, first)
				_ = http.NewResponseController(w).Flush()
			}
			<-done
		})
		g := at(f.URL, 150*time.Millisecond)
		start := time.Now()
		got := g.Send(t.Context(), access, chargeCall(t, g, order()))
		assert.Equal(t, pay.OutcomeInDoubt, got.Outcome, name)
		assert.Less(t, time.Since(start), 5*time.Second, "the timeout is of all tries together")
		assert.Len(t, f.requests(), 1, name)
		close(done)
	}
}

func TestCallerWhoGivesUp(t *testing.T) {
	t.Parallel()
	arrived, done := make(chan struct{}), make(chan struct{})
	f := newFake(t, func(http.ResponseWriter, *http.Request, int) { close(arrived); <-done })
	defer close(done)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	g := f.gateway()
	got := g.Send(ctx, access, chargeCall(t, g, order()))
	assert.Equal(t, pay.OutcomeInDoubt, got.Outcome)
}

// The first try arrives and is cut off; the second finds nobody: the first is
// still in doubt.
func TestDoubtOutlivesAnUnreachableRetry(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_ = listener.Close()
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}()
	g := at("http://"+listener.Addr().String(), 10*time.Second)
	got := g.Send(t.Context(), access, chargeCall(t, g, order()))
	assert.Equal(t, pay.OutcomeInDoubt, got.Outcome, got.Err)

	call := chargeCall(t, g, order())
	call.Attempts = 2
	assert.Equal(t, pay.OutcomeInDoubt, g.Send(t.Context(), access, call).Outcome, "an earlier process may have sent it")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	other := newFake(t, always(200, "{}"))
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, other.URL+"/v1/payment_intents", http.StatusTemporaryRedirect)
	})
	g := f.gateway()
	assert.Equal(t, pay.OutcomeInDoubt, g.Send(t.Context(), access, chargeCall(t, g, order())).Outcome)
	assert.Empty(t, other.requests(), "the key must not go to another host")
}

func TestEveryCallIsObserved(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, turn int) {
		if turn == 0 {
			reply(w, 200, intent(t, nil))
			return
		}
		reply(w, 404, invalid(nil))
	})
	var seen []string
	g := stripe.New(stripe.Config{Base: f.URL + "/v1/", Observe: func(action string, outcome pay.Outcome, took time.Duration, ref string) {
		assert.Positive(t, took)
		seen = append(seen, action+" "+string(outcome)+" "+ref)
	}})
	g.Send(t.Context(), access, chargeCall(t, g, order()))
	_, _ = g.FindCard(t.Context(), access, "pm_1")
	assert.Equal(t, []string{"charge done req_test1", "find_card refused req_test1"}, seen)
}
