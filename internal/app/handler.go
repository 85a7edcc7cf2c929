package app

import (
	"context"
	"errors"
	"net/http"

	"florin/internal/api"
	"florin/internal/config"
	"florin/internal/dashboard"
	"florin/internal/telemetry"
)

// errDraining is why a server that stops is not ready.
var errDraining = errors.New("the server is stopping")

// handler is everything that is answered on the main listener.
func (s *Server) handler() (http.Handler, error) {
	answers, err := api.New(api.Config{
		Engine:  s.Engine,
		Flows:   s.Flows,
		Clock:   s.clock,
		Limits:  api.RateLimits{PerKey: s.cfg.RateLimit, Burst: s.cfg.RateBurst, Failures: failures(s.cfg.RateLimit)},
		Metrics: s.Metrics.Handler(),
		Ready:   s.ready,
		Closing: s.draining,
		Health:  s.cfg.Role == config.RoleWorker,
		BaseURL: s.cfg.PublicURL,
		Agents:  s.Agents().Handler,
	})
	if err != nil {
		return nil, err
	}
	if s.cfg.Role != config.RoleWorker {
		if answers, err = s.withDashboard(answers); err != nil {
			return nil, err
		}
	}
	return s.Traces.Middleware(telemetry.Requests(s.Logger, s.Metrics)(answers)), nil
}

// withDashboard answers the dashboard's pages, and leaves the rest to the API.
func (s *Server) withDashboard(rest http.Handler) (http.Handler, error) {
	sandbox := ""
	if s.Sandbox != nil {
		sandbox = s.Sandbox.URL()
	}
	return dashboard.New(dashboard.Config{
		Engine: s.Engine, Clock: s.clock, Logger: s.Logger, BaseURL: s.cfg.PublicURL, Sandbox: sandbox, Version: Version,
	}, rest)
}

// ready says whether requests can be answered: the database is there and the
// server is not stopping.
func (s *Server) ready(ctx context.Context) error {
	select {
	case <-s.draining:
		return errDraining
	default:
		return s.Store.Ping(ctx)
	}
}

// failures is how many requests without a valid key an address may make: as
// the API has it, or without limit when requests are not limited at all.
func failures(rateLimit int) int {
	if rateLimit == 0 {
		return 0
	}
	return api.DefaultFailures
}
