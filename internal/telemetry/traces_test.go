package telemetry_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"florin/internal/telemetry"
)

// collect is a collector that hands over the spans that it is sent.
func collect(t *testing.T) (url string, spans <-chan *otlp.Span) {
	received := make(chan *otlp.Span, 16)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1/traces", r.URL.Path)
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(body)
			assert.NoError(t, err)
			body = unzipped
		}
		text, err := io.ReadAll(body)
		assert.NoError(t, err)
		var sent collector.ExportTraceServiceRequest
		assert.NoError(t, proto.Unmarshal(text, &sent))
		for _, of := range sent.ResourceSpans {
			assert.Contains(t, of.Resource.String(), "florin")
			for _, scope := range of.ScopeSpans {
				for _, span := range scope.Spans {
					received <- span
				}
			}
		}
	}))
	t.Cleanup(listener.Close)
	return listener.URL, received
}

func TestTracesReachTheCollector(t *testing.T) {
	t.Parallel()
	endpoint, spans := collect(t)
	traces, err := telemetry.NewTraces(t.Context(), endpoint, "1.2.3")
	require.NoError(t, err)

	outside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Traceparent"), "outsiders learn no trace id")
	}))
	t.Cleanup(outside.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/payments/{id}", func(_ http.ResponseWriter, r *http.Request) {
		call, err := http.NewRequestWithContext(r.Context(), "POST", outside.URL, nil)
		assert.NoError(t, err)
		answer, err := traces.Transport(http.DefaultTransport).RoundTrip(call)
		if assert.NoError(t, err) {
			answer.Body.Close()
		}
		_, span := traces.Start(r.Context(), "settle")
		span.End()
	})
	recorder := telemetry.NewRecorder(1)
	handler := traces.Middleware(telemetry.Requests(recorder.Logger(), telemetry.NewMetrics())(mux))
	request := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/payments/p1", nil)
	request.Header.Set("X-Request-Id", "r1")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	require.NoError(t, traces.Shutdown(context.Background()))

	byName := map[string]*otlp.Span{}
	for range 3 {
		span := <-spans
		byName[span.Name] = span
	}
	served, called, settled := byName["GET /v1/payments/{id}"], byName["HTTP POST"], byName["settle"]
	require.True(t, served != nil && called != nil && settled != nil, "got %v", byName)
	assert.Equal(t, served.SpanId, called.ParentSpanId)
	assert.Equal(t, served.SpanId, settled.ParentSpanId)
	assert.Contains(t, served.String(), "request_id")
}

func TestNoCollectorMeansNoTraces(t *testing.T) {
	t.Parallel()
	traces, err := telemetry.NewTraces(t.Context(), "", "1.2.3")
	require.NoError(t, err)
	assert.Equal(t, http.DefaultTransport, traces.Transport(http.DefaultTransport))
	handler := http.NotFoundHandler()
	assert.NotNil(t, traces.Middleware(handler))
	ctx, span := traces.Start(t.Context(), "job")
	assert.False(t, span.IsRecording())
	span.End()
	assert.Equal(t, t.Context(), ctx)
	assert.NoError(t, traces.Shutdown(t.Context()))
}

func TestACollectorThatIsDownStopsNothing(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	traces, err := telemetry.NewTraces(t.Context(), closed.URL, "1.2.3")
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	traces.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, strings.NewReader("served"))
	})).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	assert.Equal(t, "served", answer.Body.String())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Error(t, traces.Shutdown(over))
}
