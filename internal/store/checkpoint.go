package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// checkpointEvery is how often SQLite's log is copied into its file. Hot pages
// are in the log many times and copied once, so that a longer pause copies
// less; a second of the busiest log is some 20 MB, which a start after a crash
// reads at once.
const checkpointEvery = time.Second

// checkpointer copies the log beside the writes, on a connection of its own.
// Left to SQLite, the commit that makes the log too long does it, and everyone
// behind it waits for thousands of pages and two flushes.
type checkpointer struct {
	db      *sql.DB
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func startCheckpointer(db *sql.DB) *checkpointer {
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{db: db, cancel: cancel}
	c.running.Go(func() {
		ticks := time.NewTicker(checkpointEvery)
		defer ticks.Stop()
		c.run(ctx, ticks.C)
	})
	return c
}

func (c *checkpointer) run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			c.copyLog(ctx)
		}
	}
}

// copyLog waits for nobody and makes nobody wait: that is what PASSIVE says.
// What it leaves, or fails at, is done next time, and at last by a commit.
func (c *checkpointer) copyLog(ctx context.Context) {
	_, _ = c.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
}

// stop ends the work and closes the connection.
func (c *checkpointer) stop() error {
	c.cancel()
	c.running.Wait()
	return c.db.Close()
}
