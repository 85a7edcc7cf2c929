package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Hash identifies what the document says: two documents have the same one when
// they mean the same, whatever their spacing, comments, format and order of
// keys.
func (f *Flow) Hash() string { return f.hash }

// Starts says whether something that the trigger found begins a run: it does,
// unless when says otherwise. Null counts as false.
//
// Errors: a Failure's sentence, when the expression cannot work with the value.
func (f *Flow) Starts(trigger json.RawMessage, run RunInfo) (bool, error) {
	if f.when == nil {
		return true, nil
	}
	w := f.walker(State{Trigger: trigger, Run: run})
	yes, failure := w.truth(f.when, w.begin())
	if failure != nil {
		return false, fmt.Errorf("when: %s", failure.Message)
	}
	return yes, nil
}

// Next is what comes next in a run. It walks the flow from its beginning over
// the results so far and stops where one is missing. It keeps nothing: the same
// state gives the same plan, today and after a crash.
//
// Work that runs side by side is never cut off: when one branch fails the
// others come to their end, and then the failure counts. So it does not matter
// which result arrives first.
func (f *Flow) Next(s State) Plan {
	w := f.walker(s)
	frame := w.begin()
	end := w.variables(frame)
	if end.failure == nil {
		end = w.list(f.Steps, frame, "")
	}
	if !end.pending && end.failure == nil {
		end = w.conclude(end, frame)
	}
	switch {
	case end.pending:
	case end.failure != nil:
		w.undoAll(end.failure)
	default:
		w.plan.Ended = &Ending{Output: mustJSON(end.output)}
	}
	return w.plan
}

// outcome is how far a step or list has come.
type outcome struct {
	pending bool
	output  any
	failure *Failure
}

var notYet = outcome{pending: true}

// walker goes through a flow once.
type walker struct {
	flow  *Flow
	state State
	plan  Plan
	done  []completed
}

// completed is a step that can be taken back.
type completed struct {
	step  *Step
	path  string
	at    time.Time
	frame *frame // what it saw, itself included
}

func (f *Flow) walker(s State) *walker {
	for _, r := range s.Results {
		if r.At.After(s.Now) {
			s.Now = r.At // a clock that was set back undoes nothing
		}
	}
	return &walker{flow: f, state: s, plan: Plan{Decided: map[string]Decision{}}}
}

// begin is what the first step sees.
func (w *walker) begin() *frame {
	run := w.state.Run
	return &frame{
		names: map[string]any{
			"trigger": decode(w.state.Trigger), "null": nil, "vars": map[string]any{},
			"run": map[string]any{"id": run.ID, "flow": w.flow.Name, "attempt": run.Attempt, "started": run.Started.UTC().Format(time.RFC3339)},
		},
		steps: map[string]any{}, errors: map[string]any{}, now: run.Started,
	}
}

// variables works out what vars begins with.
func (w *walker) variables(f *frame) outcome {
	vars := map[string]any{}
	for _, v := range w.flow.vars {
		result, err := v.value.eval(f.env())
		if err != nil {
			return outcome{failure: &Failure{Code: CodeExpression, Message: err.Error(), Step: "vars", Field: v.key}}
		}
		vars[v.key] = result
	}
	f.names["vars"] = vars
	return outcome{}
}

// conclude is the output of a run that succeeded: what the flow says, or else
// what the last step gave.
func (w *walker) conclude(end outcome, f *frame) outcome {
	if w.flow.output != nil {
		result, err := w.flow.output.eval(f.env())
		if err == nil {
			_, err = encode(result)
		}
		if err != nil {
			return outcome{failure: &Failure{Code: CodeExpression, Message: err.Error(), Step: "output"}}
		}
		end.output = result
	}
	return end
}

// list walks steps one after the other.
func (w *walker) list(steps []*Step, f *frame, prefix string) outcome {
	var last outcome
	for _, step := range steps {
		last = w.step(step, f, prefix)
		if last.pending || last.failure != nil {
			return last
		}
	}
	return last
}

// step walks one step and does with its failure what the flow says.
func (w *walker) step(step *Step, f *frame, prefix string) outcome {
	path := prefix + step.ID
	result := w.do(step, f, path, prefix)
	if result.pending {
		return notYet
	}
	if failure := result.failure; failure != nil {
		result = w.handle(step, failure, f, prefix)
		f.errors[step.ID] = failure.asValue()
	}
	if !result.pending && result.failure == nil {
		f.steps[step.ID] = result.output
	}
	return result
}

// handle is what becomes of a failure.
func (w *walker) handle(step *Step, failure *Failure, f *frame, prefix string) outcome {
	switch step.onError {
	case onErrorContinue:
		return outcome{}
	case onErrorSteps:
		outer, had := f.names["error"]
		f.names["error"] = failure.asValue()
		result := w.list(step.onErrorDo, f, prefix)
		if delete(f.names, "error"); had {
			f.names["error"] = outer
		}
		return result
	}
	return outcome{failure: failure}
}

// do walks the inside of a step.
func (w *walker) do(step *Step, f *frame, path, prefix string) outcome {
	switch step.Kind {
	case KindAction, KindCall:
		return w.work(step, f, path)
	case KindIf:
		return w.choose(step, f, path, prefix)
	case KindSwitch:
		return w.pick(step, f, path, prefix)
	case KindForEach:
		return w.forEach(step, f, path)
	case KindParallel:
		return w.sideBySide(step, f, prefix)
	case KindWait:
		return w.wait(step, f, path)
	case KindFail:
		return w.fail(step, f, path)
	default:
		return w.set(step, f, path)
	}
}

// refuse is a failure that the flow finds itself, kept for the history.
func (w *walker) refuse(step *Step, path string, failure Failure) outcome {
	failure.Step = path
	w.plan.Decided[path] = Decision{Kind: step.Kind, Failure: &failure}
	return outcome{failure: &failure}
}

// truth is whether a condition holds; null does not.
func (w *walker) truth(e *expression, f *frame) (bool, *Failure) {
	result, err := e.run(f.env())
	if err != nil {
		return false, &Failure{Code: CodeExpression, Message: err.Error()}
	}
	yes, isBool := result.(bool)
	if !isBool && result != nil {
		return false, &Failure{Code: CodeExpression, Message: fmt.Sprintf("%q is neither true nor false: it is %s", e.text, show(result))}
	}
	return yes, nil
}

// work is a step that somebody outside carries out.
func (w *walker) work(step *Step, f *frame, path string) outcome {
	result, ended := w.state.Results[path]
	if !ended {
		input, failure := w.input(step.Do, step.with, f)
		if failure != nil {
			return w.refuse(step, path, *failure)
		}
		w.plan.Ready = append(w.plan.Ready, Task{
			Path: path, Step: step.ID, Do: step.Do, Call: step.Call, Connection: w.connection(step.Connection, step.Do),
			Input: input, Retry: step.Retry, Timeout: step.Timeout, Writes: step.Writes,
		})
		return notYet
	}
	f.reach(result.At)
	if result.Failure != nil {
		failure := *result.Failure
		failure.Step = path
		return outcome{failure: &failure}
	}
	output := decode(result.Output)
	if step.Undo != nil {
		saw := f.fork()
		saw.steps[step.ID] = output
		w.done = append(w.done, completed{step: step, path: path, at: result.At, frame: saw})
	}
	return outcome{output: output}
}

// connection is the step's, or else the flow's; a call has none, and some
// actions only use one that the step names.
func (w *walker) connection(own, do string) string {
	if own != "" || do == "" {
		return own
	}
	if action, _ := w.flow.catalogue.Action(do); action.OwnConnection {
		return ""
	}
	return w.flow.Connection
}

// input works out what an action gets and refuses what does not fit it, before
// anything is called.
func (w *walker) input(do string, with *value, f *frame) (json.RawMessage, *Failure) {
	v, err := with.eval(f.env())
	if err != nil {
		return nil, &Failure{Code: CodeExpression, Message: err.Error()}
	}
	if intake := w.flow.intakes[do]; intake != nil {
		v = prune(v, intake.schema)
		if path := missing(v, intake.schema); path != "" {
			return nil, &Failure{Code: CodeInput, Field: path, Message: fmt.Sprintf("%s is required by %s, and is null", path, do)}
		}
		if err := intake.resolved.Validate(v); err != nil {
			return nil, &Failure{Code: CodeInput, Message: fmt.Sprintf("the input does not fit %s: %s", do, plainly(err))}
		}
	}
	text, err := encode(v)
	if err != nil {
		return nil, &Failure{Code: CodeInput, Message: err.Error()}
	}
	return text, nil
}

// undoAll takes completed steps back, the latest first, one at a time. One that
// cannot be taken back is told, and the others go on.
func (w *walker) undoAll(failure *Failure) {
	slices.Reverse(w.done)
	slices.SortStableFunc(w.done, func(a, b completed) int { return b.at.Compare(a.at) })
	ending := &Ending{Failure: failure}
	for _, c := range w.done {
		path := "undo/" + c.path
		result, ended := w.state.Results[path]
		if !ended {
			undo := c.step.Undo
			input, refused := w.input(undo.Do, undo.with, c.frame)
			if refused == nil {
				action, _ := w.flow.catalogue.Action(undo.Do)
				w.plan.Ready = append(w.plan.Ready, Task{
					Path: path, Step: c.step.ID, Do: undo.Do, Connection: w.undoConnection(c.step), Input: input,
					Retry: undo.Retry, Timeout: undo.Timeout, Writes: action.Writes, Undo: true,
				})
				return
			}
			result.Failure = w.refuse(c.step, path, *refused).failure
		}
		if result.Failure != nil {
			ending.Stuck = append(ending.Stuck, c.path)
			continue
		}
		ending.Undone = append(ending.Undone, c.path)
	}
	w.plan.Ended = ending
}

// undoConnection is the undo's own, or the step's, or the flow's.
func (w *walker) undoConnection(step *Step) string {
	if step.Undo.Connection != "" {
		return step.Undo.Connection
	}
	return w.connection(step.Connection, step.Undo.Do)
}
