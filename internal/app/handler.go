package app

import (
	"context"
	"errors"
	"net/http"

	"florin/internal/api"
	"florin/internal/clock"
	"florin/internal/telemetry"
)

// errDraining is why a server that stops is not ready.
var errDraining = errors.New("the server is stopping")

// handler is everything that is answered on the main listener.
func (s *Server) handler() http.Handler {
	answers := api.New(api.Config{
		Engine:    s.Engine,
		Clock:     clock.Real{},
		RateLimit: s.cfg.RateLimit,
		RateBurst: s.cfg.RateBurst,
		Ready:     s.ready,
		Metrics:   s.Metrics.Handler(),
		Version:   Version,
		PublicURL: s.cfg.PublicURL,
	})
	return s.Traces.Middleware(telemetry.Requests(s.Logger, s.Metrics)(answers))
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
