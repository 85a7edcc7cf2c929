package api

import (
	"encoding/json"

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
			named[text] = route.runs.Name + "-output"
			s.Map()[named[text]] = written(route.runs.Output)
		}
		s.outputs[route.runs.Name] = named[text]
	}
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

// operationBody is the body of an operation that is run with POST.
func (r Route) operationBody(s schemas) *huma.RequestBody {
	fields := s.of(r.takes).Properties
	media := &huma.MediaType{Schema: &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"connection": fields["connection"], "dry_run": fields["dry_run"], "input": written(r.runs.Input),
		},
	}}
	if len(r.runs.Example) > 0 {
		media.Example = map[string]any{"input": r.runs.Example}
	}
	return &huma.RequestBody{Content: map[string]*huma.MediaType{typeJSON: media}}
}

// envelope is a success with a meta of its own.
func envelope(data, meta *huma.Schema) map[string]*huma.MediaType {
	return jsonContent(&huma.Schema{
		Type: huma.TypeObject, Required: []string{"success", "data", "meta"},
		Properties: map[string]*huma.Schema{"success": {Type: huma.TypeBoolean, Enum: []any{true}}, "data": data, "meta": meta},
	})
}
