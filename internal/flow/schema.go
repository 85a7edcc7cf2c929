package flow

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/types"
	"github.com/google/jsonschema-go/jsonschema"
)

// deepest is how far into a schema types are followed; below it anything goes.
const deepest = 12

// readSchema reads a JSON Schema; nothing is the schema of anything.
func readSchema(raw json.RawMessage) (*jsonschema.Schema, error) {
	if len(raw) == 0 {
		return &jsonschema.Schema{}, nil
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if _, err := s.CloneSchemas().Resolve(nil); err != nil {
		return nil, err
	}
	return &s, nil
}

// typesOf are the types that a schema allows, null left out; none means any.
func typesOf(s *jsonschema.Schema) []string {
	if s == nil {
		return nil
	}
	all := s.Types
	if s.Type != "" {
		all = []string{s.Type}
	}
	return slices.DeleteFunc(slices.Clone(all), func(t string) bool { return t == "null" })
}

// allowsNull says whether a value may be null.
func allowsNull(s *jsonschema.Schema) bool {
	return s == nil || s.Type == "" && (len(s.Types) == 0 || slices.Contains(s.Types, "null")) || s.Type == "null"
}

// isClosed says that an object has no other keys than those of its schema.
func isClosed(s *jsonschema.Schema) bool {
	more := s.AdditionalProperties
	return more != nil && more.Not != nil && reflect.ValueOf(*more.Not).IsZero()
}

// typeOf is what expressions know of a value: enough to find mistakes, and
// anything where the schema leaves it open.
func typeOf(s *jsonschema.Schema, depth int) types.Type {
	allowed := typesOf(s)
	if s == nil || len(allowed) != 1 || depth > deepest {
		return types.Any
	}
	switch allowed[0] {
	case "string":
		return types.String
	case "integer":
		return types.Int
	case "number":
		return types.Float64
	case "boolean":
		return types.Bool
	case "array":
		return types.Array(typeOf(s.Items, depth+1))
	}
	object := types.Map{}
	for name, property := range s.Properties {
		object[name] = typeOf(property, depth+1)
	}
	if !isClosed(s) {
		object[types.Extra] = types.Any
	}
	return object
}

// kinds are the types of JSON Schema that the result of an expression may have,
// by its kind in Go; a kind that is not here may be any.
var kinds = map[reflect.Kind][]string{
	reflect.String: {"string"}, reflect.Bool: {"boolean"}, reflect.Int: {"integer", "number"},
	reflect.Float64: {"number"}, reflect.Slice: {"array"}, reflect.Map: {"object"}, reflect.Array: {"array"},
}

// mayBe says whether a result of an expression can be of one of the types.
func (e *expression) mayBe(allowed []string) bool {
	can, known := kinds[e.kind]
	if !known || len(allowed) == 0 {
		return true
	}
	return slices.ContainsFunc(can, func(t string) bool { return slices.Contains(allowed, t) })
}

// names of types in sentences.
var typeWords = map[string]string{
	"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "array": "a list", "object": "a group of keys",
}

func say(allowed []string) string {
	words := make([]string, len(allowed))
	for i, t := range allowed {
		words[i] = typeWords[t]
	}
	return strings.Join(words, " or ")
}

// prune removes what is null and need not be there, so that an optional input
// without a value is left out, as in a form that was not filled in.
func prune(v any, s *jsonschema.Schema) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			property := s.Properties[key]
			if property == nil {
				continue
			}
			if inner == nil && !slices.Contains(s.Required, key) && !allowsNull(property) {
				delete(v, key)
				continue
			}
			v[key] = prune(inner, property)
		}
	case []any:
		if s.Items != nil {
			for i := range v {
				v[i] = prune(v[i], s.Items)
			}
		}
	}
	return v
}

// missing is the first required key that is absent or null, as a path.
func missing(v any, s *jsonschema.Schema) string {
	object, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	for _, key := range s.Required {
		inner, there := object[key]
		if !there || inner == nil && !allowsNull(s.Properties[key]) {
			return key
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		if inner := missing(object[key], s.Properties[key]); inner != "" {
			return key + "." + inner
		}
	}
	return ""
}

// conform checks a value against a schema.
//
// Errors: the library's, without its talk of schemas.
func conform(v any, s *jsonschema.Schema) error {
	resolved, err := s.CloneSchemas().Resolve(nil)
	if err != nil {
		return err
	}
	return resolved.Validate(v)
}

// plainly is the last part of the library's message, which says what is wrong.
func plainly(err error) string {
	text := err.Error()
	if at := strings.LastIndex(text, ": "); strings.HasPrefix(text, "validating ") && at > 0 {
		return text[at+2:]
	}
	return text
}

// intake is what an action takes, ready to be held against inputs.
type intake struct {
	schema   *jsonschema.Schema
	resolved *jsonschema.Resolved
}

// newIntake prepares a schema.
//
// Errors: it is none.
func newIntake(raw json.RawMessage) (*intake, error) {
	schema, err := readSchema(raw)
	if err != nil {
		return nil, err
	}
	resolved, err := schema.CloneSchemas().Resolve(nil)
	return &intake{schema: schema, resolved: resolved}, err
}
