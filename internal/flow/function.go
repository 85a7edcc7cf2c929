package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/builtin"

	"florin/internal/pay"
)

// Function is one that expressions can call, beside those of the library.
type Function struct {
	Name    string
	Use     string // how it is written
	Summary string
	call    func(args ...any) (any, error)
	types   []any
}

// Functions are those that this work needs and the library lacks, or whose
// order in the library is not the same every time.
func Functions() []Function {
	return []Function{
		{"money", `money(1050, "usd")`, `Minor units as a decimal text: "10.50"; "1050" in yen.`, money, []any{new(func(any, string) string), new(func(any, any) string)}},
		{"minor_units", `minor_units("10.50", "usd")`, "A decimal as minor units: 1050.", minorUnits, []any{new(func(any, any) int)}},
		{"format_time", `format_time(trigger.created, "%Y-%m-%d", "Europe/Berlin")`, "Unix seconds or RFC 3339 as text. Without a zone it is UTC.", formatTime, []any{new(func(any, string) string), new(func(any, string, string) string)}},
		{"unix", `unix("2026-01-31T00:00:00Z")`, "A time as Unix seconds.", unix, []any{new(func(any) int)}},
		{"json", `json(trigger)`, "A value as JSON text, keys sorted.", toJSON, []any{new(func(any) string)}},
		{"hash", `hash(trigger.email)`, "SHA-256 in hexadecimal, of a text or of a value's JSON.", hash, []any{new(func(any) string)}},
		{"default", `default(trigger.email, "none")`, "The second where the first is null or an empty text.", fallback, []any{new(func(any, any) any)}},
		{"keys", `keys(trigger.metadata)`, "The keys of an object, sorted.", keys, []any{new(func(any) []any)}},
		{"values", `values(trigger.metadata)`, "The values of an object, in the order of its keys.", values, []any{new(func(any) []any)}},
		{"replace", `replace(trigger.id, "ch_", "")`, "A text with every occurrence replaced.", replace, []any{new(func(any, string, string) string)}},
	}
}

// functions are the options that make ours known and the refused ones unknown.
func functions() []expr.Option {
	var options []expr.Option
	for name := range refused {
		options = append(options, expr.DisableBuiltin(name))
	}
	for _, f := range Functions() {
		options = append(options, expr.DisableBuiltin(f.Name), expr.Function(f.Name, f.call, f.types...))
	}
	return options
}

// functionNames are all that can be called.
func functionNames() []string {
	var names []string
	for _, f := range builtin.Builtins {
		if _, not := refused[f.Name]; !not {
			names = append(names, f.Name)
		}
	}
	for _, f := range Functions() {
		names = append(names, f.Name)
	}
	return names
}

// whole is an amount, and says what it wants when it is something else.
func whole(v any) (int64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), nil
		}
	}
	return 0, fmt.Errorf("a whole number of minor units is needed, not %s", show(v))
}

func currency(v any) (pay.Currency, error) {
	code, _ := v.(string)
	c, err := pay.ParseCurrency(code)
	if err != nil {
		return "", fmt.Errorf("%s is not a currency", show(v))
	}
	return c, nil
}

func money(args ...any) (any, error) {
	minor, err := whole(args[0])
	if err != nil {
		return nil, err
	}
	c, err := currency(args[1])
	if err != nil {
		return nil, err
	}
	return pay.Amount(minor, c).Decimal(), nil
}

func minorUnits(args ...any) (any, error) {
	c, err := currency(args[1])
	if err != nil {
		return nil, err
	}
	text, isText := args[0].(string)
	if !isText {
		text = asText(args[0])
	}
	amount, err := pay.ParseMoney(text, c)
	if err != nil {
		return nil, fmt.Errorf("%s is not an amount of %s", show(args[0]), c)
	}
	return int(amount.Minor), nil
}

// moment reads Unix seconds, RFC 3339, a date, or a time of the library.
func moment(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC(), nil
	case int:
		return time.Unix(int64(v), 0).UTC(), nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if at, err := time.Parse(layout, v); err == nil {
				return at.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%s is not a time: Unix seconds, or text such as 2026-01-31T09:00:00Z", show(v))
}

// stamps are the letters of format_time, as in strftime, and Go's layouts.
var stamps = map[byte]string{
	'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'z': "-0700", 'Z': "MST",
	'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'F': "2006-01-02", 'T': "15:04:05", 'y': "06", 'j': "002",
}

func formatTime(args ...any) (any, error) {
	at, err := moment(args[0])
	if err != nil {
		return nil, err
	}
	if len(args) > 2 {
		zone, err := time.LoadLocation(args[2].(string))
		if err != nil {
			return nil, fmt.Errorf("%s is not a time zone such as Europe/Berlin", show(args[2]))
		}
		at = at.In(zone)
	}
	pattern, out := args[1].(string), strings.Builder{}
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			out.WriteByte(pattern[i])
			continue
		}
		i++
		layout, known := stamps[pattern[i]]
		switch {
		case pattern[i] == '%':
			out.WriteByte('%')
		case !known:
			return nil, fmt.Errorf("%%%c is not a part of a time; there are %%Y %%m %%d %%H %%M %%S %%F %%T %%z", pattern[i])
		default:
			out.WriteString(at.Format(layout))
		}
	}
	return out.String(), nil
}

func unix(args ...any) (any, error) {
	at, err := moment(args[0])
	return int(at.Unix()), err
}

func toJSON(args ...any) (any, error) {
	text, err := encode(args[0])
	return string(text), err
}

func hash(args ...any) (any, error) {
	text, isText := args[0].(string)
	if !isText {
		raw, err := encode(args[0])
		if err != nil {
			return nil, err
		}
		text = string(raw)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:]), nil
}

func fallback(args ...any) (any, error) {
	if args[0] == nil || args[0] == "" {
		return args[1], nil
	}
	return args[0], nil
}

func keys(args ...any) (any, error) {
	object, _ := args[0].(map[string]any)
	out := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		out = append(out, key)
	}
	return out, nil
}

func values(args ...any) (any, error) {
	object, _ := args[0].(map[string]any)
	out := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		out = append(out, object[key])
	}
	return out, nil
}

func replace(args ...any) (any, error) {
	text, _ := args[0].(string)
	from, to := args[1].(string), args[2].(string)
	if count := strings.Count(text, from); len(text)+count*len(to) > maxResult {
		return nil, fmt.Errorf("the result is larger than %d bytes", maxResult)
	}
	return strings.ReplaceAll(text, from, to), nil
}

// asText is a value within a text: null is nothing, numbers are as in JSON.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text, err := encode(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// show is a value in a message, cut short.
func show(v any) string {
	if v == nil {
		return "null"
	}
	text := asText(v)
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "…"
	}
	return strconv.Quote(text)
}
