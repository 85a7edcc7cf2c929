package api

import (
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"florin/internal/pay"
)

// parseQuery turns a query string into the fields of a type, so that queries
// are checked as bodies are: lists are repeated or written with commas, maps
// are written name[key]=value.
//
// Errors: invalid_field (not a query string, or a parameter given twice),
// unknown_field.
func (s schemas) parseQuery(raw string, t reflect.Type) (object, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, pay.Errorf(pay.CodeInvalidField, "the query string is malformed")
	}
	schema, fields := s.of(t), object{}
	for name, texts := range values {
		for _, text := range texts {
			if err := checkText(name, text); err != nil {
				return nil, err
			}
		}
		if err := addParameter(fields, schema, name, texts); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

func addParameter(fields object, schema *huma.Schema, name string, texts []string) error {
	outer, key, nested := strings.Cut(name, "[")
	if property := schema.Properties[outer]; nested && property != nil && property.Type == huma.TypeObject {
		return addKey(fields, outer, strings.TrimSuffix(key, "]"), texts)
	}
	property := schema.Properties[name]
	switch {
	case property == nil:
		return pay.Invalid(pay.CodeUnknownField, name, "there is no parameter %s here", name)
	case property.Type == huma.TypeArray:
		fields[name] = splitList(texts)
		return nil
	case len(texts) > 1:
		return pay.Invalid(pay.CodeInvalidField, name, "%s is given twice", name)
	case texts[0] == "":
		return nil // a form's empty input does not filter
	}
	fields[name] = typed(property, texts[0])
	return nil
}

// addKey adds one entry of a map such as metadata[order]=17.
func addKey(fields object, outer, key string, texts []string) error {
	if key == "" || len(texts) > 1 {
		return pay.Invalid(pay.CodeInvalidField, outer, "%s is written %s[key]=value, each key once", outer, outer)
	}
	entries, _ := fields[outer].(map[string]any)
	if entries == nil {
		entries = map[string]any{}
		fields[outer] = entries
	}
	entries[key] = texts[0]
	return nil
}

// splitList joins repeated parameters and comma lists.
func splitList(texts []string) []any {
	items := []any{}
	for _, text := range texts {
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
	}
	return items
}

// typed reads a number or a boolean where one is expected. What is none stays
// text, which the schema then refuses by name.
func typed(property *huma.Schema, text string) any {
	switch property.Type {
	case huma.TypeInteger:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case huma.TypeBoolean:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}
