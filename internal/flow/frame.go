package flow

import (
	"maps"
	"time"
)

// frame is what expressions see at one point of a run, and when that point was
// reached. Its time comes from results alone, so that it is the same whenever
// the run is looked at.
type frame struct {
	names  map[string]any // trigger, run, vars, and items of loops
	steps  map[string]any // what each step gave
	errors map[string]any // what went wrong in each
	now    time.Time
}

// env is the frame as expressions see it. The clock is part of it: run.now is
// when the step before had ended.
func (f *frame) env() map[string]any {
	env := maps.Clone(f.names)
	run := maps.Clone(env["run"].(map[string]any))
	run["now"] = f.now.UTC().Format(time.RFC3339)
	env["run"], env["steps"], env["errors"] = run, f.steps, f.errors
	return env
}

// fork is a frame that sees the same and goes on by itself.
func (f *frame) fork() *frame {
	return &frame{names: maps.Clone(f.names), steps: maps.Clone(f.steps), errors: maps.Clone(f.errors), now: f.now}
}

// join takes over what a branch has seen.
func (f *frame) join(branch *frame) {
	maps.Copy(f.steps, branch.steps)
	maps.Copy(f.errors, branch.errors)
	f.reach(branch.now)
}

// reach moves the clock, forward only.
func (f *frame) reach(at time.Time) {
	if at.After(f.now) {
		f.now = at
	}
}

// failed is a failure as expressions see it.
func (f *Failure) asValue() map[string]any {
	value := map[string]any{"code": f.Code, "message": f.Message, "step": f.Step, "field": nil}
	if f.Field != "" {
		value["field"] = f.Field
	}
	return value
}
