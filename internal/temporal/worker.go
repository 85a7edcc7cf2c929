package temporal

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"florin/internal/engine"
	"florin/internal/pay"
)

// TaskQueue is the queue that the worker serves when none is named.
const TaskQueue = "florin"

// stopTimeout is how long activities in hand may go on once the worker is told
// to stop: one call to Stripe with its tries.
const stopTimeout = 40 * time.Second

// Operations is what the activities run; the engine is one.
type Operations interface {
	// Operations is every operation that a key may run.
	Operations(key pay.APIKey) []pay.Operation
	// RunOperation carries one out, once for each identity of a write.
	RunOperation(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error)
}

// Config is what a worker needs.
type Config struct {
	Address    string // of the cluster's frontend, such as localhost:7233
	Namespace  string // empty is "default"
	APIKey     pay.Secret
	TLS        bool
	TaskQueue  string // empty is TaskQueue
	Owner      pay.Owner
	Key        pay.APIKey // whose limits hold; zero for none
	Connection string     // of activities that name none; empty is the default one
	Operations Operations
	Flows      Flows
	Parallel   int // activities at once; 0 is the SDK's own
	Logger     *slog.Logger
}

// Worker serves operations and flows to one Temporal cluster.
type Worker struct {
	cfg        Config
	operations map[string]bool // by name; other actions are built in
}

// New checks that a worker has what it needs.
//
// Errors: a part is missing, a defect of the caller.
func New(c Config) (*Worker, error) {
	if c.Operations == nil || c.Flows == nil {
		return nil, errors.New("temporal: operations and flows are needed")
	}
	if c.TaskQueue == "" {
		c.TaskQueue = TaskQueue
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Worker{cfg: c, operations: map[string]bool{}}
	for _, op := range c.Operations.Operations(c.Key) {
		w.operations[op.Name] = true
	}
	return w, nil
}

// Register adds the activities and workflows to what a worker, or a test
// environment, serves.
func (w *Worker) Register(r worker.Registry) {
	for _, op := range w.cfg.Operations.Operations(w.cfg.Key) {
		r.RegisterActivityWithOptions(w.runs(op), activity.RegisterOptions{Name: ActivityName(op.Name)})
	}
	w.registerFlows(r)
}

// planTimeout is how long a workflow may think before it counts as stuck. The
// SDK's own second is for code that computes nothing; ours reads a document and
// walks it, in milliseconds, but on machines that may be busy.
const planTimeout = 20 * time.Second

// Options are those that flows need of a worker.
func Options() worker.Options {
	return worker.Options{WorkerStopTimeout: stopTimeout, DeadlockDetectionTimeout: planTimeout}
}

// Run serves the cluster until ctx ends; activities in hand are then finished
// within a bounded time.
//
// Errors: a cluster that cannot be reached, or refuses the worker.
func (w *Worker) Run(ctx context.Context) error {
	reach := client.Options{HostPort: w.cfg.Address, Namespace: w.cfg.Namespace, Logger: sdklog.NewStructuredLogger(w.cfg.Logger)}
	if w.cfg.TLS {
		reach.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if !w.cfg.APIKey.IsZero() {
		reach.Credentials = client.NewAPIKeyStaticCredentials(w.cfg.APIKey.Reveal())
	}
	cluster, err := client.DialContext(ctx, reach)
	if err != nil {
		return fmt.Errorf("temporal: %s: %w", cmp.Or(w.cfg.Address, client.DefaultHostPort), err)
	}
	defer cluster.Close()
	options := Options()
	options.MaxConcurrentActivityExecutionSize = w.cfg.Parallel
	serving := worker.New(cluster, w.cfg.TaskQueue, options)
	w.Register(serving)
	stop := make(chan any)
	defer context.AfterFunc(ctx, func() { close(stop) })()
	return serving.Run(stop)
}
