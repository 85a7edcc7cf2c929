package automation

import (
	"context"
	"time"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

const (
	// StepsPerConnection is how many steps are at work at once at one connection
	// of a merchant, by all workers on a database together: enough for any flow,
	// few enough that one system is not flooded by all of them.
	StepsPerConnection = 16
	// placeWait is when a run without a place looks again, should nobody wake
	// it: its worker may have died who had the place.
	placeWait = time.Minute
	// placeLook is the same for a run that is at work on other steps, and that
	// nobody needs to wake.
	placeLook = 5 * time.Second
)

// seats are the places that a round has found for the attempts that are due.
type seats struct {
	taken   []flow.Task
	without map[string]bool // paths of steps that wait for a place
	fresh   bool            // a wait began: whoever left a place just now may not have seen it
}

// seat is a place that a step had.
type seat struct{ path, connection string }

// findSeats finds a place for each attempt that is due. Calls of flows need
// none: what they do is done by other runs.
func (h *holding) findSeats(tx *store.Tx, run pay.Run, ready []flow.Task, now time.Time) (seats, error) {
	found, full := seats{without: map[string]bool{}}, map[string]bool{}
	for _, task := range ready {
		s := h.steps[task.Path]
		if task.Call != "" || h.flying[task.Path] || s.DueAt.After(now) {
			continue
		}
		if !full[task.Connection] {
			taken, err := h.findSeat(tx, run, task, &found)
			if err != nil {
				return found, err
			}
			full[task.Connection] = !taken
		}
		if full[task.Connection] {
			found.without[task.Path] = true
		}
	}
	return found, nil
}

// findSeat finds a place for one step, or has the run be woken when there is
// one.
func (h *holding) findSeat(tx *store.Tx, run pay.Run, task flow.Task, found *seats) (bool, error) {
	taken, err := tx.TakePlace(run, task.Path, task.Connection, StepsPerConnection)
	switch {
	case err != nil:
		return false, err
	case !taken:
		fresh, err := tx.AwaitPlace(run, task.Connection)
		found.fresh = found.fresh || fresh
		return false, err
	}
	found.taken = append(found.taken, task)
	if h.waited || run.Fence > 1 { // an earlier holder may have waited
		return true, tx.HasPlace(run, task.Connection)
	}
	return true, nil
}

// sit takes note of the places that a round has found, once it is kept.
func (h *holding) sit(found seats) {
	h.without = found.without
	h.waited = h.waited || len(found.without) > 0
	for _, task := range found.taken {
		h.seats[task.Path] = task.Connection
	}
}

// rise takes note that a step's attempt is over; the next round leaves its
// place.
func (h *holding) rise(path string) {
	if connection, seated := h.seats[path]; seated {
		delete(h.seats, path)
		h.left = append(h.left, seat{path, connection})
	}
}

// wakeForPlaces wakes a run for each place that was left, once that is kept: a
// run that began to wait before has its name there by now, and one that begins
// later finds the place free.
func (h *holding) wakeForPlaces(ctx context.Context, left []seat) {
	for _, each := range left {
		if err := h.r.wakeForPlace(ctx, h.run.Owner, each.connection); err != nil && ctx.Err() == nil {
			h.r.log.WarnContext(ctx, "a run that waits for a place could not be woken; it looks again by itself", "connection", each.connection, "error", err)
		}
	}
}

func (r *Runner) wakeForPlace(ctx context.Context, o pay.Owner, connection string) error {
	awaited := false
	err := r.store.Read(ctx, func(tx *store.Tx) (err error) {
		awaited, err = tx.PlaceAwaited(o, connection)
		return err
	})
	if err != nil || !awaited {
		return err
	}
	return r.store.Write(ctx, func(tx *store.Tx) error {
		for {
			id, found, err := tx.NextForPlace(o, connection)
			if err != nil || !found {
				return err
			}
			run, err := tx.LockRun(o, id)
			if pay.Is(err, pay.CodeNotFound) || err == nil && run.State.Ended() {
				continue // gone, and its name with it
			}
			if err != nil {
				return err
			}
			return r.wake(tx, o, id)
		}
	})
}
