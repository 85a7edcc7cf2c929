package webhook_test

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
	"florin/internal/webhook"
)

const eventID = pay.ID("018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90")

var (
	now    = time.Unix(1774905650, 0).UTC()
	secret = pay.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
)

func parcelFor(url string) pay.Parcel {
	return pay.Parcel{ID: eventID, URL: url, Body: []byte(`{"type":"payment.completed"}`), Secrets: []pay.Secret{secret}, Now: now}
}

// near reaches this machine, as `florin serve` does with the sandbox.
func near(timeout time.Duration) *webhook.Courier {
	return webhook.New(webhook.Config{Private: webhook.PrivateLoopback, Version: "1.2.3", Timeout: timeout})
}

// post is a delivery as it arrived.
type post struct {
	method, path, body string
	header             http.Header
}

// receiver answers with handle and hands over what it got.
func receiver(t *testing.T, handle http.HandlerFunc) (url string, posts chan post) {
	t.Helper()
	posts = make(chan post, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posts <- post{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()}
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, posts
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	url, posts := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "tracked", Value: "yes"})
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "thanks")
	})
	var seen []string
	courier := webhook.New(webhook.Config{Private: webhook.PrivateLoopback, Version: "1.2.3", Observe: func(result string) { seen = append(seen, result) }})
	for range 2 {
		got := courier.Deliver(t.Context(), parcelFor(url+"/hooks?tenant=1"))
		assert.Positive(t, got.Duration)
		got.Duration = 0
		assert.Equal(t, pay.Attempt{At: now, StatusCode: 202, Response: []byte("thanks")}, got)

		p := <-posts
		assert.Equal(t, "POST /hooks?tenant=1", p.method+" "+p.path)
		assert.Equal(t, `{"type":"payment.completed"}`, p.body)
		assert.Equal(t, http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"Florin/1.2.3"}, "Content-Length": {"28"},
			"Webhook-Id": {string(eventID)}, "Webhook-Timestamp": {"1774905650"},
			"Webhook-Signature": {"v1,6Wz3/OJuq6DldnkTc+sWtzxVG7A1a2YQwocOpErNUwM="},
		}, p.header, "and no cookie the second time")
	}
	assert.Equal(t, []string{"delivered", "delivered"}, seen)
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, text := range map[int]string{
		200: "", 204: "", 299: "", 301: "HTTP 301: redirects are not followed; set the URL that the events should go to",
		304: "HTTP 304: redirects are not followed; set the URL that the events should go to",
		400: "HTTP 400", 404: "HTTP 404", 410: "HTTP 410: the endpoint wants no more events", 429: "HTTP 429", 500: "HTTP 500", 599: "HTTP 599",
	} {
		url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		got := near(0).Deliver(t.Context(), parcelFor(url))
		assert.Equal(t, status, got.StatusCode)
		assert.Equal(t, text, got.Error)
		assert.Equal(t, text != "", got.Fault == pay.FaultResponse, "%d: %s", status, got.Fault)
	}
}

func TestRedirectIntoAPrivateNetworkIsNotFollowed(t *testing.T) {
	t.Parallel()
	canary, visits := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for _, target := range []string{"http://169.254.169.254/latest/meta-data/", canary} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			url, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, status) })
			got := near(0).Deliver(t.Context(), parcelFor(url))
			assert.Equal(t, status, got.StatusCode)
			assert.Equal(t, pay.FaultResponse, got.Fault)
		}
	}
	assert.Empty(t, visits)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "1.5": 0, "99999999999999999": 24 * time.Hour, "99999999999999999999999": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, now.Add(-time.Hour).Format(http.TimeFormat): 0,
		now.Add(400 * 24 * time.Hour).Format(http.TimeFormat): 24 * time.Hour,
	} {
		url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		got := near(0).Deliver(t.Context(), parcelFor(url))
		assert.Equal(t, want, got.RetryAfter, "%q", header)
		assert.Equal(t, 503, got.StatusCode)
	}
}

func TestLongAnswers(t *testing.T) {
	t.Parallel()
	url, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := strings.Repeat("a", 1<<10)
		for { // until the courier has had enough
			if _, err := io.WriteString(w, chunk); err != nil || r.Context().Err() != nil {
				return
			}
		}
	})
	got := near(0).Deliver(t.Context(), parcelFor(url))
	assert.Equal(t, pay.FaultNone, got.Fault, got.Error)
	assert.Equal(t, 200, got.StatusCode)
	assert.Len(t, got.Response, 4<<10)

	url, _ = receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("a", 64<<10)) })
	got = near(0).Deliver(t.Context(), parcelFor(url))
	assert.Equal(t, pay.FaultResponse, got.Fault, got.Error)
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"no answer": "", "a body without end": "a"} {
		url, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
			if first != "" {
				_, _ = io.WriteString(w, first)
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		})
		got := near(200*time.Millisecond).Deliver(t.Context(), parcelFor(url))
		assert.Equal(t, pay.FaultTimeout, got.Fault, name)
		assert.Equal(t, "no whole answer came in time", got.Error)
		assert.Less(t, got.Duration, 5*time.Second)
	}
}

func TestFaultsByStage(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	plain, _ := receiver(t, func(http.ResponseWriter, *http.Request) {})
	hangUp, _ := receiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	cutOff, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
	})
	rows := map[string]struct {
		url   string
		fault pay.Fault
		text  string
	}{
		"nobody listens":          {"http://" + closed.Addr().String(), pay.FaultConnect, "connection refused"},
		"an unknown authority":    {stranger.URL, pay.FaultConnect, "certificate"},
		"no TLS there":            {"https://" + strings.TrimPrefix(plain, "http://"), pay.FaultConnect, ""},
		"no such host":            {"https://florin.invalid", pay.FaultAddress, "the host florin.invalid cannot be found"},
		"a private address":       {"https://10.0.0.1", pay.FaultAddress, "private or reserved"},
		"a public one in clear":   {"http://93.184.215.14", pay.FaultAddress, "needs https"},
		"a scheme of another age": {"gopher://x", pay.FaultAddress, "must begin with https"},
		"hangs up":                {hangUp, pay.FaultResponse, "without a whole answer"},
		"cut off":                 {cutOff, pay.FaultResponse, "without a whole answer"},
	}
	for name, row := range rows {
		got := near(0).Deliver(t.Context(), parcelFor(row.url))
		assert.Equal(t, row.fault, got.Fault, "%s: %s", name, got.Error)
		assert.Contains(t, got.Error, row.text, name)
	}
}

func TestWhatIsOurFault(t *testing.T) {
	t.Parallel()
	url, posts := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for name, secrets := range map[string][]pay.Secret{
		"none": nil, "an empty one": {{}}, "not base64": {pay.NewSecret("whsec_CANARY!")}, "too many": {secret, secret, secret, secret, secret},
	} {
		parcel := parcelFor(url)
		parcel.Secrets = secrets
		got := near(0).Deliver(t.Context(), parcel)
		assert.Equal(t, pay.FaultOurs, got.Fault, name)
		assert.NotContains(t, got.Error, "CANARY")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, pay.FaultOurs, near(0).Deliver(ctx, parcelFor(url)).Fault, "a shutdown is not the receiver's fault")
	assert.Empty(t, posts)
}

// A proxy in the environment would be dialed in the endpoint's place.
func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	proxy, visits := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, proxy)
	}
	near(0).Deliver(t.Context(), parcelFor("http://florin.invalid/hook"))
	assert.Empty(t, visits)
}

// A receiver that closes idle connections must not cost a try.
func TestIdleConnectionThatWasClosed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	courier := near(0)
	for range 20 {
		require.Equal(t, pay.FaultNone, courier.Deliver(t.Context(), parcelFor(server.URL)).Fault)
		server.CloseClientConnections()
	}
}
