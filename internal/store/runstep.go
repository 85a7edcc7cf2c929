package store

import "florin/internal/pay"

var runSteps = define(table[pay.RunStep]{
	name:  "run_steps",
	what:  "step of a run",
	fixed: "merchant mode id run path step does input call begun_at",
	mutable: "state attempts final due_at output failure_code failure_message failure_field failure_step ended_at " +
		"updated_at",
	fields: func(s *pay.RunStep) []any {
		return []any{
			&s.Owner.Merchant, &s.Owner.Mode, &s.ID, &s.Run, &s.Path, &s.Step, &s.Do, blob{&s.Input}, &s.Call, moment{&s.BegunAt},
			&s.State, &s.Attempts, &s.Final, moment{&s.DueAt}, blob{&s.Output},
			&s.Failure.Code, &s.Failure.Message, &s.Failure.Field, &s.Failure.Step, moment{&s.EndedAt}, moment{&s.UpdatedAt},
		}
	},
})

// InsertRunStep keeps a step with its input, before its first attempt.
//
// Errors: already_exists, when the run has one of the same path.
func (tx *Tx) InsertRunStep(s pay.RunStep) error { return runSteps.insert(tx, s) }

// UpdateRunStep writes how a step stands; its run is held.
//
// Errors: not_found, by the commit.
func (tx *Tx) UpdateRunStep(s pay.RunStep) error { return runSteps.update(tx, s, s.ID) }

// RunSteps reads every step of a run that was begun, in the order of their
// beginning. A document's limits bound how many there are.
func (tx *Tx) RunSteps(o pay.Owner, run pay.ID) ([]pay.RunStep, error) {
	return runSteps.all(tx, "WHERE merchant = $1 AND mode = $2 AND run = $3 ORDER BY begun_at, id", o.Merchant, o.Mode, run)
}

// RunStep reads the step of a run that has a path, if it was begun.
func (tx *Tx) RunStep(o pay.Owner, run pay.ID, path string) (pay.RunStep, bool, error) {
	return runSteps.first(tx, "WHERE merchant = $1 AND mode = $2 AND run = $3 AND path = $4", o.Merchant, o.Mode, run, path)
}
