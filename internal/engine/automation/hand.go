package automation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// maxHandovers is how many runs are begun in one transaction: enough to be
// quick, few enough that others, who wait for the writer on SQLite, wait
// briefly.
const maxHandovers = 200

// take hands a page's objects on, oldest first, and keeps how far the poll has
// come. Whatever is handed on is noted in the same transaction, so that a crash
// between two of them leaves nothing out and repeats nothing.
func (w *Watcher) take(ctx context.Context, p pay.Poll, page listPage) (pay.Poll, error) {
	items := slices.Clone(page.items)
	slices.SortStableFunc(items, func(a, b listItem) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.ref, b.ref))
	})
	var fresh int64
	for {
		done := false
		var next pay.Poll
		var handed, found int
		err := w.store.Write(ctx, func(tx *store.Tx) error {
			held, err := tx.HoldPoll(p)
			if err != nil {
				return err
			}
			h := handover{w: w, tx: tx, poll: held}
			if handed, found, err = h.some(items); err != nil {
				return err
			}
			if done = handed == len(items); !done {
				return tx.ExtendPoll(held, tx.Now().Add(w.lease()))
			}
			next, err = w.advance(tx, held, p, pageEnd{page.facts, fresh + int64(found)})
			return err
		})
		if err != nil || done {
			return next, err
		}
		items, fresh = items[handed:], fresh+int64(found)
	}
}

// pageEnd is what is known of a page once all of it was handed on.
type pageEnd struct {
	facts pay.PollFacts
	fresh int64 // objects seen for the first time
}

// advance keeps how far the poll has come. read is the poll as it was when the
// page was asked for; held is as it is now.
func (w *Watcher) advance(tx *store.Tx, held, read pay.Poll, end pageEnd) (pay.Poll, error) {
	now := tx.Now()
	held.Reading, held.AskedAt, held.AnswerAt, held.Connection = read.Reading, read.AskedAt, now, read.Connection
	held.Skew = end.facts.At.Sub(read.AskedAt).Truncate(time.Second)
	held.Calls++
	held.Advance(end.facts)
	if wasTroubled := held.IsTroubled(); held.State != pay.PollDone {
		if held.Recover(); wasTroubled {
			if err := w.alarmAll(tx, held); err != nil {
				return held, err
			}
		}
	}
	held.Count(end.fresh, now)
	if held.Lane == pay.PollSweep && end.fresh > 0 {
		if err := tx.CountMissed(held.Owner, held.Of, end.fresh); err != nil {
			return held, err
		}
	}
	w.schedule(&held, now)
	held.LeaseUntil = time.Time{}
	if held.State == pay.PollGoing && !held.DueAt.After(now) {
		held.LeaseUntil = now.Add(w.lease())
	}
	return held, tx.SavePoll(held)
}

// handover is the handing on of objects within one transaction.
type handover struct {
	w    *Watcher
	tx   *store.Tx
	poll pay.Poll
}

// some hands on as many of the items as go into a transaction, and says how
// many those were and how many of them had not been seen before.
func (h handover) some(items []listItem) (handed, fresh int, err error) {
	watches, err := h.watches()
	if err != nil {
		return 0, 0, err
	}
	known, err := h.known(items)
	if err != nil {
		return 0, 0, err
	}
	counts := make([]tally, len(watches))
	begun := 0
	for handed < len(items) && begun < maxHandovers {
		item := items[handed]
		handed++
		if known[item.ref] {
			continue
		}
		first, err := h.see(item)
		if err != nil {
			return 0, 0, err
		}
		if !first {
			continue
		}
		fresh++
		begun += 1 + len(watches)
		if err := h.object(item, watches, counts); err != nil {
			return 0, 0, err
		}
	}
	return handed, fresh, h.count(watches, counts)
}

// tally is what a watch got of a page.
type tally struct{ found, parked int64 }

func (h handover) count(watches []pay.Watch, counts []tally) error {
	for i, each := range counts {
		if each == (tally{}) {
			continue
		}
		if err := h.tx.CountFinds(watches[i], each.found, each.parked); err != nil {
			return err
		}
	}
	return nil
}

// watches are the flows that the poll serves now.
func (h handover) watches() ([]pay.Watch, error) {
	if h.poll.Lane == pay.PollBackFill {
		watch, err := h.tx.Watch(h.poll.Owner, h.poll.Watch)
		return []pay.Watch{watch}, err
	}
	return h.tx.WatchesOf(h.poll.Owner, h.memory())
}

// memory is the poll by which objects are known again: a sweep has its live
// poll's.
func (h handover) memory() pay.ID {
	if h.poll.Lane == pay.PollSweep {
		return h.poll.Of
	}
	return h.poll.ID
}

// known are the objects seen before, in one query. A back-fill remembers
// nothing: a million objects would, and each flow's runs know their objects.
func (h handover) known(items []listItem) (map[string]bool, error) {
	if h.poll.Lane == pay.PollBackFill {
		return nil, nil
	}
	refs := make([]string, 0, len(items))
	for _, item := range items {
		if item.ref != "" {
			refs = append(refs, item.ref)
		}
	}
	return h.tx.SeenOf(h.poll.Owner, h.memory(), refs)
}

func (h handover) see(item listItem) (bool, error) {
	if h.poll.Lane == pay.PollBackFill || item.ref == "" {
		return true, nil // what has no id is known again where it is parked
	}
	return h.tx.See(h.poll.Owner, h.memory(), store.Seen{Ref: item.ref, Created: item.created})
}

// object hands one object to every flow that it concerns.
func (h handover) object(item listItem, watches []pay.Watch, counts []tally) error {
	for i, watch := range watches {
		if !h.concerns(watch, item) {
			continue
		}
		begun, err := h.begin(watch, item)
		switch {
		case isFaultOfInput(err):
			err = h.park(watch, item, err, &counts[i])
		case begun:
			counts[i].found++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// concerns says whether an object is of the time that the poll serves a flow
// for: a back-fill up to where the shared poll begins, the shared poll from
// there on. What has no time concerns everybody.
func (h handover) concerns(watch pay.Watch, item listItem) bool {
	switch {
	case watch.State != pay.WatchOn:
		return false
	case item.created.IsZero():
		return true
	case h.poll.Lane == pay.PollBackFill:
		return !item.created.Before(h.poll.Start) && !item.created.After(h.poll.Until)
	}
	return !item.created.Before(watch.Since)
}

func (h handover) begin(watch pay.Watch, item listItem) (bool, error) {
	find, err := h.w.triggers.Judge(watch.Trigger, watch.Options, item.raw)
	if err != nil || !find.Wanted {
		return false, err
	}
	_, fresh, err := h.w.start(h.tx, watch, Starting{Key: find.Key, Input: find.Output, Ref: find.Ref})
	return fresh, err
}

// isFaultOfInput says that an error is about the object, so that the others can
// go on.
func isFaultOfInput(err error) bool {
	return err != nil && pay.InfoOf(pay.CodeOf(err)).Kind == pay.KindInvalid
}

// park keeps an object that no run could be made of, with the reason.
func (h handover) park(watch pay.Watch, item listItem, reason error, counts *tally) error {
	ref := item.ref
	if ref == "" {
		sum := sha256.Sum256(item.raw)
		ref = "unnamed_" + hex.EncodeToString(sum[:8])
	}
	sealed, err := h.w.sealer.Seal(item.raw, parkedContext(watch.ID, ref))
	if err != nil {
		return err
	}
	fresh, err := h.tx.Park(pay.ParkedFind{
		Owner: watch.Owner, Watch: watch.ID, Ref: ref, Error: reason.Error(), Item: sealed, Created: item.created, At: h.tx.Now(),
	})
	if fresh {
		counts.parked++
	}
	return err
}

// parkedContext binds a parked object to its row.
func parkedContext(watch pay.ID, ref string) string { return "parked|" + string(watch) + "|" + ref }
