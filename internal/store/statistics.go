package store

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A young Postgres database has no statistics until its autovacuum comes by,
// up to a minute later. Meanwhile the planner holds every index that begins
// with (merchant, mode) for as good as the primary key, and a look-up by key,
// even one of a foreign key, may walk all rows of an owner. So the statistics
// are taken here, after these numbers of writes, as long as tables are small.
const (
	studyFirst  = 100
	studySecond = 1_000
	studyThird  = 10_000
	// studyRows is how many rows a table has that autovacuum is trusted with.
	studyRows = 10_000
	// studyPatience bounds one round; a table of this size takes milliseconds.
	studyPatience = 30 * time.Second
)

// statistician takes the statistics of young tables.
type statistician struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	writes  atomic.Int64
	cancel  context.CancelFunc
	ctx     context.Context
	running sync.WaitGroup
}

func newStatistician(pool *pgxpool.Pool, log *slog.Logger) *statistician {
	s := &statistician{pool: pool, log: log}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// committed counts so many writes that came with a commit; a few of them set
// off a round beside everything else.
func (s *statistician) committed(writes int64) {
	after := s.writes.Add(writes)
	for _, due := range []int64{studyFirst, studySecond, studyThird} {
		if after-writes < due && after >= due {
			s.running.Go(func() {
				if err := s.study(); err != nil && s.ctx.Err() == nil {
					s.log.Warn("statistics of young tables were not taken", "error", err)
				}
			})
			return
		}
	}
}

// stop ends a round and waits for it.
func (s *statistician) stop() {
	s.cancel()
	s.running.Wait()
}

// study analyses the tables that are ours and, as far as is known, small.
func (s *statistician) study() error {
	ctx, cancel := context.WithTimeout(s.ctx, studyPatience)
	defer cancel()
	found, err := s.pool.Query(ctx, `SELECT quote_ident(relname) FROM pg_class
		WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relowner = current_user::regrole AND reltuples < $1`, studyRows)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil || len(tables) == 0 {
		return err
	}
	_, err = s.pool.Exec(ctx, "ANALYZE "+strings.Join(tables, ", "))
	return err
}
