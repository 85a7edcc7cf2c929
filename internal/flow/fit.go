package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// fit checks an input of the document against the schema of the action that
// will get it: what is fixed by its value, what is worked out by its type.
func (r *reader) fit(n *node, v *value, s *jsonschema.Schema) {
	allowed := typesOf(s)
	switch {
	case v == nil || s == nil:
	case v.whole != nil:
		r.fitExpression(n, v.whole, allowed)
	case v.text != nil:
		if len(allowed) > 0 && !slices.Contains(allowed, "string") {
			r.wrong(n, "a text with ${…} in it is a text, and "+say(allowed)+" is needed", "write the ${…} alone")
		}
	case v.isObject && (len(allowed) == 0 || slices.Contains(allowed, "object")):
		r.fitObject(n, v, s)
	case v.isList && s.Items != nil && slices.Contains(allowed, "array"):
		nodes, _ := n.list()
		for i, item := range v.items {
			r.fit(nodes[i], item, s.Items)
		}
	case v.isConstant():
		r.fitConstant(n, s, allowed)
	}
}

func (r *reader) fitExpression(n *node, e *expression, allowed []string) {
	if e == nil || e.mayBe(allowed) {
		return
	}
	remedy := "use another value"
	switch {
	case slices.Contains(allowed, "integer"):
		remedy = "use int(…)"
	case slices.Contains(allowed, "string"):
		remedy = "use string(…)"
	}
	r.wrong(n, fmt.Sprintf("%q is %s, and %s is needed", e.text, say(kinds[e.kind][:1]), say(allowed)), remedy)
}

// fitObject looks for missing and unknown keys, and into each.
func (r *reader) fitObject(n *node, v *value, s *jsonschema.Schema) {
	entries, _ := n.entries()
	closed := isClosed(s) || len(s.Properties) > 0 && s.AdditionalProperties == nil
	var known, given []string
	for name := range s.Properties {
		known = append(known, name)
	}
	for i, e := range entries {
		given = append(given, e.key)
		property, ok := s.Properties[e.key]
		switch {
		case ok:
			r.fit(e.node, v.fields[i].value, property)
		case closed:
			r.wrong(&node{line: e.line, column: e.column, path: e.node.path}, fmt.Sprintf("there is no input %q", e.key), nearest(e.key, slices.Clone(known)))
		case s.AdditionalProperties != nil:
			r.fit(e.node, v.fields[i].value, s.AdditionalProperties)
		}
	}
	for _, name := range s.Required {
		if !slices.Contains(given, name) {
			r.wrong(n, fmt.Sprintf("the input %s is missing", name), describe(name, s.Properties[name]))
		}
	}
}

// describe is the remedy for a missing input: what it is.
func describe(name string, s *jsonschema.Schema) string {
	if s == nil || s.Description == "" {
		return "add " + name + ": …"
	}
	sentence, _, _ := strings.Cut(s.Description, ". ")
	return "add " + name + ": " + strings.TrimSuffix(sentence, ".")
}

// fitConstant checks a value that is written out.
func (r *reader) fitConstant(n *node, s *jsonschema.Schema, allowed []string) {
	v := n.plain()
	if v == nil {
		return // left out when the run comes here, or refused where it is required
	}
	if text, isText := v.(string); isText {
		v = strings.ReplaceAll(text, "$${", "${")
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, any(v)) {
			var choices []string
			for _, choice := range s.Enum {
				choices = append(choices, fmt.Sprint(choice))
			}
			r.wrong(n, fmt.Sprintf("%q is not one of the values", text), nearest(text, choices))
			return
		}
	}
	err := conform(v, s)
	switch {
	case err == nil:
	case len(allowed) > 0 && !isOf(v, allowed):
		r.wrong(n, fmt.Sprintf("here is %s, and %s is needed", n.kind(), say(allowed)), "write "+say(allowed))
	case s.Minimum != nil && s.Maximum != nil:
		r.wrong(n, fmt.Sprintf("%s is out of bounds", asText(v)), fmt.Sprintf("write a number from %g to %g", *s.Minimum, *s.Maximum))
	case s.Minimum != nil && isOf(v, []string{"number"}):
		r.wrong(n, fmt.Sprintf("%s is too small", asText(v)), fmt.Sprintf("the least is %g", *s.Minimum))
	default:
		r.wrong(n, "the value does not fit: "+plainly(err), "see what the action takes: florin stripe <operation> --help")
	}
}

// isOf says whether a value has one of the types.
func isOf(v any, allowed []string) bool {
	for _, t := range allowed {
		if conform(v, &jsonschema.Schema{Type: t}) == nil {
			return true
		}
	}
	return false
}
