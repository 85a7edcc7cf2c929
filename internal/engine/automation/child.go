package automation

import (
	"context"
	"encoding/json"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// call begins the run of another flow, once, and looks whether it has ended.
func (h *holding) call(ctx context.Context, task flow.Task, s pay.RunStep, input json.RawMessage) attempt {
	var child pay.Run
	err := h.r.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.HoldRun(h.run.Owner, h.run.ID, h.run.Fence); err != nil { // only its holder calls for it
			return err
		}
		var err error
		child, err = h.child(tx, task, s, input)
		return err
	})
	switch {
	case pay.Is(err, pay.CodeInDoubt):
		return attempt{task: task, again: callCheck}
	case err != nil && isRetryable(err):
		return attempt{task: task, err: err}
	case err != nil:
		return attempt{task: task, failure: explain(err, task.Path), final: true}
	case !child.State.Ended():
		return attempt{task: task, again: callCheck}
	case child.State != pay.RunSucceeded:
		failure := child.Failure
		failure.Step = task.Path
		if failure.Code == "" {
			failure.Code, failure.Message = string(pay.CodeRunEnded), "the called run was canceled"
		}
		return attempt{task: task, failure: &failure, final: true}
	}
	output, err := h.r.open(child.Output, runOutputContext(child.ID))
	return attempt{task: task, output: output, final: true, err: err}
}

// child is the run that a step calls: the one that it has called already, or
// else a new one. A step that was called before in a run that this one does
// again goes on with that: it waits for its end, takes over what it gave, or
// does it again where it failed, so that each of its writes keeps its identity.
func (h *holding) child(tx *store.Tx, task flow.Task, s pay.RunStep, input json.RawMessage) (pay.Run, error) {
	start := RunStart{Key: callKey(h.run.ID, task.Path), Cause: pay.CauseCall, Ref: h.run.Ref, Input: input, Parent: h.run}
	if child, found, err := tx.CalledRun(h.run.Owner, h.run.ID, start.Key); found || err != nil {
		return child, err
	}
	before, found, err := h.calledBefore(tx, task.Path)
	switch {
	case err != nil:
		return before, err
	case found && (!before.State.Ended() || before.State == pay.RunSucceeded || before.EndedAt.After(s.BegunAt)):
		return before, nil
	case found:
		start.Origin = before
		return h.r.again(tx, start, "")
	}
	f, err := tx.FlowNamed(h.run.Owner, task.Call)
	if err != nil {
		return pay.Run{}, err
	}
	child, _, err := h.r.begin(tx, f, start)
	return child, err
}

// callKey is the key of the run that a step calls.
func callKey(run pay.ID, path string) string { return "call/" + string(run) + "/" + path }
