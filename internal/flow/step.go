package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/types"
	"github.com/google/jsonschema-go/jsonschema"
)

// stepKeys are what a step of each kind may have beside the key that names the
// kind; id and on_error go with all.
var stepKeys = map[Kind][]string{
	KindAction:   {"with", "connection", "retry", "timeout", "undo"},
	KindIf:       {"then", "else"},
	KindSwitch:   {"cases", "default"},
	KindForEach:  {"as", "limit", "parallel", "steps"},
	KindParallel: {},
	KindWait:     {},
	KindCall:     {"with", "retry", "timeout", "undo"},
	KindFail:     {},
	KindSet:      {},
}

// kindOrder decides when a step has several: for_each may have parallel.
var kindOrder = []Kind{KindAction, KindIf, KindSwitch, KindForEach, KindWait, KindCall, KindFail, KindSet, KindParallel}

// What a step does about its failure.
const (
	onErrorFail     = "fail"
	onErrorContinue = "continue"
	onErrorSteps    = "steps"
)

// place is where in the flow a list of steps is.
type place struct {
	depth  int
	fanned bool // within parallel or for_each, where set would be a race
}

func (p place) deeper() place { p.depth++; return p }

// list reads steps one after the other; each sees those before it.
func (r *reader) list(n *node, s scope, at place) []*Step {
	items, ok := n.list()
	switch {
	case !ok:
		r.wrong(n, "here is "+n.kind()+" where a list of steps is expected", "begin each step with -")
		return nil
	case len(items) == 0:
		r.wrong(n, "there is no step", "add one, such as - do: get-balance")
	case at.depth >= MaxDepth:
		r.wrong(n, fmt.Sprintf("steps stand more than %d deep in each other", MaxDepth), "move the inner ones to a flow of their own and call it")
		return nil
	}
	steps := make([]*Step, 0, len(items))
	for _, item := range items {
		if step := r.step(item, s, at); step != nil {
			steps = append(steps, step)
		}
	}
	return steps
}

// step reads one step of whatever kind.
func (r *reader) step(n *node, s scope, at place) *Step {
	if r.steps++; r.steps > MaxSteps {
		if r.steps == MaxSteps+1 {
			r.wrong(n, fmt.Sprintf("the flow has more than %d steps", MaxSteps), "split it and use call")
		}
		return nil
	}
	step := &Step{ID: fmt.Sprintf("step-%d", r.steps), Line: n.line, onError: onErrorFail}
	kind, ok := r.kindOf(n)
	if !ok {
		return nil
	}
	step.Kind = kind
	keys := r.keys(n, append([]string{string(kind), "id", "on_error"}, stepKeys[kind]...)...)
	before := s.within()
	r.identify(keys["id"], step)
	output := r.body(step, keys, s, at)
	if on := keys["on_error"]; on != nil {
		r.onError(on, step, before, s, at)
	}
	s.steps[step.ID] = output
	if undo := keys["undo"]; undo != nil {
		step.Undo = r.undo(undo, s)
	}
	return step
}

// kindOf finds the key that makes the step what it is.
func (r *reader) kindOf(n *node) (Kind, bool) {
	all, ok := n.entries()
	var names, kinds []string
	for _, e := range all {
		names = append(names, e.key)
	}
	for _, kind := range kindOrder {
		if slices.Contains(names, string(kind)) && !(kind == KindParallel && slices.Contains(kinds, string(KindForEach))) {
			kinds = append(kinds, string(kind))
		}
	}
	switch {
	case !ok:
		r.wrong(n, "a step is a group of keys, and here is "+n.kind(), "write - do: get-balance")
	case len(kinds) == 0:
		remedy := "add do: and the name of an action, or one of if, switch, for_each, parallel, wait, call, fail, set"
		for _, name := range names {
			if near := nearest(name, kindNames()); !isStepKey(name) && strings.HasPrefix(near, "did") {
				remedy = near
			}
		}
		r.wrong(n, "the step does nothing", remedy)
	case len(kinds) > 1:
		r.wrong(n, "the step is several at once: "+strings.Join(kinds, " and "), "make a step of each")
	default:
		return Kind(kinds[0]), true
	}
	return "", false
}

func kindNames() []string {
	names := make([]string, len(kindOrder))
	for i, kind := range kindOrder {
		names[i] = string(kind)
	}
	return names
}

// isStepKey says that some kind of step has the key.
func isStepKey(name string) bool {
	for _, keys := range stepKeys {
		if slices.Contains(keys, name) {
			return true
		}
	}
	return name == "id" || name == "on_error"
}

// identify gives the step its id; that of another is refused.
func (r *reader) identify(n *node, step *Step) {
	if n == nil {
		return
	}
	id := r.text(n, "id")
	switch other, taken := r.ids[id]; {
	case id == "":
		return
	case !stepName.MatchString(id):
		r.wrong(n, fmt.Sprintf("%q is not an id", id), "use small letters, digits and _, 63 at most, beginning with a letter")
		return
	case taken:
		r.wrong(n, fmt.Sprintf("another step has the id %s, in line %d", id, other.line), "choose another")
		return
	}
	step.ID = id
	r.ids[id] = n
}

// body reads what is particular to the kind, and gives the type of the output.
func (r *reader) body(step *Step, keys map[string]*node, s scope, at place) types.Type {
	n := keys[string(step.Kind)]
	switch step.Kind {
	case KindAction:
		return r.action(step, n, keys, s)
	case KindIf:
		step.on = r.condition(n, s, "if")
		return r.branches(step, []named{{"then", keys["then"]}, {"else", keys["else"]}}, s, at)
	case KindSwitch:
		step.on = r.expression(n, s, "switch")
		return r.branches(step, r.cases(n, keys), s, at)
	case KindForEach:
		return r.forEach(step, n, keys, s, at)
	case KindParallel:
		return r.parallel(step, n, s, at)
	case KindWait:
		r.wait(step, n, s)
	case KindCall:
		r.call(step, n, keys, s)
	case KindFail:
		step.with = r.value(n, s)
		r.fit(n, step.with, &jsonschema.Schema{Type: "string"})
	case KindSet:
		r.set(step, n, s, at)
	}
	return types.Any
}

// action reads do, with and how it is carried out.
func (r *reader) action(step *Step, n *node, keys map[string]*node, s scope) types.Type {
	step.Connection = r.text(keys["connection"], "connection")
	r.manner(step, keys, MaxTimeout)
	step.Do = r.text(n, "do")
	action, with := r.doing(step.Do, n, keys["with"], s)
	step.with, step.Writes = with, action.Writes
	output, err := readSchema(action.Output)
	if err != nil {
		return types.Any
	}
	return typeOf(output, 0)
}

// doing finds an action and checks its input.
func (r *reader) doing(name string, n, with *node, s scope) (Action, *value) {
	action, known := r.catalogue.Action(name)
	if !known && name != "" {
		var all []string
		for _, a := range r.catalogue.Actions() {
			all = append(all, a.Name)
		}
		r.wrong(n, fmt.Sprintf("there is no action %q", name), nearest(name, all))
	}
	input := &node{value: []entry{}, line: n.line, column: n.column, path: n.path}
	if with != nil && with.value != nil {
		input = with
	}
	if _, ok := input.entries(); !ok {
		r.wrong(input, "with is "+input.kind(), "write the inputs below it")
		return action, nil
	}
	v := r.value(input, s)
	if known {
		r.take(input, v, action)
	}
	r.writtenOut(action, input, v)
	return action, v
}

// writtenOut refuses expressions where a value from outside could change what
// the action does, as in the text of a query.
func (r *reader) writtenOut(action Action, n *node, v *value) {
	entries, _ := n.entries()
	for i, e := range entries {
		if slices.Contains(action.Constant, e.key) && !v.fields[i].value.isConstant() {
			r.wrong(e.node, fmt.Sprintf("%s of %s cannot hold an expression", e.key, action.Name), "write it out, and hand values over in another input")
		}
	}
}

// take holds an input against what the action takes, and keeps that for runs.
func (r *reader) take(n *node, v *value, action Action) {
	if r.flow.intakes[action.Name] == nil {
		intake, err := newIntake(action.Input)
		if err != nil {
			r.wrong(n, fmt.Sprintf("%s cannot be used: its schema is broken (%v)", action.Name, err), "this is a defect of the program; report it")
			return
		}
		r.flow.intakes[action.Name] = intake
	}
	r.fit(n, v, r.flow.intakes[action.Name].schema)
}

// manner reads how often and how long a step is tried.
func (r *reader) manner(step *Step, keys map[string]*node, longest time.Duration) {
	step.Retry = r.retry(keys["retry"])
	step.Timeout = r.duration(keys["timeout"], time.Second, longest, DefaultTimeout)
}

// retry reads a policy; what it does not say is as in DefaultRetry.
func (r *reader) retry(n *node) Retry {
	policy := DefaultRetry
	if n == nil {
		return policy
	}
	keys := r.keys(n, "attempts", "wait", "factor", "most")
	policy.Attempts = r.number(keys["attempts"], 1, MaxAttempts, policy.Attempts)
	policy.Wait = r.duration(keys["wait"], time.Second, 24*time.Hour, policy.Wait)
	policy.Most = r.duration(keys["most"], time.Second, 24*time.Hour, max(policy.Most, policy.Wait))
	if f := keys["factor"]; f != nil {
		switch v := f.value.(type) {
		case int:
			policy.Factor = float64(v)
		case float64:
			policy.Factor = v
		default:
			policy.Factor = 0
		}
		if !(policy.Factor >= 1 && policy.Factor <= 10) {
			r.wrong(f, "factor is not a number from 1 to 10", "write 2 to wait twice as long each time")
		}
	}
	return policy
}

// undo reads what takes the step back; it sees what the step gave.
func (r *reader) undo(n *node, s scope) *Undo {
	keys := r.keys(n, "do", "with", "connection", "retry", "timeout")
	if keys == nil {
		return nil
	}
	undo := &Undo{
		Connection: r.text(keys["connection"], "connection"), Retry: r.retry(keys["retry"]),
		Timeout: r.duration(keys["timeout"], time.Second, MaxTimeout, DefaultTimeout),
	}
	do := keys["do"]
	if do == nil {
		r.wrong(n, "undo does nothing", "add do: and the name of an action")
		return undo
	}
	undo.Do = r.text(do, "do")
	_, undo.with = r.doing(undo.Do, do, keys["with"], s)
	return undo
}

// onError reads fail, continue, or the steps that handle a failure; those see
// error, and what the step itself could see.
func (r *reader) onError(n *node, step *Step, before, s scope, at place) {
	switch word, _ := n.value.(string); {
	case word == onErrorFail || word == onErrorContinue:
		step.onError = word
		return
	case word != "":
		r.wrong(n, fmt.Sprintf("%q is not an answer to an error", word), nearest(word, []string{onErrorFail, onErrorContinue}))
		return
	}
	step.onError = onErrorSteps
	inner := before
	inner.names["error"] = failureType
	had := maps.Clone(inner.steps)
	step.onErrorDo = r.list(n, inner, at.deeper())
	reveal(s, inner, had)
}

// reveal lets a list see the steps of a branch that is behind it.
func reveal(s, branch scope, had map[string]types.Type) {
	for id, t := range branch.steps {
		if _, old := had[id]; !old {
			s.steps[id] = t
		}
	}
}
