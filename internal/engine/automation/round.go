package automation

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// outlook is what a round found: the run is over, or nothing more is to be done
// before a time.
type outlook struct {
	over  bool
	woken bool // something was to be seen that was not there when it was planned
	due   time.Time
}

// round plans what comes next, keeps what has come to its end together with
// what begins, in one transaction, and then lets the attempts go.
func (h *holding) round(ctx context.Context) (outlook, error) {
	now := h.r.clock.Now()
	plan := h.document.Next(flow.State{
		Trigger: h.input, Results: h.results, Now: now,
		Run: flow.RunInfo{ID: string(h.run.ID), Attempt: h.run.Attempt, Started: h.run.CreatedAt},
	})
	var (
		begun []pay.RunStep
		found seats
		next  outlook
	)
	err := h.r.store.Write(ctx, func(tx *store.Tx) error {
		next = outlook{}
		run, err := tx.HoldRun(h.run.Owner, h.run.ID, h.run.Fence)
		if err != nil {
			return err
		}
		if run.Canceling {
			plan.Ready, plan.WaitUntil = nil, time.Time{} // what is in the air is awaited, and nothing else
		}
		if begun, err = h.keep(tx, run, plan); err != nil {
			return err
		}
		if found, err = h.findSeats(tx, run, plan.Ready, now); err != nil {
			return err
		}
		next, err = h.conclude(tx, run, plan, found)
		return err
	})
	if err != nil {
		return next, err
	}
	left := h.left
	h.ended, h.left = nil, nil
	for _, s := range begun {
		h.steps[s.Path] = s
	}
	h.sit(found)
	if !next.over {
		h.launch(ctx, plan.Ready, now)
	}
	if len(h.flying) > 0 && !next.woken {
		next.due = h.due(now, plan, found) // of what is not under way
	}
	h.wakeForPlaces(ctx, left)
	return next, nil
}

// keep writes what changed since the last round and what begins now.
func (h *holding) keep(tx *store.Tx, run pay.Run, plan flow.Plan) ([]pay.RunStep, error) {
	for _, s := range h.ended {
		if err := tx.UpdateRunStep(s); err != nil {
			return nil, err
		}
	}
	for _, each := range h.left {
		if err := tx.LeavePlace(run, each.path); err != nil {
			return nil, err
		}
	}
	for path, decision := range plan.Decided {
		if _, known := h.steps[path]; known {
			continue
		}
		s, err := h.decided(tx, path, decision)
		if err != nil {
			return nil, err
		}
		h.steps[path] = s
	}
	var begun []pay.RunStep
	for _, task := range plan.Ready {
		if _, known := h.steps[task.Path]; known || h.isLate(tx.Now()) {
			continue
		}
		s, err := h.begun(tx, task)
		if err != nil {
			return nil, err
		}
		begun = append(begun, s)
	}
	return begun, nil
}

// begun keeps a step with its input, before the first attempt: from now on it
// always asks for the same.
func (h *holding) begun(tx *store.Tx, task flow.Task) (pay.RunStep, error) {
	s := pay.RunStep{
		ID: newID(), Owner: h.run.Owner, Run: h.run.ID, Path: task.Path, Step: task.Step, Do: task.Do + task.Call,
		BegunAt: tx.Now(), State: pay.StepRunning, Attempts: 1, UpdatedAt: tx.Now(),
	}
	s.Call = pay.Identity("run", string(h.run.ID), task.Path)
	s, input, err := h.goingOn(tx, s, task)
	if err != nil {
		return s, err
	}
	if s.Input, err = h.r.seal(input, stepContext(s.Run, s.Path, "input")); err != nil {
		return s, err
	}
	return s, tx.InsertRunStep(s)
}

// decided keeps what the flow settled by itself, for the history.
func (h *holding) decided(tx *store.Tx, path string, d flow.Decision) (pay.RunStep, error) {
	now := tx.Now()
	s := pay.RunStep{
		ID: newID(), Owner: h.run.Owner, Run: h.run.ID, Path: path, Step: lastPart(path), Do: string(d.Kind),
		BegunAt: now, State: pay.StepSucceeded, EndedAt: now, UpdatedAt: now, Final: true,
	}
	if d.Failure != nil {
		s.State, s.Failure = pay.StepFailed, failureOf(*d.Failure)
	}
	if d.Branch != "" {
		branch, err := json.Marshal(map[string]string{"branch": d.Branch})
		if err != nil {
			return s, err
		}
		if s.Output, err = h.r.seal(branch, stepContext(s.Run, s.Path, "output")); err != nil {
			return s, err
		}
	}
	return s, tx.InsertRunStep(s)
}

// lastPart is the step's own part of a path: each[3].copy is copy.
func lastPart(path string) string {
	return path[strings.LastIndexAny(path, "./")+1:]
}

// undoneBy is the step that a path takes back, if it is an undo's.
func undoneBy(path string) (string, bool) { return strings.CutPrefix(path, "undo/") }

func failureOf(f flow.Failure) pay.RunFailure {
	return pay.RunFailure{Code: f.Code, Message: f.Message, Field: f.Field, Step: f.Step}
}

// conclude ends the run, or leaves it until something is due.
func (h *holding) conclude(tx *store.Tx, run pay.Run, plan flow.Plan, found seats) (outlook, error) {
	still := len(h.flying) == 0
	switch {
	case h.isLate(tx.Now()) && still && (plan.Ended == nil || plan.Ended.Failure != nil):
		return outlook{over: true}, h.giveUp(tx, run)
	case plan.Ended != nil && still:
		return outlook{over: true}, h.finish(tx, run, *plan.Ended)
	case run.Canceling && still:
		_, err := h.r.end(tx, run, pay.RunCanceled)
		return outlook{over: true}, err
	case run.DueAt.Before(run.LeaseUntil): // woken
		h.attendCalls()
		return outlook{woken: true}, h.hold(tx, run)
	case found.fresh:
		return outlook{woken: true}, nil // looks once more before it waits
	}
	due := h.due(tx.Now(), plan, found)
	if !still || !due.After(tx.Now()) {
		return outlook{due: due}, nil
	}
	run.State, run.DueAt, run.LeaseUntil, run.UpdatedAt = pay.RunWaiting, due, time.Time{}, tx.Now()
	if err := tx.UpdateRun(run); err != nil {
		return outlook{}, err
	}
	if err := h.r.wakeNext(tx, run.Owner, run.Flow); err != nil {
		return outlook{}, err
	}
	return outlook{over: true, due: due}, tx.Enqueue(runJob(run), due)
}

// hold keeps the lease, and takes note that the run was woken.
func (h *holding) hold(tx *store.Tx, run pay.Run) error {
	run.LeaseUntil = tx.Now().Add(runLease)
	run.DueAt = run.LeaseUntil
	return tx.UpdateRun(run)
}

// callCheck is how often a run that called another looks for its end, should
// nobody tell it.
const callCheck = time.Minute

// due is when the run must go on: now, while a step can be tried that is not
// under way.
func (h *holding) due(now time.Time, plan flow.Plan, found seats) time.Time {
	due, look := plan.WaitUntil, placeWait
	if len(h.flying)+len(found.taken) > 0 {
		look = placeLook
	}
	if len(found.without) > 0 && (due.IsZero() || due.After(now.Add(look))) {
		due = now.Add(look)
	}
	for _, task := range plan.Ready {
		s := h.steps[task.Path]
		if h.flying[task.Path] || found.without[task.Path] {
			continue
		}
		if s.DueAt.IsZero() || !s.DueAt.After(now) {
			return now
		}
		if due.IsZero() || s.DueAt.Before(due) {
			due = s.DueAt
		}
	}
	if due.IsZero() {
		due = now.Add(callCheck) // a plan without end, tasks or waits has nothing to offer but another look
	}
	if until := h.deadline(); !until.IsZero() && until.Before(due) {
		return until
	}
	return due
}

// attendCalls has the steps that wait for other runs look for their ends.
func (h *holding) attendCalls() {
	for path, s := range h.steps {
		if s.State == pay.StepWaiting && s.Failure.IsZero() {
			s.DueAt = time.Time{}
			h.steps[path] = s
		}
	}
}

// finish ends the run as its flow says.
func (h *holding) finish(tx *store.Tx, run pay.Run, e flow.Ending) error {
	state := pay.RunSucceeded
	if e.Failure != nil {
		state, run.Failure = pay.RunFailed, failureOf(*e.Failure)
		if len(e.Stuck) > 0 {
			run.Failure.Message += "; not taken back: " + strings.Join(e.Stuck, ", ")
		}
	}
	var err error
	if run.Output, err = h.r.seal(e.Output, runOutputContext(run.ID)); err != nil {
		return err
	}
	_, err = h.r.end(tx, run, state)
	return err
}

// launch lets every attempt go that is due and not under way.
func (h *holding) launch(ctx context.Context, ready []flow.Task, now time.Time) {
	for _, task := range ready {
		s, known := h.steps[task.Path]
		if !known || h.flying[task.Path] || s.DueAt.After(now) || h.without[task.Path] {
			continue
		}
		h.flying[task.Path] = true
		go func() { h.landed <- h.attempt(ctx, task, s) }()
	}
}
