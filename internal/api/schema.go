package api

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"florin/internal/pay"
)

// schemasPath is where an OpenAPI document keeps schemas.
const schemasPath = "#/components/schemas/"

// huma's only switches for these two are global: "Amount" is not "amount", and
// our lists are never null.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
}

// schemas knows the JSON schema of every type that routes take and give. The
// same schema is documented and enforced. Queries are kept apart: the document
// has them as parameters.
type schemas struct {
	huma.Registry
	queries map[reflect.Type]*huma.Schema
	outputs map[string]string // of operations, by name: what the document calls them
}

// newSchemas learns every type at once, since checking a body may only read.
func newSchemas(routes []Route) schemas {
	known := schemas{huma.NewMapRegistry(schemasPath, huma.DefaultSchemaNamer), map[reflect.Type]*huma.Schema{}, map[string]string{}}
	for _, route := range routes {
		if route.asks != nil {
			known.queries[route.asks] = huma.SchemaFromType(known.Registry, route.asks)
		}
		if route.takes != nil && route.takes != reflect.TypeFor[nothing]() {
			known.Schema(route.takes, true, "")
		}
		if route.Gives != nil {
			known.learnView(reflect.TypeOf(route.Gives))
		}
	}
	known.learnView(reflect.TypeFor[Problem]())
	known.learnView(reflect.TypeFor[Meta]())
	known.Map()[failureName] = known.failure()
	known.learnOutputs(routes)
	return known
}

// learnView adds a type that is only written, and says that its objects may be
// null where they are pointers, which huma leaves out.
func (s schemas) learnView(t reflect.Type) {
	schema := s.Schema(t, false, "")
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		property := schema.Properties[name]
		if property == nil || property.Ref == "" || t.Field(i).Type.Kind() != reflect.Pointer {
			continue
		}
		schema.Properties[name] = &huma.Schema{
			Description: property.Description,
			AnyOf:       []*huma.Schema{{Ref: property.Ref}, {Type: "null"}},
		}
	}
}

// of is the schema of a type itself, not a reference to it.
func (s schemas) of(t reflect.Type) *huma.Schema {
	if t == reflect.TypeFor[nothing]() {
		return emptySchema
	}
	if query, ok := s.queries[t]; ok {
		return query
	}
	return s.Schema(t, false, "")
}

// emptySchema lets nothing in: a field sent to a write without fields is a
// mistake worth telling.
var emptySchema = func() *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false}
	s.PrecomputeMessages()
	return s
}()

// bind checks fields against the schema of the type that into points to, and
// fills it.
//
// Errors: unknown_field, missing_field and others that name the field.
func (s schemas) bind(fields object, into any) error {
	t := reflect.TypeOf(into).Elem()
	result := &huma.ValidateResult{}
	path := huma.NewPathBuffer(nil, 0)
	huma.Validate(s.Registry, s.of(t), path, huma.ModeWriteToServer, plain(map[string]any(fields)), result)
	if len(result.Errors) > 0 {
		return worst(result.Errors)
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return pay.Errorf(pay.CodeInvalidBody, "the body does not fit: %s", err)
	}
	return nil
}

// plain is a copy of a tree in which numbers have the types that huma checks.
// Amounts are checked for being a number only; their digits are read from the
// original.
func plain(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		copied := make(map[string]any, len(node))
		for name, value := range node {
			copied[name] = plain(value)
		}
		return copied
	case []any:
		copied := make([]any, len(node))
		for i, value := range node {
			copied[i] = plain(value)
		}
		return copied
	case json.Number:
		if whole, err := node.Int64(); err == nil {
			return whole
		}
		fraction, _ := node.Float64() // out of range is infinite, which fails every limit
		return fraction
	default:
		return tree
	}
}

// worst is the error to tell first: an unknown field is the likeliest reason
// for a missing one. Fields come in the order of their names, so that the same
// request always gets the same answer.
func worst(found []error) error {
	problems := make([]*pay.Error, 0, len(found))
	for _, err := range found {
		if detail, ok := err.(*huma.ErrorDetail); ok {
			problems = append(problems, fieldError(detail))
		}
	}
	return slices.MinFunc(problems, func(a, b *pay.Error) int {
		return cmp.Or(cmp.Compare(rank(a.Code), rank(b.Code)), cmp.Compare(a.Field, b.Field))
	})
}

// rank is the order in which mistakes are told.
func rank(code pay.Code) int {
	switch code {
	case pay.CodeUnknownField:
		return 0
	case pay.CodeMissingField:
		return 1
	default:
		return 2
	}
}

// fieldError turns what huma found into the caller's words.
func fieldError(detail *huma.ErrorDetail) *pay.Error {
	if detail.Message == validation.MsgUnexpectedProperty {
		return pay.Invalid(pay.CodeUnknownField, detail.Location, "there is no field %s here", detail.Location)
	}
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if name, ok := strings.CutPrefix(detail.Message, before); ok && strings.HasSuffix(name, after) {
		field := join(detail.Location, strings.TrimSuffix(name, after))
		return pay.Invalid(pay.CodeMissingField, field, "%s is required", field)
	}
	return pay.Invalid(codeFor(detail.Location), detail.Location, "%s: %s", detail.Location, sayType(detail.Message))
}

// sayType words what huma cannot: an amount is one of two types.
func sayType(message string) string {
	if message == validation.MsgExpectedMatchExactlyOneSchema {
		return "expected a number or string such as 10.00"
	}
	return message
}

// codeFor is the code of a wrong value, by the field it stands in.
func codeFor(field string) pay.Code {
	name := field[strings.LastIndexByte(field, '.')+1:]
	switch {
	case field == "metadata" || strings.HasPrefix(field, "metadata."):
		return pay.CodeInvalidMetadata
	case name == "amount" || strings.HasSuffix(name, "_amount"):
		return pay.CodeInvalidAmount
	case name == "currency":
		return pay.CodeInvalidCurrency
	case name == "webhook_url" || name == "url" || name == "return_url":
		return pay.CodeInvalidURL
	case strings.HasSuffix(name, "_id") && name != "payment_method_id":
		return pay.CodeInvalidID
	case name == "cursor":
		return pay.CodeInvalidCursor
	default:
		return pay.CodeInvalidField
	}
}
