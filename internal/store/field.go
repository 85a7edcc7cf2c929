package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// The types here stand between a field of a noun and its column. Each is both
// ways at once, so that a noun names its fields once, in the order of its
// columns, for writing and for reading. A pointer to a plain string, number or
// boolean needs none of them.

// moment keeps a time as microseconds since 1970; the zero time is 0.
type moment struct{ t *time.Time }

// Value is the time for the database.
func (m moment) Value() (driver.Value, error) { return micros(*m.t), nil }

// Scan reads the time back, in UTC.
func (m moment) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("store: a time is kept as an integer, not %T", src)
	}
	*m.t = fromMicros(n)
	return nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// span keeps a duration as microseconds.
type span struct{ d *time.Duration }

// Value is the duration for the database.
func (s span) Value() (driver.Value, error) { return s.d.Microseconds(), nil }

// Scan reads the duration back.
func (s span) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("store: a duration is kept as an integer, not %T", src)
	}
	*s.d = time.Duration(n) * time.Microsecond
	return nil
}

// optional keeps an empty text as NULL, which foreign keys and partial indexes
// pass by.
type optional[S ~string] struct{ s *S }

func opt[S ~string](s *S) optional[S] { return optional[S]{s} }

// Value is the text for the database, or NULL.
func (o optional[S]) Value() (driver.Value, error) {
	if *o.s == "" {
		return nil, nil
	}
	return string(*o.s), nil
}

// Scan reads the text back; NULL is empty.
func (o optional[S]) Scan(src any) error {
	text, err := textOf(src)
	*o.s = S(text)
	return err
}

// textOf is a text column's value; drivers differ in its type.
func textOf(src any) (string, error) {
	switch v := src.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("store: a text is kept as such, not as %T", src)
}

// dict keeps a map as a JSON object; none and empty are read back as none.
type dict struct{ m *map[string]string }

// Value is the map as JSON, with sorted keys.
func (d dict) Value() (driver.Value, error) {
	if len(*d.m) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(*d.m)
	return string(text), err
}

// Scan reads the map back.
func (d dict) Scan(src any) error {
	text, err := textOf(src)
	*d.m = nil
	if err != nil || text == "{}" {
		return err
	}
	return json.Unmarshal([]byte(text), d.m)
}

// document keeps a value as JSON.
type document[T any] struct{ value *T }

// Value is the value as JSON.
func (d document[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(*d.value)
	return string(text), err
}

// Scan reads the value back.
func (d document[T]) Scan(src any) error {
	text, err := textOf(src)
	if err != nil {
		return err
	}
	var fresh T
	err = json.Unmarshal([]byte(text), &fresh)
	*d.value = fresh
	return err
}

// words keeps a list of names, none of which has a comma, as one text.
type words[S ~string] struct{ list *[]S }

// Value is the list for the database.
func (w words[S]) Value() (driver.Value, error) {
	names := make([]string, len(*w.list))
	for i, name := range *w.list {
		names[i] = string(name)
	}
	return strings.Join(names, ","), nil
}

// Scan reads the list back; an empty one is none.
func (w words[S]) Scan(src any) error {
	text, err := textOf(src)
	*w.list = nil
	if err != nil || text == "" {
		return err
	}
	for name := range strings.SplitSeq(text, ",") {
		*w.list = append(*w.list, S(name))
	}
	return nil
}

// blob keeps bytes; none and empty are NULL and read back as none.
type blob struct{ b *[]byte }

// Value is the bytes for the database.
func (b blob) Value() (driver.Value, error) {
	if len(*b.b) == 0 {
		return nil, nil
	}
	return *b.b, nil
}

// Scan copies the bytes, since drivers reuse theirs.
func (b blob) Scan(src any) error {
	*b.b = nil
	switch v := src.(type) {
	case nil:
	case []byte:
		*b.b = append(*b.b, v...)
	default:
		return fmt.Errorf("store: bytes are kept as such, not as %T", src)
	}
	return nil
}

// derived is a column that is made from other fields and never read back.
type derived func() any

// Value is what the column holds.
func (d derived) Value() (driver.Value, error) { return d(), nil }

// Scan reads nothing.
func (derived) Scan(any) error { return nil }
