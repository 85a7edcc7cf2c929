package flow

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of reading: aliases can make a small document stand for a huge one.
const (
	maxNodes = 20_000 // values of a document, each alias counted as what it stands for
	maxLevel = 64     // values within values
)

// node is a value of the document that knows where it stands. Its value is nil,
// bool, int, float64, string, []*node or []entry.
type node struct {
	value        any
	line, column int
	path         string
}

// entry is a key and its value, in the order of the document.
type entry struct {
	key          string
	line, column int
	node         *node
}

// list is the items, if the node has some.
func (n *node) list() ([]*node, bool) {
	items, ok := n.value.([]*node)
	return items, ok
}

// entries are the keys, if the node has some.
func (n *node) entries() ([]entry, bool) {
	all, ok := n.value.([]entry)
	return all, ok
}

// plain is the node as JSON knows it, with maps and slices.
func (n *node) plain() any {
	switch v := n.value.(type) {
	case []*node:
		all := make([]any, len(v))
		for i, item := range v {
			all[i] = item.plain()
		}
		return all
	case []entry:
		all := make(map[string]any, len(v))
		for _, e := range v {
			all[e.key] = e.node.plain()
		}
		return all
	}
	return n.value
}

// kind is what people call the value.
func (n *node) kind() string {
	switch n.value.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case int, float64:
		return "a number"
	case string:
		return "a text"
	case []*node:
		return "a list"
	}
	return "a group of keys"
}

// readDocument makes nodes of YAML or JSON, which is YAML too.
func readDocument(source []byte) (root *node, problems Problems) {
	defer func() {
		if cause := recover(); cause != nil { // the library is not ours: a document must never stop the program
			root, problems = nil, Problems{{Line: 1, Column: 1, Text: fmt.Sprintf("this cannot be read as YAML (%v)", cause), Remedy: "simplify the document"}}
		}
	}()
	switch {
	case len(source) > MaxSource:
		return nil, Problems{{Line: 1, Column: 1, Text: fmt.Sprintf("the document has %d bytes, more than %d", len(source), MaxSource), Remedy: "split it and use call"}}
	case !utf8.Valid(source):
		return nil, Problems{{Line: 1, Column: 1, Text: "the document is not UTF-8", Remedy: "save it as UTF-8"}}
	}
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Problems{syntaxProblem(err)}
	}
	t := &translator{anchors: map[string]ast.Node{}}
	for i, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			second := t.node(doc.Body, "", 0)
			t.complain(second.line, second.column, "", "a second document begins here", fmt.Sprintf("keep one flow in a file (this is document %d)", i+1))
			break
		}
		root = t.node(doc.Body, "", 0)
	}
	if root == nil {
		t.complain(1, 1, "", "the document is empty", "begin with flow: and a name")
	}
	return root, t.problems
}

// syntaxProblem is what the parser says, where it says it.
func syntaxProblem(err error) Problem {
	problem := Problem{Line: 1, Column: 1, Text: "this is not YAML: " + err.Error(), Remedy: "check indentation, quotes and brackets"}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		problem.Text = "this is not YAML: " + syntax.Message
		problem.Line, problem.Column = max(1, syntax.Token.Position.Line), max(1, syntax.Token.Position.Column)
	}
	return problem
}

// translator makes nodes of what the library has read.
type translator struct {
	anchors  map[string]ast.Node
	count    int
	full     bool
	problems Problems
}

func (t *translator) complain(line, column int, path, text, remedy string) {
	t.problems = append(t.problems, Problem{Line: max(1, line), Column: max(1, column), Path: path, Text: text, Remedy: remedy})
}

// node translates one value and those within.
func (t *translator) node(from ast.Node, path string, level int) *node {
	out := &node{line: 1, column: 1, path: path}
	if from == nil {
		return out
	}
	if token := from.GetToken(); token != nil && token.Position != nil {
		out.line, out.column = max(1, token.Position.Line), max(1, token.Position.Column)
	}
	if t.count++; t.count > maxNodes || level > maxLevel {
		if !t.full {
			t.complain(out.line, out.column, path, fmt.Sprintf("the document has more than %d values, or more than %d within each other", maxNodes, maxLevel), "make it smaller")
		}
		t.full = true
		return out
	}
	t.fill(out, from, level)
	return out
}

func (t *translator) fill(out *node, from ast.Node, level int) {
	switch from := from.(type) {
	case *ast.MappingNode:
		if !from.IsFlowStyle {
			out.begin(from.Values)
		}
		out.value = t.entries(from.Values, out, level)
	case *ast.MappingValueNode:
		out.begin([]*ast.MappingValueNode{from})
		out.value = t.entries([]*ast.MappingValueNode{from}, out, level)
	case *ast.SequenceNode:
		items := make([]*node, len(from.Values))
		for i, item := range from.Values {
			items[i] = t.node(item, fmt.Sprintf("%s[%d]", out.path, i), level+1)
		}
		out.value = items
	case *ast.AnchorNode:
		t.anchors[from.Name.GetToken().Value] = from.Value
		*out = *t.node(from.Value, out.path, level+1)
	case *ast.AliasNode:
		t.alias(out, from, level)
	default:
		t.scalar(out, from)
	}
}

// begin puts a group where its first key is; the library says where its colon is.
func (n *node) begin(values []*ast.MappingValueNode) {
	if len(values) > 0 {
		at := values[0].Key.GetToken().Position
		n.line, n.column = max(1, at.Line), max(1, at.Column)
	}
}

func (t *translator) alias(out *node, from *ast.AliasNode, level int) {
	name := from.Value.GetToken().Value
	target, ok := t.anchors[name]
	if !ok {
		t.complain(out.line, out.column, out.path, "no &"+name+" comes before *"+name, "write the value itself")
		return
	}
	out.value = t.node(target, out.path, level+1).value
}

func (t *translator) scalar(out *node, from ast.Node) {
	switch from := from.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.value = from.Value
	case *ast.IntegerNode:
		out.value = t.integer(out, from)
	case *ast.FloatNode:
		out.value = from.Value
	case *ast.StringNode:
		out.value = from.Value
	case *ast.LiteralNode:
		out.value = from.Value.Value
	default:
		t.complain(out.line, out.column, out.path, fmt.Sprintf("a %s has no meaning here", from.Type()), "write a plain value")
	}
}

func (t *translator) integer(out *node, from *ast.IntegerNode) any {
	switch v := from.Value.(type) {
	case int64:
		return int(v)
	case uint64:
		if v <= 1<<63-1 {
			return int(v)
		}
	}
	t.complain(out.line, out.column, out.path, "the number "+from.GetToken().Value+" is too large", "write it as a text, in quotes")
	return nil
}

// entries are the keys of a mapping; one that is there twice is told.
func (t *translator) entries(values []*ast.MappingValueNode, within *node, level int) []entry {
	seen := map[string]int{}
	all := make([]entry, 0, len(values))
	for _, v := range values {
		key, at := keyOf(v), v.Key.GetToken().Position
		path := join(within.path, key)
		if first, twice := seen[key]; twice {
			t.complain(at.Line, at.Column, path, fmt.Sprintf("%q is here twice; the first is in line %d", key, first), "keep one of them")
			continue
		}
		if v.Key.IsMergeKey() {
			t.complain(at.Line, at.Column, path, "<< is not read", "write the keys out")
			continue
		}
		seen[key] = at.Line
		all = append(all, entry{key: key, line: at.Line, column: at.Column, node: t.node(v.Value, path, level+1)})
	}
	return all
}

// keyOf is a key as text; numbers and true are keys of cases.
func keyOf(v *ast.MappingValueNode) string {
	if text, ok := v.Key.(*ast.StringNode); ok {
		return text.Value
	}
	return v.Key.GetToken().Value
}

// join puts a key behind a path.
func join(path, key string) string {
	for i, r := range key {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return path + "[" + strconv.Quote(key) + "]"
		}
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
