package automation

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// maxShownParked is how many parked objects are shown with a trigger.
const maxShownParked = 20

// TriggerState is what there is to know of a flow's trigger.
type TriggerState struct {
	Watch    pay.Watch
	State    pay.WatchState // of the trigger as a whole: a shared poll may be broken
	Reason   string
	Live     *pay.Poll  // the shared poll; nil when there is none
	Sharing  int        // flows that share it, this one included
	BackFill []pay.Poll // that still go on
	Sweep    *pay.Poll  // the last one; nil before the first
	Parked   []pay.ParkedFind
}

// CallsADay is what the shared poll costs, in calls to Stripe, at its present
// pace, and what the flow would cost alone.
func (s TriggerState) CallsADay() (shared, alone int64) {
	if s.Live != nil {
		shared = pay.CallsADay(s.Live.Interval())
	}
	if s.Watch.Kind == pay.WatchPoll {
		alone = pay.CallsADay(s.Watch.Every)
	}
	return shared, alone
}

// Lag is how far behind Stripe's present time the shared poll has read.
func (s TriggerState) Lag(now time.Time) time.Duration {
	if s.Live == nil {
		return 0
	}
	return max(0, now.Add(s.Live.Skew).Sub(s.Live.Floor))
}

// State is what there is to know of a flow's trigger.
//
// Errors: not_found.
func (w *Watcher) State(ctx context.Context, o pay.Owner, flow pay.ID) (s TriggerState, err error) {
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		s, err = stateOf(tx, o, flow)
		return err
	})
	return s, err
}

func stateOf(tx *store.Tx, o pay.Owner, flow pay.ID) (TriggerState, error) {
	watch, err := tx.Watch(o, flow)
	s := TriggerState{Watch: watch, State: watch.State, Reason: watch.Reason}
	if err != nil {
		return s, err
	}
	if s.Parked, err = tx.Parked(o, flow, maxShownParked); err != nil {
		return s, err
	}
	back, err := tx.PollsOfWatch(o, flow)
	if err != nil {
		return s, err
	}
	for _, p := range back {
		if p.State != pay.PollDone {
			s.BackFill = append(s.BackFill, p)
		}
	}
	if watch.Poll == "" {
		return s, nil
	}
	return s.withLive(tx)
}

func (s TriggerState) withLive(tx *store.Tx) (TriggerState, error) {
	live, err := tx.Poll(s.Watch.Owner, s.Watch.Poll)
	if err != nil {
		return s, err
	}
	s.Live = &live
	if live.State == pay.PollBroken && s.State == pay.WatchOn {
		s.State, s.Reason = pay.WatchBroken, live.Reason
	}
	sharing, err := tx.WatchesOf(live.Owner, live.ID)
	if err != nil {
		return s, err
	}
	s.Sharing = len(sharing)
	sweep, found, err := tx.SweepOf(live.Owner, live.ID)
	if found {
		s.Sweep = &sweep
	}
	return s, err
}
