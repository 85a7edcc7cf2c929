package automation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"florin/internal/flow"
	"florin/internal/pay"
)

// Databases writes to and reads from databases that are not Florin's.
type Databases interface {
	// Insert puts rows into a table, all or none.
	//
	// Errors: target_refused, in the database's words; target_unreachable.
	Insert(ctx context.Context, url pay.Secret, r pay.Rows) (pay.RowsAnswer, error)
	// Query reads.
	//
	// Errors: as Insert.
	Query(ctx context.Context, url pay.Secret, q pay.Query) (pay.QueryAnswer, error)
}

// defaultRowLimit is how many rows db.query gives unless it is asked for more:
// what is read becomes part of the run's history.
const defaultRowLimit = 100

var insertAction = flow.Action{
	Name:    "db.insert",
	Summary: "Puts rows into a table of a Postgres or SQLite database, each once: one whose unique columns are there already is left as it is.",
	Writes:  true, OwnConnection: true, Constant: []string{"table", "unique"},
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["table","unique"],"properties":{
		"table":{"type":"string","minLength":1,"maxLength":200,"description":"Name of the table, with its schema if need be."},
		"values":{"type":"object","description":"A row: columns and their values."},
		"rows":{"type":"array","maxItems":1000,"items":{"type":"object"},"description":"Several rows, instead of values; each has the same columns."},
		"unique":{"type":"array","minItems":1,"maxItems":16,"items":{"type":"string"},"description":"Columns with a unique index, by which a row is known again; without one a crash could write it twice."}}}`),
	Output: json.RawMessage(`{"type":"object","properties":{"inserted":{"type":"integer"},"present":{"type":"integer"}}}`),
}

var queryAction = flow.Action{
	Name:          "db.query",
	Summary:       "Reads rows of a Postgres or SQLite database.",
	OwnConnection: true, Constant: []string{"query"},
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["query"],"properties":{
		"query":{"type":"string","minLength":1,"maxLength":20000,"description":"SQL that reads, with $1, $2, … for parameters; it holds no expressions."},
		"parameters":{"type":"array","maxItems":100,"description":"Values for $1, $2, …"},
		"limit":{"type":"integer","minimum":1,"maximum":1000,"default":100,"description":"Rows at the most."}}}`),
	Output: json.RawMessage(`{"type":"object","properties":{"rows":{"type":"array","items":{"type":"object","additionalProperties":{}}},"count":{"type":"integer"},"more":{"type":"boolean"}}}`),
}

// DatabaseActions are db.insert and db.query.
func DatabaseActions(databases Databases, secrets Secrets) []BuiltIn {
	open := func(ctx context.Context, w Work) (pay.Secret, error) {
		if w.Connection == "" {
			return pay.Secret{}, pay.Invalid(pay.CodeMissingField, "connection", "the step needs a connection of kind database")
		}
		secret, err := secrets.ConnectionSecret(ctx, w.Owner, pay.APIKey{}, w.Connection, pay.ConnectionDatabase)
		return secret.Database, err
	}
	insert := func(ctx context.Context, w Work) (json.RawMessage, error) {
		rows, err := rowsOf(w.Input)
		if err != nil {
			return nil, err
		}
		url, err := open(ctx, w)
		if err != nil {
			return nil, err
		}
		answer, err := databases.Insert(ctx, url, rows)
		return marshalled(answer, err)
	}
	query := func(ctx context.Context, w Work) (json.RawMessage, error) {
		var in struct {
			Query      string `json:"query"`
			Parameters []any  `json:"parameters"`
			Limit      int    `json:"limit"`
		}
		if err := decodeNumbers(w.Input, &in); err != nil {
			return nil, err
		}
		if in.Limit == 0 {
			in.Limit = defaultRowLimit
		}
		url, err := open(ctx, w)
		if err != nil {
			return nil, err
		}
		answer, err := databases.Query(ctx, url, pay.Query{Text: in.Query, Parameters: in.Parameters, Limit: in.Limit})
		return marshalled(answer, err)
	}
	return []BuiltIn{{Action: insertAction, Do: insert}, {Action: queryAction, Do: query}}
}

func marshalled(answer any, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// rowsOf reads what db.insert takes. Every row has the columns of the first.
func rowsOf(input json.RawMessage) (pay.Rows, error) {
	var in struct {
		Table  string           `json:"table"`
		Values map[string]any   `json:"values"`
		Rows   []map[string]any `json:"rows"`
		Unique []string         `json:"unique"`
	}
	if err := decodeNumbers(input, &in); err != nil {
		return pay.Rows{}, err
	}
	if (in.Values == nil) == (in.Rows == nil) {
		return pay.Rows{}, pay.Invalid(pay.CodeInvalidField, "values", "give values for one row, or rows for several")
	}
	if in.Values != nil {
		in.Rows = []map[string]any{in.Values}
	}
	r := pay.Rows{Table: in.Table, Unique: in.Unique}
	if len(in.Rows) > 0 {
		r.Columns = slices.Sorted(maps.Keys(in.Rows[0]))
	}
	for _, row := range in.Rows {
		if len(row) != len(r.Columns) || len(row) == 0 {
			return r, pay.Invalid(pay.CodeInvalidField, "rows", "every row has the same columns, and at least one")
		}
		cells := make([]any, len(r.Columns))
		for i, column := range r.Columns {
			cell, there := row[column]
			if !there {
				return r, pay.Invalid(pay.CodeInvalidField, "rows", "a row has no %q, which the first one has", column)
			}
			cells[i] = cell
		}
		r.Values = append(r.Values, cells)
	}
	for _, column := range r.Unique {
		if len(in.Rows) > 0 && !slices.Contains(r.Columns, column) {
			return r, pay.Invalid(pay.CodeInvalidField, "unique", "the row has no column %q", column)
		}
	}
	return r, nil
}
