package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This file is inside the package because nobody outside can see what of a
// SQLite database is in its file, and what in the log beside it.

// logged is a database whose log is copied when a test says so.
type logged struct {
	*testing.T
	file         string
	db           *sql.DB
	checkpointer *checkpointer
	ticks        chan time.Time
}

func newLogged(t *testing.T) *logged {
	l := &logged{T: t, file: filepath.Join(t.TempDir(), "c.db"), ticks: make(chan time.Time)}
	open := func() *sql.DB {
		db, err := sqlitePool(l.file, "", sqliteSettings)
		require.NoError(t, err)
		return db
	}
	l.db = open()
	t.Cleanup(func() { assert.NoError(t, l.db.Close()) })
	_, err := l.db.Exec("CREATE TABLE rows (n INTEGER PRIMARY KEY)")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	l.checkpointer = &checkpointer{db: open(), cancel: cancel}
	l.checkpointer.running.Go(func() { l.checkpointer.run(ctx, l.ticks) })
	return l
}

func (l *logged) insert(n int) {
	l.Helper()
	_, err := l.db.Exec("INSERT INTO rows (n) VALUES ($1)", n)
	require.NoError(l, err)
}

// inFile is how many rows the file holds without its log.
func (l *logged) inFile() (rows int) {
	l.Helper()
	bytes, err := os.ReadFile(l.file)
	require.NoError(l, err)
	alone := filepath.Join(l.TempDir(), "alone.db")
	require.NoError(l, os.WriteFile(alone, bytes, 0o600))
	db, err := sql.Open("sqlite", alone)
	require.NoError(l, err)
	defer func() { require.NoError(l, db.Close()) }()
	require.NoError(l, db.QueryRow("SELECT COUNT(*) FROM rows").Scan(&rows))
	return rows
}

// What was committed gets from the log into the file at every tick, and not by
// the commit.
func TestCheckpointsCopyTheLog(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.checkpointer.copyLog(t.Context())
	l.insert(1)
	require.Zero(t, l.inFile())
	for range 2 { // the second is taken when what the first brings is done
		l.ticks <- time.Time{}
	}
	require.Equal(t, 1, l.inFile())
	require.NoError(t, l.checkpointer.stop())
	l.insert(2)
	require.Equal(t, 1, l.inFile())
}

// A reader that takes its time is not waited for, and keeps what it sees; what
// was written meanwhile is copied when it is done.
func TestCheckpointsPassReadersBy(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.insert(1)
	reading, err := l.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	count := func() (rows int) {
		require.NoError(t, reading.QueryRow("SELECT COUNT(*) FROM rows").Scan(&rows))
		return rows
	}
	require.Equal(t, 1, count())
	l.insert(2)
	l.checkpointer.copyLog(t.Context())
	l.insert(3)
	require.Equal(t, 1, count())
	require.NoError(t, reading.Rollback())
	l.checkpointer.copyLog(t.Context())
	require.Equal(t, 3, l.inFile())
	require.NoError(t, l.checkpointer.stop())
}

// A checkpointer that was stopped has given up its connection, and takes no
// more ticks.
func TestCheckpointersStop(t *testing.T) {
	t.Parallel()
	d, err := openSQLite(filepath.Join(t.TempDir(), "s.db"), 0)
	require.NoError(t, err)
	require.NoError(t, d.close())
	require.ErrorContains(t, d.checkpointer.db.PingContext(t.Context()), "closed")
	l := newLogged(t)
	require.NoError(t, l.checkpointer.stop())
	select {
	case l.ticks <- time.Time{}:
		require.Fail(t, "a tick was taken")
	default:
	}
}
