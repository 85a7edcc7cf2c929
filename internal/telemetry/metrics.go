package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapesAtOnce is how many scrapes are answered together; more are told to
// come back. One Prometheus asks once at a time, a pair of them twice.
const scrapesAtOnce = 4

// longestScrape ends a scrape before Prometheus's own default of 10 s does.
const longestScrape = 9 * time.Second

// seconds are the histograms' limits: from an answer out of the database to a
// call that Stripe never answered (80 s).
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80}

// Metrics is what Prometheus may ask. It has a registry of its own, so that
// two programs in one test do not meet. Labels are only words that the code
// chooses, never ids or texts from outside, which would grow without end.
type Metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.HistogramVec
	jobs       *prometheus.HistogramVec
	calls      *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
}

// NewMetrics makes the metrics, those of the Go runtime and of the process
// included.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: histogram("florin_http_request_duration_seconds", "Requests answered, by route and status.", "route", "status"),
		jobs:     histogram("florin_job_duration_seconds", "Jobs worked, by kind and result.", "kind", "result"),
		calls:    histogram("florin_stripe_call_duration_seconds", "Calls to Stripe with their retries, by operation and outcome.", "operation", "outcome"),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "florin_webhook_deliveries_total", Help: "Attempts to deliver an event to a merchant, by result.",
		}, []string{"result"}),
	}
	m.registry.MustRegister(m.requests, m.jobs, m.calls, m.deliveries,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds}, labels)
}

// ObserveRequest counts an answered request. The route is a pattern of the
// router, never a path.
func (m *Metrics) ObserveRequest(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

// ObserveJob counts a worked job, with a result such as "done" or "failed".
func (m *Metrics) ObserveJob(kind, result string, took time.Duration) {
	m.jobs.WithLabelValues(kind, result).Observe(took.Seconds())
}

// ObserveStripeCall counts a call to Stripe, with an outcome such as
// "succeeded", "declined" or "in_doubt".
func (m *Metrics) ObserveStripeCall(operation, outcome string, took time.Duration) {
	m.calls.WithLabelValues(operation, outcome).Observe(took.Seconds())
}

// CountDelivery counts an attempt to deliver an event, with a result such as
// "delivered" or "refused".
func (m *Metrics) CountDelivery(result string) { m.deliveries.WithLabelValues(result).Inc() }

// Gauge adds a value that is asked for at each scrape: how many jobs wait, how
// many payments are in doubt. It fails when the name is taken or no name.
// The function must be quick and safe for several goroutines.
func (m *Metrics) Gauge(name, help string, value func() float64) error {
	return m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapesAtOnce, Timeout: longestScrape,
	})
}
