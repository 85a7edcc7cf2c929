package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"florin/internal/pay"
)

// maxFound is how many bytes a query may give as JSON: what is read becomes
// part of a run's history.
const maxFound = 1 << 20

// Insert puts rows into a table, all or none. A row whose unique columns are
// there already is left as it is, so that an insert whose outcome nobody knows
// can simply be made again.
//
// Errors: invalid_field, url_not_allowed, target_refused, target_unreachable.
func (d *Databases) Insert(ctx context.Context, url pay.Secret, r pay.Rows) (pay.RowsAnswer, error) {
	var answer pay.RowsAnswer
	statement, err := insertStatement(r)
	if err != nil || len(r.Values) == 0 {
		return answer, err
	}
	err = d.with(ctx, url, toWrite, func(db *sql.DB, kind dialect) error {
		answer = pay.RowsAnswer{}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after a commit there is nothing to roll back
		for _, row := range r.Values {
			result, err := tx.ExecContext(ctx, statement, kind.arguments(row)...)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			answer.Inserted += n
			answer.Present += 1 - n
		}
		return tx.Commit()
	})
	return answer, err
}

func insertStatement(r pay.Rows) (string, error) {
	var table []string
	for part := range strings.SplitSeq(r.Table, ".") {
		quoted, err := quote(part, "table")
		if err != nil {
			return "", err
		}
		table = append(table, quoted)
	}
	columns, err := quoteAll(r.Columns, "values")
	if err != nil {
		return "", err
	}
	unique, err := quoteAll(r.Unique, "unique")
	if err != nil {
		return "", err
	}
	places := make([]string, len(r.Columns))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO NOTHING",
		strings.Join(table, "."), columns, strings.Join(places, ", "), unique), nil
}

// arguments are values as the database takes them: to Postgres numbers go as
// they are written, and never pass through a float.
func (k dialect) arguments(row []any) []any {
	var all []any
	for _, value := range row {
		switch v := value.(type) {
		case json.Number:
			all = append(all, k.number(v))
		case map[string]any, []any:
			raw, _ := json.Marshal(v) // came from JSON
			all = append(all, string(raw))
		default:
			all = append(all, v)
		}
	}
	return all
}

func (k dialect) number(n json.Number) any {
	if whole, err := n.Int64(); err == nil {
		if k.postgres {
			return n.String()
		}
		return whole
	}
	if k.postgres {
		return n.String()
	}
	fraction, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return fraction
}

// Query reads rows, in a transaction that cannot write.
//
// Errors: as Insert.
func (d *Databases) Query(ctx context.Context, url pay.Secret, q pay.Query) (pay.QueryAnswer, error) {
	answer := pay.QueryAnswer{Rows: []map[string]any{}}
	err := d.with(ctx, url, toRead, func(db *sql.DB, kind dialect) error {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: kind.postgres})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // nothing was written
		rows, err := tx.QueryContext(ctx, q.Text, kind.arguments(q.Parameters)...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // Err below says what went wrong
		return collect(rows, q.Limit, &answer)
	})
	answer.Count = len(answer.Rows)
	return answer, err
}

func collect(rows *sql.Rows, limit int, into *pay.QueryAnswer) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	size := 0
	for rows.Next() {
		if len(into.Rows) == limit {
			into.More = true
			break
		}
		cells, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := make(map[string]any, len(columns))
		for i, name := range columns {
			row[name] = readable(cells[i])
		}
		raw, err := json.Marshal(row)
		if err != nil {
			return pay.Errorf(pay.CodeTargetRefused, "a row holds what JSON cannot: %s", err)
		}
		if size += len(raw); size > maxFound {
			return pay.Errorf(pay.CodeTargetRefused, "the rows have more than %d bytes; ask for fewer columns or rows", maxFound)
		}
		into.Rows = append(into.Rows, row)
	}
	return rows.Err()
}

// readable is a cell as JSON has it: times in RFC 3339, bytes as text when they
// are one.
func readable(cell any) any {
	switch v := cell.(type) {
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return v // base64 in JSON
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return cell
}
