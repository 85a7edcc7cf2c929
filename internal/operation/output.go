package operation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// raw is the object as Stripe sent it, for whatever an output does not name.
type raw = json.RawMessage

// output is what an operation gives: a Go type whose fields say, by the tag
// stripe, where in Stripe's object they are found. Without the tag a field has
// the same name there; a field named object is the whole of it.
type output struct {
	shape reflect.Type
}

// gives is the output of a type.
func gives[T any]() output { return output{reflect.TypeFor[T]()} }

// Page is a part of a list.
type Page[T any] struct {
	Data           []T     `json:"data" jsonschema:"What was found, newest first."`
	HasMore        bool    `json:"has_more" jsonschema:"Whether there is more in the direction of reading."`
	NextCursor     *string `json:"next_cursor" stripe:"" jsonschema:"Give it as starting_after to read on. Null at the end."`
	PreviousCursor *string `json:"previous_cursor" stripe:"" jsonschema:"Give it as ending_before to read what came since. Null when the page is empty."`
}

// turn fills in the cursors, which Stripe leaves to its callers.
func (p *Page[T]) turn() {
	if len(p.Data) == 0 {
		return
	}
	first, last := idIn(p.Data[0]), idIn(p.Data[len(p.Data)-1])
	p.PreviousCursor = &first
	if p.HasMore {
		p.NextCursor = &last
	}
}

// Found is a part of what a search found.
type Found[T any] struct {
	Data       []T     `json:"data" jsonschema:"What was found, newest first."`
	HasMore    bool    `json:"has_more" jsonschema:"Whether there is more."`
	NextCursor *string `json:"next_cursor" stripe:"next_page" jsonschema:"Give it as page to read on. Null at the end."`
}

// idIn is the id of a typed object.
func idIn(object any) string {
	id, _ := reflect.ValueOf(object).FieldByName("ID").Interface().(string)
	return id
}

// schema is the JSON Schema of the output.
func (o output) schema() (*jsonschema.Schema, error) {
	return jsonschema.ForType(o.shape, &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[raw](): {Type: "object", Description: "The object as Stripe sent it."},
	}})
}

// read turns Stripe's object into the output.
//
// Errors: an answer that is not of the shape that Stripe documents.
func (o output) read(body json.RawMessage) (json.RawMessage, error) {
	into := reflect.New(o.shape)
	if err := fill(into.Elem(), body); err != nil {
		return nil, err
	}
	if page, ok := into.Interface().(interface{ turn() }); ok {
		page.turn()
	}
	return json.Marshal(into.Interface())
}

// fill reads an object into a struct, field by field.
func fill(into reflect.Value, body json.RawMessage) error {
	for i := range into.NumField() {
		field, tags := into.Type().Field(i), into.Type().Field(i).Tag
		name, _, _ := strings.Cut(tags.Get("json"), ",")
		path, renamed := tags.Lookup("stripe")
		switch {
		case name == "object":
			into.Field(i).Set(reflect.ValueOf(body))
			continue
		case !renamed:
			path = name
		case path == "":
			continue
		}
		if err := set(into.Field(i), at(body, path)); err != nil {
			return fmt.Errorf("%s in Stripe's answer (%s): %w", path, field.Type, err)
		}
	}
	return nil
}

// set reads one value. Where an id is wanted and Stripe sent the object, its id
// is taken.
func set(into reflect.Value, value json.RawMessage) error {
	switch {
	case len(value) == 0 || string(value) == "null":
		empty(into)
		return nil
	case into.Kind() == reflect.Struct:
		return fill(into, value)
	case into.Kind() == reflect.Slice && into.Type().Elem().Kind() == reflect.Struct:
		return setList(into, value)
	case value[0] == '{' && isText(into.Type()):
		value = at(value, "id")
	}
	return json.Unmarshal(value, into.Addr().Interface())
}

// empty gives lists and maps that Stripe leaves out or sends as null no
// entries, so that nobody who reads them needs to ask.
func empty(into reflect.Value) {
	switch {
	case into.Type() == reflect.TypeFor[raw]():
	case into.Kind() == reflect.Map:
		into.Set(reflect.MakeMap(into.Type()))
	case into.Kind() == reflect.Slice:
		into.Set(reflect.MakeSlice(into.Type(), 0, 0))
	}
}

func setList(into reflect.Value, value json.RawMessage) error {
	var items []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil {
		return err
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		if err := fill(into.Index(i), item); err != nil {
			return err
		}
	}
	return nil
}

func isText(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String
}

// at is what stands at a path of names and indexes, or nothing.
func at(body json.RawMessage, path string) json.RawMessage {
	for _, name := range strings.Split(path, ".") {
		if index, err := strconv.Atoi(name); err == nil {
			var list []json.RawMessage
			if json.Unmarshal(body, &list) != nil || index >= len(list) {
				return nil
			}
			body = list[index]
			continue
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) != nil {
			return nil
		}
		body = object[name]
	}
	return body
}
