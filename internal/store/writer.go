package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Limits of the group commit.
const (
	// writeQueue is how many writes wait at most; whoever comes then waits to
	// be let in, as long as its context allows.
	writeQueue = 1024
	// writeBatch is how many writes share a commit at most: more gain little
	// (a commit costs 0.3 ms here, a write 0.1) and make each wait longer.
	writeBatch = 64
)

// errAgain tells a write that its batch was rolled back through no fault of
// its own, and that it will be given another turn.
var errAgain = errors.New("store: once more")

// writer lends SQLite's one write connection to all who wait for it: one
// transaction for many, each within a savepoint of its own, and one commit,
// which is what costs time. An error rolls back only its own savepoint. Between
// two batches the connection goes back to its pool, where river waits for it.
type writer struct {
	db      *sql.DB
	queue   chan *turn
	closing chan struct{} // closed: let nobody in
	stopped chan struct{} // closed: nobody is in
}

// turn is one write waiting for the transaction. It runs in the goroutine of
// its caller, so that a panic, or a test's FailNow, happens there.
type turn struct {
	lent   chan *sql.Tx  // the transaction, for as long as the turn takes
	back   chan bool     // given back; true: keep what was done
	gone   chan struct{} // closed: the caller no longer waits
	result chan error    // of the commit, or errAgain
}

func startWriter(db *sql.DB) *writer {
	w := &writer{
		db:      db,
		queue:   make(chan *turn, writeQueue),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go w.run()
	return w
}

// stop lets the writes that are waiting finish and refuses new ones.
func (w *writer) stop() {
	close(w.closing)
	<-w.stopped
}

// write waits for a turn, runs fn in it and waits for the commit. Once ctx is
// done, a write that has not begun never will.
func (w *writer) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	t := &turn{
		lent:   make(chan *sql.Tx),
		back:   make(chan bool, 1),
		gone:   make(chan struct{}),
		result: make(chan error, 1),
	}
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	select {
	case w.queue <- t:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return errClosed
	}
	for {
		if err := w.await(ctx, t, fn); !errors.Is(err, errAgain) {
			return err
		}
	}
}

// await takes part in one batch. What fn returned counts only once the batch
// is committed: it may have been decided by a row that is now gone.
func (w *writer) await(ctx context.Context, t *turn, fn func(tx *sql.Tx) error) error {
	select {
	case tx := <-t.lent:
		refused := t.run(ctx, tx, fn)
		if err := <-t.result; err != nil {
			return err
		}
		return refused
	case err := <-t.result:
		return err
	case <-ctx.Done():
		close(t.gone)
		return ctx.Err()
	case <-w.stopped:
		return errClosed
	}
}

// run gives the transaction back whatever fn does. After a panic nobody waits
// for another turn.
func (t *turn) run(ctx context.Context, tx *sql.Tx, fn func(tx *sql.Tx) error) (err error) {
	keep, returned := false, false
	defer func() {
		if !returned {
			close(t.gone)
		}
		t.back <- keep
	}()
	if err = ctx.Err(); err == nil {
		err = fn(tx)
	}
	keep, returned = err == nil, true
	return err
}

func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.queue:
			w.commit(w.gather(first))
		case <-w.closing:
			if len(w.queue) == 0 {
				return
			}
		}
	}
}

// gather is the first write and all that wait behind it, up to a batch.
func (w *writer) gather(first *turn) []*turn {
	batch := []*turn{first}
	for len(batch) < writeBatch {
		select {
		case next := <-w.queue:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch. When the transaction breaks under one of its turns (a
// full disk, say: SQLite then drops the whole of it) every turn is run again
// alone, so that only the one at fault fails.
func (w *writer) commit(batch []*turn) {
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		answer(batch, err)
		return
	}
	ran := make([]*turn, 0, len(batch))
	for _, t := range batch {
		took, err := w.lend(tx, t)
		if took {
			ran = append(ran, t)
		}
		if err != nil {
			w.repeat(tx, batch, ran, err)
			return
		}
	}
	answer(ran, tx.Commit())
}

// repeat gives every turn of a broken batch one of its own.
func (w *writer) repeat(tx *sql.Tx, batch, ran []*turn, cause error) {
	_ = tx.Rollback() // nothing is left to roll back when SQLite has done so
	if len(batch) == 1 {
		answer(batch, fmt.Errorf("store: the transaction broke: %w", cause))
		return
	}
	answer(ran, errAgain)
	for _, t := range batch {
		w.commit([]*turn{t})
	}
}

// lend lets one turn use the transaction within a savepoint. It reports
// whether the turn came to use it, and an error when the transaction itself is
// broken: a savepoint that is no longer there shows it.
func (w *writer) lend(tx *sql.Tx, t *turn) (took bool, err error) {
	if _, err := tx.Exec("SAVEPOINT turn"); err != nil {
		return false, err
	}
	keep := true
	select {
	case t.lent <- tx:
		took = true
		keep = <-t.back
	case <-t.gone:
	}
	if !keep {
		if _, err := tx.Exec("ROLLBACK TO turn"); err != nil {
			return took, err
		}
	}
	_, err = tx.Exec("RELEASE turn")
	return took, err
}

func answer(turns []*turn, err error) {
	for _, t := range turns {
		t.result <- err
	}
}
