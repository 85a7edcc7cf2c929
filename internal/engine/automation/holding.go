package automation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// holding is a run in the hands of one worker, with all that is known of it.
// Its steps are changed by one goroutine; attempts at them run in others.
type holding struct {
	r        *Runner
	run      pay.Run
	document *flow.Flow
	input    json.RawMessage
	steps    map[string]pay.RunStep
	results  map[string]flow.Result

	flying map[string]bool // attempts under way, by path
	landed chan attempt
	ended  []pay.RunStep // changed since the last round

	seats   map[string]string // connections at which steps have a place, by path
	left    []seat            // since the last round
	without map[string]bool   // paths of steps that wait for a place
	waited  bool
}

// attempt is what came of one try of a step.
type attempt struct {
	task    flow.Task
	output  json.RawMessage
	failure *pay.RunFailure
	final   bool          // the answer was definitive
	again   time.Duration // above zero: it is tried again, or asked again, after that
	err     error         // nothing can be kept: our own machine is at fault
}

// load reads what the run has done so far.
func (h *holding) load(ctx context.Context) error {
	h.steps, h.results, h.flying = map[string]pay.RunStep{}, map[string]flow.Result{}, map[string]bool{}
	h.seats = map[string]string{}
	h.landed = make(chan attempt, flow.MaxSteps)
	var kept []pay.RunStep
	err := h.r.store.Read(ctx, func(tx *store.Tx) (err error) {
		if h.document, err = h.r.document(tx, h.run.Owner, h.run.Flow, h.run.Version); err != nil {
			return err
		}
		kept, err = tx.RunSteps(h.run.Owner, h.run.ID)
		return err
	})
	if err != nil {
		return err
	}
	if h.input, err = h.r.open(h.run.Input, runInputContext(h.run.ID)); err != nil {
		return err
	}
	for _, s := range kept {
		if err := h.know(s); err != nil {
			return err
		}
	}
	return nil
}

// know takes a kept step into account.
func (h *holding) know(s pay.RunStep) error {
	h.steps[s.Path] = s
	if s.Attempts == 0 || s.State != pay.StepSucceeded && s.State != pay.StepFailed {
		return nil
	}
	output, err := h.r.open(s.Output, stepContext(s.Run, s.Path, "output"))
	if err != nil {
		return err
	}
	h.results[s.Path] = resultOf(s, output)
	return nil
}

func resultOf(s pay.RunStep, output json.RawMessage) flow.Result {
	result := flow.Result{Output: output, Attempts: s.Attempts, At: s.EndedAt}
	if s.State == pay.StepFailed {
		result.Failure = &flow.Failure{Code: s.Failure.Code, Message: s.Failure.Message, Field: s.Failure.Field, Step: s.Failure.Step}
	}
	return result
}

// carryOn works on the run until it ends, waits, or is taken away.
func (h *holding) carryOn(ctx context.Context) (again time.Duration, err error) {
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	defer h.keepLease(ctx, lost)()
	for {
		next, err := h.round(ctx)
		switch {
		case err != nil:
			return 0, h.stop(ctx, err)
		case next.over:
			return 0, nil
		case next.woken:
			continue
		}
		if err := h.land(ctx, next.due); err != nil {
			return 0, h.stop(ctx, err)
		}
	}
}

// stop gives up the work because of an error. That another holder has the run
// is none: it goes on.
func (h *holding) stop(ctx context.Context, reason error) error {
	if errors.Is(reason, store.ErrFenced) || errors.Is(context.Cause(ctx), errLost) {
		return nil
	}
	return errors.Join(reason, h.letGo(ctx))
}

// land waits for an attempt to come to its end, but not longer than until
// something else is due.
func (h *holding) land(ctx context.Context, due time.Time) error {
	wait := callCheck
	if !due.IsZero() {
		wait = max(due.Sub(h.r.clock.Now()), time.Millisecond)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case a := <-h.landed:
		return h.record(a)
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// record takes what came of an attempt into account; the next round keeps it.
func (h *holding) record(a attempt) error {
	delete(h.flying, a.task.Path)
	h.rise(a.task.Path)
	if a.err != nil {
		return a.err
	}
	s, now := h.steps[a.task.Path], h.r.clock.Now()
	s.UpdatedAt, s.Final = now, a.final
	switch {
	case a.again > 0:
		s.State, s.DueAt = pay.StepWaiting, now.Add(a.again)
		if a.failure != nil {
			s.Failure, s.Attempts = *a.failure, s.Attempts+1
		}
	case a.failure != nil:
		s.State, s.Failure, s.EndedAt, s.DueAt = pay.StepFailed, *a.failure, now, time.Time{}
	default:
		s.State, s.Failure, s.EndedAt, s.DueAt = pay.StepSucceeded, pay.RunFailure{}, now, time.Time{}
	}
	var err error
	if s.Output, err = h.r.seal(a.output, stepContext(s.Run, s.Path, "output")); err != nil {
		return err
	}
	h.steps[s.Path] = s
	if !s.EndedAt.IsZero() {
		h.results[s.Path] = resultOf(s, a.output)
	}
	h.ended = append(h.ended, s)
	return nil
}

// letGo gives the run back when this process cannot go on with it, so that
// another need not wait for the lease to end.
func (h *holding) letGo(ctx context.Context) error {
	return h.r.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		run, err := tx.HoldRun(h.run.Owner, h.run.ID, h.run.Fence)
		if errors.Is(err, store.ErrFenced) {
			return nil
		}
		if err != nil {
			return err
		}
		run.State, run.LeaseUntil, run.DueAt, run.UpdatedAt = pay.RunWaiting, time.Time{}, tx.Now(), tx.Now()
		if err := tx.UpdateRun(run); err != nil {
			return err
		}
		return tx.Enqueue(runJob(run), tx.Now())
	})
}

// collapse ends a run that cannot be read, and says why.
func (h *holding) collapse(ctx context.Context, reason error) error {
	var known *pay.Error
	if !errors.As(reason, &known) {
		return errors.Join(reason, h.letGo(ctx))
	}
	return h.r.store.Write(ctx, func(tx *store.Tx) error {
		run, err := tx.HoldRun(h.run.Owner, h.run.ID, h.run.Fence)
		if err != nil {
			return err
		}
		run.Failure = pay.RunFailure{Code: string(known.Code), Message: known.Message, Field: known.Field}
		_, err = h.r.end(tx, run, pay.RunFailed)
		return err
	})
}
