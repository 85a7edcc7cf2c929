package conductor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"florin/internal/engine"
	"florin/internal/pay"
)

// connectionKey is the one input of a task that is not the operation's.
const connectionKey = "connection"

const (
	// leaseShare is how much of a task's response time passes before its lease
	// is extended, in percent.
	leaseShare = 80
	// shortestLease bounds how often leases are extended, whatever a task
	// definition says.
	shortestLease = time.Second
	// updateTries is how often a result is told before it is given up; the
	// server then hands the task out again, and the kept result is told.
	updateTries = 5
)

// carryOut runs the operation of a task and tells what came of it.
func (w *Worker) carryOut(ctx context.Context, op pay.Operation, t task) {
	began := w.cfg.Clock.Now()
	stop := w.keepLease(ctx, t)
	told := w.perform(ctx, op, t)
	stop()
	err := w.tell(ctx, told)
	line := []any{"task", t.ID, "type", t.Type, "workflow", t.Workflow, "reference", t.Reference, "status", told.Status,
		"reason", told.Reason, "took_ms", w.cfg.Clock.Now().Sub(began).Milliseconds()}
	if err != nil {
		w.cfg.Logger.ErrorContext(ctx, "the result of a task could not be told", append(line, "error", err)...)
		return
	}
	w.cfg.Logger.InfoContext(ctx, "task", line...)
}

// perform is the result of a task.
func (w *Worker) perform(ctx context.Context, op pay.Operation, t task) result {
	told := result{Workflow: t.Workflow, Task: t.ID, Worker: w.cfg.Name}
	at, err := w.standing(ctx, t)
	if err != nil {
		told.Status, told.Reason = statusFailed, fmt.Sprintf("the attempt before this one cannot be read: %s", err)
		return told
	}
	connection, input, err := w.split(t.Input)
	var done pay.OperationResult
	if err == nil {
		done, err = w.cfg.Operations.RunOperation(ctx, engine.OperationRequest{
			Owner: w.cfg.Owner, Key: w.cfg.Key, Connection: connection, Operation: op.Name, Input: input,
			Call: identity(t, at.Generation), Begun: time.UnixMilli(at.Begun),
		})
	}
	if err != nil {
		return failed(told, done, err, at)
	}
	return succeeded(told, done, at)
}

// identity is what makes two attempts at a task the same write: its workflow
// and its reference name, which keep through retries, restarts and the server's
// change of task ids.
func identity(t task, generation int) string {
	return pay.Identity("conductor", t.Workflow, t.Reference, strconv.Itoa(generation))
}

// standing counts the definitive answers that this task's attempts had. A
// decline is final for its key: whoever retries after it means a new charge,
// while an unclear outcome must be cleared up under the same key.
func (w *Worker) standing(ctx context.Context, t task) (settled, error) {
	fresh := settled{Begun: w.cfg.Clock.Now().UnixMilli()}
	if t.Retried == "" {
		return fresh, nil
	}
	before, err := w.server.task(ctx, t.Retried)
	if err != nil {
		return fresh, err
	}
	var left struct {
		Stripe settled `json:"stripe"`
	}
	if len(before.Output) > 0 {
		if err := json.Unmarshal(before.Output, &left); err != nil {
			return fresh, err
		}
	}
	if left.Stripe.Definitive {
		fresh.Generation = left.Stripe.Generation + 1
		return fresh, nil
	}
	return settled{Generation: left.Stripe.Generation, Begun: cmp.Or(left.Stripe.Begun, before.Started, fresh.Begun)}, nil
}

// split takes the connection's name out of a task's input.
//
// Errors: invalid_field.
func (w *Worker) split(input json.RawMessage) (connection string, rest json.RawMessage, err error) {
	var fields map[string]json.RawMessage
	if len(input) > 0 {
		if err := json.Unmarshal(input, &fields); err != nil {
			return "", nil, pay.Errorf(pay.CodeInvalidBody, "the task's input is no JSON object")
		}
	}
	connection = w.cfg.Connection
	if named, ok := fields[connectionKey]; ok {
		if err := json.Unmarshal(named, &connection); err != nil {
			return "", nil, pay.Invalid(pay.CodeInvalidField, connectionKey, "the name of a connection is a text")
		}
		delete(fields, connectionKey)
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	rest, err = json.Marshal(fields)
	return connection, rest, err
}

// keepLease extends the task's lease until stop is called, so that a slow
// Stripe does not make the server hand the task to another worker.
func (w *Worker) keepLease(ctx context.Context, t task) (stop func()) {
	if t.ResponseTimeout <= 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	every := max(time.Duration(t.ResponseTimeout)*time.Second*leaseShare/100, shortestLease)
	go func() {
		defer close(ended)
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			extend := result{Workflow: t.Workflow, Task: t.ID, Worker: w.cfg.Name, Status: statusInProgress, ExtendLease: true}
			if err := w.server.update(ctx, extend); err != nil && ctx.Err() == nil {
				w.cfg.Logger.WarnContext(ctx, "a lease could not be extended", "task", t.ID, "error", err)
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// tell sends a result, several times if need be. Should all fail the server
// hands the task out again, and the kept result is told then.
func (w *Worker) tell(ctx context.Context, told result) error {
	for try := 1; ; try++ {
		err := w.server.update(ctx, told)
		if err == nil || try == updateTries || ctx.Err() != nil {
			return err
		}
		rest(ctx, try+2)
	}
}
