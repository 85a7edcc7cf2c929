package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite"
)

// sqliteReaders is how many reads run at once by default: reading is work of
// the processor alone, and more than a few per core only wait for each other.
const sqliteReaders = 8

// sqliteSettings hold for every connection. synchronous=FULL makes a commit
// survive a power cut, not only a crash (sqlite.org/pragma.html#pragma_synchronous);
// busy_timeout, in milliseconds, lets a second process (florin apikey create)
// write between our batches; journal_size_limit, in bytes, keeps the log from
// staying as large as it once was; wal_autocheckpoint, in pages of 4 KiB, makes
// a commit copy the log only when the checkpointer is far behind.
var sqliteSettings = []string{
	"busy_timeout(30000)",
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"foreign_keys(ON)",
	"temp_store(MEMORY)",
	"journal_size_limit(67108864)",
	"wal_autocheckpoint(8000)",
}

// sqliteDatabase has one connection that writes, because SQLite takes one
// writer and waiting in Go is fairer than waiting for a file lock, and several
// that read.
type sqliteDatabase struct {
	file         string
	writes       *sql.DB
	reads        *sql.DB
	writer       *writer
	checkpointer *checkpointer
}

func openSQLite(file string, readers int) (*sqliteDatabase, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if err := createPrivate(file); err != nil {
		return nil, err
	}
	writes, err := sqlitePool(file, "_txlock=immediate", sqliteSettings)
	if err != nil {
		return nil, err
	}
	reads, err := sqlitePool(file, "", append([]string{"query_only(ON)"}, sqliteSettings...))
	if err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	checkpoints, err := sqlitePool(file, "", sqliteSettings)
	if err != nil {
		return nil, errors.Join(err, writes.Close(), reads.Close())
	}
	if readers <= 0 {
		readers = sqliteReaders
	}
	keep(writes, 1)
	keep(reads, readers)
	keep(checkpoints, 1)
	return &sqliteDatabase{
		file: file, writes: writes, reads: reads, writer: startWriter(writes), checkpointer: startCheckpointer(checkpoints),
	}, nil
}

// createPrivate makes the file for its owner's eyes only: it holds sealed
// secrets and customers' addresses. SQLite gives its side files the same mode.
func createPrivate(file string) error {
	created, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return created.Close()
}

// sqlitePool is a pool of connections with the given settings.
func sqlitePool(file, extra string, settings []string) (*sql.DB, error) {
	query := url.Values{"_pragma": settings}.Encode()
	if extra != "" {
		query += "&" + extra
	}
	address := url.URL{Scheme: "file", Path: file, RawQuery: query}
	connector, err := sqlite.NewConnector(address.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(preparing{connector}), nil
}

// keep holds n connections open, with their prepared statements.
func keep(db *sql.DB, n int) {
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
}

func (d *sqliteDatabase) write(ctx context.Context, attempt func(q querier) error) error {
	return d.writer.write(ctx, func(tx *sql.Tx) error { return attempt(sqliteTx{on: tx}) })
}

func (d *sqliteDatabase) read(ctx context.Context, attempt func(q querier) error) error {
	tx, err := d.reads.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // a read has nothing to commit
	return attempt(sqliteTx{on: tx, interruptible: true})
}

func (d *sqliteDatabase) glance(_ context.Context, attempt func(q querier) error) error {
	return attempt(sqliteTx{on: d.reads, interruptible: true})
}

func (d *sqliteDatabase) ping(ctx context.Context) error { return d.reads.PingContext(ctx) }

func (d *sqliteDatabase) close() error {
	d.writer.stop()
	return errors.Join(d.checkpointer.stop(), d.reads.Close(), d.writes.Close())
}

func (d *sqliteDatabase) openJobs(log *slog.Logger) (jobQueue, error) {
	return openQueue(riversqlite.New(d.writes), log, func(_ context.Context, q querier) (*sql.Tx, error) { return q.(sqliteTx).on.(*sql.Tx), nil })
}
