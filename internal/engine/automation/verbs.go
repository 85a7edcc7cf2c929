package automation

import (
	"context"
	"time"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
)

// Trigger is what there is to know of a flow's trigger.
//
// Errors: not_found.
func (a *Automation) Trigger(ctx context.Context, o pay.Owner, name string) (s TriggerState, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		f, err := tx.FlowNamed(o, name)
		if err != nil {
			return err
		}
		s, err = stateOf(tx, o, f.ID)
		return err
	})
	return s, err
}

// CatchUp sets a flow's trigger going that is broken, and has one that works
// read at once. The choice says what becomes of the time between.
//
// Errors: not_found; flow_paused, for the flow has to be resumed first; those of
// Watcher.AimResume and Watcher.Resume; operation_not_allowed, where a limited
// key could not apply the flow.
func (a *Automation) CatchUp(ctx context.Context, key pay.APIKey, name string, choice pay.Resume) (TriggerState, error) {
	o := key.Owner
	if err := a.mayStart(ctx, key, named(o, name)); err != nil {
		return TriggerState{}, err
	}
	before, err := a.Trigger(ctx, o, name)
	if err != nil {
		return before, err
	}
	if before.Watch.State == pay.WatchPaused {
		return before, pay.Errorf(pay.CodeFlowPaused, "the flow is paused; resume it, which says as well what becomes of the time between")
	}
	aimed, err := a.Watcher.AimResume(ctx, o, before.Watch.ID, choice)
	if err != nil {
		return before, err
	}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		_, err := a.Watcher.Resume(tx, aimed, choice)
		return err
	})
	if err != nil {
		return before, err
	}
	return a.Trigger(ctx, o, name)
}

// RetryParked tries the objects again that no run could be made of, and says
// how many went.
//
// Errors: not_found; operation_not_allowed, where a limited key could not apply
// the flow.
func (a *Automation) RetryParked(ctx context.Context, key pay.APIKey, name string) (went int, s TriggerState, err error) {
	o := key.Owner
	if err := a.mayStart(ctx, key, named(o, name)); err != nil {
		return 0, s, err
	}
	if s, err = a.Trigger(ctx, o, name); err != nil {
		return 0, s, err
	}
	if went, err = a.Watcher.RetryParked(ctx, o, s.Watch.ID); err != nil {
		return went, s, err
	}
	s, err = a.Trigger(ctx, o, name)
	return went, s, err
}

// RotateSecret gives a flow's webhook a new secret.
//
// Errors: not_found; those of Watcher.RotateSecret.
func (a *Automation) RotateSecret(ctx context.Context, ask engine.Ask, name string, overlap time.Duration) (engine.Reply, error) {
	s, err := a.Trigger(ctx, ask.Owner, name)
	if err != nil {
		return engine.Reply{}, err
	}
	return a.Watcher.RotateSecret(ctx, ask, s.Watch.ID, overlap)
}
