package operation

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// maxEventTypes is how many types of events one request may name
// (docs.stripe.com/api/events/list).
const maxEventTypes = 20

// trigger is one declaration: what pay knows of it, and how its list is read.
type trigger struct {
	pay.Trigger
	query    string   // of the list, fixed
	statuses []string // what the option status may be; none: there is no such option
	event    string   // the one type of event that it reads, where it reads events
	anyEvent bool     // the option types says which
	payload  bool     // a run is given the event's object, not the event
	byObject bool     // an object starts one run, though several events may tell of it
}

// chargeStatuses are what new charges can be told apart by, as they are when
// they are first seen: one that is pending and succeeds later is not new again.
var chargeStatuses = []string{"any", "succeeded", "failed", "captured"}

// Triggers is what can start a flow, in the order of the documentation.
type Triggers struct {
	list   []trigger
	byName map[string]trigger
}

// NewTriggers makes the catalogue of triggers.
func NewTriggers() *Triggers {
	t := &Triggers{list: declaredTriggers(), byName: map[string]trigger{}}
	for i, each := range t.list {
		each.Options = each.optionSchema()
		t.list[i] = each
		t.byName[each.Name] = each
	}
	return t
}

// Triggers is all of them, in the order of the documentation.
func (t *Triggers) Triggers() []pay.Trigger {
	all := make([]pay.Trigger, len(t.list))
	for i, each := range t.list {
		all[i] = each.Trigger
	}
	return all
}

// Trigger finds one by its name.
func (t *Triggers) Trigger(name string) (pay.Trigger, bool) {
	found, ok := t.byName[name]
	return found.Trigger, ok
}

// triggerOptions is what a flow says of a trigger beyond when and through which
// connection.
type triggerOptions struct {
	Status string   `json:"status"`
	Types  []string `json:"types"`
}

func (t *Triggers) declared(name string, raw json.RawMessage) (trigger, triggerOptions, error) {
	declared, ok := t.byName[name]
	if !ok {
		return declared, triggerOptions{}, pay.Invalid(pay.CodeInvalidField, "on", "there is no trigger %q; there are %s", name, strings.Join(t.names(), ", "))
	}
	var o triggerOptions
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &o); err != nil {
			return declared, o, pay.Invalid(pay.CodeInvalidField, "on."+name, "these options cannot be read").Because(err)
		}
	}
	return declared, o, declared.check(o)
}

func (t *Triggers) names() []string {
	names := make([]string, len(t.list))
	for i, each := range t.list {
		names[i] = each.Name
	}
	return names
}

// check refuses options that the trigger does not have.
func (t trigger) check(o triggerOptions) error {
	switch {
	case o.Status != "" && !slices.Contains(t.statuses, o.Status):
		if len(t.statuses) == 0 {
			return pay.Invalid(pay.CodeUnknownField, "on."+t.Name+".status", "%s has no status to choose by", t.Name)
		}
		return pay.Invalid(pay.CodeInvalidField, "on."+t.Name+".status", "%q is none of %s", o.Status, strings.Join(t.statuses, ", "))
	case !t.anyEvent && len(o.Types) > 0:
		return pay.Invalid(pay.CodeUnknownField, "on."+t.Name+".types", "only stripe-event has types")
	case t.anyEvent:
		return checkTypes(o.Types)
	}
	return nil
}

func checkTypes(types []string) error {
	const field = "on.stripe-event.types"
	if len(types) == 0 || len(types) > maxEventTypes {
		return pay.Invalid(pay.CodeInvalidField, field, "name 1 to %d types of events, or one with a star: charge.*", maxEventTypes)
	}
	for _, name := range types {
		switch {
		case name == "", strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_.0123456789*") != "":
			return pay.Invalid(pay.CodeInvalidField, field, "%q is no type of event; one reads charge.succeeded", name)
		case strings.Contains(name, "*") && len(types) > 1:
			return pay.Invalid(pay.CodeInvalidField, field, "Stripe takes a type with a star only alone; name the types, or leave one")
		}
	}
	return nil
}

// Aim checks a trigger's options and says which list they lead to.
//
// Errors: invalid_field, unknown_field.
func (t *Triggers) Aim(name string, raw json.RawMessage) (pay.TriggerAim, error) {
	declared, o, err := t.declared(name, raw)
	if err != nil {
		return pay.TriggerAim{}, err
	}
	aim := pay.TriggerAim{List: declared.Path, Hints: declared.Hints}
	switch {
	case declared.anyEvent:
		query := url.Values{}
		types := slices.Compact(slices.Sorted(slices.Values(o.Types)))
		if strings.Contains(types[0], "*") {
			query.Set("type", types[0])
		} else {
			query["types[]"] = types
			aim.Hints = types
		}
		aim.List += "?" + query.Encode()
	case declared.event != "":
		aim.List += "?type=" + declared.event
	case declared.query != "":
		aim.List += "?" + declared.query
	}
	return aim, nil
}

// Request is how a page of a list is asked for.
func (t *Triggers) Request(path string) pay.Wire {
	return pay.Wire{Method: http.MethodGet, Path: path, APIVersion: stripego.APIVersion}
}

// listed is what a trigger looks at in any object of a list.
type listed struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Created  int64  `json:"created"`
	Status   string `json:"status"`
	Captured bool   `json:"captured"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// Judge says what an object of a trigger's list is to it.
//
// Errors: invalid_body, when it is not what the list should hold.
func (t *Triggers) Judge(name string, raw, item json.RawMessage) (pay.TriggerFind, error) {
	declared, o, err := t.declared(name, raw)
	if err != nil {
		return pay.TriggerFind{}, err
	}
	var object listed
	if err := json.Unmarshal(item, &object); err != nil {
		return pay.TriggerFind{}, pay.Errorf(pay.CodeInvalidBody, "Stripe's object cannot be read").Because(err)
	}
	if object.ID == "" || object.Created == 0 {
		return pay.TriggerFind{}, pay.Errorf(pay.CodeInvalidBody, "Stripe's object has no id or no time")
	}
	find := pay.TriggerFind{
		Ref: object.ID, Key: object.ID, Created: time.Unix(object.Created, 0).UTC(),
		Wanted: object.passes(o.Status), Output: item,
	}
	if declared.payload {
		return declared.unwrap(find, object.Data.Object)
	}
	return find, nil
}

// passes says whether a charge is of the status that a flow chose.
func (l listed) passes(status string) bool {
	switch status {
	case "", "any":
		return true
	case "captured":
		return l.Captured
	}
	return l.Status == status
}

// unwrap hands on what an event is about. The event's own time counts: the
// object may be much older.
func (t trigger) unwrap(find pay.TriggerFind, payload json.RawMessage) (pay.TriggerFind, error) {
	var about listed
	if err := json.Unmarshal(payload, &about); err != nil || about.ID == "" {
		return find, pay.Errorf(pay.CodeInvalidBody, "the event %s is about nothing that can be read", find.Ref).Because(err)
	}
	find.Output = payload
	if t.byObject {
		find.Key = about.ID
	}
	return find, nil
}

// optionSchema is the JSON Schema of the trigger's own options. Those that all
// triggers have, every and start and connection, are not among them.
func (t trigger) optionSchema() json.RawMessage {
	properties := map[string]any{}
	schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(t.statuses) > 0 {
		properties["status"] = map[string]any{"type": "string", "enum": t.statuses, "default": "any", "description": "Which ones, as they are when first seen."}
	}
	if t.anyEvent {
		properties["types"] = map[string]any{
			"type": "array", "items": map[string]any{"type": "string"}, "minItems": 1, "maxItems": maxEventTypes,
			"description": "Types of Stripe events, or one with a star: charge.*",
		}
		schema["required"] = []string{"types"}
	}
	raw, err := json.Marshal(schema)
	if err != nil {
		panic(err) // the maps above are plain
	}
	return raw
}
