package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/client"
)

const (
	// askTimeout is how long a command waits for an answer: longer than the
	// server waits for Stripe.
	askTimeout = 2 * time.Minute
	// maxSecret bounds what is read of a file or standard input, in bytes: the
	// longest body that the API takes.
	maxSecret = 64 << 10
)

// apiOptions say which server a command asks, and with which key.
type apiOptions struct {
	url, key string
	settings *pflag.FlagSet
}

const apiHelp = "\n\nIt asks the server, which must run. Without --key and FLORIN_API_KEY, the key is\nused that florin serve keeps in the data folder."

// api adds the flags of a command that asks the server.
func api(cmd *cobra.Command) *apiOptions {
	o := &apiOptions{settings: settings(cmd, "data-dir")}
	cmd.Flags().StringVar(&o.url, "url", "", "The `url` of the server; from FLORIN_LISTEN when left out.")
	cmd.Flags().StringVar(&o.key, "key", "", "The API `key` [FLORIN_API_KEY]. As a flag it is visible in the process list.")
	return o
}

// ask lets a command ask the server.
func (p *program) ask(ctx context.Context, o *apiOptions, work func(ctx context.Context, c *client.Client) error) error {
	base, err := p.serverURL(o.url)
	if err != nil {
		return err
	}
	key, err := p.listenKey(o.settings, o.key)
	if err != nil {
		return err
	}
	err = work(ctx, client.New(base, key, &http.Client{Timeout: askTimeout}))
	var unanswered *url.Error // what net/http says; all else names its own cause
	if ctx.Err() == nil && errors.As(err, &unanswered) {
		return fmt.Errorf("no answer from %s (is florin serve running?): %w", base, err)
	}
	return err
}

// secretText reads a secret that was not written on the command line: "-" is
// standard input, @name a file. A secret on the command line can be seen in the
// process list, but is taken.
func (p *program) secretText(given string) (string, error) {
	var raw []byte
	var err error
	switch {
	case given == "-":
		raw, err = io.ReadAll(io.LimitReader(p.In, maxSecret))
	case strings.HasPrefix(given, "@"):
		raw, err = readSome(given[1:], maxSecret)
	default:
		return given, nil
	}
	return strings.TrimSpace(string(raw)), err
}

// printFields writes an object as a table of its fields, in their order. What
// is inside a field is written as JSON; null fields and those named in leave
// are left out.
func printFields(w io.Writer, object json.RawMessage, leave ...string) error {
	fields, err := fieldsOf(object)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, f := range fields {
		if text := cellOf(f.value); text != "" && !slices.Contains(leave, f.name) {
			rows = append(rows, []any{f.name, text})
		}
	}
	printTable(w, []any{"field", "value"}, rows)
	return nil
}

// mostColumns is how many fields of a row a table has room for.
const mostColumns = 7

// printRows writes objects of one kind as a table: the fields of the first that
// are plain, as many as there is room for.
func printRows(w io.Writer, objects []json.RawMessage) error {
	if len(objects) == 0 {
		fmt.Fprintln(w, "Nothing was found.")
		return nil
	}
	first, err := fieldsOf(objects[0])
	if err != nil {
		return err
	}
	var columns []any
	for _, f := range first {
		if kind := f.value[0]; kind != '{' && kind != '[' && len(columns) < mostColumns {
			columns = append(columns, f.name)
		}
	}
	rows := make([][]any, len(objects))
	for i, object := range objects {
		values := map[string]json.RawMessage{}
		if err := json.Unmarshal(object, &values); err != nil {
			return err
		}
		for _, column := range columns {
			rows[i] = append(rows[i], cellOf(values[column.(string)]))
		}
	}
	printTable(w, columns, rows)
	return nil
}

// field is one field of a JSON object.
type field struct {
	name  string
	value json.RawMessage
}

// fieldsOf takes an object apart in the order in which it was written.
func fieldsOf(object json.RawMessage) ([]field, error) {
	decoder := json.NewDecoder(strings.NewReader(string(object)))
	token, err := decoder.Token()
	if err != nil || token != json.Delim('{') {
		return nil, errors.Join(errors.New("the answer is not an object"), err)
	}
	var fields []field
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		text, _ := name.(string) // encoding/json lets nothing else be a name
		fields = append(fields, field{text, value})
	}
	return fields, nil
}

// widestCell is how much of a value a table shows, in characters.
const widestCell = 80

// cellOf is a value in a table: texts without quotes, null and what is empty as
// nothing.
func cellOf(value json.RawMessage) string {
	var text string
	switch string(value) {
	case "null", "{}", "[]", `""`:
		return ""
	}
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	if runes := []rune(text); len(runes) > widestCell {
		text = string(runes[:widestCell-1]) + "…"
	}
	return text
}
