package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"florin/internal/pay"
)

// written is a JSON Schema of the catalogue as it is written there.
func written(raw json.RawMessage) *huma.Schema {
	keywords := map[string]any{}
	if json.Unmarshal(raw, &keywords) != nil {
		return &huma.Schema{Type: huma.TypeObject}
	}
	return &huma.Schema{Extensions: keywords}
}

// learnOutputs names the outputs of operations: several give the same, such as
// all that end with a charge, and the document has it once.
func (s schemas) learnOutputs(routes []Route) {
	named := map[string]string{}
	for _, route := range routes {
		if route.runs == nil {
			continue
		}
		text := string(route.runs.Output)
		if named[text] == "" {
			named[text] = s.outputName(route.runs.Name)
			s.Map()[named[text]] = written(route.runs.Output)
		}
		s.outputs[route.runs.Name] = named[text]
	}
}

// outputName is what the document calls what an operation gives: a generated
// client makes a type of it, and a charge is a StripeCharge to every operation
// that gives one. Ours are called Refund, Stripe's StripeRefund.
func (s schemas) outputName(operation string) string {
	verb, noun, _ := strings.Cut(operation, "-")
	name := "Stripe" + capitals(noun)
	switch verb {
	case "create", "get":
	case "delete":
		name = "StripeDeleted"
	case "list":
		name += "Page"
	case "search":
		name += "Found"
	default:
		name = capitals(operation) + "Output"
	}
	if s.Map()[name] != nil {
		return capitals(operation) + "Output"
	}
	return name
}

// capitals is an operation's name as programs write names: CreateRefund.
func capitals(name string) string {
	var joined strings.Builder
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '-' || r == '.' }) {
		joined.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return joined.String()
}

// output refers to what an operation gives.
func (s schemas) output(op pay.Operation) *huma.Schema {
	return &huma.Schema{Ref: schemasPath + s.outputs[op.Name]}
}

// property is one field of an operation's input, as the catalogue has it.
func property(op pay.Operation, name string) *huma.Schema {
	var input struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(op.Input, &input) != nil || len(input.Properties[name]) == 0 {
		return &huma.Schema{Type: huma.TypeString}
	}
	return written(input.Properties[name])
}

// operationParameters are the query of an operation that is run with GET.
func (r Route) operationParameters() []*huma.Param {
	if r.writes() {
		return nil
	}
	params := []*huma.Param{{
		Name: connectionParameter, In: "query", Description: "Name of the connection; the default one when absent.",
		Schema: &huma.Schema{Type: huma.TypeString},
	}}
	for _, p := range r.runs.Parameters {
		param := &huma.Param{Name: p.Name, In: "query", Description: p.Description, Required: p.Required, Schema: property(*r.runs, p.Name)}
		if p.Type == huma.TypeObject {
			param.Style, param.Explode = "deepObject", new(true)
		}
		params = append(params, param)
	}
	return params
}

// operationBody is the body of an operation that is run with POST. It may be
// left out where nothing is required of the input.
func (r Route) operationBody(s schemas) *huma.RequestBody {
	fields := s.of(r.takes).Properties
	var required []string
	if slices.ContainsFunc(r.runs.Parameters, func(p pay.Parameter) bool { return p.Required }) {
		required = []string{"input"}
	}
	media := &huma.MediaType{Schema: &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: false, Required: required,
		Properties: map[string]*huma.Schema{
			"connection": fields["connection"], "dry_run": fields["dry_run"], "input": written(r.runs.Input),
		},
	}}
	if len(r.runs.Example) > 0 {
		media.Example = map[string]any{"input": r.runs.Example}
	}
	return &huma.RequestBody{Required: required != nil, Content: map[string]*huma.MediaType{typeJSON: media}}
}

// envelope is a success with a meta of its own.
func envelope(data, meta *huma.Schema) map[string]*huma.MediaType {
	return jsonContent(&huma.Schema{
		Type: huma.TypeObject, Required: []string{"success", "data", "meta"},
		Properties: map[string]*huma.Schema{"success": {Type: huma.TypeBoolean, Enum: []any{true}}, "data": data, "meta": meta},
	})
}
