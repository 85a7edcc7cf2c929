package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Limits of one round of polling.
const (
	pollBatch   = 32  // polls taken at a time
	pollWorkers = 8   // polls read at a time
	pollTurn    = 200 // pages of one poll before others get their turn
	// leaseSlack is how much longer a lease is than the call: time for what
	// follows it. The lease is made anew with each page.
	leaseSlack = 30 * time.Second
)

// dice is how waits are spread.
func dice() float64 { return rand.Float64() }

// Poll reads the lists that are due, and says how many there were. A poll is
// read by one worker at a time: it holds a lease on the row, and a worker whose
// lease was taken over keeps nothing.
func (w *Watcher) Poll(ctx context.Context) (int, error) {
	now := w.clock.Now()
	var due []pay.Poll
	err := w.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		due, err = tx.LeasePolls(now, now.Add(w.lease()), pollBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, pollWorkers)
	for _, p := range due {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := w.turn(ctx, p); err != nil && ctx.Err() == nil {
				w.log.WarnContext(ctx, "a poll goes on later", "poll", p.ID, "list", p.List, "error", err)
			}
		})
	}
	group.Wait()
	return len(due), nil
}

func (w *Watcher) lease() time.Duration { return w.cfg.CallTimeout + leaseSlack }

// turn reads a poll until it has kept up, or others should have their turn.
func (w *Watcher) turn(ctx context.Context, p pay.Poll) error {
	for range pollTurn {
		next, err := w.step(ctx, p)
		switch {
		case errors.Is(err, store.ErrFenced):
			return nil // somebody else goes on with it
		case err != nil:
			return err
		case next.LeaseUntil.IsZero():
			return nil
		}
		p = next
	}
	return w.keep(ctx, p, func(_ *store.Tx, p *pay.Poll) error { return nil })
}

// step asks for one page and keeps what it says. Unless the poll is to go on at
// once, its lease has ended afterwards.
func (w *Watcher) step(ctx context.Context, p pay.Poll) (pay.Poll, error) {
	var ended pay.Poll // has no lease
	c, err := w.connectionFor(ctx, p)
	if pay.CodeOf(err) != pay.CodeInternal && err != nil {
		return ended, w.keep(ctx, p, func(_ *store.Tx, p *pay.Poll) error { p.Break(err.Error()); return nil })
	}
	if err != nil {
		return p, err
	}
	p.AskedAt = w.clock.Now()
	p.OpenWindow(p.AskedAt)
	answer, wait, err := w.lists.ReadList(ctx, c, w.triggers.Request(p.Path()))
	switch {
	case err != nil:
		return p, err
	case wait > 0:
		return ended, w.putOff(ctx, p, wait)
	case answer.Outcome != pay.OutcomeDone:
		return ended, w.disappointed(ctx, p, answer)
	}
	page, err := readPage(answer, p.AskedAt.Add(p.Skew))
	if err != nil {
		return ended, w.keep(ctx, p, func(_ *store.Tx, p *pay.Poll) error { p.Fail(err.Error(), false); return nil })
	}
	p.Connection = c.ID
	return w.take(ctx, p, page)
}

// putOff leaves a poll for later, because operations come first.
func (w *Watcher) putOff(ctx context.Context, p pay.Poll, wait time.Duration) error {
	return w.store.Write(ctx, func(tx *store.Tx) error {
		held, err := tx.HoldPoll(p)
		if err != nil {
			return err
		}
		held.DueAt, held.LeaseUntil = tx.Now().Add(wait), time.Time{}
		return tx.SavePoll(held)
	})
}

// disappointed keeps that Stripe gave no page. What it means is told apart with
// care: a key without the right must never look like a list without objects.
func (w *Watcher) disappointed(ctx context.Context, p pay.Poll, answer pay.OperationAnswer) error {
	reason := answer.Note
	var retryAfter time.Duration
	if answer.Err != nil {
		reason, retryAfter = answer.Err.Message, answer.Err.RetryAfter
	}
	throttled := answer.Status == http.StatusTooManyRequests
	err := w.keep(ctx, p, func(_ *store.Tx, held *pay.Poll) error {
		held.Calls++
		switch {
		case answer.Status == http.StatusUnauthorized, answer.Status == http.StatusForbidden:
			held.Break(fmt.Sprintf("Stripe does not let this connection's key read %s: %s", held.List, reason))
		case answer.Outcome == pay.OutcomeRefused && p.Reading.Cursor != "":
			held.Reading = p.Reading
			held.LoseCursor() // the object was deleted meanwhile, as customers are
		case answer.Outcome == pay.OutcomeRefused:
			held.Break(fmt.Sprintf("Stripe refuses to list %s: %s", held.List, reason))
		default:
			held.Fail(reason, throttled)
		}
		return nil
	})
	if err != nil || retryAfter <= 0 || !throttled {
		return err
	}
	return w.notBefore(ctx, p, retryAfter)
}

// notBefore honours a wait that Stripe asked for.
func (w *Watcher) notBefore(ctx context.Context, p pay.Poll, wait time.Duration) error {
	return w.store.Write(ctx, func(tx *store.Tx) error {
		held, err := tx.HoldPoll(p)
		if err != nil {
			return err
		}
		if asked := tx.Now().Add(wait); held.DueAt.Before(asked) {
			held.DueAt = asked
		}
		return tx.SavePoll(held)
	})
}

// keep ends a lease: it changes the poll as it is now, and works out when it is
// due.
func (w *Watcher) keep(ctx context.Context, p pay.Poll, change func(tx *store.Tx, held *pay.Poll) error) error {
	return w.store.Write(ctx, func(tx *store.Tx) error {
		held, err := tx.HoldPoll(p)
		if err != nil {
			return err
		}
		held.AskedAt, held.LeaseUntil = p.AskedAt, time.Time{}
		if err := change(tx, &held); err != nil {
			return err
		}
		w.schedule(&held, tx.Now())
		if held.IsTroubled() {
			if err := w.alarmAll(tx, held); err != nil {
				return err
			}
		}
		return tx.SavePoll(held)
	})
}

// schedule works out when a poll is due. A hint that came while it was being
// read makes it due at once.
func (w *Watcher) schedule(p *pay.Poll, now time.Time) {
	switch {
	case p.State == pay.PollBroken:
		p.DueAt = now.Add(pay.PollPatience)
	case p.HintedAt.After(p.AskedAt) && p.Failures == 0:
		p.DueAt = now
	default:
		p.DueAt = p.NextDue(now, w.cfg.Dice())
	}
}

// listPage is a page of Stripe's, oldest first.
type listPage struct {
	facts pay.PollFacts
	items []listItem
}

// listItem is an object as it was listed, with what every object has.
type listItem struct {
	ref     string
	created time.Time
	raw     json.RawMessage
}

// readPage takes a page apart.
//
// Errors: when it is no list, or says that there is more without saying after
// what: such an answer must not be taken for the end.
func readPage(answer pay.OperationAnswer, otherwise time.Time) (listPage, error) {
	var list struct {
		Data    []json.RawMessage `json:"data"`
		HasMore bool              `json:"has_more"`
	}
	if err := json.Unmarshal(answer.Body, &list); err != nil || list.Data == nil {
		return listPage{}, errors.New("a list of Stripe's cannot be read")
	}
	at := answer.StripeTime
	if at.IsZero() {
		at = otherwise
	}
	page := listPage{facts: pay.PollFacts{At: at.Truncate(time.Second), Count: len(list.Data), More: list.HasMore}}
	for i := len(list.Data) - 1; i >= 0; i-- {
		page.items = append(page.items, itemOf(list.Data[i]))
	}
	if !list.HasMore {
		return page, nil
	}
	if len(page.items) == 0 || page.items[0].ref == "" {
		return listPage{}, errors.New("a list of Stripe's goes on, but it says not after what")
	}
	page.facts.LastRef, page.facts.LastAt = page.items[0].ref, page.items[0].created
	return page, nil
}

func itemOf(raw json.RawMessage) listItem {
	var object struct {
		ID      string `json:"id"`
		Created int64  `json:"created"`
	}
	_ = json.Unmarshal(raw, &object) // what cannot be read has no id, and is parked
	item := listItem{ref: object.ID, raw: raw}
	if object.Created > 0 {
		item.created = time.Unix(object.Created, 0).UTC()
	}
	return item
}
