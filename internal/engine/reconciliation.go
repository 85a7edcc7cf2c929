package engine

import (
	"context"
	"fmt"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Limits of a comparison of the books.
const (
	// compareBatch is how many payments are compared in one snapshot.
	compareBatch = 100
	// compareMost is how many differences are kept in one comparison: more say
	// no more, and mean that something is wrong as a whole.
	compareMost = 10_000
	// compareEvery and compareBack are how often the books are compared by
	// themselves, and how far back: what Stripe booked late is looked at twice.
	compareEvery = 24 * time.Hour
	compareBack  = 72 * time.Hour
	// compareLease is how long one comparison may take: a day of a busy account
	// is ten thousand pages.
	compareLease = time.Hour
)

// comparison is one comparison of an owner's books with Stripe's.
type comparison struct {
	e     *Engine
	owner pay.Owner
	until time.Time // as found.To, or far ahead
	found pay.Reconciliation
}

// furthestAhead is how far Stripe's clock may be ahead of ours: a sandbox's can
// be moved by years.
const furthestAhead = 100 * 365 * 24 * time.Hour

// Reconcile compares the owner's books with Stripe's for what either says has
// moved in a span of time; a zero end is no end. It reads Stripe's lists of that time anew, takes
// payments that were made at Stripe into the books, reads again what is behind,
// keeps what still differs and tells of it. Nothing of Stripe's is changed.
//
// Errors: those of a read from Stripe.
func (e *Engine) Reconcile(ctx context.Context, o pay.Owner, from, to time.Time) (pay.Reconciliation, error) {
	c := &comparison{e: e, owner: o, found: pay.Reconciliation{From: from, To: to}, until: to}
	if to.IsZero() {
		c.until = e.clock.Now().Add(furthestAhead)
	}
	if err := e.prepareReadings(ctx); err != nil {
		return c.found, err
	}
	readings, err := read(ctx, e, func(tx *store.Tx) ([]pay.Reading, error) { return tx.Readings(o, pay.ReadBalance) })
	if err != nil {
		return c.found, err
	}
	for _, r := range readings {
		if err := c.relist(ctx, r); err != nil {
			return c.found, fmt.Errorf("the balance of %s: %w", nameOf(r), err)
		}
	}
	for _, step := range []func(context.Context) error{c.adoptOrphans, c.comparePayments, c.compareOthers, c.keep} {
		if err := step(ctx); err != nil {
			return c.found, err
		}
	}
	return c.found, nil
}

// ReconcileDue compares the books of owners whose daily comparison is due, and
// says how many there were.
func (e *Engine) ReconcileDue(ctx context.Context) (int, error) {
	var due []pay.Reading
	now := e.clock.Now()
	err := e.store.Write(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.LeaseReadings(pay.ReadCompare, now, now.Add(compareLease), 1)
		return err
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	r := due[0]
	found, failure := e.Reconcile(ctx, r.Owner, now.Add(-compareBack), time.Time{})
	if n := len(found.Differences); n > 0 {
		e.log.WarnContext(ctx, "the books differ from Stripe's", "merchant", r.Owner.Merchant, "mode", r.Owner.Mode, "differences", n)
	}
	r.Settled, r.DueAt = now, now.Add(compareEvery)
	return 1, e.letGo(ctx, r, failure)
}

// nameOf says whose list is read.
func nameOf(r pay.Reading) string {
	if r.AccountRef == "" {
		return "your account"
	}
	return r.AccountRef
}

// relist reads Stripe's list of the span again, so that nothing is missing.
func (c *comparison) relist(ctx context.Context, r pay.Reading) error {
	access, err := c.e.accessFor(ctx, r)
	if err != nil {
		return err
	}
	sought := pay.ListSought{From: c.found.From, Until: c.found.To}
	for {
		list, err := c.e.stripe.ListBalanceTransactions(ctx, access, sought)
		if err != nil {
			return err
		}
		var fresh int64
		err = c.e.store.Write(ctx, func(tx *store.Tx) (err error) {
			fresh, err = keepBalance(tx, r, list.Items, nil)
			return err
		})
		if err != nil {
			return err
		}
		c.found.Transactions += len(list.Items)
		c.found.Fresh += int(fresh)
		if !list.More || len(list.Items) == 0 {
			return nil
		}
		sought.After = list.Items[len(list.Items)-1].Ref
	}
}

// loose hands over the balance transactions of the span that belong to no
// payment.
func (c *comparison) loose(ctx context.Context, see func(b pay.BalanceTransaction) error) error {
	var after pay.ID
	for {
		batch, err := read(ctx, c.e, func(tx *store.Tx) ([]pay.BalanceTransaction, error) {
			return tx.LooseBalance(c.owner, c.found.From, c.until, after, compareBatch)
		})
		if err != nil {
			return err
		}
		for _, b := range batch {
			after = b.ID
			if err := see(b); err != nil {
				return err
			}
		}
		if len(batch) < compareBatch {
			return nil
		}
	}
}

// adoptOrphans takes payments into the books that Stripe has and we do not.
func (c *comparison) adoptOrphans(ctx context.Context) error {
	return c.loose(ctx, func(b pay.BalanceTransaction) error {
		if b.PaymentRef == "" || b.AccountRef != "" {
			return nil
		}
		connection, err := read(ctx, c.e, func(tx *store.Tx) (pay.Connection, error) { return tx.Connection(b.Owner, b.Connection) })
		if err != nil {
			return err
		}
		access, err := c.e.accessTo(connection)
		if err != nil {
			return err
		}
		a, err := c.e.stripe.FindAdoptable(ctx, access, b.PaymentRef)
		if pay.Is(err, pay.CodeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		adopted, err := c.e.adoptPayment(ctx, access, connection, a)
		if err != nil || !adopted {
			return err
		}
		c.found.Adopted++
		return c.e.store.Write(ctx, func(tx *store.Tx) error { return tie(tx, c.owner, []string{b.Source}) })
	})
}

// comparePayments compares every payment of which either book says that money
// moved. One that differs is read from Stripe and compared again.
func (c *comparison) comparePayments(ctx context.Context) error {
	var after pay.ID
	for {
		ids, err := read(ctx, c.e, func(tx *store.Tx) ([]pay.ID, error) {
			return tx.PaymentsMoved(c.owner, c.found.From, c.until, after, compareBatch)
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			after = id
			if err := c.comparePayment(ctx, id); err != nil {
				return err
			}
		}
		if c.found.Payments += len(ids); len(ids) < compareBatch {
			return nil
		}
	}
}

func (c *comparison) comparePayment(ctx context.Context, id pay.ID) error {
	explained, err := c.e.ExplainPayment(ctx, c.owner, id)
	if err != nil {
		return err
	}
	differences := explained.Differences(c.e.clock.Now())
	if len(differences) == 0 {
		return nil
	}
	if p := explained.Payment; p.ProviderRef != "" {
		if _, err := c.e.look(ctx, p, true); err != nil && !pay.Is(err, pay.CodeNotFound) {
			return fmt.Errorf("payment %s: %w", id, err)
		}
		if explained, err = c.e.ExplainPayment(ctx, c.owner, id); err != nil {
			return err
		}
		if differences = explained.Differences(c.e.clock.Now()); len(differences) == 0 {
			c.found.Mended++
		}
	}
	for _, d := range differences {
		c.note(d)
	}
	return nil
}

// compareOthers compares what belongs to no payment with the bookings of its
// source.
func (c *comparison) compareOthers(ctx context.Context) error {
	return c.loose(ctx, func(b pay.BalanceTransaction) error {
		c.found.Others++
		if b.Net.IsZero() {
			return nil
		}
		booked, err := read(ctx, c.e, func(tx *store.Tx) (bool, error) { return tx.IsBooked(b) })
		if err != nil || booked {
			return err
		}
		c.note(pay.Difference{
			Owner: c.owner, Connection: b.Connection, AccountRef: b.AccountRef, Cause: pay.DifferenceMissingHere, Source: b.Ref,
			Ours: pay.Amount(0, b.Net.Currency), Theirs: b.Net, Note: "nothing is booked of this " + b.Type + " (" + b.Source + ")",
		})
		return nil
	})
}

// note takes note of a difference. What is only too new is counted.
func (c *comparison) note(d pay.Difference) {
	if d.Cause == pay.DifferenceTiming {
		c.found.InTransit++
		return
	}
	if len(c.found.Differences) < compareMost {
		c.found.Differences = append(c.found.Differences, d)
	}
}

// keep writes down what differs, tells of what is new, and closes what differs
// no more.
func (c *comparison) keep(ctx context.Context) error {
	return c.e.store.Write(ctx, func(tx *store.Tx) error {
		still := map[string]bool{}
		for i := range c.found.Differences {
			d := &c.found.Differences[i]
			d.ID, d.CreatedAt, d.SeenAt = newID(), tx.Now(), tx.Now()
			still[about(*d)] = true
			fresh, err := tx.KeepDifference(*d)
			if err != nil {
				return err
			}
			if !fresh {
				continue
			}
			fact := pay.Event{Type: pay.EventReconciliationDifference, Object: d.ID, Payment: d.Payment, Sequence: 1}
			if err := c.e.Tell(tx, c.owner, fact, func(ev pay.Event) []byte { return c.e.present.DifferenceEvent(ev, *d) }); err != nil {
				return err
			}
		}
		return c.resolve(tx, still)
	})
}

// resolve closes differences of the span that are no more.
func (c *comparison) resolve(tx *store.Tx, still map[string]bool) error {
	open, err := tx.OpenDifferences(c.owner)
	if err != nil {
		return err
	}
	for _, d := range open {
		if still[about(d)] {
			continue
		}
		if d.Payment != "" {
			explained, err := explain(tx, c.owner, d.Payment)
			if err != nil {
				return err
			}
			if len(explained.Gaps) > 0 {
				continue
			}
		} else if d.CreatedAt.Before(c.found.From) {
			continue // was not looked at
		}
		if err := tx.ResolveDifference(c.owner, d.ID, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

// about names what a difference is about.
func about(d pay.Difference) string {
	return d.AccountRef + " " + d.Source + " " + string(d.Cause) + " " + string(d.Ours.Currency)
}

// ConnectedOwners is every merchant and mode whose balance at Stripe is read.
func (e *Engine) ConnectedOwners(ctx context.Context) ([]pay.Owner, error) {
	if err := e.prepareReadings(ctx); err != nil {
		return nil, err
	}
	return glance(ctx, e, func(tx *store.Tx) ([]pay.Owner, error) { return tx.ReadOwners(pay.ReadBalance) })
}
