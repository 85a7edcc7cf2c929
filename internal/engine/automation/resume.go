package automation

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Pause stops a flow's trigger, in the transaction that pauses the flow.
func (w *Watcher) Pause(tx *store.Tx, o pay.Owner, flow pay.ID) error {
	watch, err := tx.LockWatch(o, flow)
	if err != nil || watch.State == pay.WatchPaused {
		return err
	}
	return w.detach(tx, watch, pay.WatchPaused, "")
}

// AimResume looks into what resuming a flow's trigger leads to, before the
// transaction that does it.
//
// Errors: not_found; invalid_field (catch_up) when the pause was so long that
// somebody must say what becomes of it; not_found and provider_not_configured
// for the connection.
func (w *Watcher) AimResume(ctx context.Context, o pay.Owner, flow pay.ID, choice pay.Resume) (Aimed, error) {
	watch, err := w.watch(ctx, o, flow)
	if err != nil || watch.Kind != pay.WatchPoll {
		return Aimed{watch: watch}, err
	}
	a, err := w.Aim(ctx, WatchRequest{
		Owner: o, Flow: flow, Name: watch.Flow, Trigger: watch.Trigger, Options: watch.Options, Connection: watch.Connection,
	})
	if err != nil || watch.Gap.IsZero() || choice != pay.ResumeUnsaid {
		return a, err
	}
	if gap := a.now.Sub(watch.Gap); gap > pay.CatchUpWithin {
		return a, pay.Invalid(pay.CodeInvalidField, "resume",
			"this flow has seen nothing for %d days; say catch_up to start a run for all that came meanwhile, or from_now to leave it out", int(gap.Hours()/24))
	}
	return a, nil
}

// Resume sets a flow's trigger going again, in the transaction that resumes the
// flow. One that works already only has what is due read at once.
//
// Errors: conflict when its connection leads to another account now, unless the
// choice is from_now.
func (w *Watcher) Resume(tx *store.Tx, a Aimed, choice pay.Resume) (pay.Watch, error) {
	watch, err := tx.LockWatch(a.watch.Owner, a.watch.ID)
	if err != nil {
		return watch, err
	}
	switch {
	case watch.Kind == pay.WatchSchedule:
		return w.resumeSchedule(tx, watch)
	case watch.Kind != pay.WatchPoll:
		watch.State, watch.Reason, watch.UpdatedAt = pay.WatchOn, "", tx.Now()
		return watch, tx.SaveWatch(watch)
	case watch.Poll != "":
		return watch, w.hurry(tx, watch)
	}
	if watch.Account != a.watch.Account && choice != pay.ResumeFromNow {
		return watch, pay.Invalid(pay.CodeInvalidField, "resume", "%s; say from_now to watch the new account from now on", otherAccount(watch, a.connection))
	}
	return w.reattach(tx, watch, a, choice)
}

func (w *Watcher) reattach(tx *store.Tx, watch pay.Watch, a Aimed, choice pay.Resume) (pay.Watch, error) {
	from := watch.Gap
	if choice == pay.ResumeFromNow || from.IsZero() {
		from = a.now.Truncate(time.Second)
		back, err := tx.PollsOfWatch(watch.Owner, watch.ID)
		if err != nil {
			return watch, err
		}
		for _, p := range back {
			if err := tx.DeletePoll(p.Owner, p.ID); err != nil {
				return watch, err
			}
		}
	}
	if err := w.eachBackFill(tx, watch, func(p *pay.Poll) { p.State, p.DueAt = pay.PollGoing, tx.Now() }); err != nil {
		return watch, err
	}
	watch.Account, watch.UpdatedAt = a.watch.Account, tx.Now()
	watch, err := w.attach(tx, watch, a, from)
	if err != nil {
		return watch, err
	}
	if err := tx.SaveWatch(watch); err != nil {
		return watch, err
	}
	if err := w.alarm(tx, watch.Owner, watch.ID, ""); err != nil {
		return watch, err
	}
	return watch, w.repace(tx, watch.Owner, watch.Poll)
}

// hurry makes a flow's polls due now, whatever they wait for.
func (w *Watcher) hurry(tx *store.Tx, watch pay.Watch) error {
	live, err := tx.LockPoll(watch.Owner, watch.Poll)
	if err != nil {
		return err
	}
	live.DueAt = tx.Now()
	if err := tx.SavePoll(live); err != nil {
		return err
	}
	return w.eachBackFill(tx, watch, func(p *pay.Poll) { p.DueAt = tx.Now() })
}

func otherAccount(watch pay.Watch, c pay.Connection) string {
	return "the connection " + first(watch.Connection, pay.DefaultConnection) + " leads to the account " + c.AccountKey() +
		" now; this flow has read " + watch.Account
}

func (w *Watcher) watch(ctx context.Context, o pay.Owner, flow pay.ID) (watch pay.Watch, err error) {
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		watch, err = tx.Watch(o, flow)
		return err
	})
	return watch, err
}

// connectionFor is the connection whose key a poll uses. Before a window is
// opened it is found anew by the flows' own names for it: a flow whose
// connection leads to another account by now is taken off and says so, because
// a cursor of one account means nothing in another.
//
// Errors: store.ErrFenced when no flow is left; those of UsableConnection.
func (w *Watcher) connectionFor(ctx context.Context, p pay.Poll) (pay.Connection, error) {
	if p.Reading.Open && p.Connection != "" || p.Lane == pay.PollSweep {
		c, err := w.connection(ctx, p)
		if err != nil || c.AccountKey() == p.Account || p.Lane == pay.PollSweep {
			return c, sameAccount(err, c, p)
		}
	}
	watches, err := w.served(ctx, p)
	if err != nil {
		return pay.Connection{}, err
	}
	chosen, failure := pay.Connection{}, error(store.ErrFenced)
	known := map[string]pay.Connection{}
	for _, watch := range watches {
		c, found := known[watch.Connection]
		if !found {
			if c, err = w.lists.UsableConnection(ctx, p.Owner, pay.APIKey{}, watch.Connection); err != nil {
				failure = err
				continue
			}
			known[watch.Connection] = c
		}
		if c.AccountKey() == p.Account {
			chosen = c
			continue
		}
		if err := w.disown(ctx, watch, otherAccount(watch, c)); err != nil {
			return chosen, err
		}
	}
	if chosen.ID != "" {
		return chosen, nil
	}
	return chosen, failure
}

// sameAccount refuses a connection that leads to another account by now.
func sameAccount(err error, c pay.Connection, p pay.Poll) error {
	if err == nil && c.AccountKey() != p.Account {
		return pay.Errorf(pay.CodeConnectionAccount, "the connection leads to the account %s now; this poll reads %s", c.AccountKey(), p.Account)
	}
	return err
}

func (w *Watcher) connection(ctx context.Context, p pay.Poll) (c pay.Connection, err error) {
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		c, err = tx.Connection(p.Owner, p.Connection)
		return err
	})
	return c, err
}

// served are the flows that a poll is for.
func (w *Watcher) served(ctx context.Context, p pay.Poll) (watches []pay.Watch, err error) {
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		if p.Lane == pay.PollLive {
			watches, err = tx.WatchesOf(p.Owner, p.ID)
			return err
		}
		watch, err := tx.Watch(p.Owner, p.Watch)
		watches = []pay.Watch{watch}
		return err
	})
	return watches, err
}

// disown takes a flow off its poll because of what its connection has become.
func (w *Watcher) disown(ctx context.Context, watch pay.Watch, reason string) error {
	w.log.WarnContext(ctx, "a trigger is broken", "flow", watch.Flow, "reason", reason)
	return w.store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockWatch(watch.Owner, watch.ID)
		if err != nil || now.State != pay.WatchOn {
			return err
		}
		if err := w.detach(tx, now, pay.WatchBroken, reason); err != nil {
			return err
		}
		return w.alarm(tx, now.Owner, now.ID, reason)
	})
}
