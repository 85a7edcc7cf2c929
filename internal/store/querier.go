package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"florin/internal/pay"
)

// querier is an open transaction of either database.
type querier interface {
	exec(ctx context.Context, sql string, args []any) (int64, error)
	query(ctx context.Context, sql string, args []any) (rows, error)
	// later runs statements before the next one that is waited for, or with the
	// commit; the first of them must come out as expected.
	later(ctx context.Context, list []statement, expect expectation) error
	// foresee runs a query with the next statement, where that saves a round
	// trip, and hands its rows to read; else it does nothing.
	foresee(asked statement, read func(found rows) error)
	// together says that the transaction does the work of several.
	together(writes int)
}

// expectation is what must come of a statement that nobody waits for. The zero
// value expects that it does not fail.
type expectation struct {
	what  string                    // the noun that exists already when a unique key refuses it
	check func(changed int64) error // judges how many rows it changed; nil: any number will do
}

func (e expectation) judge(changed int64, err error) error {
	switch {
	case err != nil && e.what != "" && isUnique(err):
		return exists(e.what).Because(err)
	case err != nil || e.check == nil:
		return err
	}
	return e.check(changed)
}

// statement is one to be run with others.
type statement struct {
	sql  string
	args []any
}

// scanner is the row at hand.
type scanner interface{ Scan(dest ...any) error }

// rows are what a query found; pgx's own rows are such.
type rows interface {
	scanner
	Next() bool
	Err() error
	Close()
}

// sqliteTx speaks to SQLite. A write is never interrupted: SQLite answers an
// interrupt by rolling back the whole transaction, which others share.
type sqliteTx struct {
	on            sqliteRunner
	interruptible bool
}

// sqliteRunner is a transaction, or a pool where each statement is one.
type sqliteRunner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (t sqliteTx) bounded(ctx context.Context) context.Context {
	if t.interruptible {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func (t sqliteTx) exec(ctx context.Context, sql string, args []any) (int64, error) {
	result, err := t.on.ExecContext(t.bounded(ctx), sql, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t sqliteTx) later(ctx context.Context, list []statement, expect expectation) error {
	for _, each := range list {
		if err := expect.judge(t.exec(ctx, each.sql, each.args)); err != nil {
			return err
		}
		expect = expectation{}
	}
	return nil
}

func (sqliteTx) foresee(statement, func(rows) error) {}

func (sqliteTx) together(int) {}

func (t sqliteTx) query(ctx context.Context, sql string, args []any) (rows, error) {
	found, err := t.on.QueryContext(t.bounded(ctx), sql, args...)
	if err != nil {
		return nil, err
	}
	return sqliteRows{found}, nil
}

// sqliteRows drops the error of Close: Err has told it.
type sqliteRows struct{ *sql.Rows }

// Close ends the query.
func (r sqliteRows) Close() { _ = r.Rows.Close() }

// What the databases call the errors that callers can do something about:
// SQLite's result codes (sqlite.org/rescode.html) and Postgres' SQLSTATEs
// (appendix A of its manual).
const (
	sqliteBusy             = 5 // primary code, in the lowest byte
	sqliteUniqueKey        = 2067
	sqlitePrimaryKey       = 1555
	postgresUnique         = "23505"
	postgresSerialization  = "40001"
	postgresDeadlock       = "40P01"
	postgresTooManyClients = "53300"
)

// translate turns the errors that a caller can meet into those of pay, keeping
// the database's own as their cause.
func translate(err error) error {
	var known *pay.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	switch {
	case isUnique(err):
		return pay.Errorf(pay.CodeExists, "this exists already").Because(err)
	case isBusy(err):
		return pay.Errorf(pay.CodeUnavailable, "the database is busy").Because(err)
	}
	return err
}

func isUnique(err error) bool {
	code, state := codes(err)
	return code == sqliteUniqueKey || code == sqlitePrimaryKey || state == postgresUnique
}

func isBusy(err error) bool {
	code, state := codes(err)
	return code&0xff == sqliteBusy || state == postgresSerialization || state == postgresDeadlock || state == postgresTooManyClients
}

// codes are the error's code as SQLite and as Postgres have it; zero when it
// is not theirs.
func codes(err error) (int, string) {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &lite):
		return lite.Code(), ""
	case errors.As(err, &pg):
		return 0, pg.Code
	}
	return 0, ""
}
