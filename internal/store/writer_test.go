package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This file is inside the package because SQLite breaks a whole transaction
// only when the disk is full or fails, which a test can play through the raw
// transaction alone.

func newWriter(t *testing.T) (*writer, *sql.DB) {
	t.Helper()
	db, err := sqlitePool(filepath.Join(t.TempDir(), "w.db"), "_txlock=immediate", sqliteSettings)
	require.NoError(t, err)
	keep(db, 1)
	_, err = db.Exec("CREATE TABLE rows (n INTEGER PRIMARY KEY)")
	require.NoError(t, err)
	w := startWriter(db)
	t.Cleanup(func() {
		w.stop()
		assert.NoError(t, db.Close())
	})
	return w, db
}

// insert is a closure that adds a row.
func insert(n int) func(tx *sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO rows (n) VALUES ($1)", n)
		return err
	}
}

// hold keeps the transaction of the first write open until release is closed,
// so that what comes meanwhile shares one batch.
func hold(t *testing.T, w *writer, group *sync.WaitGroup) (release chan struct{}) {
	t.Helper()
	begun, release := make(chan struct{}), make(chan struct{})
	group.Go(func() {
		assert.NoError(t, w.write(context.Background(), func(*sql.Tx) error {
			close(begun)
			<-release
			return nil
		}))
	})
	<-begun
	return release
}

// waiting waits until n writes are in the queue.
func awaitQueue(t *testing.T, w *writer, n int) {
	t.Helper()
	for len(w.queue) < n {
		require.NoError(t, t.Context().Err())
	}
}

func TestABrokenTransactionFailsOnlyItsCulprit(t *testing.T) {
	t.Parallel()
	const total, culprit = 10, 4
	w, db := newWriter(t)
	var group sync.WaitGroup
	release := hold(t, w, &group)
	results := make([]error, total)
	for i := range total {
		group.Go(func() {
			results[i] = w.write(context.Background(), func(tx *sql.Tx) error {
				if i == culprit {
					_, err := tx.Exec("ROLLBACK") // as SQLite does by itself on a full disk
					return errors.Join(err, insert(i)(tx))
				}
				return insert(i)(tx)
			})
		})
	}
	awaitQueue(t, w, total)
	close(release)
	group.Wait()
	for i, err := range results {
		assert.Equal(t, i == culprit, err != nil, "%d: %v", i, err)
	}
	var kept int
	require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM rows WHERE n <> $1", culprit).Scan(&kept))
	assert.Equal(t, total-1, kept)
}

func TestAWriteWhoseCallerLeftIsNotRun(t *testing.T) {
	t.Parallel()
	w, db := newWriter(t)
	var group sync.WaitGroup
	release := hold(t, w, &group)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- w.write(ctx, insert(1)) }()
	awaitQueue(t, w, 1)
	cancel()
	assert.ErrorIs(t, <-left, context.Canceled, "the caller does not wait for its turn")
	group.Go(func() { assert.NoError(t, w.write(context.Background(), insert(2))) })
	awaitQueue(t, w, 2)
	close(release)
	group.Wait()
	var first int
	require.NoError(t, db.QueryRow("SELECT MIN(n) FROM rows").Scan(&first))
	assert.Equal(t, 2, first)
}

func TestAFailedCommitFailsAll(t *testing.T) {
	t.Parallel()
	w, db := newWriter(t)
	_, err := db.Exec("CREATE TABLE parts (n INTEGER REFERENCES rows (n) DEFERRABLE INITIALLY DEFERRED)")
	require.NoError(t, err)
	var group sync.WaitGroup
	release := hold(t, w, &group)
	results := make([]error, 3)
	for i := range results {
		group.Go(func() {
			results[i] = w.write(context.Background(), func(tx *sql.Tx) error {
				if i == 1 { // a promise that the commit finds broken
					_, err := tx.Exec("INSERT INTO parts (n) VALUES (99)")
					return err
				}
				return insert(i)(tx)
			})
		})
	}
	awaitQueue(t, w, len(results))
	close(release)
	group.Wait()
	for _, err := range results {
		assert.ErrorContains(t, err, "FOREIGN KEY")
	}
	var kept int
	require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM rows").Scan(&kept))
	assert.Zero(t, kept)
	assert.NoError(t, w.write(t.Context(), insert(7)), "the writer works on")
}

// What a durable, checked commit rests on is set on the connection that writes,
// and the ones that read cannot write.
func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	d, err := openSQLite(filepath.Join(t.TempDir(), "s.db"), 0)
	require.NoError(t, err)
	defer func() { assert.NoError(t, d.close()) }()
	pragma := func(db *sql.DB, name string) (value string) {
		require.NoError(t, db.QueryRow("PRAGMA "+name).Scan(&value))
		return value
	}
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "30000",
	} {
		assert.Equal(t, want, pragma(d.writes, name), name)
		assert.Equal(t, want, pragma(d.reads, name), name)
	}
	assert.Equal(t, "1", pragma(d.reads, "query_only"))
}
