package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// pgxTx speaks to Postgres. Statements whose result nobody waits for travel
// together with the next one that is waited for: a round trip costs as much as
// a small statement, and a payment has a dozen of them.
type pgxTx struct {
	tx      pgx.Tx
	waiting []unsent
}

// unsent is a statement that waits for company.
type unsent struct {
	statement
	check func(changed int64) error // nil when nobody asks
}

func (t *pgxTx) later(_ context.Context, list []statement, check func(changed int64) error) error {
	for _, each := range list {
		t.waiting = append(t.waiting, unsent{each, check})
		check = nil
	}
	return nil
}

func (t *pgxTx) exec(ctx context.Context, sql string, args []any) (changed int64, err error) {
	if len(t.waiting) == 0 {
		tag, err := t.tx.Exec(ctx, sql, args...)
		return tag.RowsAffected(), err
	}
	results, err := t.send(ctx, &statement{sql, args})
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	return tag.RowsAffected(), errors.Join(err, results.Close())
}

func (t *pgxTx) query(ctx context.Context, sql string, args []any) (rows, error) {
	if len(t.waiting) == 0 {
		return t.tx.Query(ctx, sql, args...)
	}
	results, err := t.send(ctx, &statement{sql, args})
	if err != nil {
		return nil, err
	}
	found, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return &lastRows{found, results}, nil
}

// flush sends what waits. The commit comes after it.
func (t *pgxTx) flush(ctx context.Context) error {
	if len(t.waiting) == 0 {
		return nil
	}
	results, err := t.send(ctx, nil)
	if err != nil {
		return err
	}
	return results.Close()
}

// send sends what waits, and last after it, and reads the results of all but
// last.
func (t *pgxTx) send(ctx context.Context, last *statement) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	for _, each := range t.waiting {
		batch.Queue(each.sql, each.args...)
	}
	if last != nil {
		batch.Queue(last.sql, last.args...)
	}
	sent := t.waiting
	t.waiting = nil
	results := t.tx.SendBatch(ctx, batch)
	for _, each := range sent {
		tag, err := results.Exec()
		if err == nil && each.check != nil {
			err = each.check(tag.RowsAffected())
		}
		if err != nil {
			_ = results.Close() // says the same again
			return nil, err
		}
	}
	return results, nil
}

// lastRows are the rows of a batch's last statement; the batch ends with them,
// and an error of the statement is theirs to tell.
type lastRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close ends the query and its batch.
func (r *lastRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // has nothing left to say
}
