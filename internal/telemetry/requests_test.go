package telemetry_test

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/telemetry"
)

// server is a listener with the middleware around a few routes.
type server struct {
	*httptest.Server
	lines   <-chan telemetry.Recorded
	metrics *telemetry.Metrics
}

func serve(t *testing.T) server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/payments/{id}", func(w http.ResponseWriter, r *http.Request) {
		telemetry.Add(r.Context(), telemetry.FieldMerchant, "m1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, telemetry.RequestID(r.Context()))
	})
	mux.HandleFunc("GET /silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /panic", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		panic("with sk_test_51CANARY")
	})
	mux.HandleFunc("GET /torn", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		panic("in the middle")
	})
	mux.HandleFunc("GET /abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	recorder, metrics := telemetry.NewRecorder(8), telemetry.NewMetrics()
	listener := httptest.NewServer(telemetry.Requests(recorder.Logger(), metrics)(mux))
	t.Cleanup(listener.Close)
	return server{listener, recorder.Lines(), metrics}
}

// ask makes a request and reads all of the answer.
func (s server) ask(t *testing.T, method, path, id string) (*http.Response, string) {
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	require.NoError(t, err)
	request.Header.Set("User-Agent", "tests")
	request.Header.Set("X-Request-Id", id)
	answer, err := s.Client().Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(body)
}

func TestARequestHasOneLine(t *testing.T) {
	t.Parallel()
	s := serve(t)
	answer, body := s.ask(t, "POST", "/v1/payments/p1?client_secret=CANARY", "caller-1.a_b")
	assert.Equal(t, "caller-1.a_b", body)
	assert.Equal(t, "caller-1.a_b", answer.Header.Get("X-Request-Id"))
	line := <-s.lines
	assert.Equal(t, "request", line.Name)
	assert.Equal(t, slog.LevelInfo, line.Level)
	assert.Contains(t, line.Fields["remote"], "127.0.0.1:")
	delete(line.Fields, "remote")
	assert.Equal(t, map[string]any{
		"request_id": "caller-1.a_b", "method": "POST", "path": "/v1/payments/p1", "user_agent": "tests",
		"merchant": "m1", "route": "POST /v1/payments/{id}", "status": int64(201), "bytes": int64(12),
	}, fields(line))
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ours := regexp.MustCompile(`^req_[a-z2-7]{26}$`)
	seen := map[string]bool{}
	for _, given := range []string{"", "", strings.Repeat("x", 65), "two words", "quote\"", "ünder"} {
		answer, _ := s.ask(t, "GET", "/silent", given)
		id := answer.Header.Get("X-Request-Id")
		assert.Regexp(t, ours, id, given)
		assert.False(t, seen[id], "an id came twice")
		seen[id] = true
		assert.Equal(t, id, (<-s.lines).Fields["request_id"])
	}
	kept := strings.Repeat("x", 64)
	answer, _ := s.ask(t, "GET", "/silent", kept)
	assert.Equal(t, kept, answer.Header.Get("X-Request-Id"))
	assert.Empty(t, telemetry.RequestID(t.Context()))
}

func TestAPanicIsAnAnswerInOurShape(t *testing.T) {
	t.Parallel()
	s := serve(t)
	answer, body := s.ask(t, "GET", "/panic", "r1")
	assert.Equal(t, http.StatusInternalServerError, answer.StatusCode)
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"success":false,"error":{"code":"internal_error",
		"message":"Something went wrong on our side. Tell support this request id.","request_id":"r1"}}`, body)
	line := <-s.lines
	assert.Equal(t, slog.LevelError, line.Level)
	assert.Equal(t, "panic: with sk_test_[redacted]", line.Fields["error"])
	assert.Contains(t, line.Fields["stack"], "requests_test.go")
	assert.NotContains(t, line.Fields["stack"], "CANARY")
	assert.EqualValues(t, http.StatusInternalServerError, line.Fields["status"])
	assert.EqualValues(t, len(body), line.Fields["bytes"])
}

func TestAnAnswerThatBreaksOffDoesNotLookWhole(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, path := range []string{"/torn", "/abort"} {
		answer, err := s.Client().Get(s.URL + path)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			answer.Body.Close()
		}
		assert.Error(t, err, path)
		line := <-s.lines
		assert.Equal(t, slog.LevelError, line.Level)
		assert.NotEmpty(t, line.Fields["error"])
		assert.Equal(t, "GET "+path, line.Fields["route"])
	}
}

func TestAStreamIsNotHeldBack(t *testing.T) {
	t.Parallel()
	s := serve(t)
	answer, err := s.Client().Get(s.URL + "/stream")
	require.NoError(t, err)
	first, err := bufio.NewReader(answer.Body).ReadString('\n') // would wait for ever if it were held back
	require.NoError(t, err)
	assert.Equal(t, "first\n", first)
	require.NoError(t, answer.Body.Close())
	assert.EqualValues(t, 6, (<-s.lines).Fields["bytes"])
}

func TestRequestsAreCountedByRouteAndNotByPath(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ask(t, "POST", "/v1/payments/p1", "")
	s.ask(t, "POST", "/v1/payments/p2", "")
	s.ask(t, "GET", "/whatever/a/stranger/types", "")
	for range 3 {
		<-s.lines
	}
	page := scrape(t, s.metrics)
	assert.Contains(t, page, `florin_http_request_duration_seconds_count{route="POST /v1/payments/{id}",status="201"} 2`)
	assert.Contains(t, page, `florin_http_request_duration_seconds_count{route="none",status="404"} 1`)
	assert.NotContains(t, page, "stranger")
}

func TestAListenerThatIsNotCountedHasItsLines(t *testing.T) {
	t.Parallel()
	recorder := telemetry.NewRecorder(1)
	answer := httptest.NewRecorder()
	telemetry.Requests(recorder.Logger(), nil)(http.NotFoundHandler()).ServeHTTP(answer,
		httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	assert.Equal(t, http.StatusNotFound, answer.Code)
	assert.EqualValues(t, http.StatusNotFound, (<-recorder.Lines()).Fields["status"])
}
