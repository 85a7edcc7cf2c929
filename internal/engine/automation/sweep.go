package automation

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

const (
	sweepBatch = 500
	reapBatch  = 5000
)

// Sweep has every live poll's last two days read once more, once a day, and
// counts what the poll had missed: a measure of what it promises, which should
// be none. What was missed is handed on all the same.
func (w *Watcher) Sweep(ctx context.Context) (int, error) {
	var begun int
	now := w.clock.Now()
	var after pay.ID
	for {
		var lives []pay.Poll
		err := w.store.Write(ctx, func(tx *store.Tx) error {
			var err error
			if lives, err = tx.LivePolls(after, now.Add(-pay.SweepEvery), sweepBatch); err != nil {
				return err
			}
			fresh := 0
			for _, live := range lives {
				started, err := w.sweep(tx, live)
				if err != nil {
					return err
				}
				if started {
					fresh++
				}
			}
			begun += fresh
			return nil
		})
		if err != nil || len(lives) < sweepBatch {
			return begun, err
		}
		after = lives[len(lives)-1].ID
	}
}

// sweep begins a sweep of a live poll when it is time to. It reads only what is
// settled: what is younger may still be on its way.
func (w *Watcher) sweep(tx *store.Tx, live pay.Poll) (bool, error) {
	if live.State != pay.PollGoing || !live.Settled.After(live.Start) {
		return false, nil
	}
	before, found, err := tx.SweepOf(live.Owner, live.ID)
	if err != nil || found && (before.State == pay.PollGoing || tx.Now().Sub(before.CreatedAt) < pay.SweepEvery) {
		return false, err
	}
	if found {
		if err := tx.DeletePoll(before.Owner, before.ID); err != nil {
			return false, err
		}
	}
	start := live.Start
	if back := live.Settled.Add(-pay.SweepBack); back.After(start) {
		start = back
	}
	return true, tx.InsertPoll(pay.Poll{
		ID: newID(), Owner: live.Owner, Lane: pay.PollSweep, Account: live.Account, List: live.List, Of: live.ID, Connection: live.Connection,
		CreatedAt: tx.Now(), Start: start, Floor: start, Settled: start, Until: live.Settled.Add(-time.Second),
		Every: live.Every, DueAt: tx.Now(), State: pay.PollGoing, Skew: live.Skew,
	})
}

// Reap drops what no poll needs to remember any more.
func (w *Watcher) Reap(ctx context.Context) (int, error) {
	var dropped int64
	err := w.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		dropped, err = tx.ReapPolls(tx.Now().Add(-pay.PollSeenFor), reapBatch)
		return err
	})
	return int(dropped), err
}
