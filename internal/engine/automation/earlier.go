package automation

import (
	"encoding/json"

	"florin/internal/engine"
	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// goingOn is a step that begins, with its input. Where a run that is done again
// left something of which it is not known what became of it, the step goes on
// with that: it asks for exactly the same, under the same identity.
func (h *holding) goingOn(tx *store.Tx, s pay.RunStep, task flow.Task) (pay.RunStep, json.RawMessage, error) {
	if task.Call != "" {
		called, found, err := h.calledBefore(tx, task.Path)
		if err != nil || !found {
			return s, task.Input, err
		}
		input, err := h.r.open(called.Input, runInputContext(called.ID))
		return s, input, err
	}
	before, found, err := h.unsettled(tx, task.Path)
	if err != nil || !found {
		return s, task.Input, err
	}
	s.Call, s.BegunAt = before.Call, before.BegunAt
	input, err := h.r.open(before.Input, stepContext(before.Run, before.Path, "input"))
	return s, input, err
}

// unsettled is the step of a path in an earlier run of which it is not known
// whether it did what it should.
func (h *holding) unsettled(tx *store.Tx, path string) (found pay.RunStep, is bool, err error) {
	err = h.earlier(tx, path, func(s pay.RunStep) (bool, error) {
		if found = s; s.Final || s.State == pay.StepSucceeded {
			return true, nil
		}
		became, err := h.r.fateOf(tx, s)
		is = became != fateNothing // what is done anew is another write, whose input may be a better one
		return true, err
	})
	return found, is, err
}

// fate is what became of a step that has no definite answer.
type fate int

const (
	fateUnknown fate = iota // and nobody will find out by itself
	fateOpen                // it is being found out
	fateNothing             // it was refused, or not sent
	fateDone
)

// fateOf looks into what is kept of a step's operation. Of what a built-in action
// did there is no record but the step's own.
func (r *Runner) fateOf(tx *store.Tx, s pay.RunStep) (fate, error) {
	if _, ours := r.builtIns[s.Do]; ours {
		return fateUnknown, nil
	}
	call, kept, err := tx.LockOperationCall(s.Owner, s.Call)
	switch {
	case err != nil:
		return fateUnknown, err
	case !kept && (s.State != pay.StepFailed || engine.MayBeForgotten(s.BegunAt, tx.Now())):
		return fateUnknown, nil
	case !kept, call.State == pay.OperationUnsent, call.State == pay.OperationAnswered && call.Outcome == pay.OutcomeRefused:
		return fateNothing, nil
	case call.State == pay.OperationAnswered:
		return fateDone, nil
	case call.MayReplay(tx.Now()):
		return fateOpen, nil
	}
	return fateUnknown, nil
}

// calledBefore is the run that a step called in an earlier run, unless the step
// succeeded, for then it is to be done anew. Should somebody have run the called
// one again since, that one counts.
func (h *holding) calledBefore(tx *store.Tx, path string) (called pay.Run, is bool, err error) {
	err = h.earlier(tx, path, func(s pay.RunStep) (done bool, err error) {
		if s.State == pay.StepSucceeded {
			return true, nil
		}
		if called, is, err = tx.CalledRun(s.Owner, s.Run, callKey(s.Run, path)); err != nil || !is {
			return false, err
		}
		for again := true; again && err == nil; { // each is newer than the one before
			var next pay.Run
			if next, again, err = tx.LastRerun(s.Owner, called.ID); again {
				called = next
			}
		}
		return true, err
	})
	return called, is, err
}

// earlier visits the step of a path in the runs that this one does again, the
// latest first, until visit has seen enough.
func (h *holding) earlier(tx *store.Tx, path string, visit func(s pay.RunStep) (done bool, err error)) error {
	for origin := h.run.Origin; origin != ""; { // each is older than the one before
		s, begun, err := tx.RunStep(h.run.Owner, origin, path)
		if err != nil {
			return err
		}
		if begun {
			if done, err := visit(s); done || err != nil {
				return err
			}
		}
		run, err := tx.Run(h.run.Owner, origin)
		if err != nil {
			return err
		}
		origin = run.Origin
	}
	return nil
}
