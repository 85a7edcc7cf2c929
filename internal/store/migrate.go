package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"florin/internal/store/migrations"
)

const (
	// migrationLock is the key of Postgres' advisory lock: "florin" in ASCII.
	migrationLock = 0x666c6f72696e
	// migrationLookout is how often a second process looks whether the first
	// is done migrating a SQLite file.
	migrationLookout = 20 * time.Millisecond
)

// migrate holds a file lock meanwhile: SQLite's own lock ends with each
// transaction, and a second process would begin a migration that is done.
func (d *sqliteDatabase) migrate(ctx context.Context) error {
	lock := flock.New(d.file + "-migrate.lock")
	if _, err := lock.TryLockContext(ctx, migrationLookout); err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }() // it ends with the process at the latest
	if err := migrateSchema(ctx, goose.DialectSQLite3, sqliteDialect.name, d.writes); err != nil {
		return err
	}
	return migrateJobs(ctx, riversqlite.New(d.writes))
}

// migrate holds an advisory lock meanwhile, on a connection of its own.
func (d *postgresDatabase) migrate(ctx context.Context) (err error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return err
	}
	defer func() {
		unhurried, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
		defer cancel()
		_, unlocked := conn.Exec(unhurried, "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		err = errors.Join(err, unlocked)
	}()
	db := stdlib.OpenDBFromPool(d.pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrateSchema(ctx, goose.DialectPostgres, postgresDialect.name, db); err != nil {
		return err
	}
	return migrateJobs(ctx, riverpgxv5.New(d.pool))
}

// migrateSchema applies our own files that are not yet applied.
func migrateSchema(ctx context.Context, dialect goose.Dialect, name string, db *sql.DB) error {
	files, err := migrations.For(name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, files, goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// migrateJobs applies river's own migrations, which come with its driver.
func migrateJobs[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	return nil
}
