package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/web"
	"florin/internal/webhook"
)

func asker(private webhook.Private) *web.Web {
	return web.New(webhook.NewPassage(webhook.Config{Private: private}), clock.Real{}, "1.2.3")
}

// TestARequestIsSentAsItWasAsked sees what a server gets, and what comes back.
func TestARequestIsSentAsItWasAsked(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, "/charges?a=b", r.URL.RequestURI())
		assert.Equal(t, "PUT", r.Method)
		assert.Equal(t, `{"id":1}`, string(body))
		assert.Equal(t, "run/1/post", r.Header.Get("Idempotency-Key"))
		assert.Equal(t, "Bearer secret", r.Header.Get("Authorization"), "the connection's wins")
		assert.Equal(t, "Florin/1.2.3", r.Header.Get("User-Agent"))
		w.Header().Set("Retry-After", "7")
		w.Header().Set("X-Kind", "odd")
		w.WriteHeader(503)
		_, _ = w.Write([]byte("later"))
	}))
	defer server.Close()
	answer, err := asker(webhook.PrivateLoopback).Ask(context.Background(), pay.WebRequest{
		Method: "PUT", URL: server.URL + "/charges?a=b", Body: []byte(`{"id":1}`), Key: "run/1/post",
		Headers: map[string]string{"authorization": "mine"}, Secrets: map[string]pay.Secret{"Authorization": pay.NewSecret("Bearer secret")},
	})
	require.NoError(t, err)
	assert.Equal(t, 503, answer.Status)
	assert.Equal(t, 7*time.Second, answer.RetryAfter)
	assert.Equal(t, "odd", answer.Headers["x-kind"])
	assert.Equal(t, "later", string(answer.Body))
}

// TestNothingLeadsInside knocks at addresses that are nobody's business, with
// and without a detour.
func TestNothingLeadsInside(t *testing.T) {
	t.Parallel()
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("somebody came in") }))
	defer inside.Close()
	for _, url := range []string{inside.URL, "http://169.254.169.254/latest", "http://[::1]:1/", "http://10.0.0.1/", strings.Replace(inside.URL, "127.0.0.1", "localhost", 1)} {
		_, err := asker(webhook.PrivateOff).Ask(context.Background(), pay.WebRequest{Method: "GET", URL: url})
		assert.Equal(t, pay.CodeURLNotAllowed, pay.CodeOf(err), "%s: %v", url, err)
	}
	for _, url := range []string{"file:///etc/passwd", "http://2130706433/", "http://user:secret@example.com/", "ftp://example.com/", "/charges"} {
		_, err := asker(webhook.PrivateOff).Ask(context.Background(), pay.WebRequest{Method: "GET", URL: url})
		assert.Equal(t, pay.CodeInvalidURL, pay.CodeOf(err), url)
	}
	detour := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusFound)
	}))
	defer detour.Close()
	answer, err := asker(webhook.PrivateLoopback).Ask(context.Background(), pay.WebRequest{Method: "GET", URL: detour.URL})
	require.NoError(t, err)
	assert.Equal(t, 302, answer.Status, "a redirect is an answer like any other")
}

// TestLimits has a server talk too much, not at all, and the step ask for what
// breaks a request up.
func TestLimits(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = w.Write(make([]byte, 2<<20))
		case "/torn":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
		default:
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	ask := func(ctx context.Context, path string, headers map[string]string) error {
		_, err := asker(webhook.PrivateLoopback).Ask(ctx, pay.WebRequest{Method: "GET", URL: server.URL + path, Headers: headers})
		return err
	}
	assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(ask(context.Background(), "/long", nil)))
	assert.Equal(t, pay.CodeTargetUnreachable, pay.CodeOf(ask(context.Background(), "/torn", nil)))
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, ask(short, "/silent", nil), context.DeadlineExceeded)
	for name, value := range map[string]string{"host": "x", "a b": "x", "x": "a\r\nb: c", "content-length": "3"} {
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(ask(context.Background(), "/long", map[string]string{name: value})), name)
	}
}
