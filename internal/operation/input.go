package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"florin/internal/pay"
)

const (
	// largestInput bounds an input in bytes. The largest that makes sense, a
	// checkout of a hundred lines with metadata, has some 50,000.
	largestInput = 256 << 10
	// mostItems bounds a list of an input, above Stripe's own limits.
	mostItems = 250
	// mostLabels bounds metadata (docs.stripe.com/api/metadata).
	mostLabels = 50
	// Labels' names and values in characters (docs.stripe.com/api/metadata).
	longestLabel = 40
	longestValue = 500
)

// input is what a caller gave, read and checked, by parameter: texts, whole
// numbers, booleans, lists ([]any), objects (input) and labels
// (map[string]string).
type input map[string]any

// has reports whether a parameter was given.
func (in input) has(name string) bool { return in[name] != nil }

// text is a parameter's text, or nothing.
func (in input) text(name string) string {
	text, _ := in[name].(string)
	return text
}

// parse reads one JSON object.
//
// Errors: invalid_body, body_too_large.
func parse(raw []byte) (map[string]any, error) {
	if len(raw) > largestInput {
		return nil, pay.Errorf(pay.CodeBodyTooLarge, "the input has more than %d bytes", largestInput)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return map[string]any{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, pay.Errorf(pay.CodeInvalidBody, "the input is not a JSON object: %s", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || fields == nil {
		return nil, pay.Errorf(pay.CodeInvalidBody, "the input is not one JSON object")
	}
	decoder = json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return fields, refuseTwins(decoder, "")
}

// refuseTwins refuses an object with two fields of one name: readers differ in
// which of them they take, and what was looked at must be what is sent. It reads
// one value, which is known to be well formed.
func refuseTwins(decoder *json.Decoder, at string) error {
	token, err := decoder.Token()
	if opening, isNested := token.(json.Delim); err != nil || !isNested {
		return err
	} else if opening == '[' {
		for i := 0; decoder.More(); i++ {
			if err := refuseTwins(decoder, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	} else if err := refuseTwinFields(decoder, at); err != nil {
		return err
	}
	_, err = decoder.Token() // the closing one
	return err
}

func refuseTwinFields(decoder *json.Decoder, at string) error {
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			return pay.Invalid(pay.CodeInvalidField, join(at, name), "%s is given twice", join(at, name))
		}
		seen[name] = true
		if err := refuseTwins(decoder, join(at, name)); err != nil {
			return err
		}
	}
	return nil
}

// read checks fields against the parameters, one after the other, and fills in
// what is preset. at names the object that they stand in.
//
// Errors: unknown_field, missing_field, and the code of the parameter's kind.
func read(all []parameter, fields map[string]any, at string) (input, error) {
	if err := refuseUnknown(all, fields, at); err != nil {
		return nil, err
	}
	in := input{}
	for _, p := range all {
		given := fields[p.name]
		if given == nil || given == "" && p.must {
			if given, in[p.name] = nil, p.preset; p.must && p.preset == nil {
				return nil, p.missing(join(at, p.name))
			}
			continue
		}
		value, err := p.value(given, join(at, p.name))
		if err != nil {
			return nil, err
		}
		in[p.name] = value
	}
	maps.DeleteFunc(in, func(_ string, value any) bool { return value == nil })
	return in, nil
}

// refuseUnknown proposes the name that was meant. Names come sorted, so that
// the same input always gets the same answer.
func refuseUnknown(all []parameter, fields map[string]any, at string) error {
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(names, name) {
			return pay.Invalid(pay.CodeUnknownField, join(at, name), "there is no parameter %s here%s", join(at, name), meant(name, names))
		}
	}
	return nil
}

func (p parameter) missing(at string) error {
	where := ""
	if p.find != "" {
		where = "; it is found " + p.find
	}
	return pay.Invalid(pay.CodeMissingField, at, "%s is required%s", at, where)
}

// value reads one value that was given.
func (p parameter) value(given any, at string) (any, error) {
	switch p.kind.schema {
	case "array":
		return p.readList(given, at)
	case "object":
		return p.readObject(given, at)
	}
	value, err := p.kind.read(p, given)
	switch {
	case errors.Is(err, errKind) && p.kind.code == pay.CodeRawCardData:
		return nil, pay.RawCardData(at) // without the value, which may be a real card's
	case errors.Is(err, errKind):
		return nil, pay.Invalid(p.kind.code, at, "%s must be %s, not %s", at, p.kind.says, describe(given))
	case err != nil:
		return nil, pay.Invalid(p.kind.code, at, "%s %s", at, err)
	}
	return value, nil
}

func (p parameter) readList(given any, at string) (any, error) {
	items, ok := given.([]any)
	if !ok {
		return nil, pay.Invalid(p.kind.code, at, "%s must be a list, not %s", at, describe(given))
	}
	if len(items) > mostItems {
		return nil, pay.Invalid(p.kind.code, at, "%s has at most %d entries", at, mostItems)
	}
	values := make([]any, 0, len(items))
	for i, item := range items {
		value, err := p.items.value(item, fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func (p parameter) readObject(given any, at string) (any, error) {
	fields, ok := given.(map[string]any)
	if !ok {
		return nil, pay.Invalid(p.kind.code, at, "%s must be %s, not %s", at, p.kind.says, describe(given))
	}
	switch {
	case p.kind == kindParams:
		return fields, nil
	case p.inside == nil:
		return readLabels(fields, at)
	}
	return read(p.inside, fields, at)
}

// readLabels reads metadata. Numbers and booleans are taken as they are written,
// so that a flow may label an object with an amount; null is left out.
func readLabels(fields map[string]any, at string) (any, error) {
	labels := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var text string
		switch value := fields[name].(type) {
		case nil:
			continue
		case string:
			text = value
		case json.Number:
			text = value.String()
		case bool:
			text = fmt.Sprint(value)
		default:
			return nil, pay.Invalid(pay.CodeInvalidMetadata, join(at, name), "%s must be text, not %s", join(at, name), describe(value))
		}
		if len([]rune(name)) > longestLabel || strings.ContainsAny(name, "[]") || name == "" {
			return nil, pay.Invalid(pay.CodeInvalidMetadata, join(at, name), "a label's name has 1 to %d characters without square brackets", longestLabel)
		}
		if len([]rune(text)) > longestValue {
			return nil, pay.Invalid(pay.CodeInvalidMetadata, join(at, name), "%s has at most %d characters", join(at, name), longestValue)
		}
		labels[name] = text
	}
	if len(labels) > mostLabels {
		return nil, pay.Invalid(pay.CodeInvalidMetadata, at, "%s has at most %d labels", at, mostLabels)
	}
	return labels, nil
}

// describe names what was given instead, in JSON's words and without repeating
// a text, which may be long or secret.
func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case json.Number:
		return "the number " + value.String()
	case bool:
		return fmt.Sprint(value)
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// join names a parameter inside another.
func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
