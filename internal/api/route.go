package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"

	"florin/internal/engine"
	"florin/internal/pay"
)

// KeyRule says what a route does with an Idempotency-Key.
type KeyRule string

// What a route does with an Idempotency-Key. Reads have no use for one.
const (
	KeyUnused   KeyRule = "unused"
	KeyHonoured KeyRule = "honoured" // optional; a repeated request gets the first reply
	KeyRequired KeyRule = "required" // a blind repeat would move money
)

// Route is one row of the table that the server, the OpenAPI document, the
// pages under /docs and the tests are made from.
type Route struct {
	Method  string
	Path    string    // pattern of net/http's ServeMux
	Scope   pay.Scope // the right that a key needs; empty when any key will do
	Open    bool      // no API key is asked for
	Key     KeyRule
	Tag     string // heading under which it is documented
	Name    string // operationId: a verb and a noun, for generated clients
	Summary string
	Detail  string // Markdown-free sentences for those who need more
	Status  int    // of a success
	Gives   any    // zero value of what data holds; nil when the answer is not in our envelope
	List    bool   // data is a page of Gives
	CSV     bool   // also answers Accept: text/csv
	Codes   []pay.Code

	takes    reflect.Type   // the body; nil when there is none
	asks     reflect.Type   // the query; nil when there is none
	runs     *pay.Operation // the operation that the route runs: its schemas are documented, and checked by the catalogue
	maxBody  int64          // bytes; 0: as most routes
	anyQuery bool           // the query is the handler's to check
	handle   func(s *server, in *intake) error
}

// Routes is every route, in the order of the documentation; those that run an
// operation are made from the catalogue's declarations.
func Routes(catalogue ...pay.Operation) []Route {
	routes := slices.Concat(paymentRoutes, refundRoutes, cardRoutes,
		customerRoutes,
		accountRoutes, bankAccountRoutes, ledgerRoutes, transferRoutes, payoutRoutes,
		balanceTransactionRoutes, explanationRoutes,
		planRoutes, subscriptionRoutes, invoiceRoutes, mailRoutes, billingRoutes,
		merchantRoutes, connectionRoutes,
		endpointRoutes, deliveryRoutes, eventRoutes, providerEventRoutes, healthRoutes, namedConnectionRoutes, approvalRoutes, operationRoutes, flowRoutes, triggerRoutes, runRoutes)
	for _, op := range catalogue {
		routes = append(routes, routesOf(op)...)
	}
	return routes
}

// Pattern is the route as net/http's ServeMux knows it, and as logs name it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

// writes reports whether the route may change something.
func (r Route) writes() bool { return r.Method != http.MethodGet }

// nothing is the body or query of routes that take none.
type nothing struct{}

// taking makes a route that changes something: f turns the body into the
// engine's words, and the engine's reply is sent as it is.
func (r Route) taking(takes any, f func(s *server, in *intake) (engine.Reply, error)) Route {
	r.takes = reflect.TypeOf(takes)
	r.handle = func(s *server, in *intake) error {
		reply, err := f(s, in)
		if err != nil {
			return err
		}
		in.sendReply(reply)
		return nil
	}
	return r
}

// write is taking for a body of type B.
func write[B any](r Route, f func(ctx context.Context, e *engine.Engine, ask engine.Ask, body B) (engine.Reply, error)) Route {
	var zero B
	return r.taking(zero, func(s *server, in *intake) (engine.Reply, error) {
		var body B
		if err := in.body(&body); err != nil {
			return engine.Reply{}, err
		}
		return f(in.ctx(), s.engine, in.ask(), body)
	})
}

// change is a write without fields that is about the thing in the path.
func change(r Route, f func(e *engine.Engine, ctx context.Context, ask engine.Ask, id pay.ID) (engine.Reply, error)) Route {
	return r.taking(nothing{}, func(s *server, in *intake) (engine.Reply, error) {
		if err := in.body(&nothing{}); err != nil {
			return engine.Reply{}, err
		}
		id, err := in.id()
		if err != nil {
			return engine.Reply{}, err
		}
		return f(s.engine, in.ctx(), in.ask(), id)
	})
}

// changeWith is a write with a body of type B about the thing in the path.
func changeWith[B any](r Route, f func(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body B) (engine.Reply, error)) Route {
	var zero B
	return r.taking(zero, func(s *server, in *intake) (engine.Reply, error) {
		var body B
		if err := in.body(&body); err != nil {
			return engine.Reply{}, err
		}
		id, err := in.id()
		if err != nil {
			return engine.Reply{}, err
		}
		return f(in.ctx(), s.engine, in.ask(), id, body)
	})
}

// one is a read of the thing in the path.
func one[T, V any](r Route, read func(e *engine.Engine, ctx context.Context, o pay.Owner, id pay.ID) (T, error), view func(T) V) Route {
	r.handle = func(s *server, in *intake) error {
		id, err := in.id()
		if err != nil {
			return err
		}
		found, err := read(s.engine, in.ctx(), in.key.Owner, id)
		if err != nil {
			return err
		}
		in.sendData(view(found))
		return nil
	}
	return r
}

// list is a read of a page; Q is the query, whose fields are named by json
// tags as those of bodies are.
func list[Q, T, V any](r Route, read func(ctx context.Context, e *engine.Engine, o pay.Owner, query Q) (pay.List[T], error), view func(T) V) Route {
	var zero Q
	r.asks = reflect.TypeOf(zero)
	r.handle = func(s *server, in *intake) error {
		var query Q
		if err := in.query(&query); err != nil {
			return err
		}
		found, err := read(in.ctx(), s.engine, in.key.Owner, query)
		if err != nil {
			return err
		}
		in.sendList(views(found.Items, view), found.Next)
		return nil
	}
	return r
}

// views shows each of items; the result is never nil, so that an empty list
// is written [].
func views[T, V any](items []T, view func(T) V) []V {
	shown := make([]V, len(items))
	for i, item := range items {
		shown[i] = view(item)
	}
	return shown
}

// typeOf names a type in a row.
func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
