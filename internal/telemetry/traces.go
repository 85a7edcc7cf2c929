package telemetry

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
)

// tracesPath is where a collector takes traces, below its base URL, as
// OpenTelemetry's OTLP exporter specification says.
const tracesPath = "/v1/traces"

// Traces sends spans of requests and of calls to a collector. Without one,
// every method hands back what it was given and costs nothing.
type Traces struct {
	provider *sdktrace.TracerProvider // nil when there is no collector
}

// NewTraces sends to the collector at endpoint, a base URL such as
// http://127.0.0.1:4318; an empty endpoint means no traces. It does not call
// the collector: that one is down never stops a payment. Call Shutdown at the
// end.
func NewTraces(ctx context.Context, endpoint, version string) (*Traces, error) {
	if endpoint == "" {
		return &Traces{}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint+tracesPath))
	if err != nil {
		return nil, fmt.Errorf("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	return &Traces{provider: sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(
			semconv.ServiceName("florin"), semconv.ServiceVersion(version))),
	)}, nil
}

// Middleware traces requests; it belongs around Requests. Callers are
// strangers, so their trace is linked to and not continued.
func (t *Traces) Middleware(next http.Handler) http.Handler {
	if t.provider == nil {
		return next
	}
	return otelhttp.NewHandler(next, "request",
		otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }))
}

// Transport traces calls that leave us. Our trace ids stay with us: neither
// Stripe nor a merchant's server is told them.
func (t *Traces) Transport(base http.RoundTripper) http.RoundTripper {
	if t.provider == nil {
		return base
	}
	return otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
}

// Start begins a span for work that is no request, such as a job. End it.
func (t *Traces) Start(ctx context.Context, name string) (context.Context, trace.Span) {
	if t.provider == nil {
		return ctx, trace.SpanFromContext(ctx)
	}
	return t.provider.Tracer("florin").Start(ctx, name)
}

// Shutdown sends what is left, until ctx ends.
func (t *Traces) Shutdown(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
