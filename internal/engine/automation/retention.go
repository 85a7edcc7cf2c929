package automation

import (
	"context"

	"florin/internal/store"
)

const (
	// reapRunBatch is how many runs are dropped in one transaction. Each may have
	// thousands of steps, and others wait for the writer on SQLite.
	reapRunBatch = 50
	// reapRunBatches is how many of those one sweep does: 20,000 runs an hour and
	// worker, more than one begins for long.
	reapRunBatches = 7
)

// ReapRuns drops runs that ended longer ago than they are kept. One that has not
// ended, whose outcome is not known or that another run goes on from stays.
func (r *Runner) ReapRuns(ctx context.Context) (int, error) {
	dropped := 0
	for range reapRunBatches {
		n := 0
		err := r.store.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.ReapRuns(tx.Now().Add(-r.keepRuns), reapRunBatch)
			return err
		})
		if dropped += n; err != nil || n == 0 {
			return dropped, err
		}
	}
	return dropped, nil
}
