package flow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/expr-lang/expr/types"
)

// named is a branch before it is read.
type named struct {
	name string
	node *node
}

// branches reads alternatives: none sees the others, and what comes after sees
// them all, as null where another was taken.
func (r *reader) branches(step *Step, all []named, s scope, at place) types.Type {
	had := maps.Clone(s.steps)
	var ends []scope
	for _, b := range all {
		if b.node == nil {
			if b.name == "then" {
				r.wrong(&node{line: step.Line, column: 1, path: step.ID}, "if has no then", "add then: and a list of steps")
			}
			continue
		}
		inner := scope{names: s.names, steps: maps.Clone(had)}
		step.Branches = append(step.Branches, Branch{Name: b.name, Steps: r.list(b.node, inner, at.deeper())})
		ends = append(ends, inner)
	}
	for _, end := range ends {
		reveal(s, end, had)
	}
	return types.Any
}

// cases are the branches of a switch, in the order of the document.
func (r *reader) cases(n *node, keys map[string]*node) []named {
	var all []named
	if keys["cases"] != nil {
		entries, _ := keys["cases"].entries()
		for _, e := range entries {
			all = append(all, named{e.key, e.node})
		}
	}
	if len(all) == 0 {
		r.wrong(n, "switch has no cases", "add cases: with a list of steps below each value")
	}
	if keys["default"] != nil {
		all = append(all, named{"", keys["default"]})
	}
	return all
}

// forEach reads a loop: over a list, bounded, with a name for each item.
func (r *reader) forEach(step *Step, n *node, keys map[string]*node, s scope, at place) types.Type {
	step.on = r.expression(n, s, "for_each")
	item := types.Type(types.Any)
	if step.on != nil {
		if !step.on.mayBe([]string{"array"}) {
			r.wrong(n, fmt.Sprintf("%q is not a list", step.on.text), "name a list, such as steps.found.data")
		}
		if step.on.elem != nil {
			item = step.on.elem
		}
	}
	step.as = "item"
	if as := keys["as"]; as != nil {
		if step.as = r.text(as, "as"); !variable.MatchString(step.as) || slices.Contains(reserved, step.as) {
			r.wrong(as, fmt.Sprintf("%q cannot be the name of an item", step.as), "use letters, digits and _, and none of trigger, steps, errors, run, vars, index, error, null")
			step.as = "item"
		}
	}
	step.limit = r.number(keys["limit"], 1, MaxItems, DefaultItems)
	step.parallel = r.number(keys["parallel"], 1, MaxParallel, 1)
	inner := s.within()
	inner.names[step.as], inner.names["index"] = item, types.Int
	if keys["steps"] == nil {
		r.wrong(n, "for_each has no steps", "add steps: and a list of them")
		return types.Array(types.Any)
	}
	at.fanned = true
	step.Branches = []Branch{{Name: "each", Steps: r.list(keys["steps"], inner, at.deeper())}}
	return types.Array(types.Any)
}

// reserved are names that mean something in every expression.
var reserved = []string{"trigger", "steps", "errors", "run", "vars", "index", "error", "null"}

// parallel reads branches that run side by side.
func (r *reader) parallel(step *Step, n *node, s scope, at place) types.Type {
	items, ok := n.list()
	if !ok || len(items) < 1 || len(items) > MaxParallel {
		r.wrong(n, fmt.Sprintf("parallel is a list of 1 to %d lists of steps", MaxParallel), "write parallel: and below it - [ … ] for each branch")
		return types.Any
	}
	var all []named
	for i, item := range items {
		all = append(all, named{strconv.Itoa(i), item})
	}
	step.parallel, at.fanned = len(items), true
	r.branches(step, all, s, at)
	return types.Array(types.Any)
}

// wait reads a length of time, or until and a moment.
func (r *reader) wait(step *Step, n *node, s scope) {
	if _, isGroup := n.entries(); !isGroup {
		step.wait = r.duration(n, time.Second, MaxWait, time.Second)
		return
	}
	until := r.keys(n, "until")["until"]
	if until == nil {
		r.wrong(n, "wait has no end", "write wait: 10m, or wait: { until: trigger.due }")
		return
	}
	if step.on = r.untilExpression(until, s); step.on != nil && !step.on.mayBe([]string{"string", "integer"}) {
		r.wrong(until, fmt.Sprintf("%q is not a moment", step.on.text), "give Unix seconds, or text such as 2026-01-31T09:00:00Z")
	}
}

// untilExpression lets a moment be written as it is, without quotes in quotes.
func (r *reader) untilExpression(n *node, s scope) *expression {
	if text, ok := n.value.(string); ok {
		if _, err := moment(text); err == nil {
			return r.compile(n, strconv.Quote(text), s)
		}
	}
	return r.expression(n, s, "until")
}

// call reads the name of another flow and its input.
func (r *reader) call(step *Step, n *node, keys map[string]*node, s scope) {
	if step.Call = r.text(n, "call"); step.Call != "" && !flowName.MatchString(step.Call) {
		r.wrong(n, fmt.Sprintf("%q is not a name of a flow", step.Call), "write the name as it stands behind flow:")
	}
	if step.Call == r.flow.Name && step.Call != "" {
		r.wrong(n, "the flow calls itself and would never end", "use for_each, or another flow")
	}
	r.manner(step, keys, MaxWait)
	if keys["timeout"] == nil {
		step.Timeout = MaxWait // a flow may wait for days; this one waits for it
	}
	if with := keys["with"]; with != nil {
		step.with = r.value(with, s)
	}
}

// set reads variables and their new values.
func (r *reader) set(step *Step, n *node, s scope, at place) {
	all, ok := n.entries()
	if !ok || len(all) == 0 {
		r.wrong(n, "set names no variable", "write names and values below it")
		return
	}
	if at.fanned {
		r.wrong(n, "set cannot stand within for_each or parallel: the order would decide", "use the list of results: sum(map(steps.<id>, #.amount))")
	}
	for _, e := range all {
		if !variable.MatchString(e.key) {
			r.wrong(e.node, fmt.Sprintf("%q is not a name of a variable", e.key), "use letters, digits and _")
		}
	}
	step.with = r.value(n, s)
	if known, ok := s.names["vars"].(types.Map); ok {
		grown := maps.Clone(known)
		for _, e := range all {
			grown[e.key] = types.Any
		}
		s.names["vars"] = grown
	}
}
