package automation

import (
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// deadline is until when the run may go on; zero for any but a test.
func (h *holding) deadline() time.Time {
	if h.run.Cause != pay.CauseTest {
		return time.Time{}
	}
	return h.run.CreatedAt.Add(pay.MaxTestRun)
}

// isLate reports whether the run has gone on for longer than it may.
func (h *holding) isLate(now time.Time) bool {
	until := h.deadline()
	return !until.IsZero() && !now.Before(until)
}

// patience is how long an attempt may take that has a timeout of its own.
func (h *holding) patience(timeout time.Duration) time.Duration {
	if until := h.deadline(); !until.IsZero() {
		return min(timeout, until.Sub(h.r.clock.Now()))
	}
	return timeout
}

// giveUp ends a test run that has gone on for too long. Nothing is taken back:
// all that it did was done in test mode.
func (h *holding) giveUp(tx *store.Tx, run pay.Run) error {
	run.Failure = pay.RunFailure{
		Code: string(pay.CodeTestTimeout), Message: "a test run takes at most " + pay.MaxTestRun.String() + "; what waits longer is tried by running the flow itself",
	}
	_, err := h.r.end(tx, run, pay.RunFailed)
	return err
}
