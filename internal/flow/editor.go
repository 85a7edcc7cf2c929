package flow

import (
	"encoding/json"

	"github.com/google/jsonschema-go/jsonschema"
)

// EditorSchema is a JSON Schema of the documents that Parse takes, made from
// the same tables, so that an editor completes keys, actions and their inputs
// while a flow is being written. It is more lenient than Parse: it cannot see
// into expressions.
//
// Errors: a schema of the catalogue that is none, which is a defect.
func EditorSchema(c Catalogue) ([]byte, error) {
	e := editor{catalogue: c}
	root := e.document()
	if e.err != nil {
		return nil, e.err
	}
	text, err := json.MarshalIndent(root, "", " ")
	return append(text, '\n'), err
}

// editor makes the schema, part by part.
type editor struct {
	catalogue Catalogue
	err       error
}

// ref refers to a definition.
func ref(name string) *jsonschema.Schema { return &jsonschema.Schema{Ref: "#/$defs/" + name} }

func textOf(about string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Description: about}
}

// nothingElse is the schema of no value, for keys that are not known.
func nothingElse() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

// group is an object of known keys, in their order.
func group(about string, required []string, keys ...property) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Description: about, Required: required, Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: nothingElse()}
	for _, key := range keys {
		s.Properties[key.name] = key.schema
		s.PropertyOrder = append(s.PropertyOrder, key.name)
	}
	return s
}

type property struct {
	name   string
	schema *jsonschema.Schema
}

// abouts describe every key, for the editor's hints; a key that is missing here
// fails the tests.
var abouts = map[string]string{
	"flow":        "The name: small letters, digits and -.",
	"description": "What the flow is for.",
	"connection":  "Name of the connection; default when nothing is said.",
	"concurrency": "Runs of this flow at once, 1 to 100; 4 when nothing is said.",
	"on":          "What starts runs.",
	"when":        "An expression: only what it is true for starts a run.",
	"vars":        "Names and values, as vars.name in expressions.",
	"steps":       "What is done, one after the other.",
	"output":      "What the run gives; the last step's output when nothing is said.",
	"id":          "Name of the step in expressions: steps.<id> is what it gave.",
	"do":          "Name of an action.",
	"with":        "Its inputs; ${…} is worked out.",
	"retry":       "How often a failure that may pass is tried again.",
	"timeout":     "How long one try may take: 30s, 10m.",
	"on_error":    "fail (default), continue, or steps that handle it; they see error.",
	"undo":        "Takes the completed step back when the run fails later.",
	"if":          "An expression that is true or false.",
	"then":        "Steps when it is true.",
	"else":        "Steps when it is not.",
	"switch":      "An expression; its value names the case.",
	"cases":       "Steps for each value.",
	"default":     "Steps for every other value.",
	"for_each":    "An expression that is a list.",
	"as":          "Name of the item in expressions; item when nothing is said.",
	"limit":       "Most items that are accepted; 1000 when nothing is said.",
	"parallel":    "Lists of steps that run side by side; within for_each: how many items at once.",
	"wait":        "A length of time such as 10m, or { until: … }.",
	"call":        "Name of another flow; its end is waited for.",
	"fail":        "Ends the run as failed, with this text.",
	"set":         "Gives variables new values.",
}

// schemas of keys that are more than a text.
func (e *editor) key(name string) *jsonschema.Schema {
	s := textOf(abouts[name])
	switch name {
	case "with", "set", "vars":
		s.Type = "object"
	case "output":
		s.Type = ""
	case "steps", "then", "else", "default":
		s.Type, s.Items = "array", ref("step")
	case "cases":
		s.Type, s.AdditionalProperties = "object", &jsonschema.Schema{Type: "array", Items: ref("step")}
	case "retry":
		return ref("retry")
	case "undo":
		return ref("undo")
	case "on":
		return e.on()
	case "concurrency":
		s.Type, s.Minimum, s.Maximum = "integer", jsonschema.Ptr(1.0), jsonschema.Ptr(float64(MaxConcurrency))
	case "limit":
		s.Type, s.Minimum, s.Maximum = "integer", jsonschema.Ptr(1.0), jsonschema.Ptr(float64(MaxItems))
	case "on_error":
		s.Type = ""
		s.AnyOf = []*jsonschema.Schema{{Enum: []any{onErrorFail, onErrorContinue}}, {Type: "array", Items: ref("step")}}
	case "wait":
		s.Type = ""
		s.AnyOf = []*jsonschema.Schema{{Type: "string"}, group("", []string{"until"}, property{"until", &jsonschema.Schema{Types: []string{"string", "integer"}}})}
	case "if", "switch", "for_each", "when":
		s.Type = "" // true, 5 and [1, 2] are expressions too
	}
	return s
}

// document is the whole.
func (e *editor) document() *jsonschema.Schema {
	var keys []property
	for _, name := range documentKeys {
		keys = append(keys, property{name, e.key(name)})
	}
	root := group("A flow of Florin.", []string{"flow", "on", "steps"}, keys...)
	root.Schema, root.Title = "http://json-schema.org/draft-07/schema#", "Florin flow"
	root.Defs = map[string]*jsonschema.Schema{
		"retry": group(abouts["retry"], nil,
			property{"attempts", &jsonschema.Schema{Type: "integer", Minimum: jsonschema.Ptr(1.0), Maximum: jsonschema.Ptr(float64(MaxAttempts))}},
			property{"wait", textOf("Before the second try: 10s.")}, property{"factor", &jsonschema.Schema{Type: "number", Description: "How much longer each time: 2."}},
			property{"most", textOf("The longest wait: 10m.")}),
		"undo": e.doing(group(abouts["undo"], []string{"do"}, property{"do", e.actionNames()}, property{"with", e.key("with")},
			property{"connection", e.key("connection")}, property{"retry", ref("retry")}, property{"timeout", e.key("timeout")})),
		"step": e.step(),
	}
	e.inputs(root.Defs)
	return root
}

// step is one of the kinds; the key that names the kind decides.
func (e *editor) step() *jsonschema.Schema {
	step := &jsonschema.Schema{Type: "object", Description: "One step."}
	for _, kind := range kindOrder {
		keys := []property{{"id", e.key("id")}, {string(kind), e.kindKey(kind)}}
		for _, name := range stepKeys[kind] {
			schema := e.key(name)
			if name == "parallel" {
				schema = &jsonschema.Schema{Type: "integer", Description: abouts[name], Minimum: jsonschema.Ptr(1.0), Maximum: jsonschema.Ptr(float64(MaxParallel))}
			}
			keys = append(keys, property{name, schema})
		}
		one := group(abouts[string(kind)], []string{string(kind)}, append(keys, property{"on_error", e.key("on_error")})...)
		if kind == KindAction {
			one = e.doing(one)
		}
		step.AnyOf = append(step.AnyOf, one)
	}
	return step
}

// kindKey is the key that makes a step what it is.
func (e *editor) kindKey(kind Kind) *jsonschema.Schema {
	switch kind {
	case KindAction:
		return e.actionNames()
	case KindParallel:
		return &jsonschema.Schema{Type: "array", Description: abouts["parallel"], Items: &jsonschema.Schema{Type: "array", Items: ref("step")}}
	}
	return e.key(string(kind))
}

// actionNames completes do.
func (e *editor) actionNames() *jsonschema.Schema {
	s := textOf(abouts["do"])
	for _, a := range e.catalogue.Actions() {
		s.Enum = append(s.Enum, a.Name)
	}
	return s
}

// doing makes with depend on do: each action has inputs of its own.
func (e *editor) doing(s *jsonschema.Schema) *jsonschema.Schema {
	for _, a := range e.catalogue.Actions() {
		var name any = a.Name
		s.AllOf = append(s.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Required: []string{"do"}, Properties: map[string]*jsonschema.Schema{"do": {Const: &name}}},
			Then: &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"with": ref("with-" + a.Name)}},
		})
	}
	return s
}

// inputs are the definitions that doing refers to: each input may be an
// expression instead.
func (e *editor) inputs(into map[string]*jsonschema.Schema) {
	for _, a := range e.catalogue.Actions() {
		schema, err := readSchema(a.Input)
		if err != nil {
			e.err = err
			return
		}
		schema.Title, schema.Description = "", a.Summary
		orExpression(schema)
		into["with-"+a.Name] = schema
	}
}

// orExpression lets a text with ${…} stand for any input.
func orExpression(s *jsonschema.Schema) {
	for name, inner := range s.Properties {
		orExpression(inner)
		if len(typesOf(inner)) > 0 {
			s.Properties[name] = &jsonschema.Schema{Description: inner.Description, AnyOf: []*jsonschema.Schema{inner, {Type: "string", Pattern: `\$\{`}}}
		}
	}
}

// on has a key for each trigger, or is the name of one that needs no settings.
func (e *editor) on() *jsonschema.Schema {
	every := textOf("How often: 15m, 1h.")
	names := []any{OnSchedule, OnManual}
	keys := []property{
		{OnSchedule, group("The clock starts runs.", nil, property{"every", every}, property{"cron", textOf("Minute, hour, day, month, weekday.")}, property{"zone", textOf("Time zone of cron: Europe/Berlin.")},
			property{"missed", &jsonschema.Schema{Enum: []any{MissedOnce, MissedSkip}, Description: "What becomes of times at which nobody was there."}})},
		{OnManual, group("A person or a program starts runs.", nil, property{"input", &jsonschema.Schema{Type: "object", Description: "JSON Schema of what it is started with."}})},
	}
	for _, t := range e.catalogue.Triggers() {
		own, err := readSchema(t.Input)
		if err != nil {
			e.err = err
			return nil
		}
		names = append(names, t.Name)
		keys = append(keys, property{t.Name, e.trigger(t, own)})
	}
	of := group("", nil, keys...)
	of.MinProperties, of.MaxProperties = jsonschema.Ptr(1), jsonschema.Ptr(1)
	return &jsonschema.Schema{Description: abouts["on"], AnyOf: []*jsonschema.Schema{{Enum: names}, of}}
}

// trigger is the settings of one.
func (e *editor) trigger(t Trigger, own *jsonschema.Schema) *jsonschema.Schema {
	if own.Properties == nil {
		own.Properties = map[string]*jsonschema.Schema{}
	}
	own.Description, own.Type, own.Types = t.Summary, "", []string{"object", "null"}
	if t.Polls {
		own.Properties["every"] = textOf("How often is asked: 15s at the least.")
		own.Properties["start"] = textOf("now, a date, or last 7 days: from when on older objects count too.")
		own.Properties["connection"] = textOf(abouts["connection"])
	}
	return own
}
