package store

import (
	"slices"
	"strconv"
	"strings"

	"florin/internal/pay"
)

// keyColumns is how many columns the key of an owned row has, always the
// first: merchant, mode, id.
const keyColumns = 3

// table is how a noun is kept: its columns named once, its fields named once
// in the same order. Every statement that touches single rows is made from it,
// so that none can forget the owner.
type table[T any] struct {
	name    string
	what    string         // the noun, for errors
	fixed   string         // columns that never change, the key first
	mutable string         // columns that update writes
	fields  func(*T) []any // one a column: pointers, or the types of field.go
	loaded  func(*T)       // what follows from the fields, after reading; may be nil

	selects string // SELECT … FROM name, to which a condition is added
	columns string
	inserts string
	updates string
	fixeds  int
}

// define works out the statements. It runs once a table, as the program starts.
func define[T any](t table[T]) *table[T] {
	fixed, mutable := strings.Fields(t.fixed), strings.Fields(t.mutable)
	all := append(fixed[:len(fixed):len(fixed)], mutable...)
	t.fixeds = len(fixed)
	t.columns = strings.Join(all, ", ")
	t.selects = "SELECT " + t.columns + " FROM " + t.name + " "
	t.inserts = "INSERT INTO " + t.name + " (" + t.columns + ") VALUES (" + places(1, len(all)) + ")"
	sets := make([]string, len(mutable))
	for i, column := range mutable {
		sets[i] = column + " = $" + strconv.Itoa(keyColumns+1+i)
	}
	t.updates = "UPDATE " + t.name + " SET " + strings.Join(sets, ", ") + " WHERE merchant = $1 AND mode = $2 AND id = $3"
	return &t
}

// manyRows is an INSERT of several rows.
type manyRows struct {
	sql  strings.Builder
	args []any
}

// rowsOf begins an INSERT into a table's columns.
func rowsOf(table, columns string) *manyRows {
	m := &manyRows{}
	m.sql.WriteString("INSERT INTO " + table + " (" + columns + ") VALUES ")
	return m
}

// add adds a row.
func (m *manyRows) add(fields ...any) {
	if len(m.args) > 0 {
		m.sql.WriteString(", ")
	}
	m.sql.WriteString("(" + places(len(m.args)+1, len(fields)) + ")")
	m.args = append(m.args, fields...)
}

func (m *manyRows) statement() statement { return statement{m.sql.String(), m.args} }

// places is n placeholders, beginning with a number: "$4, $5".
func places(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return b.String()
}

// insert adds a row.
//
// Errors: already_exists.
func (t *table[T]) insert(tx *Tx, row T) error {
	return tx.insert(t.what, statement{t.inserts, t.fields(&row)})
}

// insertLater adds a row whose key nobody else can have, with the parts that
// belong to it. That it exists already, a defect, shows by the commit.
func (t *table[T]) insertLater(tx *Tx, row T, parts ...statement) error {
	return tx.later(expectation{what: t.what}, append([]statement{{t.inserts, t.fields(&row)}}, parts...)...)
}

// lockedRow is a row that a transaction holds a lock on.
type lockedRow struct {
	table string
	owner pay.Owner
	id    pay.ID
}

// update writes the columns that may change, by the commit; id is for the
// error. A row that the transaction has locked is there for certain.
//
// Errors: not_found, by the commit.
func (t *table[T]) update(tx *Tx, row T, id pay.ID) error {
	fields := t.fields(&row)
	args := append(fields[:keyColumns:keyColumns], fields[t.fixeds:]...)
	expect := expectation{what: t.what}
	if !slices.Contains(tx.locked, lockedRow{t.name, ownerIn(fields), id}) {
		expect.check = func(changed int64) error { return t.mustFind(changed > 0, id, nil) }
	}
	return tx.later(expect, statement{t.updates, args})
}

// ownerIn is whose row has these fields.
func ownerIn(fields []any) pay.Owner {
	return pay.Owner{Merchant: *fields[0].(*pay.ID), Mode: *fields[1].(*pay.Mode)}
}

// get reads a row by its whole key.
//
// Errors: not_found.
func (t *table[T]) get(tx *Tx, o pay.Owner, id pay.ID) (T, error) {
	return t.must(tx, id, "WHERE merchant = $1 AND mode = $2 AND id = $3", o.Merchant, o.Mode, id)
}

// lock reads a row and keeps others from changing it until the commit.
//
// Errors: not_found.
func (t *table[T]) lock(tx *Tx, o pay.Owner, id pay.ID) (row T, err error) {
	if tx.reads {
		return row, errReads
	}
	where := "WHERE merchant = $1 AND mode = $2 AND id = $3" + tx.store.dialect.forUpdate
	row, err = t.must(tx, id, where, o.Merchant, o.Mode, id)
	if err == nil {
		tx.locked = append(tx.locked, lockedRow{t.name, o, id})
	}
	return row, err
}

// must reads the one row that matches; sought is for the error.
//
// Errors: not_found.
func (t *table[T]) must(tx *Tx, sought any, where string, args ...any) (T, error) {
	row, found, err := t.first(tx, where, args...)
	return row, t.mustFind(found, sought, err)
}

func (t *table[T]) mustFind(found bool, sought any, err error) error {
	if err == nil && !found {
		return pay.NotFound(t.what, sought)
	}
	return err
}

// first reads the first row that matches, if one does.
func (t *table[T]) first(tx *Tx, where string, args ...any) (row T, found bool, err error) {
	if list, known := t.recall(tx, t.selects+where, args); known {
		if len(list) == 0 {
			return row, false, nil
		}
		return list[0], true, nil
	}
	err = tx.each(func(line scanner) error {
		if found {
			return nil
		}
		found = true
		return t.scan(line, &row)
	}, t.selects+where, args...)
	return row, found, err
}

// all reads every row that matches; the condition carries a limit.
func (t *table[T]) all(tx *Tx, where string, args ...any) ([]T, error) {
	return t.read(tx, t.selects+where, args...)
}

// read runs a whole statement whose result has the table's columns.
func (t *table[T]) read(tx *Tx, sql string, args ...any) ([]T, error) {
	if list, known := t.recall(tx, sql, args); known {
		return list, nil
	}
	var list []T
	err := tx.each(func(line scanner) error {
		var row T
		if err := t.scan(line, &row); err != nil {
			return err
		}
		list = append(list, row)
		return nil
	}, sql, args...)
	return list, err
}

func (t *table[T]) scan(line scanner, row *T) error {
	if err := line.Scan(t.fields(row)...); err != nil {
		return err
	}
	if t.loaded != nil {
		t.loaded(row)
	}
	return nil
}
