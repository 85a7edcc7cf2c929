package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"florin/internal/flow"
	"florin/internal/pay"
)

// Exports keeps CSV files in the data folder.
type Exports interface {
	// Append adds a line, once for its key; it reports whether it was new.
	//
	// Errors: invalid_field (the name), target_refused (the file is full, or
	// has other columns).
	Append(ctx context.Context, l pay.Line) (fresh bool, err error)
}

var appendAction = flow.Action{
	Name:    "csv.append",
	Summary: "Adds one line to a CSV file in the data folder's exports, once for each run and step.",
	Writes:  true, OwnConnection: true, Constant: []string{"file"},
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["file","values"],"properties":{
		"file":{"type":"string","minLength":5,"maxLength":100,"description":"Name of the file, ending in .csv."},
		"values":{"type":"object","minProperties":1,"maxProperties":100,"description":"Columns and their values."},
		"columns":{"type":"array","minItems":1,"maxItems":100,"items":{"type":"string"},"description":"The order of the columns; that of the alphabet when left out."}}}`),
	Output: json.RawMessage(`{"type":"object","properties":{"file":{"type":"string"},"appended":{"type":"boolean"}}}`),
}

// CSVAppend is the action csv.append.
func CSVAppend(exports Exports) BuiltIn {
	return BuiltIn{Action: appendAction, Do: func(ctx context.Context, w Work) (json.RawMessage, error) {
		var in struct {
			File    string         `json:"file"`
			Values  map[string]any `json:"values"`
			Columns []string       `json:"columns"`
		}
		if err := decodeNumbers(w.Input, &in); err != nil {
			return nil, err
		}
		if in.Columns == nil {
			in.Columns = slices.Sorted(maps.Keys(in.Values))
		}
		for name := range in.Values {
			if !slices.Contains(in.Columns, name) {
				return nil, pay.Invalid(pay.CodeInvalidField, "columns", "the column %q is not among columns", name)
			}
		}
		line := pay.Line{Owner: w.Owner, File: in.File, Columns: in.Columns, Key: w.Key}
		for _, column := range in.Columns {
			cell := ""
			if value := in.Values[column]; value != nil {
				cell = plainText(value)
			}
			line.Cells = append(line.Cells, cell)
		}
		fresh, err := exports.Append(ctx, line)
		return marshalled(map[string]any{"file": in.File, "appended": fresh}, err)
	}}
}

// decodeNumbers reads an input and leaves its numbers as they are written: an
// amount never passes through a float.
func decodeNumbers(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return pay.Errorf(pay.CodeInvalidField, "the input cannot be read").Because(err)
	}
	return nil
}
