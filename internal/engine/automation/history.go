package automation

import (
	"context"
	"encoding/json"

	"florin/internal/pay"
	"florin/internal/store"
)

// History is a run with all that it did, opened for those who may read it.
type History struct {
	Run    pay.Run
	Input  json.RawMessage
	Output json.RawMessage
	Steps  []StepHistory
}

// StepHistory is a step with what went in and came out.
type StepHistory struct {
	pay.RunStep

	Given json.RawMessage
	Came  json.RawMessage
}

// Runs is a page of runs, newest first; flow is a name, or empty for all.
//
// Errors: not_found (the flow), invalid_cursor.
func (r *Runner) Runs(ctx context.Context, o pay.Owner, flow string, states []pay.RunState, page pay.Page) (found pay.List[pay.Run], err error) {
	err = r.store.Read(ctx, func(tx *store.Tx) error {
		filter := pay.RunFilter{States: states}
		if flow != "" {
			f, err := tx.FlowNamed(o, flow)
			if err != nil {
				return err
			}
			filter.Flow = f.ID
		}
		found, err = tx.Runs(o, filter, page)
		return err
	})
	return found, err
}

// Run is one run with its history.
//
// Errors: not_found.
func (r *Runner) Run(ctx context.Context, o pay.Owner, id pay.ID) (h History, err error) {
	var steps []pay.RunStep
	err = r.store.Read(ctx, func(tx *store.Tx) error {
		if h.Run, err = tx.Run(o, id); err != nil {
			return err
		}
		steps, err = tx.RunSteps(o, id)
		return err
	})
	if err != nil {
		return h, err
	}
	if h.Input, err = r.open(h.Run.Input, runInputContext(id)); err != nil {
		return h, err
	}
	if h.Output, err = r.open(h.Run.Output, runOutputContext(id)); err != nil {
		return h, err
	}
	for _, s := range steps {
		shown := StepHistory{RunStep: s}
		if shown.Given, err = r.open(s.Input, stepContext(id, s.Path, "input")); err != nil {
			return h, err
		}
		if shown.Came, err = r.open(s.Output, stepContext(id, s.Path, "output")); err != nil {
			return h, err
		}
		h.Steps = append(h.Steps, shown)
	}
	return h, nil
}
