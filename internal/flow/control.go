package flow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// choose takes one side of an if; without an else it may take none.
func (w *walker) choose(step *Step, f *frame, path, prefix string) outcome {
	yes, failure := w.truth(step.on, f)
	if failure != nil {
		return w.refuse(step, path, *failure)
	}
	name := "else"
	if yes {
		name = "then"
	}
	return w.branch(step, name, f, path, prefix)
}

// pick takes the case whose name is the value as a text, or the default.
func (w *walker) pick(step *Step, f *frame, path, prefix string) outcome {
	result, err := step.on.run(f.env())
	if err != nil {
		return w.refuse(step, path, Failure{Code: CodeExpression, Message: err.Error()})
	}
	name := asText(result)
	if !slices.ContainsFunc(step.Branches, func(b Branch) bool { return b.Name == name }) {
		name = ""
	}
	return w.branch(step, name, f, path, prefix)
}

// branch walks the branch of a name, if there is one.
func (w *walker) branch(step *Step, name string, f *frame, path, prefix string) outcome {
	w.plan.Decided[path] = Decision{Kind: step.Kind, Branch: cmp.Or(name, "default")}
	for _, b := range step.Branches {
		if b.Name == name {
			return w.list(b.Steps, f, prefix)
		}
	}
	return outcome{}
}

// sideBySide walks all branches as far as each can go.
func (w *walker) sideBySide(step *Step, f *frame, prefix string) outcome {
	start := f.fork()
	var all gathered
	for _, b := range step.Branches {
		own := start.fork()
		all.add(w.list(b.Steps, own, prefix))
		f.join(own)
	}
	return all.outcome()
}

// gathered are the outcomes of what runs side by side, in the order of the
// document: of several failures the first there counts, whichever came first.
type gathered struct {
	outputs []any
	pending bool
	failure *Failure
}

func (g *gathered) add(o outcome) {
	g.outputs = append(g.outputs, o.output)
	g.pending = g.pending || o.pending
	if g.failure == nil {
		g.failure = o.failure
	}
}

func (g *gathered) outcome() outcome {
	switch {
	case g.pending:
		return notYet
	case g.failure != nil:
		return outcome{failure: g.failure}
	case g.outputs == nil:
		g.outputs = []any{}
	}
	return outcome{output: g.outputs}
}

// items are what a loop goes over: worked out from results that never change,
// and therefore the same at every replay.
func (w *walker) items(step *Step, f *frame) ([]any, *Failure) {
	result, err := step.on.run(f.env())
	if err != nil {
		return nil, &Failure{Code: CodeExpression, Message: err.Error()}
	}
	items, isList := result.([]any)
	switch {
	case !isList && result != nil:
		return nil, &Failure{Code: CodeExpression, Message: fmt.Sprintf("%q is not a list: it is %s", step.on.text, show(result))}
	case len(items) > step.limit:
		return nil, &Failure{Code: CodeTooMany, Message: fmt.Sprintf("there are %d items, more than the limit of %d; raise limit, or ask for fewer", len(items), step.limit)}
	}
	return items, nil
}

// forEach walks the items, no more than parallel of them unfinished at once. In
// turn, the first failure ends it; side by side, all come to their end.
func (w *walker) forEach(step *Step, f *frame, path string) outcome {
	items, failure := w.items(step, f)
	if failure != nil {
		return w.refuse(step, path, *failure)
	}
	var all gathered
	var ends []time.Time // of finished items, in the order of time
	open, start := 0, f.now
	for i, item := range items {
		if open == step.parallel || step.parallel == 1 && all.failure != nil {
			break
		}
		own := f.fork()
		own.now = start
		if i >= step.parallel {
			own.now = ends[i-step.parallel] // when a place became free
		}
		own.names[step.as], own.names["index"] = item, i
		one := w.list(step.Branches[0].Steps, own, fmt.Sprintf("%s[%d].", path, i))
		all.add(one)
		if one.pending {
			open++
			continue
		}
		at, _ := slices.BinarySearchFunc(ends, own.now, time.Time.Compare)
		ends = slices.Insert(ends, at, own.now)
	}
	if len(ends) > 0 {
		f.reach(ends[len(ends)-1])
	}
	return all.outcome()
}

// wait is over when its time has come. It began when the step before ended.
func (w *walker) wait(step *Step, f *frame, path string) outcome {
	until := f.now.Add(step.wait)
	if step.on != nil {
		result, err := step.on.run(f.env())
		if err == nil {
			until, err = moment(result)
		}
		if err == nil && until.Sub(f.now) > MaxWait {
			err = fmt.Errorf("%s is more than %s ahead", show(result), briefly(MaxWait))
		}
		if err != nil {
			return w.refuse(step, path, Failure{Code: CodeExpression, Message: err.Error()})
		}
	}
	if w.state.Now.Before(until) {
		if w.plan.WaitUntil.IsZero() || until.Before(w.plan.WaitUntil) {
			w.plan.WaitUntil = until
		}
		return notYet
	}
	f.reach(until)
	return outcome{}
}

// fail ends what it stands in with the author's words.
func (w *walker) fail(step *Step, f *frame, path string) outcome {
	text, err := step.with.eval(f.env())
	if err != nil {
		return w.refuse(step, path, Failure{Code: CodeExpression, Message: err.Error()})
	}
	return w.refuse(step, path, Failure{Code: CodeFailed, Message: asText(text)})
}

// set gives variables new values, all worked out before any is changed.
func (w *walker) set(step *Step, f *frame, path string) outcome {
	result, err := step.with.eval(f.env())
	if err != nil {
		return w.refuse(step, path, Failure{Code: CodeExpression, Message: err.Error()})
	}
	vars := maps.Clone(f.names["vars"].(map[string]any))
	maps.Copy(vars, result.(map[string]any))
	f.names["vars"] = vars
	return outcome{output: result}
}
