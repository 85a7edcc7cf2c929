package automation

import (
	"florin/internal/pay"
	"florin/internal/store"
)

// alarm tells the merchant that a flow's trigger does not work, or works again:
// once, however often it is tried meanwhile.
func (w *Watcher) alarm(tx *store.Tx, o pay.Owner, flow pay.ID, reason string) error {
	watch, err := tx.LockWatch(o, flow)
	failed := reason != ""
	if err != nil || watch.Told == failed || failed && watch.State == pay.WatchPaused {
		return err
	}
	watch.Told = failed
	watch.Sequence++
	if err := tx.SaveWatch(watch); err != nil {
		return err
	}
	fact := pay.Event{Type: pay.EventTriggerRecovered, Object: watch.ID, Sequence: watch.Sequence}
	if failed {
		fact.Type = pay.EventTriggerFailed
	}
	return w.cfg.Teller.Tell(tx, o, fact, func(e pay.Event) []byte { return w.cfg.Present.TriggerEvent(e, watch, reason) })
}

// alarmAll tells of a poll to the merchants of all flows that it serves. A sweep
// serves none: it only counts what their polls have missed.
func (w *Watcher) alarmAll(tx *store.Tx, p pay.Poll) error {
	flows := []pay.ID{p.Watch}
	switch p.Lane {
	case pay.PollSweep:
		return nil
	case pay.PollLive:
		watches, err := tx.WatchesOf(p.Owner, p.ID)
		if err != nil {
			return err
		}
		flows = nil
		for _, watch := range watches {
			flows = append(flows, watch.ID)
		}
	}
	reason := ""
	if p.IsTroubled() {
		reason = first(p.Reason, "its list cannot be read")
	}
	for _, flow := range flows {
		if err := w.alarm(tx, p.Owner, flow, reason); err != nil {
			return err
		}
	}
	return nil
}
