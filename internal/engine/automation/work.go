package automation

import (
	"context"
	"errors"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

const (
	// runLease is how long a run is held without word from its holder. One that
	// dies leaves it to others after that.
	runLease = 30 * time.Second
	// runBeat is how often a holder extends its lease.
	runBeat = runLease / 3
	// turnWait is how long a run that had to give way stays unseen by sweeps;
	// usually the end of another run wakes it. It doubles each time, up to 16
	// minutes, so that a long queue does not keep asking.
	turnWait       = time.Minute
	mostTurnDouble = 4
	// wakeTries is how many runs are looked at for one that nobody has woken:
	// only ends at the same moment come upon the same ones.
	wakeTries = 8
)

// Work goes on with a run: it is the job of kind run.
func (r *Runner) Work(ctx context.Context, job store.Job) (again time.Duration, err error) {
	h, wait, err := r.take(ctx, job)
	if err != nil || h == nil {
		return wait, err
	}
	return h.carryOn(ctx)
}

// take makes the caller the holder of a run that is due. A nil holding means
// that there is nothing to do, or not before wait is over.
func (r *Runner) take(ctx context.Context, job store.Job) (h *holding, wait time.Duration, err error) {
	var run pay.Run
	err = r.store.Write(ctx, func(tx *store.Tx) error {
		h, wait = nil, 0
		if run, err = tx.LockRun(job.Owner, job.ID); err != nil {
			return err
		}
		now := tx.Now()
		switch {
		case run.State.Ended():
			return nil
		case run.State == pay.RunRunning && run.LeaseUntil.After(now):
			return nil // its holder lives, and sees by itself when it is woken
		case run.DueAt.After(now):
			wait = run.DueAt.Sub(now)
			return nil
		}
		mine, err := r.turn(tx, run)
		if err != nil || !mine {
			return err
		}
		if run.StartedAt.IsZero() {
			run.StartedAt = now
		}
		run.State, run.Fence, run.LeaseUntil, run.UpdatedAt = pay.RunRunning, run.Fence+1, now.Add(runLease), now
		run.DueAt = run.LeaseUntil
		h = &holding{r: r, run: run}
		return tx.UpdateRun(run)
	})
	if pay.Is(err, pay.CodeNotFound) {
		return nil, 0, nil
	}
	if err != nil || h == nil {
		return nil, wait, err
	}
	if err := h.load(ctx); err != nil {
		return nil, 0, h.collapse(ctx, err)
	}
	return h, 0, nil
}

// turn reports whether a flow has room for one more run at work. A run that
// must give way is pending until another one of the flow ends.
func (r *Runner) turn(tx *store.Tx, run pay.Run) (bool, error) {
	f, err := tx.LockFlow(run.Owner, run.Flow)
	if err != nil {
		return false, err
	}
	if f.Concurrency <= 0 {
		return true, nil
	}
	busy, err := tx.RunsAtWork(run.Owner, run.Flow, tx.Now())
	if err != nil || busy < f.Concurrency {
		return err == nil, err
	}
	wait := turnWait
	if run.State == pay.RunPending { // not for the first time
		wait <<= min(run.Fence, mostTurnDouble)
	}
	run.State, run.DueAt, run.LeaseUntil, run.UpdatedAt = pay.RunPending, tx.Now().Add(wait), time.Time{}, tx.Now()
	run.Fence++ // the next job for it is another than this one
	return false, tx.UpdateRun(run)
}

// wakeNext lets the run of a flow go on that has waited longest for its turn.
func (r *Runner) wakeNext(tx *store.Tx, o pay.Owner, flow pay.ID) error {
	for range wakeTries {
		next, found, err := tx.NextRun(o, flow, tx.Now())
		if err != nil || !found {
			return err
		}
		run, err := tx.LockRun(o, next.ID)
		if err != nil {
			return err
		}
		if run.State == pay.RunPending && run.DueAt.After(tx.Now()) {
			return r.wake(tx, o, run.ID)
		} // else another run that ended just now has woken it
	}
	return nil
}

// wake makes a run due now. One that somebody is at work on goes on once more
// before it waits.
func (r *Runner) wake(tx *store.Tx, o pay.Owner, id pay.ID) error {
	run, err := tx.LockRun(o, id)
	if err != nil || run.State.Ended() {
		return err
	}
	run.DueAt, run.UpdatedAt = tx.Now(), tx.Now()
	if err := tx.UpdateRun(run); err != nil {
		return err
	}
	return tx.Enqueue(runJob(run), tx.Now())
}

// end closes a run in one of its ends, with all that follows from it.
func (r *Runner) end(tx *store.Tx, run pay.Run, state pay.RunState) (pay.Run, error) {
	move, legal := pay.RunMoves.Find(run.State, state)
	if !legal {
		return run, pay.Errorf(pay.CodeInternal, "a run that is %s cannot become %s", run.State, state)
	}
	now := tx.Now()
	run.State, run.EndedAt, run.UpdatedAt, run.DueAt, run.LeaseUntil = state, now, now, time.Time{}, time.Time{}
	run.Canceling = false
	run.Sequence++
	if err := tx.UpdateRun(run); err != nil {
		return run, err
	}
	fact := pay.Event{Type: move.Event, Object: run.ID, Sequence: run.Sequence}
	if err := r.teller.Tell(tx, run.Owner, fact, func(e pay.Event) []byte { return r.present.RunEvent(e, run) }); err != nil {
		return run, err
	}
	if run.Parent != "" {
		if err := r.wake(tx, run.Owner, run.Parent); err != nil {
			return run, err
		}
	}
	return run, r.wakeNext(tx, run.Owner, run.Flow)
}

// errLost says that another holder has taken the run over.
var errLost = errors.New("automation: another holder has the run")

// keepLease extends the lease until stop is called; losing it ends the work.
func (h *holding) keepLease(ctx context.Context, lost context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		beats := time.NewTicker(runBeat)
		defer beats.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beats.C:
			}
			if err := h.beat(ctx); errors.Is(err, store.ErrFenced) {
				lost(errLost)
				return
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// beat extends the lease. A run that was woken meanwhile stays so.
func (h *holding) beat(ctx context.Context) error {
	return h.r.store.Write(ctx, func(tx *store.Tx) error {
		run, err := tx.HoldRun(h.run.Owner, h.run.ID, h.run.Fence)
		if err != nil {
			return err
		}
		woken := run.DueAt.Before(run.LeaseUntil)
		run.LeaseUntil = tx.Now().Add(runLease)
		if !woken {
			run.DueAt = run.LeaseUntil
		}
		return tx.UpdateRun(run)
	})
}
