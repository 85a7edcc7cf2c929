package store

import (
	"context"
	"errors"
	"time"

	"florin/internal/pay"
)

// Tx is an open transaction, lent to one closure and dead once that returns.
// It is used by one goroutine at a time.
//
// After an error of the database itself (anything but a pay.Error) the closure
// must return: Postgres refuses whatever comes next in the same transaction.
// A not_found or already_exists leaves the transaction usable.
type Tx struct {
	ctx   context.Context
	store *Store
	q     querier
	now   time.Time
	reads bool // lent by Read or Glance: nothing can be written or locked
	ended bool

	locked   []lockedRow
	foreseen []*foresight
}

// errNested is a defect of the caller: on SQLite it would wait for itself.
var errNested = errors.New("store: a transaction is open already; use it")

// errEnded is a defect of the caller.
var errEnded = errors.New("store: the transaction has ended")

// errReads is a defect of the caller.
var errReads = errors.New("store: a read locks nothing; use Write")

// inTransaction marks the context of an open transaction.
type inTransaction struct{}

// Write runs fn in one transaction and commits it when fn returns nil. An
// error, a panic or the end of ctx before the commit leaves nothing behind. fn
// may be run again, after a deadlock for example, so it has no effects but on
// tx.
//
// Errors: what fn returns; what the database says; unavailable when it is
// locked or closed. Calls do not nest: inside, use tx, or tx.Context so that a
// Write by mistake is refused instead of waiting for itself.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	return translate(s.database.write(ctx, s.lend(ctx, false, fn)))
}

// Read runs fn on a consistent snapshot that nothing can be written to.
//
// Errors: those of Write.
func (s *Store) Read(ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	return translate(s.database.read(ctx, s.lend(ctx, true, fn)))
}

// Glance runs fn with every statement on its own: for a single query, which
// needs no transaction around it to be consistent. Nothing can be written.
//
// Errors: those of Write.
func (s *Store) Glance(ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	return translate(s.database.glance(ctx, s.lend(ctx, true, fn)))
}

// enter refuses who comes from within a transaction or too late.
func (s *Store) enter(ctx context.Context) error {
	switch {
	case ctx.Value(inTransaction{}) != nil:
		return errNested
	case s.closed.Load():
		return errClosed
	}
	return nil
}

// lend wraps fn so that each attempt gets a transaction of its own.
func (s *Store) lend(ctx context.Context, reads bool, fn func(tx *Tx) error) func(q querier) error {
	return func(q querier) error {
		tx := &Tx{ctx: context.WithValue(ctx, inTransaction{}, true), store: s, q: q, now: s.clock.Now(), reads: reads}
		defer func() { tx.ended = true }()
		return fn(tx)
	}
}

// Now is the clock's time when the transaction began; it does not move.
func (tx *Tx) Now() time.Time { return tx.now }

// Context is the context of Write or Read, marked as inside a transaction.
func (tx *Tx) Context() context.Context { return tx.ctx }

// usable says whether a statement may be run: the end of the caller's context
// is noticed between statements, never within one.
func (tx *Tx) usable() error {
	if tx.ended {
		return errEnded
	}
	return tx.ctx.Err()
}

// exec runs a statement and says how many rows it changed.
func (tx *Tx) exec(sql string, args ...any) (int64, error) {
	if err := tx.usable(); err != nil {
		return 0, err
	}
	n, err := tx.q.exec(tx.ctx, sql, args)
	return n, translate(err)
}

// insert runs an INSERT that gives way to a row that is there already, and
// waits to hear whether it did.
//
// Errors: already_exists.
func (tx *Tx) insert(what string, row statement) error {
	n, err := tx.exec(row.sql+giveWay, row.args...)
	if err == nil && n == 0 {
		err = exists(what)
	}
	return err
}

const giveWay = " ON CONFLICT DO NOTHING"

func exists(what string) *pay.Error {
	return pay.Errorf(pay.CodeExists, "this %s exists already", what)
}

// later runs statements whose result the closure does not wait for: before the
// next one it does wait for, or with the commit. That the first of them does
// not come out as expected ends the transaction, whenever it shows.
func (tx *Tx) later(expect expectation, list ...statement) error {
	if err := tx.usable(); err != nil {
		return err
	}
	return translate(tx.q.later(tx.ctx, list, expect))
}

// each runs a query and hands every row to scan.
func (tx *Tx) each(scan func(row scanner) error, sql string, args ...any) error {
	if err := tx.usable(); err != nil {
		return err
	}
	found, err := tx.q.query(tx.ctx, sql, args)
	if err != nil {
		return translate(err)
	}
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			return translate(err)
		}
	}
	return translate(found.Err())
}

// row runs a query of one row and scans it into dest; false means there is none.
func (tx *Tx) row(sql string, args []any, dest ...any) (found bool, err error) {
	err = tx.each(func(row scanner) error {
		found = true
		return row.Scan(dest...)
	}, sql, args...)
	return found, err
}
