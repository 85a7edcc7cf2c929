package flow

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/types"
)

// Names: a flow's goes into addresses, a step's into expressions.
var (
	flowName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	stepName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	variable = regexp.MustCompile(`^[a-z_][a-zA-Z0-9_]{0,62}$`)
)

// documentKeys are what a document may have, in the order of writing.
var documentKeys = []string{"flow", "description", "connection", "concurrency", "on", "when", "vars", "steps", "output"}

// runType is what expressions know of run.
var runType = types.Map{"id": types.String, "flow": types.String, "attempt": types.Int, "started": types.String, "now": types.String}

// Parse reads a document in YAML or JSON and checks all of it against what the
// program has.
//
// Errors: Problems, all that were found, from top to bottom.
func Parse(source []byte, c Catalogue) (*Flow, error) {
	root, problems := readDocument(source)
	r := &reader{
		catalogue: c, lines: strings.Split(string(source), "\n"), ids: map[string]*node{},
		flow: &Flow{Source: slices.Clone(source), catalogue: c, intakes: map[string]*intake{}}, problems: problems,
	}
	if len(problems) == 0 {
		r.document(root)
	}
	if len(r.problems) > 0 {
		return nil, r.sorted()
	}
	sum := sha256.Sum256(mustJSON(root.plain()))
	r.flow.hash = hex.EncodeToString(sum[:])
	return r.flow, nil
}

// sorted is every problem once, from top to bottom.
func (r *reader) sorted() Problems {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	all := slices.Compact(r.problems)
	return all[:min(len(all), MaxProblems)]
}

// document reads the whole.
func (r *reader) document(root *node) {
	keys := r.keys(root, documentKeys...)
	if keys == nil {
		return
	}
	for _, must := range []string{"flow", "on", "steps"} {
		if keys[must] == nil {
			r.wrong(root, must+" is missing", "add "+must+": at the top")
		}
	}
	r.head(keys)
	s := scope{names: map[string]types.Type{"trigger": types.Any, "run": runType}, steps: map[string]types.Type{}}
	if on := keys["on"]; on != nil {
		s.names["trigger"] = r.on(on)
	}
	if when := keys["when"]; when != nil {
		r.flow.when = r.condition(when, s, "when")
	}
	s.names["vars"] = types.Map{}
	if vars := keys["vars"]; vars != nil {
		s.names["vars"] = r.vars(vars, s)
	}
	if steps := keys["steps"]; steps != nil {
		r.flow.Steps = r.list(steps, s, place{})
	}
	if output := keys["output"]; output != nil {
		r.flow.output = r.value(output, s)
	}
	r.resolve()
}

// head reads what describes the flow.
func (r *reader) head(keys map[string]*node) {
	f := r.flow
	if n := keys["flow"]; n != nil {
		if f.Name = r.text(n, "flow"); f.Name != "" && !flowName.MatchString(f.Name) {
			r.wrong(n, fmt.Sprintf("%q is not a name of a flow", f.Name), "use small letters, digits and -, 63 at most, such as big-charges")
		}
	}
	f.Description = r.text(keys["description"], "description")
	if f.Connection = r.text(keys["connection"], "connection"); f.Connection == "" {
		f.Connection = "default"
	}
	f.Concurrency = r.number(keys["concurrency"], 1, MaxConcurrency, DefaultConcurrency)
	if f.On.Connection == "" {
		f.On.Connection = f.Connection
	}
}

// vars reads what a run begins with in vars.
func (r *reader) vars(n *node, s scope) types.Type {
	all, ok := n.entries()
	if !ok {
		r.wrong(n, "vars is "+n.kind(), "write names and values below it")
		return types.Map{}
	}
	known := types.Map{}
	for _, e := range all {
		if !variable.MatchString(e.key) {
			r.wrong(e.node, fmt.Sprintf("%q is not a name of a variable", e.key), "use letters, digits and _")
		}
		known[e.key] = types.Any
		r.flow.vars = append(r.flow.vars, field{e.key, r.value(e.node, s)})
	}
	return known
}

// resolve tells of every step that was spoken of where it cannot be seen.
func (r *reader) resolve() {
	var known []string
	for id := range r.ids {
		known = append(known, id)
	}
	for _, p := range r.pending {
		problem := p.at
		if there, exists := r.ids[p.id]; exists {
			problem.Text = fmt.Sprintf("step %s (line %d) cannot be seen from here", p.id, there.line)
			problem.Remedy = "refer to steps that come before on the way to this one; of a for_each, to its own id: the list of its results"
		} else {
			problem.Text, problem.Remedy = fmt.Sprintf("there is no step %q", p.id), nearest(p.id, slices.Clone(known))
		}
		r.problems = append(r.problems, problem)
	}
}
