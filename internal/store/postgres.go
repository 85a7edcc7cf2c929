package store

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Limits towards Postgres.
const (
	// postgresConns is the default pool: enough to keep commits of many
	// requests waiting for the disk together, few beside Postgres' default of
	// 100 connections, of which several instances take a share.
	postgresConns = 20
	// postgresAttempts is how often a transaction is tried that Postgres gave
	// up for another: conflicts between few rows end after one or two.
	postgresAttempts = 5
	// postgresPause is the longest wait before the second attempt; it grows
	// with each, and is drawn at random so that the two do not meet again.
	postgresPause = 20 * time.Millisecond
	// rollbackPatience is how long a rollback may take once the caller's
	// context is gone; then the connection is dropped, which has the same end.
	rollbackPatience = 5 * time.Second
	// idlePatience ends transactions of a process that hangs: their locks
	// would stop everyone else.
	idlePatience = "60s"
)

// postgresDatabase is a pool of connections, each of which prepares every
// statement once (pgx's default).
type postgresDatabase struct {
	pool       *pgxpool.Pool
	statistics *statistician
}

func openPostgres(ctx context.Context, url string, conns int, log *slog.Logger) (*postgresDatabase, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = postgresConns
	if conns > 0 {
		config.MaxConns = int32(min(conns, 1000)) // the type's range is no worry at any sane size
	}
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idlePatience
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "florin"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return &postgresDatabase{pool: pool, statistics: newStatistician(pool, log)}, nil
}

func (d *postgresDatabase) write(ctx context.Context, attempt func(q querier) error) error {
	for n := 1; ; n++ {
		err := d.once(ctx, &pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, attempt)
		if err == nil {
			return nil
		}
		if !gaveWay(err) || n == postgresAttempts {
			return err
		}
		if waited := pause(ctx, time.Duration(n)*postgresPause); waited != nil {
			return errors.Join(waited, err)
		}
	}
}

func (d *postgresDatabase) read(ctx context.Context, attempt func(q querier) error) error {
	return d.once(ctx, &pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, attempt)
}

func (d *postgresDatabase) glance(ctx context.Context, attempt func(q querier) error) error {
	return d.once(ctx, nil, attempt)
}

// once runs one transaction, or statements that are none together when o is
// nil. What is not committed is rolled back, after a panic as well.
func (d *postgresDatabase) once(ctx context.Context, o *pgx.TxOptions, attempt func(q querier) error) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	q := &pgxTx{conn: conn, begin: o}
	defer q.release(ctx)
	if err := attempt(q); err != nil || o == nil {
		return err
	}
	if err := q.commit(ctx); err != nil {
		return err
	}
	if o.AccessMode != pgx.ReadOnly {
		d.statistics.committed(1 + q.further)
	}
	return nil
}

// gaveWay reports whether Postgres ended the transaction for another's sake,
// so that it can be tried again as if it had never been.
func gaveWay(err error) bool {
	_, state := codes(err)
	return state == postgresSerialization || state == postgresDeadlock
}

// pause waits up to limit, or until ctx ends.
func pause(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(rand.N(limit))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *postgresDatabase) ping(ctx context.Context) error { return d.pool.Ping(ctx) }

func (d *postgresDatabase) close() error {
	d.statistics.stop()
	d.pool.Close()
	return nil
}

func (d *postgresDatabase) openJobs(log *slog.Logger) (jobQueue, error) {
	return openQueue(riverpgxv5.New(d.pool), log, func(ctx context.Context, q querier) (pgx.Tx, error) { return q.(*pgxTx).opened(ctx) })
}
