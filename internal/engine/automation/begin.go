package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// RunStart is what a run begins with.
type RunStart struct {
	Key    string // one key begins one run of a flow, ever
	Cause  pay.RunCause
	Ref    string
	Input  json.RawMessage // what trigger is in expressions; empty is null
	Origin pay.Run         // of a rerun
	Parent pay.Run         // of a call
}

// begin writes a run down with the job that works on it. A key that has begun
// a run already gets that one, and fresh is false.
//
// Errors: invalid_field when flows call each other in a circle.
func (r *Runner) begin(tx *store.Tx, f pay.Flow, start RunStart) (run pay.Run, fresh bool, err error) {
	if known, found, err := tx.RunOfKey(f.Owner, f.ID, start.Key); found || err != nil {
		return known, false, err
	}
	now := tx.Now()
	run = pay.Run{
		ID: newID(), Owner: f.Owner, Flow: f.ID, FlowName: f.Name, Version: f.Version, Key: start.Key, Cause: start.Cause, Ref: start.Ref,
		Origin: start.Origin.ID, Parent: start.Parent.ID, Attempt: start.Origin.Attempt + 1, CreatedAt: now,
		State: pay.RunPending, DueAt: now, UpdatedAt: now,
	}
	if start.Parent.ID != "" {
		if run.Depth = start.Parent.Depth + 1; run.Depth > pay.MaxCallDepth {
			return run, false, pay.Invalid(pay.CodeInvalidField, "call", "flows call each other more than %d deep", pay.MaxCallDepth)
		}
	}
	if run.Input, err = r.seal(start.Input, runInputContext(run.ID)); err != nil {
		return run, false, err
	}
	if err := tx.InsertRun(run); err != nil {
		if pay.Is(err, pay.CodeExists) { // another transaction was faster
			known, _, err := tx.RunOfKey(f.Owner, f.ID, start.Key)
			return known, false, err
		}
		return run, false, err
	}
	return run, true, tx.Enqueue(runJob(run), now)
}

// Start is the Starter of the flows' watchers: it begins the run of what a
// trigger came upon, unless the flow's when leaves it out.
func (r *Runner) Start(tx *store.Tx, w pay.Watch, s Starting) (pay.ID, bool, error) {
	f, err := tx.Flow(w.Owner, w.ID)
	if err != nil {
		return "", false, err
	}
	if f.State != pay.FlowActive {
		return "", false, nil
	}
	document, err := r.document(tx, f.Owner, f.ID, f.Version)
	if err != nil {
		return "", false, err
	}
	wanted, err := document.Starts(s.Input, flow.RunInfo{Attempt: 1, Started: tx.Now()})
	if err != nil {
		return "", false, pay.Invalid(pay.CodeInvalidField, "when", "%s", err)
	}
	if !wanted {
		return "", false, nil
	}
	key := "trigger/" + s.Key
	if had, err := tx.HadRun(f.Owner, f.ID, key); had || err != nil {
		return "", false, err
	}
	run, fresh, err := r.begin(tx, f, RunStart{Key: key, Cause: pay.CauseTrigger, Ref: s.Ref, Input: s.Input})
	return run.ID, fresh, err
}

// RunRequest asks for a run of a flow.
type RunRequest struct {
	Flow  string          // name
	Key   string          // the same key is the same run; empty: a new run
	Input json.RawMessage // what trigger is in expressions
}

// RunFlow begins a run because somebody asks for it.
//
// Errors: not_found, invalid_field (the input does not fit the flow's schema);
// operation_not_allowed, where a limited key could not apply the flow.
func (r *Runner) RunFlow(ctx context.Context, key pay.APIKey, ask RunRequest) (pay.Run, error) {
	start := RunStart{Key: ask.Key, Cause: pay.CauseManual}
	return r.ask(ctx, key, ask.Flow, start, func(document *flow.Flow) (json.RawMessage, error) {
		return ask.Input, document.CheckTrigger(ask.Input)
	})
}

// TestFlow begins a run that tries a flow: in test mode only, with the sample
// of its trigger unless an input is given. No poll, schedule or cursor is
// touched.
//
// Errors: not_found, invalid_mode, invalid_field, operation_not_allowed.
func (r *Runner) TestFlow(ctx context.Context, key pay.APIKey, ask RunRequest) (pay.Run, error) {
	return r.ask(ctx, key, ask.Flow, RunStart{Key: ask.Key, Cause: pay.CauseTest}, func(document *flow.Flow) (json.RawMessage, error) {
		switch {
		case key.Owner.Mode != pay.Test:
			return nil, pay.Errorf(pay.CodeInvalidMode, "a flow is tried in test mode; apply it there, with a test key, and test it there")
		case len(ask.Input) == 0:
			return r.sample(document), nil
		}
		return ask.Input, nil
	})
}

// ask begins a run that somebody asks for, with the input that inputOf finds.
func (r *Runner) ask(ctx context.Context, key pay.APIKey, name string, start RunStart,
	inputOf func(*flow.Flow) (json.RawMessage, error)) (run pay.Run, err error) {
	o := key.Owner
	if err := r.mayStart(ctx, key, named(o, name)); err != nil {
		return run, err
	}
	err = r.store.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.FlowNamed(o, name)
		if err != nil {
			return err
		}
		document, err := r.document(tx, o, f.ID, f.Version)
		if err != nil {
			return err
		}
		if start.Input, err = inputOf(document); err != nil {
			return faultOfInput(err)
		}
		asked := start
		asked.Key = string(start.Cause) + "/" + cmp.Or(start.Key, string(newID()))
		run, _, err = r.begin(tx, f, asked)
		return err
	})
	return run, err
}

// faultOfInput says of an input that a flow cannot begin with what is wrong.
func faultOfInput(err error) error {
	var known *pay.Error
	if errors.As(err, &known) {
		return err
	}
	return pay.Invalid(pay.CodeInvalidField, "input", "%s", err)
}

// Cancel calls a run off. One that nobody is at work on ends at once; otherwise
// the step in hand is finished, and no further one begins. What was done stays
// done.
//
// Errors: not_found, conflict (it has ended).
func (r *Runner) Cancel(ctx context.Context, o pay.Owner, id pay.ID) (run pay.Run, err error) {
	err = r.store.Write(ctx, func(tx *store.Tx) error {
		if run, err = tx.LockRun(o, id); err != nil {
			return err
		}
		switch {
		case run.State == pay.RunCanceled:
			return nil
		case run.State.Ended():
			return pay.Errorf(pay.CodeRunEnded, "the run has %s", run.State)
		case run.State == pay.RunRunning && run.LeaseUntil.After(tx.Now()):
			run.Canceling, run.DueAt, run.UpdatedAt = true, tx.Now(), tx.Now()
			return tx.UpdateRun(run)
		}
		run, err = r.end(tx, run, pay.RunCanceled)
		return err
	})
	return run, err
}

// seal encrypts what a run works with; nothing stays nothing.
func (r *Runner) seal(plain []byte, context string) ([]byte, error) {
	if len(plain) == 0 {
		return nil, nil
	}
	return r.sealer.Seal(plain, context)
}

func (r *Runner) open(sealed []byte, context string) (json.RawMessage, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return r.sealer.Open(sealed, context)
}
