package store

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"florin/internal/pay"
)

// condition gathers the WHERE of a list with its arguments, and what is joined
// from the left for it.
type condition struct {
	from string // ends in CROSS JOIN, which makes SQLite begin there; mostly empty
	sql  strings.Builder
	args []any
}

// owned is the condition that every list of owned rows begins with.
func owned(o pay.Owner) *condition {
	c := &condition{}
	return c.and("merchant =", o.Merchant).and("mode =", o.Mode)
}

// and adds a comparison: a text that ends where the argument belongs.
func (c *condition) and(comparison string, arg any) *condition {
	return c.raw(comparison + " " + c.place(arg))
}

// raw adds a comparison that is whole.
func (c *condition) raw(comparison string) *condition {
	if c.sql.Len() > 0 {
		c.sql.WriteString(" AND ")
	}
	c.sql.WriteString(comparison)
	return c
}

// place is the placeholder of a further argument.
func (c *condition) place(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}

// in adds a choice of values; none means no condition.
func in[S ~string](c *condition, column string, values []S) *condition {
	if len(values) == 0 {
		return c
	}
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = c.place(string(value))
	}
	return c.raw(column + " IN (" + strings.Join(list, ", ") + ")")
}

// clone is a copy that can be added to on its own.
func (c *condition) clone() *condition {
	copied := &condition{from: c.from, args: slices.Clone(c.args)}
	copied.sql.WriteString(c.sql.String())
	return copied
}

// order is how a list is sorted: by integer columns and then the id, which
// makes the order total. An index has the same columns.
type order[T any] struct {
	name       string // goes into cursors, so that one of another list is refused
	columns    []string
	tie        string // the column with the id, when it is not "id"
	descending bool
	key        func(T) []int64 // the values of columns
	id         func(T) string

	part   string        // an integer column that follows the id, where several rows share one; mostly empty
	number func(T) int64 // its value
}

// sql is the ORDER BY.
func (o order[T]) sql() string {
	direction := ""
	if o.descending {
		direction = " DESC"
	}
	return " ORDER BY " + strings.Join(o.all(), direction+", ") + direction
}

// all is every column of the order.
func (o order[T]) all() []string {
	all := append(slices.Clone(o.columns), cmp.Or(o.tie, "id"))
	if o.part != "" {
		all = append(all, o.part)
	}
	return all
}

// after adds the position after which a page begins.
//
// Errors: invalid_cursor.
func (o order[T]) after(c *condition, cursor string) error {
	if cursor == "" {
		return nil
	}
	keys, id, err := o.parse(cursor)
	if err != nil {
		return err
	}
	list := make([]string, 0, len(keys)+1)
	for _, key := range keys[:len(o.columns)] {
		list = append(list, c.place(key))
	}
	list = append(list, c.place(id))
	if o.part != "" {
		list = append(list, c.place(keys[len(o.columns)]))
	}
	sign := " > "
	if o.descending {
		sign = " < "
	}
	c.raw("(" + strings.Join(o.all(), ", ") + ")" + sign + "(" + strings.Join(list, ", ") + ")")
	return nil
}

// cursor is the position of a row in the order: opaque to callers.
func (o order[T]) cursor(row T) string {
	parts := []string{o.name}
	for _, key := range o.keys(row) {
		parts = append(parts, strconv.FormatInt(key, 10))
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(append(parts, o.id(row)), " ")))
}

// keys is the values of every integer column.
func (o order[T]) keys(row T) []int64 {
	if o.part == "" {
		return o.key(row)
	}
	return append(o.key(row), o.number(row))
}

func (o order[T]) parse(cursor string) ([]int64, string, error) {
	bad := pay.Invalid(pay.CodeInvalidCursor, "cursor", "this is not a cursor of this list in this order")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(text), " ")
	keys := make([]int64, len(o.all())-1)
	if err != nil || len(parts) != len(keys)+2 || parts[0] != o.name {
		return nil, "", bad
	}
	for i := range keys {
		if keys[i], err = strconv.ParseInt(parts[i+1], 10, 64); err != nil {
			return nil, "", bad
		}
	}
	id := parts[len(parts)-1]
	if strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, "", bad // Postgres takes no NUL, and no id has the rest
	}
	return keys, id, nil
}

// limitOf is how many rows a page has.
func limitOf(page pay.Page) int {
	if page.Limit <= 0 {
		return pay.DefaultPage
	}
	return min(page.Limit, pay.MaxPage)
}

// list reads one page.
//
// Errors: invalid_cursor.
func list[T any](tx *Tx, t *table[T], c *condition, o order[T], page pay.Page) (pay.List[T], error) {
	rows, err := peek(tx, t, c, o, page)
	if err != nil {
		return pay.List[T]{}, err
	}
	return cut(rows, o, limitOf(page)), nil
}

// peek reads one page and one row more, which tells whether it is the last.
func peek[T any](tx *Tx, t *table[T], c *condition, o order[T], page pay.Page) ([]T, error) {
	sql, err := query(t, c, o, page)
	if err != nil {
		return nil, err
	}
	return t.read(tx, sql, c.args...)
}

// query is the statement for a page and one row more; its arguments are c's.
func query[T any](t *table[T], c *condition, o order[T], page pay.Page) (string, error) {
	if err := o.after(c, page.Cursor); err != nil {
		return "", err
	}
	limit := c.place(limitOf(page) + 1)
	return "SELECT " + t.columns + " FROM " + c.from + t.name + " WHERE " + c.sql.String() + o.sql() + " LIMIT " + limit, nil
}

func cut[T any](rows []T, o order[T], limit int) pay.List[T] {
	if len(rows) <= limit {
		return pay.List[T]{Items: rows}
	}
	rows = rows[:limit]
	return pay.List[T]{Items: rows, Next: o.cursor(rows[limit-1])}
}

// oneOf is c with a column that has one of several values: a condition each,
// or c alone when any value will do.
func oneOf[S ~string](c *condition, column string, values []S) []*condition {
	if len(values) == 0 {
		return []*condition{c}
	}
	var each []*condition
	for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
		each = append(each, c.clone().and(column, string(value)))
	}
	return each
}

// listAny reads one page of the rows that meet any of several conditions, of
// which no row meets two. It reads a page of each and merges: each is a walk
// along an index, where IN would make the database sort all that match.
func listAny[T any](tx *Tx, t *table[T], anyOf []*condition, o order[T], page pay.Page) (pay.List[T], error) {
	var merged []T
	for _, c := range anyOf {
		rows, err := peek(tx, t, c, o, page)
		if err != nil {
			return pay.List[T]{}, err
		}
		merged = append(merged, rows...)
	}
	slices.SortFunc(merged, o.compare)
	return cut(merged, o, limitOf(page)), nil
}

// compare sorts as the database does: ids byte by byte.
func (o order[T]) compare(a, b T) int {
	if o.descending {
		a, b = b, a
	}
	if c := slices.Compare(o.key(a), o.key(b)); c != 0 {
		return c
	}
	if c := strings.Compare(o.id(a), o.id(b)); c != 0 || o.part == "" {
		return c
	}
	return cmp.Compare(o.number(a), o.number(b))
}
