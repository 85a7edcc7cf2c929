package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/stripe/stripe-go/v85/form"

	"florin/internal/pay"
)

// Answer is whatever an endpoint gives that has no operation of its own.
type Answer struct {
	ID     *string `json:"id"`
	Type   *string `json:"object_type" stripe:"object" jsonschema:"What it is, in Stripe's word."`
	Object raw     `json:"object"`
}

// kindParams is any tree of Stripe's parameters; the endpoint's own
// description says whether they are right.
var kindParams = &kind{"object", "an object of Stripe's parameters", pay.CodeInvalidField, nil}

// anyEndpoint are the parameters of whatever has no operation of its own.
func anyEndpoint(methods ...string) []parameter {
	return params(
		choice("method", "The HTTP method.", methods...).required(),
		text("path", "The path with its ids: /v1/tax_rates/txr_1Ab2….").required(),
		of(kindParams, "params", "The parameters, by Stripe's names and nested as in Stripe's documents. They are checked against Stripe's OpenAPI document."),
	)
}

var requestOperations = []declaration{
	{
		name: "stripe.request", resource: "any endpoint",
		summary:  "Asks Stripe for anything else, by method and path; the path and the parameters are checked against Stripe's OpenAPI document.",
		call:     call{method: http.MethodPost, path: "{path}"},
		takes:    anyEndpoint(http.MethodGet, http.MethodPost, http.MethodDelete),
		anywhere: true,
		gives:    gives[Answer](),
		moves:    [2]string{"params.amount", "params.currency"},
		example:  `{"method": "POST", "path": "/v1/tax_rates", "params": {"display_name": "VAT", "percentage": 19, "inclusive": true}}`,
	},
	{
		name: "stripe.get", resource: "any endpoint",
		summary:  "Reads anything else from Stripe, by path; stripe.request without the right to change anything.",
		call:     call{method: http.MethodGet, path: "{path}"},
		takes:    anyEndpoint(http.MethodGet)[1:],
		anywhere: true,
		gives:    gives[Answer](),
		example:  `{"path": "/v1/balance_settings"}`,
	},
}

// wireAnywhere writes a request by path. What is asked must exist, and its
// parameters must be known and of the right type.
//
// Errors: invalid_field, unknown_field, missing_field.
func (d *declaration) wireAnywhere(in input) (pay.Wire, error) {
	method, path := in.text("method"), in.text("path")
	if method == "" {
		method = http.MethodGet
	}
	if strings.Contains(path, "/.") || strings.ContainsAny(path, "?#%") {
		return pay.Wire{}, pay.Invalid(pay.CodeInvalidField, "path", "path has no query, dots or escapes; parameters belong in params")
	}
	found, others, err := findEndpoint(method, path)
	switch {
	case err != nil:
		return pay.Wire{}, err
	case found.path == "" && len(others) > 0:
		return pay.Wire{}, pay.Invalid(pay.CodeInvalidField, "method", "%s takes %s, not %s", path, either(others), method)
	case found.path == "":
		return pay.Wire{}, pay.Invalid(pay.CodeInvalidField, "path", "Stripe has no path %.*s%s", 3*longestName, path, similar(path))
	}
	given, _ := in["params"].(map[string]any)
	values := &form.Values{}
	if err := (tree{values}).object(found.takes, given, nil); err != nil {
		return pay.Wire{}, err
	}
	return newWire(method, path, values, in.text(actingAs.name)), nil
}

func similar(path string) string {
	if near := similarPaths(path); len(near) > 0 {
		return "; there is " + strings.Join(near, ", ")
	}
	return ""
}

// deepest bounds how far parameters nest; Stripe's deepest have seven levels.
const deepest = 12

// tree checks parameters against Stripe's description while it writes them into
// a form.
type tree struct{ values *form.Values }

// object writes the fields of an object in the order of their names.
func (t tree) object(schema *apiSchema, fields map[string]any, at []string) error {
	names := slices.Sorted(maps.Keys(schema.Properties))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		inner := schema.Properties[name]
		if inner == nil {
			if inner = schema.additional(); inner == nil {
				return pay.Invalid(pay.CodeUnknownField, pathOf(append(at, name)), "Stripe has no parameter %s here%s", name, meant(name, names))
			}
		}
		if fields[name] == nil {
			continue
		}
		if err := t.value(inner, fields[name], append(slices.Clone(at), name)); err != nil {
			return err
		}
	}
	for _, name := range schema.Required {
		if fields[name] == nil {
			return pay.Invalid(pay.CodeMissingField, pathOf(append(at, name)), "%s is required", pathOf(append(at, name)))
		}
	}
	return nil
}

// additional is what names that Stripe does not list may hold, as in metadata.
func (s *apiSchema) additional() *apiSchema {
	if len(s.Additional) == 0 || s.Additional[0] != '{' {
		return nil
	}
	var inner apiSchema
	if json.Unmarshal(s.Additional, &inner) != nil {
		return nil
	}
	return &inner
}

// value writes one value of any type.
func (t tree) value(schema *apiSchema, value any, at []string) error {
	if len(at) > deepest {
		return pay.Invalid(pay.CodeInvalidField, pathOf(at), "%s nests deeper than %d levels", pathOf(at), deepest)
	}
	schema = schema.fitting(value)
	switch value := value.(type) {
	case map[string]any:
		if schema == nil {
			break
		}
		return t.object(schema, value, at)
	case []any:
		if schema == nil || schema.Items == nil {
			break
		}
		return t.list(schema.Items, value, at)
	default:
		if text, ok := scalar(schema, value); ok {
			t.values.Add(form.FormatKey(at), text)
			return nil
		}
	}
	return pay.Invalid(pay.CodeInvalidField, pathOf(at), "%s cannot be %s", pathOf(at), describe(value))
}

func (t tree) list(items *apiSchema, values []any, at []string) error {
	if len(values) > mostItems {
		return pay.Invalid(pay.CodeInvalidField, pathOf(at), "%s has at most %d entries", pathOf(at), mostItems)
	}
	if len(values) == 0 {
		t.values.Add(form.FormatKey(at), "")
	}
	for i, item := range values {
		if err := t.value(items, item, append(slices.Clone(at), strconv.Itoa(i))); err != nil {
			return err
		}
	}
	return nil
}

// fitting chooses, where Stripe takes one of several types, the one that a
// value can be; nil when none fits.
func (s *apiSchema) fitting(value any) *apiSchema {
	for _, one := range s.AnyOf {
		if fit := one.fitting(value); fit != nil {
			return fit
		}
	}
	if len(s.AnyOf) > 0 {
		return nil
	}
	switch value.(type) {
	case map[string]any:
		if s.Type != "object" {
			return nil
		}
	case []any:
		if s.Type != "array" {
			return nil
		}
	default:
		if _, ok := scalar(s, value); !ok {
			return nil
		}
	}
	return s
}

// scalar is how a form has a plain value, if the schema takes it. Texts may
// stand for numbers and booleans, as in any form; an empty text unsets.
func scalar(schema *apiSchema, value any) (string, bool) {
	if schema == nil {
		return "", false
	}
	switch value := value.(type) {
	case bool:
		return strconv.FormatBool(value), schema.Type == "boolean" || schema.Type == "string"
	case json.Number:
		n, _, isWhole := wholeOf(value)
		if schema.Type == "integer" && isWhole {
			return strconv.FormatInt(n, 10), true
		}
		return value.String(), schema.Type == "number" || schema.Type == "string"
	case string:
		return value, schema.takesText(value)
	default:
		return "", false
	}
}

func (s *apiSchema) takesText(text string) bool {
	switch s.Type {
	case "string":
		return len(s.Enum) == 0 || slices.ContainsFunc(s.Enum, func(one any) bool { return fmt.Sprint(one) == text })
	case "boolean":
		return text == "true" || text == "false"
	case "integer", "number":
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	default:
		return false
	}
}

// pathOf names a parameter inside params.
func pathOf(at []string) string { return "params." + strings.Join(at, ".") }
