package engine

import (
	"context"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// dunBatch is how many invoices one sweep takes up.
const dunBatch = 100

// firstInvoice is Stripe's reason of an invoice whose payment starts a
// subscription: when it fails there is nothing to dun, since there is no
// service yet.
const firstInvoice = "subscription_create"

// dun decides what comes after a change of an invoice: a renewal that failed
// for the first time begins its schedule, one that is settled has none. Stripe
// is told to leave the invoice to Florin.
func (e *Engine) dun(tx *store.Tx, i *pay.Invoice, event pay.EventType, r pay.InvoiceReport) error {
	if i.Status != pay.InvoiceOpen {
		i.Dunning.NextAt = time.Time{}
		return nil
	}
	if event != pay.EventInvoicePaymentFailed && i.Failure.Code == "" || i.Reason == firstInvoice || !i.Dunning.Since.IsZero() {
		return nil
	}
	settings, err := tx.BillingSettings(i.Owner)
	if err != nil {
		return err
	}
	since := i.FinalizedAt
	if since.IsZero() {
		since = tx.Now()
	}
	i.Dunning = settings.Terms.Dunning.Begin(i.Failure, since)
	if !r.AutoAdvance {
		return nil
	}
	wire, err := e.stripe.HoldInvoice(*i)
	if err != nil {
		return err
	}
	meant, err := invoiceOrder(tx, *i, pay.ActionHoldInvoice, wire)
	if err != nil {
		return err
	}
	return e.callLater(tx, i.Owner, meant)
}

// dunAgain plans what comes after another try of the schedule failed.
func (e *Engine) dunAgain(tx *store.Tx, i *pay.Invoice) error {
	settings, err := tx.BillingSettings(i.Owner)
	if err != nil {
		return err
	}
	i.Dunning = settings.Terms.Dunning.Next(i.Dunning, i.Failure)
	return nil
}

// hurryInvoices has the open invoices of a subscription collected at once,
// because another card is charged from now on.
func (e *Engine) hurryInvoices(tx *store.Tx, s pay.Subscription) error {
	open, err := tx.OpenInvoices(s.Owner, s.ID)
	if err != nil {
		return err
	}
	for _, i := range open {
		if i.Dunning.Since.IsZero() {
			continue
		}
		i.Dunning = i.Dunning.Hurry()
		if err := tx.UpdateInvoice(i); err != nil {
			return err
		}
	}
	return nil
}

// CollectDue tries again to collect the renewals whose time has come, and ends
// what the schedule ends.
func (e *Engine) CollectDue(ctx context.Context) (int, error) {
	type found struct{ due, urgent, elsewhere []pay.Invoice }
	f, err := read(ctx, e, func(tx *store.Tx) (f found, err error) {
		if f.due, err = tx.RetryInvoices("", tx.Now(), dunBatch); err != nil {
			return f, err
		}
		if f.urgent, err = tx.UrgentInvoices(dunBatch); err != nil {
			return f, err
		}
		f.elsewhere, err = tx.SandboxInvoices(dunBatch)
		return f, err
	})
	if err != nil {
		return 0, err
	}
	return e.collect(ctx, slices.Concat(f.due, f.urgent, e.dueAtSandbox(ctx, f.elsewhere)))
}

// dueAtSandbox is those of the invoices whose time has come by the clock of
// their sandbox, which may be ahead of ours. A sandbox that does not answer is
// asked in the next sweep.
func (e *Engine) dueAtSandbox(ctx context.Context, pending []pay.Invoice) []pay.Invoice {
	clocks := map[pay.ID]time.Time{}
	return slices.DeleteFunc(pending, func(i pay.Invoice) bool {
		now, known := clocks[i.Connection]
		if !known {
			access, err := e.accessBy(ctx, i.Owner, i.Connection)
			if err == nil {
				now, err = e.stripe.FindClock(ctx, access, "")
			}
			if err != nil && ctx.Err() == nil {
				e.log.WarnContext(ctx, "a sandbox's clock could not be read", "connection", i.Connection, "error", err)
			}
			clocks[i.Connection] = now
		}
		return i.Dunning.NextAt.After(now)
	})
}

// applyClock is the job of a Stripe event about a test clock: what the
// schedule has planned by then is due.
func (e *Engine) applyClock(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	access, err := e.accessBy(ctx, ev.Owner, ev.Connection)
	if err != nil {
		return "", err
	}
	now, err := e.stripe.FindClock(ctx, access, hint.ObjectRef)
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil {
		return "", err
	}
	due, err := read(ctx, e, func(tx *store.Tx) ([]pay.Invoice, error) { return tx.RetryInvoices(hint.ObjectRef, now, dunBatch) })
	if err != nil {
		return "", err
	}
	_, err = e.collect(ctx, due)
	return "collected what is due by this clock", err
}

// collect takes the next step of each invoice. The same invoice may be in the
// list twice, or in that of another process: what it is due for is read again
// under its lock.
func (e *Engine) collect(ctx context.Context, due []pay.Invoice) (int, error) {
	for _, i := range due {
		err := e.store.Write(ctx, func(tx *store.Tx) error { return e.stepDunning(tx, i) })
		if pay.Is(err, pay.CodeInProgress) {
			continue // its call has no answer yet; the next sweep comes again
		}
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

func (e *Engine) stepDunning(tx *store.Tx, seen pay.Invoice) error {
	i, err := lockFree(tx, seen.Owner, seen.ID, tx.LockInvoice)
	if err != nil || i.Dunning.NextAt.IsZero() || i.Dunning != seen.Dunning {
		return err
	}
	i.Dunning.NextAt = time.Time{}
	if err := tx.UpdateInvoice(i); err != nil || i.Status != pay.InvoiceOpen {
		return err
	}
	if i.Dunning.Stopped != "" {
		return e.endDunning(tx, i)
	}
	wire, err := e.stripe.PayInvoice(i, "")
	if err != nil {
		return err
	}
	meant, err := invoiceOrder(tx, i, pay.ActionRetryInvoice, wire)
	if err != nil {
		return err
	}
	return e.callLater(tx, i.Owner, meant)
}

// endDunning does what the owner wants of a subscription that nobody pays.
func (e *Engine) endDunning(tx *store.Tx, i pay.Invoice) error {
	settings, err := tx.BillingSettings(i.Owner)
	if err != nil || settings.Terms.Dunning.End == pay.DunningLeave {
		return err
	}
	s, err := lockFree(tx, i.Owner, i.Subscription, tx.LockSubscription)
	if err != nil || s.Status.Ended() || s.ProviderRef == "" {
		return err
	}
	meant, err := e.cancelOrder(tx, s, false)
	if err != nil {
		return err
	}
	return e.callLater(tx, s.Owner, meant)
}

// LookUpBilling asks Stripe about subscriptions and invoices that nothing was
// heard of for too long: events may be lost.
func (e *Engine) LookUpBilling(ctx context.Context) (int, error) {
	type due struct {
		subscriptions []pay.Subscription
		invoices      []pay.Invoice
	}
	found, err := read(ctx, e, func(tx *store.Tx) (d due, err error) {
		if d.subscriptions, err = tx.DueSubscriptions(tx.Now(), lookBatch); err == nil {
			d.invoices, err = tx.DueInvoices(tx.Now(), lookBatch)
		}
		return d, err
	})
	if err != nil {
		return 0, err
	}
	for _, s := range found.subscriptions {
		if err := e.lookUpSubscription(ctx, s); err != nil {
			e.log.WarnContext(ctx, "a subscription could not be looked up", "subscription", s.ID, "error", err)
		}
	}
	for _, i := range found.invoices {
		if err := e.lookUpInvoice(ctx, i); err != nil {
			e.log.WarnContext(ctx, "an invoice could not be looked up", "invoice", i.ID, "error", err)
		}
	}
	return len(found.subscriptions) + len(found.invoices), ctx.Err()
}

// lookUpSubscription reads a subscription and those of its latest invoices
// that are not known to be settled.
func (e *Engine) lookUpSubscription(ctx context.Context, s pay.Subscription) error {
	err := e.putOffSubscription(ctx, s)
	if err != nil {
		return err
	}
	if err := e.refreshSubscription(ctx, s, s.ProviderRef); err != nil {
		return err
	}
	access, err := e.accessBy(ctx, s.Owner, s.Connection)
	if err != nil {
		return err
	}
	refs, err := e.stripe.FindInvoices(ctx, access, s.ProviderRef)
	if err != nil {
		return err
	}
	for _, ref := range slices.Backward(refs) { // oldest first, as they would have been told
		i, err := read(ctx, e, func(tx *store.Tx) (pay.Invoice, error) { return tx.InvoiceByRef(s.Owner, ref) })
		if err == nil && nextInvoiceLook(i, e.clock.Now()).IsZero() {
			continue
		}
		if err != nil && !pay.Is(err, pay.CodeNotFound) {
			return err
		}
		if err := e.refreshInvoice(ctx, s.Owner, s.Connection, ref); err != nil {
			return err
		}
	}
	return nil
}

// putOffSubscription lets a look-up that fails wait for its next turn.
func (e *Engine) putOffSubscription(ctx context.Context, s pay.Subscription) error {
	return e.store.Write(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockSubscription(s.Owner, s.ID)
		if err != nil || locked.ProviderRef == "" {
			return err
		}
		locked.LookAt = nextSubscriptionLook(locked, tx.Now())
		return tx.UpdateSubscription(locked)
	})
}

func (e *Engine) lookUpInvoice(ctx context.Context, i pay.Invoice) error {
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockInvoice(i.Owner, i.ID)
		if err != nil {
			return err
		}
		locked.LookAt = nextInvoiceLook(locked, tx.Now())
		return tx.UpdateInvoice(locked)
	})
	if err != nil {
		return err
	}
	return e.refreshInvoice(ctx, i.Owner, i.Connection, i.ProviderRef)
}
