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
	// commit, and tells check how many rows the first of them changed.
	later(ctx context.Context, list []statement, check func(changed int64) error) error
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
	tx            *sql.Tx
	interruptible bool
}

func (t sqliteTx) bounded(ctx context.Context) context.Context {
	if t.interruptible {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func (t sqliteTx) exec(ctx context.Context, sql string, args []any) (int64, error) {
	result, err := t.tx.ExecContext(t.bounded(ctx), sql, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t sqliteTx) later(ctx context.Context, list []statement, check func(changed int64) error) error {
	for i, each := range list {
		changed, err := t.exec(ctx, each.sql, each.args)
		if err == nil && i == 0 {
			err = check(changed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t sqliteTx) query(ctx context.Context, sql string, args []any) (rows, error) {
	found, err := t.tx.QueryContext(t.bounded(ctx), sql, args...)
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
