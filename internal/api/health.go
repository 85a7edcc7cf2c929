package api

import (
	"context"
	"net/http"
	"time"

	"florin/internal/pay"
)

// readyTimeout is how long the check of readiness may take: load balancers
// ask every few seconds.
const readyTimeout = 2 * time.Second

// Health says how the program is.
type Health struct {
	Status string `json:"status" enum:"ok,ready"`
	Time   string `json:"time" format:"date-time"`
}

// alive answers as long as the program runs: a load balancer that asks the
// database through it would restart what is only waiting.
func alive(s *server, in *intake) error {
	in.sendData(Health{Status: "ok", Time: stamp(s.clock.Now())})
	return nil
}

// ready answers whether requests should be sent here now.
func ready(s *server, in *intake) error {
	if s.ready != nil {
		ctx, cancel := context.WithTimeout(in.ctx(), readyTimeout)
		defer cancel()
		if err := s.ready(ctx); err != nil {
			notReady := pay.Errorf(pay.CodeUnavailable, "not ready")
			notReady.RetryAfter = time.Second
			return notReady.Because(err)
		}
	}
	in.sendData(Health{Status: "ready", Time: stamp(s.clock.Now())})
	return nil
}

func metrics(s *server, in *intake) error {
	if s.metrics == nil {
		return pay.Errorf(pay.CodeRouteNotFound, "metrics are not served here")
	}
	s.metrics.ServeHTTP(in.w, in.r)
	return nil
}

const healthTag = "Health"

var healthRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/healthz", Open: true, Key: KeyUnused,
		Tag: healthTag, Name: "getHealth", Status: http.StatusOK, Gives: Health{},
		Summary: "Ask whether the program runs", handle: alive,
	},
	{
		Method: http.MethodGet, Path: "/readyz", Open: true, Key: KeyUnused,
		Tag: healthTag, Name: "getReadiness", Status: http.StatusOK, Gives: Health{},
		Summary: "Ask whether requests should be sent here", Codes: []pay.Code{pay.CodeUnavailable}, handle: ready,
	},
	{
		Method: http.MethodGet, Path: "/metrics", Open: true, Key: KeyUnused,
		Tag: healthTag, Name: "getMetrics", Status: http.StatusOK,
		Summary: "Read metrics for Prometheus", Detail: "In Prometheus's text format.", handle: metrics,
	},
}
