// Package store keeps what must not be lost: every noun of package pay, on
// SQLite or Postgres, with one SQL text for both. What the two cannot say alike
// is named in dialect.go. Whose row it is, merchant and mode, is an argument of
// every call that touches an owned row and part of every key, so that no query
// can forget it. Rules live in pay and engine; here is only what two writers at
// once would otherwise break: uniqueness, leases, fences, append-only tables.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"florin/internal/clock"
	"florin/internal/pay"
)

// ErrFenced says that a call was taken over by another holder, or is settled:
// what the caller knows of it came too late and was not kept.
var ErrFenced = errors.New("store: the call has another holder")

// errClosed is what a store answers once it is closed.
var errClosed = pay.Errorf(pay.CodeUnavailable, "the store is closed")

// Options are what a store needs to know. Logger may be nil.
type Options struct {
	URL      string // sqlite:<file> or postgres://…
	Clock    clock.Clock
	Logger   *slog.Logger
	MaxConns int // connections of the pool (SQLite: for reading); 0: the database's own default
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	database database
	dialect  dialect
	clock    clock.Clock
	log      *slog.Logger
	jobs     jobQueue
	closed   atomic.Bool
}

// database is one of the two kinds, which differ in how a transaction is begun
// and committed.
type database interface {
	write(ctx context.Context, attempt func(q querier) error) error
	read(ctx context.Context, attempt func(q querier) error) error
	glance(ctx context.Context, attempt func(q querier) error) error
	migrate(ctx context.Context) error
	openJobs(log *slog.Logger) (jobQueue, error)
	ping(ctx context.Context) error
	close() error
}

// Open opens the database, brings its schema up to date and readies it. Two
// instances may do so at once: one migrates, the other waits for it.
//
// Errors: a URL of another kind, a database that cannot be reached or written,
// a failed migration.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{clock: o.Clock, log: o.Logger}
	if s.clock == nil {
		s.clock = clock.Real{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.connect(ctx, o); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), s.database.close())
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context, o Options) (err error) {
	kind, rest, _ := strings.Cut(o.URL, ":")
	switch kind {
	case "sqlite":
		s.dialect = sqliteDialect
		s.database, err = openSQLite(rest, o.MaxConns)
	case "postgres", "postgresql":
		s.dialect = postgresDialect
		s.database, err = openPostgres(ctx, o.URL, o.MaxConns, s.log)
	default:
		err = errors.New("the database URL begins with sqlite: or postgres://")
	}
	return err
}

func (s *Store) ready(ctx context.Context) error {
	if err := s.database.migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	jobs, err := s.database.openJobs(s.log)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	s.jobs = jobs
	return nil
}

// Close waits for the transactions in hand and closes the database; who comes
// later gets unavailable. Stop the jobs first.
func (s *Store) Close() error {
	s.closed.Store(true)
	return s.database.close()
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.database.ping(ctx) }

// Exclusive reports whether one process owns the data, as on SQLite: whatever
// it finds in flight at its start, nobody is working on.
func (s *Store) Exclusive() bool { return s.dialect.exclusive }
