package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"florin/internal/pay"
)

// deepestJSON is how far a body may nest. The deepest that is read here has
// three levels; more is either a mistake or an attack on the parser.
const deepestJSON = 16

// object is a decoded JSON object; its numbers are json.Number, so that an
// amount keeps the digits it was written with.
type object map[string]any

// parseObject reads one JSON object and nothing else. An empty body is an
// empty object, for writes without fields.
//
// Errors: invalid_body, invalid_field (a text with a NUL, which Postgres
// cannot keep).
func parseObject(raw []byte) (object, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return object{}, nil
	}
	if !utf8.Valid(raw) {
		return nil, pay.Errorf(pay.CodeInvalidBody, "the body is not UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(raw))}
	p.UseNumber()
	tree, err := p.value("", 0)
	if err != nil {
		return nil, asBodyError(err)
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, pay.Errorf(pay.CodeInvalidBody, "the body goes on after its JSON object")
	}
	fields, ok := tree.(map[string]any)
	if !ok {
		return nil, pay.Errorf(pay.CodeInvalidBody, "the body is not a JSON object")
	}
	return fields, nil
}

// asBodyError turns what encoding/json says into the caller's words.
func asBodyError(err error) error {
	var known *pay.Error
	if errors.As(err, &known) {
		return known
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return pay.Errorf(pay.CodeInvalidBody, "the body is not valid JSON near byte %d: %s", syntax.Offset, syntax.Error())
	}
	return pay.Errorf(pay.CodeInvalidBody, "the body is not valid JSON: it ends too early")
}

// parser builds a tree out of encoding/json's tokens, because its Unmarshal
// lets a field be given twice: two readers of such a body would disagree.
type parser struct{ *json.Decoder }

func (p parser) value(path string, depth int) (any, error) {
	if depth > deepestJSON {
		return nil, pay.Invalid(pay.CodeInvalidBody, path, "the body nests deeper than %d levels", deepestJSON)
	}
	token, err := p.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(path, depth)
		}
		return p.array(path, depth)
	case string:
		return t, checkText(path, t)
	default:
		return t, nil
	}
}

func (p parser) object(path string, depth int) (map[string]any, error) {
	fields := map[string]any{}
	for p.More() {
		token, err := p.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // encoding/json lets nothing else be a name
		at := join(path, name)
		if err := checkText(at, name); err != nil {
			return nil, err
		}
		if _, twice := fields[name]; twice {
			return nil, pay.Invalid(pay.CodeInvalidBody, at, "the field %s is given twice", at)
		}
		if fields[name], err = p.value(at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := p.Token() // the closing brace
	return fields, err
}

func (p parser) array(path string, depth int) ([]any, error) {
	items := []any{}
	for p.More() {
		item, err := p.value(path+"["+strconv.Itoa(len(items))+"]", depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := p.Token() // the closing bracket
	return items, err
}

// checkText refuses what no database keeps.
func checkText(path, text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return pay.Invalid(pay.CodeInvalidField, path, "a text cannot hold the character NUL")
	}
	return nil
}

// join names a field inside another in dotted form.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
