package api

import (
	"context"
	"errors"
	"net/http"
	"path"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/pay"
)

// Config is what the API needs. Engine, Flows and Clock are required.
type Config struct {
	Engine  *engine.Engine
	Flows   *automation.Automation
	Clock   clock.Clock
	Limits  RateLimits
	Metrics http.Handler                // answers /metrics; without it there is no such route
	Ready   func(context.Context) error // why no work can be done right now, for /readyz; nil when there is no reason ever
	Closing <-chan struct{}             // closed when the program stops, so that long polls end; nil never ends them
	Health  bool                        // answer only /healthz, /readyz and /metrics: for a process that works on jobs
	BaseURL string                      // where the API is reached, for the examples under /docs; without a closing slash

	// Agents answers requests to AgentsPath in the name of a key; without it
	// there is no such route.
	Agents func(key pay.APIKey) http.Handler
}

// server holds what handlers need.
type server struct {
	engine   *engine.Engine
	flows    *automation.Automation
	clock    clock.Clock
	schemas  schemas
	keys     *limiter
	failures *limiter
	ready    func(context.Context) error
	metrics  http.Handler
	closing  <-chan struct{}
	polls    atomic.Int64 // long polls that wait
}

// New is the handler of the Payments API, of /docs and /openapi.json, and of
// /healthz, /readyz and /metrics. It is meant to stand behind
// telemetry.Requests, which gives requests their ids and survives panics.
//
// Errors: when a part is missing or a limit makes no sense: defects of the
// caller.
func New(c Config) (http.Handler, error) {
	if c.Engine == nil || c.Flows == nil || c.Clock == nil {
		return nil, errors.New("api: a part is missing")
	}
	keys, failures, err := newLimiters(c.Limits)
	if err != nil {
		return nil, err
	}
	catalogue := c.Engine.Operations(pay.APIKey{})
	routes := Routes(catalogue...)
	if c.Health {
		routes = healthRoutes
	}
	s := &server{
		engine: c.Engine, flows: c.Flows, clock: c.Clock, schemas: newSchemas(routes), keys: keys, failures: failures,
		ready: c.Ready, metrics: c.Metrics, closing: c.Closing,
	}
	mux := http.NewServeMux()
	adapter := humago.NewAdapter(mux, "")
	if !c.Health {
		routes = append(routes, unknownOperations...)
	}
	for _, route := range routes {
		adapter.Handle(route.operation(s.schemas), s.serve(route))
	}
	if c.Health {
		return guard(mux), nil
	}
	addDocs(mux, c.BaseURL, catalogue)
	mux.HandleFunc("GET "+engine.ReturnPath, returned)
	if c.Agents != nil {
		mux.Handle(AgentsPath, s.admitAgents(c.Agents))
	}
	return guard(mux), nil
}

// serve answers one route.
func (s *server) serve(route Route) func(huma.Context) {
	return func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		if err := s.answer(w, r, route); err != nil {
			sendError(w, r, err)
		}
	}
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, route Route) error {
	in := &intake{w: w, r: r, route: route, schemas: s.schemas}
	if route.Open {
		return route.handle(s, in)
	}
	key, err := s.authenticate(w, r, route)
	if err != nil {
		return err
	}
	in.key = key
	if err := in.read(); err != nil {
		return err
	}
	return route.handle(s, in)
}

// guard answers what no route does, in the API's shape, and sets the headers
// that every answer has.
func guard(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store") // payments are nobody else's to keep; /docs sets its own
		if err := unrouted(mux, w, r); err != nil {
			sendError(w, r, err)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// unrouted is why no route takes the request, if none does. ServeMux answers
// those itself, in plain text; what it would say is found out by asking it.
//
// Errors: route_not_found, method_not_allowed.
func unrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) error {
	handler, pattern := mux.Handler(r)
	if asked := r.URL.EscapedPath(); pattern != "" && path.Clean(asked) == asked {
		return nil
	}
	said := &overheard{header: http.Header{}}
	handler.ServeHTTP(said, r)
	if said.status == http.StatusMethodNotAllowed {
		allowed := said.header.Get("Allow")
		w.Header().Set("Allow", allowed)
		return pay.Errorf(pay.CodeMethodNotAllowed, "%s is not for %s; there is %s", r.URL.Path, r.Method, allowed)
	}
	return pay.Errorf(pay.CodeRouteNotFound, "there is no route %s %s; /docs has all there are", r.Method, r.URL.Path)
}

// overheard keeps status and headers of an answer that nobody gets.
type overheard struct {
	header http.Header
	status int
}

func (o *overheard) Header() http.Header { return o.header }

func (o *overheard) WriteHeader(status int) { o.status = status }

func (o *overheard) Write(b []byte) (int, error) { return len(b), nil }
