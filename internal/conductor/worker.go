package conductor

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/pay"
)

// Operations is what the worker runs; the engine is one.
type Operations interface {
	// Operations is every operation that a key may run.
	Operations(key pay.APIKey) []pay.Operation
	// RunOperation carries one out, once for each identity of a write.
	RunOperation(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error)
}

// Config is what a worker needs.
type Config struct {
	Server     string // address of the server's API, such as http://localhost:8080/api
	KeyID      string // of an Orkes server; empty for servers without keys
	KeySecret  pay.Secret
	Domain     string // only tasks sent to this domain; empty for those sent to none
	Name       string // tells this worker from others in the server's lists
	Owner      pay.Owner
	Key        pay.APIKey // whose limits hold; zero for none
	Connection string     // of tasks that name none; empty is the default one
	PerType    int        // tasks of one type at once; 0: 4
	Operations Operations
	Only       func(operation string) bool // which are served; nil: all
	Transport  http.RoundTripper           // nil: net/http's own
	Clock      clock.Clock
	Logger     *slog.Logger
}

const (
	defaultPerType = 4
	// firstRest and longestRest bound the growing pause after the server could
	// not be asked. The longest is below the 10 seconds after which it takes a
	// silent domain for deserted.
	firstRest   = 200 * time.Millisecond
	longestRest = 8 * time.Second
	// drainTime is how long tasks in hand may go on once the worker is told to
	// stop: one call to Stripe with its tries, and telling its result.
	drainTime = 40 * time.Second
)

// Worker serves operations to one Conductor server.
type Worker struct {
	cfg    Config
	server *server
	served []pay.Operation
}

// New puts a worker together.
//
// Errors: when a part is missing or no operation is served.
func New(c Config) (*Worker, error) {
	if c.Operations == nil || c.Clock == nil || c.Name == "" {
		return nil, errors.New("conductor: a name, a clock and operations are needed")
	}
	if c.PerType <= 0 {
		c.PerType = defaultPerType
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Worker{cfg: c, server: &server{
		base: strings.TrimSuffix(c.Server, "/"), keyID: c.KeyID, secret: c.KeySecret,
		client: &http.Client{Transport: c.Transport}, clock: c.Clock,
	}}
	for _, op := range c.Operations.Operations(c.Key) {
		if c.Only == nil || c.Only(op.Name) {
			w.served = append(w.served, op)
		}
	}
	if len(w.served) == 0 {
		return nil, errors.New("conductor: no operation is chosen")
	}
	return w, nil
}

// Register makes the served operations known to the server as task types.
func (w *Worker) Register(ctx context.Context, ownerEmail string) error {
	return w.server.register(ctx, w.Definitions(ownerEmail))
}

// Definitions is the task types of the served operations.
func (w *Worker) Definitions(ownerEmail string) []Definition {
	return Definitions(w.served, ownerEmail)
}

// Served is the operations that this worker polls for.
func (w *Worker) Served() []pay.Operation { return w.served }

// Run polls for tasks until ctx ends. Tasks in hand are then finished, for a
// bounded time, and their results told.
func (w *Worker) Run(ctx context.Context) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, cancel) })()
	var pollers sync.WaitGroup
	for _, op := range w.served {
		pollers.Go(func() { w.serve(ctx, working, op) })
	}
	pollers.Wait()
}

// serve polls for the tasks of one operation while ctx lasts, and carries them
// out within working, which outlasts it.
func (w *Worker) serve(ctx, working context.Context, op pay.Operation) {
	slots := make(chan struct{}, w.cfg.PerType)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for failures := 0; ; {
		free := reserve(ctx, slots)
		if free == 0 {
			return
		}
		handed, err := w.server.poll(ctx, TaskType(op.Name), w.cfg.Domain, w.cfg.Name, free)
		for _, t := range handed {
			tasks.Go(func() {
				defer func() { <-slots }()
				w.carryOut(working, op, t)
			})
		}
		release(slots, free-len(handed))
		if err == nil {
			failures = 0
			continue
		}
		if ctx.Err() != nil {
			return
		}
		failures++
		w.cfg.Logger.WarnContext(ctx, "conductor cannot be asked for tasks", "task", TaskType(op.Name), "failures", failures, "error", err)
		rest(ctx, failures)
	}
}

// reserve takes every free slot, waiting for the first; it returns how many,
// which is none once ctx ends.
func reserve(ctx context.Context, slots chan struct{}) int {
	select {
	case <-ctx.Done():
		return 0
	case slots <- struct{}{}:
	}
	for taken := 1; ; taken++ {
		select {
		case slots <- struct{}{}:
		default:
			return taken
		}
	}
}

// release gives slots back that no task came for.
func release(slots chan struct{}, n int) {
	for range n {
		<-slots
	}
}

// rest pauses after failures in a row, at random up to a bound that doubles,
// so that workers which lost the server together do not return together.
func rest(ctx context.Context, failures int) {
	bound := min(firstRest<<min(failures-1, 10), longestRest)
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(bound))) + time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
