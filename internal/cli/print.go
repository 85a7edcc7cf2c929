package cli

import (
	"encoding/json"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// printJSON writes a value on one line, as scripts read it best.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // no browser reads this
	return encoder.Encode(value)
}

// printTable writes rows in columns, without lines: it can be read, and cut.
func printTable(w io.Writer, columns []any, rows [][]any) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	t.AppendHeader(columns)
	for _, row := range rows {
		t.AppendRow(row)
	}
	t.Render()
}

// moment is a time in a table; a time that has not come is a dash.
func moment(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.RFC3339)
}

// optional is a time in JSON; null until it has come.
func optional(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
