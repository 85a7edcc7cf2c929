package automation

import (
	"context"
	"encoding/json"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// WatchRequest is what a flow says of its trigger.
type WatchRequest struct {
	Owner      pay.Owner
	Flow       pay.ID
	Name       string          // the flow's
	Trigger    string          // of the catalogue, or schedule, webhook, manual
	Options    json.RawMessage // what stands under it
	Connection string          // the flow's own; the options may name another
}

// watchOptions are the options that every trigger of a kind has.
type watchOptions struct {
	Connection string `json:"connection"`
	Every      string `json:"every"`
	Start      string `json:"start"`
	Cron       string `json:"cron"`
	Zone       string `json:"zone"`
	Missed     string `json:"missed"`
}

// Aimed is a trigger that was looked into and can be joined in a transaction.
type Aimed struct {
	watch pay.Watch
	aim   pay.TriggerAim
	start pay.TriggerStart
	now   time.Time // by Stripe's clock
	skew  time.Duration

	connection pay.Connection
	secret     pay.Secret // of a new webhook
}

// Aim looks into what a flow says of its trigger, before the transaction that
// keeps the flow: it checks the options and asks Stripe for its time, which is
// what "from now" means.
//
// Errors: invalid_field and unknown_field, naming the option; not_found (the
// connection), provider_not_configured.
func (w *Watcher) Aim(ctx context.Context, r WatchRequest) (Aimed, error) {
	var o watchOptions
	if len(r.Options) > 0 {
		if err := json.Unmarshal(r.Options, &o); err != nil {
			return Aimed{}, pay.Invalid(pay.CodeInvalidField, "on."+r.Trigger, "these options cannot be read").Because(err)
		}
	}
	now := w.clock.Now()
	a := Aimed{watch: pay.Watch{
		ID: r.Flow, Owner: r.Owner, Flow: r.Name, Kind: kindOf(r.Trigger), Trigger: r.Trigger, Options: orNothing(r.Options),
		Connection: first(o.Connection, r.Connection), State: pay.WatchOn, CreatedAt: now, UpdatedAt: now,
	}}
	switch a.watch.Kind {
	case pay.WatchPoll:
		return w.aimPoll(ctx, a, o)
	case pay.WatchSchedule:
		return w.aimSchedule(a, o)
	case pay.WatchHook:
		return w.aimHook(a)
	}
	return a, nil
}

func kindOf(trigger string) pay.WatchKind {
	switch kind := pay.WatchKind(trigger); kind {
	case pay.WatchSchedule, pay.WatchHook, pay.WatchManual:
		return kind
	}
	return pay.WatchPoll
}

func orNothing(options json.RawMessage) json.RawMessage {
	if len(options) == 0 || string(options) == "null" {
		return json.RawMessage("{}")
	}
	return options
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func (w *Watcher) aimPoll(ctx context.Context, a Aimed, o watchOptions) (Aimed, error) {
	var err error
	if a.watch.Every, err = w.every(o.Every, pay.DefaultEvery); err != nil {
		return a, pay.Invalid(pay.CodeInvalidField, "on."+a.watch.Trigger+".every", "%s", messageOf(err))
	}
	if a.start, err = pay.ParseTriggerStart(o.Start); err != nil {
		return a, pay.Invalid(pay.CodeInvalidField, "on."+a.watch.Trigger+".start", "%s", messageOf(err))
	}
	if a.aim, err = w.triggers.Aim(a.watch.Trigger, a.watch.Options); err != nil {
		return a, err
	}
	if a.connection, err = w.lists.UsableConnection(ctx, a.watch.Owner, pay.APIKey{}, a.watch.Connection); err != nil {
		return a, err
	}
	a.watch.Account = a.connection.AccountKey()
	return w.askTime(ctx, a)
}

// askTime asks Stripe for its time. Where it cannot be reached our own clock
// has to do: the flow is kept all the same, and its poll says what is wrong.
func (w *Watcher) askTime(ctx context.Context, a Aimed) (Aimed, error) {
	asked := w.clock.Now()
	path := pay.Poll{List: a.aim.List, Reading: pay.PollWindow{Lower: asked}}.Path()
	answer, _, err := w.lists.ReadList(ctx, a.connection, w.triggers.Request(path))
	a.now = asked
	if !answer.StripeTime.IsZero() {
		a.now = answer.StripeTime
		a.skew = a.now.Sub(asked).Truncate(time.Second)
	}
	return a, err
}

func messageOf(err error) string {
	if known, ok := err.(*pay.Error); ok {
		return known.Message
	}
	return err.Error()
}

// every reads an interval.
func (w *Watcher) every(text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return max(otherwise, w.cfg.MinEvery), nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every < w.cfg.MinEvery || every > pay.MaxEvery {
		return 0, pay.Errorf(pay.CodeInvalidField, "%q is no interval from %s to %s; write 15s, 5m or 1h", text, w.cfg.MinEvery, pay.MaxEvery)
	}
	return every, nil
}

// Join keeps what a flow waits for, with the flow, in one transaction. A flow
// that waited for the same before goes on where it was.
func (w *Watcher) Join(tx *store.Tx, a Aimed) (pay.Watch, error) {
	before, err := tx.LockWatch(a.watch.Owner, a.watch.ID)
	switch {
	case pay.Is(err, pay.CodeNotFound):
		return w.joinNew(tx, a)
	case err != nil:
		return before, err
	case a.continues(before):
		return w.joinAgain(tx, before, a)
	}
	if err := w.Leave(tx, before.Owner, before.ID); err != nil {
		return before, err
	}
	return w.joinNew(tx, a)
}

// continues says that a flow's trigger is the one that it had, with at most
// other times or another choice of what it wants.
func (a Aimed) continues(before pay.Watch) bool {
	return before.Kind == a.watch.Kind && before.Trigger == a.watch.Trigger && before.Account == a.watch.Account &&
		startOf(before.Options) == startOf(a.watch.Options)
}

func startOf(options json.RawMessage) string {
	var o struct {
		Start string   `json:"start"`
		Types []string `json:"types"`
	}
	_ = json.Unmarshal(options, &o) // they were read when they were given
	text, err := json.Marshal(o)
	if err != nil {
		return ""
	}
	return string(text)
}

func (w *Watcher) joinAgain(tx *store.Tx, before pay.Watch, a Aimed) (pay.Watch, error) {
	fresh := before
	fresh.Flow, fresh.Options, fresh.Connection, fresh.Every, fresh.UpdatedAt = a.watch.Flow, a.watch.Options, a.watch.Connection, a.watch.Every, tx.Now()
	if a.watch.Kind == pay.WatchSchedule && string(before.Options) != string(a.watch.Options) {
		fresh.NextAt = a.watch.NextAt
	}
	if err := tx.SaveWatch(fresh); err != nil || fresh.Poll == "" {
		return fresh, err
	}
	return fresh, w.repace(tx, fresh.Owner, fresh.Poll)
}

func (w *Watcher) joinNew(tx *store.Tx, a Aimed) (pay.Watch, error) {
	watch := a.watch
	if watch.Kind == pay.WatchPoll {
		var err error
		if watch, err = w.attach(tx, watch, a, a.start.From(a.now)); err != nil {
			return watch, err
		}
	}
	if err := tx.InsertWatch(watch); err != nil {
		return watch, err
	}
	if watch.Poll == "" {
		return watch, nil
	}
	return watch, w.repace(tx, watch.Owner, watch.Poll)
}

// attach has the shared poll serve a flow from now on, and a back-fill what is
// between from and now. The shared poll is locked meanwhile: an object that it
// has handed on already would otherwise be missed by the newcomer.
func (w *Watcher) attach(tx *store.Tx, watch pay.Watch, a Aimed, from time.Time) (pay.Watch, error) {
	live, found, err := tx.LivePoll(watch.Owner, watch.Account, a.aim.List)
	if err != nil {
		return watch, err
	}
	since := a.now.Truncate(time.Second)
	if found {
		if last := live.Reading.At.Add(time.Second); last.After(since) {
			since = last
		}
	} else {
		live = newPoll(watch, a, tx.Now())
		live.Lane, live.Hints, live.Start = pay.PollLive, a.aim.Hints, since
		live.Floor, live.Settled = since, since
		if err := tx.InsertPoll(live); err != nil {
			return watch, err
		}
	}
	watch.State, watch.Reason, watch.Poll, watch.From, watch.Since, watch.Gap = pay.WatchOn, "", live.ID, from, since, time.Time{}
	if !from.Before(since) {
		watch.Since = from
		return watch, nil
	}
	back := newPoll(watch, a, tx.Now())
	back.Lane, back.Watch, back.Start, back.Floor, back.Settled = pay.PollBackFill, watch.ID, from, from, from
	back.Until = since.Add(-time.Second)
	return watch, tx.InsertPoll(back)
}

func newPoll(watch pay.Watch, a Aimed, now time.Time) pay.Poll {
	return pay.Poll{
		ID: newID(), Owner: watch.Owner, Account: watch.Account, List: a.aim.List, Connection: a.connection.ID, CreatedAt: now,
		Every: watch.Every, DueAt: now, State: pay.PollGoing, Skew: a.skew,
	}
}

// repace gives a shared poll the shortest interval of its flows, or ends it
// when it has none. One that waits for longer is due sooner then.
func (w *Watcher) repace(tx *store.Tx, o pay.Owner, id pay.ID) error {
	live, err := tx.LockPoll(o, id)
	if err != nil {
		return err
	}
	watches, err := tx.WatchesOf(o, id)
	if err != nil {
		return err
	}
	if len(watches) == 0 {
		return tx.DeletePoll(o, id)
	}
	live.Every = watches[0].Every
	for _, each := range watches {
		live.Every = min(live.Every, each.Every)
	}
	if soon := tx.Now().Add(live.Interval()); live.Failures == 0 && live.DueAt.After(soon) {
		live.DueAt = soon
	}
	return tx.SavePoll(live)
}

// Leave forgets what a flow waits for.
func (w *Watcher) Leave(tx *store.Tx, o pay.Owner, flow pay.ID) error {
	watch, err := tx.LockWatch(o, flow)
	if pay.Is(err, pay.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	back, err := tx.PollsOfWatch(o, flow)
	if err != nil {
		return err
	}
	for _, p := range back {
		if err := tx.DeletePoll(o, p.ID); err != nil {
			return err
		}
	}
	if err := tx.DeleteWatch(o, flow); err != nil || watch.Poll == "" {
		return err
	}
	return w.repace(tx, o, watch.Poll)
}

// detach takes a flow off its shared poll and remembers what that had read, so
// that it can catch up.
func (w *Watcher) detach(tx *store.Tx, watch pay.Watch, state pay.WatchState, reason string) error {
	shared := watch.Poll
	if shared != "" {
		live, err := tx.LockPoll(watch.Owner, shared)
		if err != nil {
			return err
		}
		watch.Gap = live.Settled
		if watch.Gap.Before(watch.Since) {
			watch.Gap = watch.Since
		}
	}
	watch.State, watch.Reason, watch.Poll, watch.UpdatedAt = state, reason, "", tx.Now()
	if err := tx.SaveWatch(watch); err != nil {
		return err
	}
	if err := w.eachBackFill(tx, watch, func(p *pay.Poll) { p.State, p.LeaseUntil = pay.PollPaused, time.Time{} }); err != nil || shared == "" {
		return err
	}
	return w.repace(tx, watch.Owner, shared)
}

func (w *Watcher) eachBackFill(tx *store.Tx, watch pay.Watch, change func(*pay.Poll)) error {
	back, err := tx.PollsOfWatch(watch.Owner, watch.ID)
	if err != nil {
		return err
	}
	for _, p := range back {
		if p.State == pay.PollDone {
			continue
		}
		change(&p)
		if err := tx.SavePoll(p); err != nil {
			return err
		}
	}
	return nil
}
