package store

import (
	"time"

	"florin/internal/pay"
)

// ReapRuns drops up to limit runs of every owner that ended before a time, with
// their steps, those that ended longest ago first. One that another refers to
// stays until that one is dropped, and one of whose writes the outcome is not
// known stays for good. The keys of triggers' runs are remembered while the flow
// is there.
func (tx *Tx) ReapRuns(before time.Time, limit int) (int, error) {
	old, err := runs.all(tx, `WHERE ended_at > 0 AND ended_at < $1
		AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.merchant = runs.merchant AND r.mode = runs.mode AND r.origin = runs.id)
		AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.merchant = runs.merchant AND r.mode = runs.mode AND r.parent = runs.id)
		AND NOT EXISTS (SELECT 1 FROM run_steps s JOIN operation_calls c ON c.merchant = s.merchant AND c.mode = s.mode AND c.call = s.call
			WHERE s.merchant = runs.merchant AND s.mode = runs.mode AND s.run = runs.id AND c.state IN ('open', 'pending_approval'))
		ORDER BY ended_at LIMIT $2`+tx.store.dialect.skipLocked, micros(before), limit)
	if err != nil {
		return 0, err
	}
	for _, r := range old {
		if err := tx.dropRun(r); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

func (tx *Tx) dropRun(r pay.Run) error {
	mine := []any{r.Owner.Merchant, r.Owner.Mode, r.ID}
	drop := []statement{
		{"DELETE FROM run_steps WHERE merchant = $1 AND mode = $2 AND run = $3", mine},
		{"DELETE FROM place_waiters WHERE merchant = $1 AND mode = $2 AND run = $3", mine},
		{"DELETE FROM runs WHERE merchant = $1 AND mode = $2 AND id = $3", mine},
	}
	if r.Cause == pay.CauseTrigger {
		drop = append(drop, statement{`INSERT INTO past_runs (merchant, mode, flow, key)
			SELECT merchant, mode, id, $4 FROM flows WHERE merchant = $1 AND mode = $2 AND id = $3 AND deleted_at = 0` + giveWay,
			[]any{r.Owner.Merchant, r.Owner.Mode, r.Flow, r.Key}})
	}
	return tx.later(expectation{}, drop...)
}

// HadRun reports whether a key began a run of a flow that is not kept any more.
func (tx *Tx) HadRun(o pay.Owner, flow pay.ID, key string) (bool, error) {
	var one int
	return tx.row("SELECT 1 FROM past_runs WHERE merchant = $1 AND mode = $2 AND flow = $3 AND key = $4", []any{o.Merchant, o.Mode, flow, key}, &one)
}
