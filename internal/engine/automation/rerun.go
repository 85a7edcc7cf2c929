package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// RerunRequest says which run is done again, and from which step on.
type RerunRequest struct {
	Run  pay.ID
	From string // path or id; empty: the step that failed
	Key  string

	Input json.RawMessage // what trigger is from here on; empty: what it was. What was done before stays done
}

// Rerun begins a run that takes over what an earlier one has done, up to a
// step, and goes on from there: from the one that failed when none is named.
// A write whose outcome is not known keeps its identity, so that it cannot
// happen twice; one that was refused, or done and is to be done anew, gets a
// new one.
//
// The same key is the same run; without one each call begins one.
//
// Errors: not_found (the run, the step), run_has_not_ended; invalid_field (an
// input that does not fit); in_doubt and reconcile_needed while it is not known whether a step was taken back;
// operation_not_allowed, where a limited key could not apply the flow.
func (r *Runner) Rerun(ctx context.Context, key pay.APIKey, ask RerunRequest) (run pay.Run, err error) {
	o := key.Owner
	if err := r.mayStart(ctx, key, flowOfRun(o, ask.Run)); err != nil {
		return run, err
	}
	err = r.store.Write(ctx, func(tx *store.Tx) error {
		origin, err := tx.LockRun(o, ask.Run)
		if err != nil {
			return err
		}
		if !origin.State.Ended() {
			return pay.Errorf(pay.CodeRunNotEnded, "the run is %s; cancel it first", origin.State)
		}
		key := "rerun/" + string(origin.ID) + "/" + cmp.Or(ask.Key, string(newID()))
		run, err = r.again(tx, RunStart{Key: key, Cause: pay.CauseRerun, Ref: origin.Ref, Origin: origin, Input: ask.Input}, ask.From)
		return err
	})
	return run, err
}

// again begins a run that does its origin again, by the same version of the flow
// and with the same input, unless somebody asks for it with another.
func (r *Runner) again(tx *store.Tx, start RunStart, from string) (pay.Run, error) {
	origin := start.Origin
	f, err := tx.Flow(origin.Owner, origin.Flow)
	if err != nil {
		return pay.Run{}, err
	}
	f.Version = origin.Version
	if start.Cause == pay.CauseRerun && len(start.Input) > 0 {
		err = r.fits(tx, f, start.Input)
	} else {
		start.Input, err = r.open(origin.Input, runInputContext(origin.ID))
	}
	if err != nil {
		return pay.Run{}, err
	}
	run, fresh, err := r.begin(tx, f, start)
	if err != nil || !fresh {
		return run, err
	}
	return run, r.takeOver(tx, origin, run, from)
}

// fits says whether runs of a flow can begin with an input.
//
// Errors: invalid_field.
func (r *Runner) fits(tx *store.Tx, f pay.Flow, input json.RawMessage) error {
	document, err := r.document(tx, f.Owner, f.ID, f.Version)
	if err != nil {
		return err
	}
	if err := document.CheckTrigger(input); err != nil {
		return faultOfInput(err)
	}
	return nil
}

// flowOfRun finds a run's flow, in the version that the run began with.
func flowOfRun(o pay.Owner, id pay.ID) func(tx *store.Tx) (pay.Flow, error) {
	return func(tx *store.Tx) (pay.Flow, error) {
		run, err := tx.Run(o, id)
		if err != nil {
			return pay.Flow{}, err
		}
		f, err := tx.Flow(o, run.Flow)
		f.Version = run.Version
		return f, err
	}
}

// takeOver copies the steps that a rerun does not repeat. When it is not said
// from where on, nothing is done anew that was done: a step that failed may have
// been begun before others that moved money, beside it or after it.
//
// Errors: not_found (the step); in_doubt and reconcile_needed when it is not
// known whether a step was taken back.
func (r *Runner) takeOver(tx *store.Tx, origin, run pay.Run, from string) error {
	steps, err := tx.RunSteps(origin.Owner, origin.ID)
	if err != nil {
		return err
	}
	anew, err := r.anew(tx, origin, steps, from)
	if err != nil {
		return err
	}
	undos := map[string]pay.RunStep{}
	for _, s := range steps {
		if path, isUndo := undoneBy(s.Path); isUndo {
			undos[path] = s
		}
	}
	for _, s := range steps {
		if _, isUndo := undoneBy(s.Path); isUndo || s.State != pay.StepSucceeded || anew(s.Path) {
			continue
		}
		if undo, begun := undos[s.Path]; begun {
			undone, err := r.undone(tx, undo)
			if err != nil {
				return err
			}
			if undone {
				continue
			}
		}
		if err := r.copyStep(tx, s, run); err != nil {
			return err
		}
	}
	return nil
}

// anew tells which steps are to be done again though they were done.
//
// Errors: not_found, when there is none such.
func (r *Runner) anew(tx *store.Tx, origin pay.Run, steps []pay.RunStep, from string) (func(path string) bool, error) {
	if from == "" {
		return func(string) bool { return false }, nil
	}
	document, err := r.document(tx, origin.Owner, origin.Flow, origin.Version)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if _, isUndo := undoneBy(s.Path); !isUndo && (s.Path == from || s.Step == from) {
			return document.Anew(from), nil
		}
	}
	return nil, pay.NotFound("step", from).At("from")
}

// undone reports whether a step was taken back.
//
// Errors: in_doubt and reconcile_needed, when that is not known.
func (r *Runner) undone(tx *store.Tx, undo pay.RunStep) (bool, error) {
	if undo.Final || undo.State == pay.StepSucceeded {
		return undo.State == pay.StepSucceeded, nil
	}
	what, err := r.fateOf(tx, undo)
	if err != nil {
		return false, err
	}
	path, _ := undoneBy(undo.Path)
	switch what {
	case fateOpen:
		doubt := pay.Errorf(pay.CodeInDoubt, "whether %s was taken back is being found out; ask again", path)
		doubt.RetryAfter = undoCheck
		return false, doubt
	case fateUnknown:
		return false, pay.Errorf(pay.CodeReconcileNeeded,
			"whether %s was taken back is not known: look for it, take it back by hand if it was not, and then run again from %s", path, path)
	}
	return what == fateDone, nil
}

// undoCheck is when to ask again whether an undo took place: the completer asks
// Stripe again within seconds.
const undoCheck = 10 * time.Second

// copyStep keeps a step's result for another run, sealed for its new row.
func (r *Runner) copyStep(tx *store.Tx, s pay.RunStep, run pay.Run) error {
	input, err1 := r.open(s.Input, stepContext(s.Run, s.Path, "input"))
	output, err2 := r.open(s.Output, stepContext(s.Run, s.Path, "output"))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	s.ID, s.Run = newID(), run.ID
	var err error
	if s.Input, err = r.seal(input, stepContext(run.ID, s.Path, "input")); err != nil {
		return err
	}
	if s.Output, err = r.seal(output, stepContext(run.ID, s.Path, "output")); err != nil {
		return err
	}
	return tx.InsertRunStep(s)
}
