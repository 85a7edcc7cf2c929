package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Limits of one round of reading lists.
const (
	readBatch   = 32 // readings taken at a time
	readWorkers = 4  // readings at work at a time: Stripe allows 25 reads a second in test mode
	// readTurn is how many pages of one list are read before others get their
	// turn: two thousand objects.
	readTurn = 20
	// hintDelay is how long after an event a list is read: what one payment moves
	// comes together, and a busy shop does not cause a reading a second.
	hintDelay = 2 * time.Second
)

// pages is what a list's pages are read and kept by.
type pages struct {
	// turn reads the page after r.Cursor and says what its last object is,
	// whether there are more, and Stripe's time; keep is run in the transaction
	// that keeps how far the reading has come, and says how many objects were new.
	turn func(ctx context.Context, access pay.Access, r pay.Reading) (last string, more bool, at time.Time, keep func(tx *store.Tx) (int64, error), err error)
	// closed is run after the last page of a window.
	closed func(tx *store.Tx, r pay.Reading) error
}

// ReadLists reads the lists that are due, and says how many there were.
func (e *Engine) ReadLists(ctx context.Context) (int, error) {
	if err := e.prepareReadings(ctx); err != nil {
		return 0, err
	}
	now := e.clock.Now()
	var due []pay.Reading
	err := e.store.Write(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.LeaseReadings(pay.ReadBalance, now, now.Add(e.lease()), readBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, readWorkers)
	for _, r := range due {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := e.readOn(ctx, r); err != nil && ctx.Err() == nil {
				e.log.WarnContext(ctx, "a list is read later", "reading", r.ID, "list", r.List, "account", r.AccountRef, "error", err)
			}
		})
	}
	group.Wait()
	return len(due), nil
}

// unread are the balances whose lists nobody reads yet.
type unread struct {
	connections []pay.Connection
	accounts    []pay.Account
}

// prepareReadings makes readings for balances that have none, and those due
// that an event has said something of.
func (e *Engine) prepareReadings(ctx context.Context) error {
	missing, err := read(ctx, e, func(tx *store.Tx) (found unread, err error) {
		if found.connections, err = tx.UnreadConnections(pay.ReadBalance, readBatch); err != nil {
			return found, err
		}
		found.accounts, err = tx.UnreadAccounts(pay.ReadBalance, readBatch)
		return found, err
	})
	if err != nil {
		return err
	}
	hints := e.hints.take()
	if len(missing.connections)+len(missing.accounts)+len(hints) == 0 {
		return nil
	}
	return e.store.Write(ctx, func(tx *store.Tx) error {
		for _, c := range missing.connections {
			r := newReading(tx, c.Owner, c.ID, "", c.CreatedAt)
			if _, err := tx.EnsureReading(r); err != nil {
				return err
			}
			r.ID, r.List, r.DueAt = newID(), pay.ReadCompare, tx.Now().Add(compareEvery)
			if _, err := tx.EnsureReading(r); err != nil {
				return err
			}
		}
		for _, a := range missing.accounts {
			if _, err := tx.EnsureReading(newReading(tx, a.Owner, a.Connection, a.ProviderRef, a.CreatedAt)); err != nil {
				return err
			}
		}
		for _, hint := range hints {
			if err := tx.HastenReadings(hint.owner, hint.account, tx.Now().Add(hintDelay)); err != nil {
				return err
			}
		}
		return nil
	})
}

// newReading is a reading of balance transactions that begins at a time.
func newReading(tx *store.Tx, o pay.Owner, connection pay.ID, accountRef string, from time.Time) pay.Reading {
	now := tx.Now()
	return pay.Reading{
		ID: newID(), Owner: o, Connection: connection, AccountRef: accountRef, List: pay.ReadBalance,
		From: from.Truncate(time.Second), CreatedAt: now, DueAt: now, UpdatedAt: now,
	}
}

// readOn reads a list until its window is closed, or others should have their
// turn.
func (e *Engine) readOn(ctx context.Context, r pay.Reading) error {
	access, err := e.accessFor(ctx, r)
	if err != nil {
		return e.letGo(ctx, r, err)
	}
	r.Begin()
	for range readTurn {
		switch next, err := e.turnPage(ctx, access, r); {
		case errors.Is(err, store.ErrFenced):
			return nil // somebody else goes on with it
		case err != nil:
			return e.letGo(ctx, r, err)
		default:
			r = next
		}
		if !r.Open {
			return nil
		}
	}
	r.DueAt = e.clock.Now()
	return e.letGo(ctx, r, nil)
}

// accessFor is how a reading's list is reached.
func (e *Engine) accessFor(ctx context.Context, r pay.Reading) (pay.Access, error) {
	c, err := glance(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return tx.Connection(r.Owner, r.Connection) })
	if err != nil {
		return pay.Access{}, err
	}
	access, err := e.accessTo(c)
	access.Account = r.AccountRef
	return access, err
}

// turnPage reads one page and keeps what it says together with how far the
// reading has come. The lease ends with the last page of a window.
func (e *Engine) turnPage(ctx context.Context, access pay.Access, r pay.Reading) (pay.Reading, error) {
	list := e.balancePages()
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	asked := e.clock.Now()
	last, more, at, keep, err := list.turn(ctx, access, r)
	if err != nil {
		return r, err
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		next := r
		next.Turned(last, more, whenAsked(at, asked, tx.Now()), tx.Now())
		found, err := keep(tx)
		if err != nil {
			return err
		}
		next.Found += found
		next.UpdatedAt, next.LeaseUntil = tx.Now(), tx.Now().Add(e.lease())
		if !next.Open {
			next.LeaseUntil = time.Time{}
			if err := list.closed(tx, next); err != nil {
				return err
			}
		}
		r = next
		return tx.KeepReading(next)
	})
	return r, err
}

// whenAsked is Stripe's time when a list was asked for, given its time when it
// had answered: what came meanwhile may not be on the list. Where Stripe did not
// say, it is ours.
func whenAsked(answered, asked, now time.Time) time.Time {
	if answered.IsZero() {
		return asked
	}
	return answered.Add(asked.Sub(now))
}

// letGo ends the lease, and takes note of a failure.
func (e *Engine) letGo(ctx context.Context, r pay.Reading, failure error) error {
	err := e.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		kept := r
		kept.LeaseUntil, kept.UpdatedAt = time.Time{}, tx.Now()
		if failure != nil {
			kept.Failed(failure.Error(), tx.Now())
		}
		return tx.KeepReading(kept)
	})
	if errors.Is(err, store.ErrFenced) {
		err = nil
	}
	return errors.Join(failure, err)
}

// hint says that the money of a balance has moved.
type hint struct {
	owner   pay.Owner
	account string // acct_… of a partner; empty for the merchant's own
}

// hints remembers which lists have grown until they are read. It may be lost:
// they are read anyway, later.
type hints struct {
	mu   sync.Mutex
	list map[hint]struct{}
}

// movers are how the types of Stripe events begin after which a balance has
// changed (docs.stripe.com/api/events/types).
var movers = []string{"payment_intent.succeeded", "charge.", "refund.", "transfer.", "payout.", "application_fee.", "topup.", "balance."}

// noteMovement remembers that a Stripe event says that money has moved.
func (e *Engine) noteMovement(ev pay.ProviderEvent) {
	for _, begins := range movers {
		if strings.HasPrefix(ev.Type, begins) {
			e.hints.add(hint{ev.Owner, ev.Account})
			return
		}
	}
}

// maxHints bounds the memory; what is beyond it is read when it is due.
const maxHints = 10_000

func (h *hints) add(one hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.list == nil {
		h.list = map[hint]struct{}{}
	}
	if len(h.list) < maxHints {
		h.list[one] = struct{}{}
	}
}

func (h *hints) take() []hint {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]hint, 0, len(h.list))
	for one := range h.list {
		all = append(all, one)
	}
	h.list = nil
	return all
}
