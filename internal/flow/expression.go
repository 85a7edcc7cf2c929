package flow

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// Limits of an expression. Together they bound what evaluating one costs,
// whoever wrote it.
const (
	maxExpression = 4000   // characters
	maxParts      = 500    // names, values and operators
	maxNesting    = 2      // map, filter and the like within each other
	maxRange      = 1000   // numbers of a range such as 1..12
	memoryBudget  = 20_000 // elements that are made on the way
	maxResult     = 1 << 20
)

// refused are parts of the library's language that grow without bound, or whose
// answer differs from one machine or moment to the next.
var refused = map[string]string{
	"reduce": "use sum, count, map or join", "repeat": "write the text out", "now": "use run.now",
	"get": "write a.b, which is null where there is no b", "concat": "use flatten([a, b])", "groupBy": "use filter",
	"toPairs": "use keys and values", "fromPairs": "write the object out", "timezone": "use format_time",
}

// expression is one that was compiled: checked against the types of what it
// refers to, and to be run against values of any type, because what arrives
// may differ from what was promised.
type expression struct {
	text    string
	program *vm.Program
	kind    reflect.Kind // of the result; Invalid when anything may come
	elem    types.Type   // of the items, when it is a list; nil when anything may come
}

// scope is what an expression can refer to, by name, with its type.
type scope struct {
	names map[string]types.Type
	steps map[string]types.Type
}

// within is a scope that sees all this one sees, and grows by itself.
func (s scope) within() scope {
	out := scope{names: make(map[string]types.Type, len(s.names)+2), steps: make(map[string]types.Type, len(s.steps)+4)}
	for name, t := range s.names {
		out.names[name] = t
	}
	for name, t := range s.steps {
		out.steps[name] = t
	}
	return out
}

// env is the scope as the library wants it; steps that are spoken of but not
// in sight are told elsewhere, and have any type here.
func (s scope) env(spoken map[string]int) types.Map {
	env, steps, failures := types.Map{"null": types.Nil}, types.Map{}, types.Map{}
	for name, t := range s.names {
		env[name] = t
	}
	for name := range spoken {
		steps[name], failures[name] = types.Any, failureType
	}
	for name, t := range s.steps {
		steps[name], failures[name] = t, failureType
	}
	env["steps"], env["errors"] = steps, failures
	return env
}

var failureType = types.Map{"code": types.String, "message": types.String, "field": types.String, "step": types.String}

// flaw is what is wrong with an expression, and where in its text.
type flaw struct {
	at           int // characters from its beginning
	text, remedy string
}

// compile makes an expression, and says which steps it speaks of and where.
func compile(text string, s scope) (e *expression, spoken map[string]int, wrong *flaw) {
	defer func() {
		if cause := recover(); cause != nil { // the library is not ours
			wrong = &flaw{text: fmt.Sprintf("%q cannot be compiled (%v)", text, cause), remedy: "simplify it"}
		}
	}()
	if len(text) > maxExpression {
		return nil, nil, &flaw{text: fmt.Sprintf("an expression has at most %d characters", maxExpression), remedy: "split it over set steps"}
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, nil, flawOf(text, err)
	}
	look := inspect(&tree.Node)
	if look.wrong != nil {
		return nil, look.spoken, look.wrong
	}
	options := append(functions(), expr.MaxNodes(maxParts), expr.Optimize(false))
	typed, err := expr.Compile(text, append(options, expr.Env(s.env(look.spoken)))...)
	if err != nil {
		return nil, look.spoken, flawOf(text, err).suggest(s, tree.Node)
	}
	if wrong := misspelt(tree.Node, s); wrong != nil {
		wrong.text = fmt.Sprintf("%s in %q", wrong.text, text)
		return nil, look.spoken, wrong
	}
	program, err := expr.Compile(text, append(options, expr.Patch(nullSafe{}), memberFunction)...)
	if err != nil {
		return nil, look.spoken, flawOf(text, err)
	}
	result := typed.Node().Nature()
	e = &expression{text: text, program: program, kind: result.Kind}
	if result.Kind == reflect.Slice && result.Ref != nil {
		e.elem = inferred{*result.Ref}
	}
	return e, look.spoken, nil
}

// inferred is a type that the library has worked out.
type inferred struct{ nature nature.Nature }

// Nature is what the library knows of the type.
func (t inferred) Nature() nature.Nature { return t.nature }

// Equal is never asked: natures are compared by the library itself.
func (t inferred) Equal(other types.Type) bool { return other == types.Any }

// String names the type.
func (t inferred) String() string { return t.nature.String() }

// flawOf takes the message and the position from the library's error.
func flawOf(text string, err error) *flaw {
	remedy := "operators and functions are listed in docs/flows.md"
	if strings.Contains(err.Error(), "mismatched types") {
		remedy = "convert with int(…), float(…) or string(…), or give a value for null: x ?? 0"
	}
	var at *file.Error
	if errors.As(err, &at) {
		return &flaw{at: at.From, text: fmt.Sprintf("%s in %q", strings.ReplaceAll(at.Message, "<nil>", "null"), text), remedy: remedy}
	}
	return &flaw{text: fmt.Sprintf("%s in %q", err, text), remedy: remedy}
}

// suggest makes the nearest name that there is the remedy.
func (f *flaw) suggest(s scope, root ast.Node) *flaw {
	if name, found := strings.CutPrefix(f.text, "unknown name "); found {
		known := append(functionNames(), slices.Collect(maps.Keys(s.names))...)
		name, _, _ = strings.Cut(name, " ")
		f.remedy = nearest(name, append(known, "steps", "errors"))
	}
	if name, found := strings.CutPrefix(f.text, "unknown field "); found {
		name, _, _ = strings.Cut(name, " ")
		ast.Walk(&root, visit(func(n ast.Node) {
			if m, ok := n.(*ast.MemberNode); ok && m.Property.Location().From == f.at {
				f.remedy = nearest(name, fieldsOf(m.Node, s))
			}
		}))
	}
	return f
}

// fieldsOf are the keys of what a.b.c means, as far as its type is known.
func fieldsOf(n ast.Node, s scope) []string {
	known, _ := typeIn(n, s).(types.Map)
	return slices.DeleteFunc(slices.Collect(maps.Keys(known)), func(name string) bool { return name == types.Extra })
}

func typeIn(n ast.Node, s scope) types.Type {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return s.env(nil)[n.Value]
	case *ast.MemberNode:
		name, _ := n.Property.(*ast.StringNode)
		base, _ := typeIn(n.Node, s).(types.Map)
		if name != nil {
			return base[name.Value]
		}
	}
	return nil
}

// inspector looks at what was written, before types are known.
type inspector struct {
	spoken map[string]int
	wrong  *flaw
}

func inspect(root *ast.Node) *inspector {
	i := &inspector{spoken: map[string]int{}}
	ast.Walk(root, i)
	if depth := nesting(*root); depth > maxNesting && i.wrong == nil {
		i.wrong = &flaw{text: fmt.Sprintf("map, filter and the like stand at most %d deep in each other", maxNesting), remedy: "use a for_each step"}
	}
	return i
}

// Visit is called for every part of the expression.
func (i *inspector) Visit(at *ast.Node) {
	switch n := (*at).(type) {
	case *ast.VariableDeclaratorNode:
		i.complain(n, "let is not read", "use a set step, and vars")
	case *ast.BuiltinNode:
		i.called(n, n.Name)
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok {
			i.called(n, name.Value)
		} else {
			i.complain(n, "values have no methods", "call a function")
		}
	case *ast.BinaryNode:
		if n.Operator == ".." {
			i.ranged(n)
		}
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			i.complain(n, "$env is not read", "name what is wanted")
		}
	case *ast.MemberNode:
		base, ok := n.Node.(*ast.IdentifierNode)
		if !ok || base.Value != "steps" && base.Value != "errors" {
			return
		}
		if id, ok := n.Property.(*ast.StringNode); ok {
			i.spoken[id.Value] = n.Property.Location().From
			return
		}
		i.complain(n, base.Value+" is followed by the id of a step", "write "+base.Value+".<id>")
	}
}

func (i *inspector) complain(n ast.Node, text, remedy string) {
	if i.wrong == nil {
		i.wrong = &flaw{at: n.Location().From, text: text, remedy: remedy}
	}
}

func (i *inspector) called(n ast.Node, name string) {
	if instead, is := refused[name]; is {
		i.complain(n, name+" is not a function here", instead)
	}
}

// ranged lets only small ranges of constants through: others could be made as
// large as one likes.
func (i *inspector) ranged(n *ast.BinaryNode) {
	from, ok1 := n.Left.(*ast.IntegerNode)
	to, ok2 := n.Right.(*ast.IntegerNode)
	if !ok1 || !ok2 || to.Value-from.Value >= maxRange {
		i.complain(n, fmt.Sprintf("a range has two whole numbers, and at most %d between them", maxRange), "write 1..12, or use a list")
	}
}

// nesting is how deep loops stand in each other.
func nesting(root ast.Node) int {
	deepest := 0
	find := depthFinder{depth: map[ast.Node]int{}, deepest: &deepest}
	ast.Walk(&root, find)
	return deepest
}

// depthFinder sees the inner nodes before the outer ones.
type depthFinder struct {
	depth   map[ast.Node]int
	deepest *int
}

// Visit counts the loops within a predicate, which the walk has seen before.
func (d depthFinder) Visit(at *ast.Node) {
	predicate, ok := (*at).(*ast.PredicateNode)
	if !ok {
		return
	}
	inner := 0
	ast.Walk(&predicate.Node, visit(func(n ast.Node) { inner = max(inner, d.depth[n]) }))
	d.depth[predicate] = inner + 1
	*d.deepest = max(*d.deepest, inner+1)
}

type visit func(ast.Node)

// Visit makes a function a visitor.
func (v visit) Visit(at *ast.Node) { v(*at) }

// nullSafe makes every a.b a call that gives null where there is nothing, so
// that a missing part of an object is never an error.
type nullSafe struct{}

// Visit replaces one member access.
func (nullSafe) Visit(at *ast.Node) {
	switch n := (*at).(type) {
	case *ast.MemberNode:
		call := &ast.CallNode{Callee: &ast.IdentifierNode{Value: memberName}, Arguments: []ast.Node{n.Node, n.Property}}
		call.SetLocation(n.Location())
		ast.Patch(at, call)
	case *ast.ChainNode:
		ast.Patch(at, n.Node)
	}
}

const memberName = "member_"

var memberFunction = expr.Function(memberName, func(args ...any) (any, error) { return member(args[0], args[1]), nil }, new(func(any, any) any))

// member is what an object or list has under a key, and null otherwise.
// Negative places count from the end.
func member(of, key any) any {
	switch of := of.(type) {
	case map[string]any:
		name, _ := key.(string)
		return of[name]
	case []any:
		at, ok := key.(int)
		if ok && at < 0 {
			at += len(of)
		}
		if ok && at >= 0 && at < len(of) {
			return of[at]
		}
	}
	return nil
}

// run works the expression out.
func (e *expression) run(env map[string]any) (result any, err error) {
	machine := vm.VM{MemoryBudget: memoryBudget}
	result, err = machine.Run(e.program, env)
	if err == nil {
		result, err = normal(result)
	}
	if err != nil {
		wrong := flawOf(e.text, err)
		return nil, errors.New(wrong.text)
	}
	return result, nil
}
