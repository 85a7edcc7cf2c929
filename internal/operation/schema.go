package operation

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"florin/internal/pay"
)

// inputSchema is the JSON Schema of what an operation takes. Rules between
// parameters are in its description and not in its logic: agents' makers take
// no anyOf at the top of a tool's schema, and a rule's sentence says more.
func (d *declaration) inputSchema() *jsonschema.Schema {
	schema := objectSchema(d.takes)
	schema.Title, schema.Description = title(d.name), d.summary
	for _, rule := range d.rules {
		schema.Description += " " + rule.says
	}
	return schema
}

// objectSchema has a property for each parameter, in their order, and lets
// nothing else in.
func objectSchema(all []parameter) *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
	for _, p := range all {
		schema.Properties[p.name] = p.schema()
		schema.PropertyOrder = append(schema.PropertyOrder, p.name)
		if p.must && p.preset == nil {
			schema.Required = append(schema.Required, p.name)
		}
	}
	return schema
}

// schema is one parameter's.
func (p parameter) schema() *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: p.kind.schema, Title: title(p.name), Description: p.described()}
	switch p.kind.schema {
	case "object":
		p.fillObject(schema)
	case "array":
		schema.Items, schema.MaxItems = p.items.schema(), jsonschema.Ptr(mostItems)
	default:
		p.fillPlain(schema)
	}
	return schema
}

func (p parameter) fillObject(schema *jsonschema.Schema) {
	switch {
	case p.kind == kindParams:
		return
	case p.inside == nil:
		schema.AdditionalProperties = &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
		schema.MaxProperties = jsonschema.Ptr(mostLabels)
		return
	}
	inside := objectSchema(p.inside)
	schema.Properties, schema.PropertyOrder = inside.Properties, inside.PropertyOrder
	schema.Required, schema.AdditionalProperties = inside.Required, inside.AdditionalProperties
}

func (p parameter) fillPlain(schema *jsonschema.Schema) {
	for _, value := range p.allowed {
		schema.Enum = append(schema.Enum, value)
	}
	if p.preset != nil {
		schema.Default = json.RawMessage(fmt.Sprintf("%q", p.preset))
		if _, isText := p.preset.(string); !isText {
			schema.Default = json.RawMessage(fmt.Sprint(p.preset))
		}
	}
	if p.kind == kindDigits {
		schema.Type, schema.Types = "", []string{"string", "integer"}
		return // bounds are for numbers, and this may be text
	}
	if p.least != nil {
		schema.Minimum = jsonschema.Ptr(float64(*p.least))
	}
	if p.most != nil {
		schema.Maximum = jsonschema.Ptr(float64(*p.most))
	}
	if len(p.opens) > 0 {
		schema.Pattern = "^(" + strings.Join(p.opens, "|") + ")"
	}
}

// described is the description together with where an id is found.
func (p parameter) described() string {
	if p.find == "" {
		return p.about
	}
	return p.about + " It begins with " + either(p.opens) + ", and is found " + p.find + "."
}

// public is the parameter as the rest of the program knows it.
func (p parameter) public() pay.Parameter {
	out := pay.Parameter{
		Name: p.name, Title: title(p.name), Description: p.described(), Type: p.kind.schema, Required: p.must, Allowed: p.allowed,
	}
	if p.preset != nil {
		out.Default = fmt.Sprint(p.preset)
	}
	return out
}
