package telemetry_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/telemetry"
)

// scrape asks as Prometheus does.
func scrape(t *testing.T, metrics *telemetry.Metrics) string {
	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code)
	return answer.Body.String()
}

func TestMetricsAreWhatWasObserved(t *testing.T) {
	t.Parallel()
	metrics := telemetry.NewMetrics()
	metrics.ObserveJob("deliver", "done", 30*time.Millisecond)
	metrics.ObserveStripeCall("create_payment", "in_doubt", 20*time.Second)
	metrics.CountDelivery("delivered")
	metrics.CountDelivery("delivered")
	waiting := 3.0
	require.NoError(t, metrics.Gauge("florin_jobs_waiting", "Jobs that wait.", func() float64 { return waiting }))
	require.Error(t, metrics.Gauge("florin_jobs_waiting", "Jobs that wait.", func() float64 { return 0 }), "the name is taken")

	page := scrape(t, metrics)
	for _, line := range []string{
		`florin_job_duration_seconds_bucket{kind="deliver",result="done",le="0.025"} 0`,
		`florin_job_duration_seconds_bucket{kind="deliver",result="done",le="0.05"} 1`,
		`florin_stripe_call_duration_seconds_sum{operation="create_payment",outcome="in_doubt"} 20`,
		`florin_webhook_deliveries_total{result="delivered"} 2`,
		"florin_jobs_waiting 3", "go_goroutines ", "process_open_fds ",
	} {
		assert.Contains(t, page, line)
	}
	waiting = 4
	assert.Contains(t, scrape(t, metrics), "florin_jobs_waiting 4", "a gauge is asked each time")
	assert.NotContains(t, scrape(t, telemetry.NewMetrics()), "florin_jobs_waiting", "each has a registry of its own")
}
