package store

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pgxTx speaks to Postgres. Statements whose result nobody waits for travel
// together with the next one that is waited for, the first of all with BEGIN
// and the last with COMMIT: a round trip costs both sides as much as a small
// statement, and a payment has two dozen of them.
type pgxTx struct {
	conn    *pgxpool.Conn
	begin   *pgx.TxOptions // nil: every statement is a transaction of its own
	tx      pgx.Tx         // nil until BEGIN was sent
	waiting []unsent
	further int64 // writes beyond the first that the transaction does at once
}

func (t *pgxTx) together(writes int) { t.further += int64(writes) - 1 }

// unsent is a statement that waits for company.
type unsent struct {
	statement
	expect expectation
	read   func(found rows) error // of a query; nil when there are no rows
}

// take reads the statement's result.
func (u unsent) take(results pgx.BatchResults) error {
	if u.read == nil {
		tag, err := results.Exec()
		return u.expect.judge(tag.RowsAffected(), err)
	}
	found, err := results.Query()
	if err != nil {
		return err
	}
	defer found.Close()
	return u.read(found)
}

func (t *pgxTx) later(_ context.Context, list []statement, expect expectation) error {
	for _, each := range list {
		t.waiting = append(t.waiting, unsent{statement: each, expect: expect})
		expect = expectation{}
	}
	return nil
}

func (t *pgxTx) foresee(asked statement, read func(found rows) error) {
	t.waiting = append(t.waiting, unsent{statement: asked, read: read})
}

// goesAlone reports whether a statement can be sent without a batch.
func (t *pgxTx) goesAlone() bool { return len(t.waiting) == 0 && (t.begin == nil || t.tx != nil) }

func (t *pgxTx) exec(ctx context.Context, sql string, args []any) (changed int64, err error) {
	if t.goesAlone() {
		tag, err := t.conn.Exec(ctx, sql, args...)
		return tag.RowsAffected(), err
	}
	results, err := t.send(ctx, statement{sql, args})
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	return tag.RowsAffected(), errors.Join(err, results.Close())
}

func (t *pgxTx) query(ctx context.Context, sql string, args []any) (rows, error) {
	if t.goesAlone() {
		return t.conn.Query(ctx, sql, args...)
	}
	results, err := t.send(ctx, statement{sql, args})
	if err != nil {
		return nil, err
	}
	found, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return &lastRows{found, results}, nil
}

// opened is the transaction as pgx knows it, for those who speak to it
// themselves.
func (t *pgxTx) opened(ctx context.Context) (pgx.Tx, error) {
	if t.tx == nil {
		results, err := t.send(ctx)
		if err != nil {
			return nil, err
		}
		if err := results.Close(); err != nil {
			return nil, err
		}
	}
	return t.tx, nil
}

// commit sends what waits with COMMIT behind it: after a statement that fails,
// Postgres skips the rest. What must be judged here, by how many rows it
// changed, is sent and judged before.
func (t *pgxTx) commit(ctx context.Context) error {
	if slices.ContainsFunc(t.waiting, func(u unsent) bool { return u.expect.check != nil }) {
		results, err := t.send(ctx)
		if err == nil {
			err = results.Close()
		}
		if err != nil {
			return err
		}
	}
	if t.tx == nil && len(t.waiting) == 0 {
		return nil
	}
	results, err := t.send(ctx, statement{sql: "commit"})
	if err != nil {
		return err
	}
	tag, err := results.Exec()
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return errors.Join(err, results.Close())
}

// release rolls back what was not committed and gives the connection back to
// its pool, which drops one that is left in a transaction.
func (t *pgxTx) release(ctx context.Context) {
	defer t.conn.Release()
	if t.conn.Conn().PgConn().TxStatus() == 'I' {
		return
	}
	unhurried, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
	defer cancel()
	_, _ = t.conn.Exec(unhurried, "rollback") // one that fails has the same end
}

// send sends what waits, and last after it, and reads the results of all but
// last.
func (t *pgxTx) send(ctx context.Context, last ...statement) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	begins := t.begin != nil && t.tx == nil
	if begins {
		batch.BeginTx(*t.begin)
	}
	for _, each := range t.waiting {
		batch.Queue(each.sql, each.args...)
	}
	for _, each := range last {
		batch.Queue(each.sql, each.args...)
	}
	sent := t.waiting
	t.waiting = nil
	results := t.conn.SendBatch(ctx, batch)
	var err error
	if begins {
		t.tx = results.Tx()
		_, err = results.Exec()
	}
	for i := 0; err == nil && i < len(sent); i++ {
		err = sent[i].take(results)
	}
	if err != nil {
		_ = results.Close() // says the same again
		return nil, err
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
