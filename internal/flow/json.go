package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
)

// decode reads JSON with whole numbers as int, so that amounts stay exact.
// Nothing and what is not JSON is null.
func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil
	}
	return exact(v)
}

// exact turns numbers into int, or into float64 where they are not whole.
func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return int(whole)
		}
		float, _ := v.Float64()
		return float
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = exact(v[key])
		}
	}
	return v
}

// normal is a result as JSON has it: text for times, int for whole numbers.
func normal(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int:
		return v, nil
	case string:
		if len(v) > maxResult {
			return nil, fmt.Errorf("the result is larger than %d bytes", maxResult)
		}
		return v, nil
	}
	if kind := reflect.ValueOf(v).Kind(); kind == reflect.Func || kind == reflect.Chan {
		return nil, fmt.Errorf("the result is a function")
	}
	text, err := encode(v)
	if err != nil {
		return nil, err
	}
	return decode(text), nil
}

// encode writes JSON that is the same for the same value: keys are sorted, and
// <, > and & stand for themselves.
func encode(v any) (json.RawMessage, error) {
	bounded := &boundedWriter{left: maxResult}
	encoder := json.NewEncoder(bounded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(bounded.text.Bytes(), []byte("\n")), nil
}

type boundedWriter struct {
	text bytes.Buffer
	left int
}

var _ io.Writer = (*boundedWriter)(nil)

// Write takes no more than is left.
func (w *boundedWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, fmt.Errorf("the result is larger than %d bytes", maxResult)
	}
	return w.text.Write(p)
}

// mustJSON writes a value of the document, which is always JSON.
func mustJSON(v any) []byte {
	text, err := encode(v)
	if err != nil {
		return []byte("null")
	}
	return text
}
