package pay

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Given is one parameter as a query or a command line has it: texts only. The
// name may go into an object, as created[gte] or metadata.order do.
type Given struct {
	Name  string
	Value string
}

// Parameter finds a parameter by its name.
func (op Operation) Parameter(name string) (Parameter, bool) {
	i := slices.IndexFunc(op.Parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return Parameter{}, false
	}
	return op.Parameters[i], true
}

// ParseInput makes an operation's input out of texts, each with the type that
// its parameter has. Lists are repeated, written with commas or as JSON; objects
// are written name[key]=value or as JSON. What no parameter fits stays text, so
// that the catalogue refuses it in its own words.
//
// Errors: invalid_field, naming the parameter.
func (op Operation) ParseInput(given []Given) (json.RawMessage, error) {
	input := map[string]any{}
	for _, each := range given {
		if err := op.add(input, each); err != nil {
			return nil, err
		}
	}
	return json.Marshal(input)
}

func (op Operation) add(input map[string]any, g Given) error {
	outer, key, nested := splitName(g.Name)
	p, known := op.Parameter(outer)
	switch {
	case !known:
		input[g.Name] = g.Value
		return nil
	case p.Type == "array":
		items, err := parseList(p, g.Value)
		list, _ := input[outer].([]any)
		input[outer] = append(list, items...)
		return err
	case p.Type == "object" && (nested || !strings.HasPrefix(strings.TrimSpace(g.Value), "{")):
		return op.addKey(input, p, key, g)
	}
	if _, twice := input[outer]; twice {
		return Invalid(CodeInvalidField, outer, "%s is given twice", outer)
	}
	value, err := parseValue(p.Type, outer, g.Value)
	input[outer] = value
	return err
}

// splitName takes created[gte] and created.gte apart.
func splitName(name string) (outer, key string, nested bool) {
	if outer, key, nested = strings.Cut(name, "["); nested {
		return outer, strings.TrimSuffix(key, "]"), true
	}
	return strings.Cut(name, ".")
}

// addKey adds one entry of an object; on a command line it is written
// --metadata order=17.
func (op Operation) addKey(input map[string]any, p Parameter, key string, g Given) error {
	text := g.Value
	if key == "" {
		var whole bool
		if key, text, whole = strings.Cut(g.Value, "="); !whole || key == "" {
			return Invalid(CodeInvalidField, p.Name, "%s is an object: write it as JSON, or as key=value", p.Name)
		}
	}
	entries, _ := input[p.Name].(map[string]any)
	if entries == nil {
		entries = map[string]any{}
		input[p.Name] = entries
	}
	value, err := parseValue(op.typeWithin(p.Name, key), p.Name+"."+key, text)
	entries[key] = value
	return err
}

// typeWithin is the type of a field of an object parameter, as the schema of
// the input has it.
func (op Operation) typeWithin(name, key string) string {
	type property struct {
		Type       string                     `json:"type"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var input, outer, inner property
	if json.Unmarshal(op.Input, &input) != nil || json.Unmarshal(input.Properties[name], &outer) != nil ||
		json.Unmarshal(outer.Properties[key], &inner) != nil {
		return "string"
	}
	return inner.Type
}

func parseList(p Parameter, text string) ([]any, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		value, err := parseValue(p.Type, p.Name, text)
		list, isList := value.([]any)
		if err == nil && !isList {
			err = Invalid(CodeInvalidField, p.Name, "%s is a list", p.Name)
		}
		return list, err
	}
	items := []any{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items, nil
}

// parseValue reads a text as a type of JSON Schema.
func parseValue(kind, name, text string) (any, error) {
	switch kind {
	case "integer":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, Invalid(CodeInvalidField, name, "%s is a whole number, not %q", name, text)
		}
		return n, nil
	case "number":
		if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
			return nil, Invalid(CodeInvalidField, name, "%s is a number, not %q", name, text)
		}
		return json.Number(text), nil
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, Invalid(CodeInvalidField, name, "%s is true or false, not %q", name, text)
		}
		return b, nil
	case "object", "array":
		return parseJSON(kind, name, text)
	}
	return text, nil
}

func parseJSON(kind, name, text string) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return nil, Invalid(CodeInvalidField, name, "%s is an %s in JSON, and this is none", name, kind)
	}
	return value, nil
}
