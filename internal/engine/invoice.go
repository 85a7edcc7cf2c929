package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// invoiceReading is what was read of an invoice: itself, and the payment that
// pays it, if one was tried.
type invoiceReading struct {
	invoice pay.InvoiceReport
	payment *pay.Report
}

// readInvoice reads an invoice with its payment. Whether and why a try failed
// is known to the payment alone.
func (e *Engine) readInvoice(ctx context.Context, access pay.Access, ref string) (invoiceReading, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	found, err := e.stripe.FindInvoice(ctx, access, ref)
	if err != nil || found.PaymentRef == "" || found.Status == pay.InvoiceDraft {
		return invoiceReading{invoice: found}, err
	}
	payment, err := e.stripe.FindPayment(ctx, access, pay.PaymentSought{Ref: found.PaymentRef})
	if payment.Status == pay.PaymentFailed && found.Status != pay.InvoicePaid {
		found.Failure = payment.Failure
	}
	return invoiceReading{found, &payment}, err
}

// applyInvoice is the job of a Stripe event about an invoice.
func (e *Engine) applyInvoice(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	err = e.refreshInvoice(ctx, ev.Owner, ev.Connection, hint.ObjectRef)
	return "read from Stripe", err
}

// refreshInvoice reads an invoice from Stripe and takes over what is new, as
// refreshSubscription does.
//
// Errors: errNotOurs, when it is of no subscription that is known here.
func (e *Engine) refreshInvoice(ctx context.Context, o pay.Owner, connection pay.ID, ref string) error {
	access, err := e.accessBy(ctx, o, connection)
	if err != nil {
		return err
	}
	seen, err := e.invoiceSeen(ctx, o, ref)
	if err != nil {
		return err
	}
	for range maxRereads {
		read, err := e.readInvoice(ctx, access, ref)
		if err != nil {
			return err
		}
		s, err := e.subscriptionOf(ctx, o, read.invoice.SubscriptionRef, read.invoice.SubscriptionID)
		if err != nil {
			return err
		}
		overtaken := false
		err = e.store.Write(ctx, func(tx *store.Tx) error {
			i, err := e.lockInvoiceOf(tx, s, read.invoice)
			if err != nil {
				return err
			}
			if overtaken = i.Sequence > 1 && i.Sequence != seen; overtaken {
				seen = i.Sequence
				return nil
			}
			_, err = e.takeOverInvoice(tx, i, read)
			return err
		})
		if err != nil || !overtaken {
			return err
		}
	}
	return errOvertaken
}

// invoiceSeen is the sequence of an invoice as it is known now; zero when it
// is not.
func (e *Engine) invoiceSeen(ctx context.Context, o pay.Owner, ref string) (int64, error) {
	i, err := glance(ctx, e, func(tx *store.Tx) (pay.Invoice, error) { return tx.InvoiceByRef(o, ref) })
	if pay.Is(err, pay.CodeNotFound) {
		return 0, nil
	}
	return i.Sequence, err
}

// lockInvoiceOf locks an invoice, which is written down when it is new. The
// subscription is locked first, so that two events do not both find it new.
func (e *Engine) lockInvoiceOf(tx *store.Tx, s pay.Subscription, r pay.InvoiceReport) (pay.Invoice, error) {
	s, err := tx.LockSubscription(s.Owner, s.ID)
	if err != nil {
		return pay.Invoice{}, err
	}
	i, err := tx.InvoiceByRef(s.Owner, r.ProviderRef)
	if err == nil {
		return tx.LockInvoice(s.Owner, i.ID)
	}
	if !pay.Is(err, pay.CodeNotFound) {
		return i, err
	}
	now := tx.Now()
	i = pay.Invoice{
		ID: newID(), Owner: s.Owner, Connection: s.Connection, Subscription: s.ID, Customer: s.Customer, Account: s.Account,
		ProviderRef: r.ProviderRef, Status: pay.InvoiceDraft, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	i.Due, i.Paid = pay.Amount(0, r.Due.Currency), pay.Amount(0, r.Due.Currency)
	return i, tx.InsertInvoice(i)
}

// takeOverInvoice applies a report to a locked invoice and keeps all that
// follows from it: the payment, in the books; what comes after a failure; the
// event and its deliveries.
func (e *Engine) takeOverInvoice(tx *store.Tx, before pay.Invoice, r invoiceReading) (pay.Invoice, error) {
	change := before.Apply(r.invoice, tx.Now())
	after := change.Invoice
	if after.Status == pay.InvoicePaid && after.Payment == "" && after.Paid.Minor > 0 && after.PaymentRef != "" {
		p, err := e.paymentOfInvoice(tx, after, r.payment)
		if err != nil {
			return before, err
		}
		after.Payment = p.ID
	}
	if err := e.dun(tx, &after, change.Event, r.invoice); err != nil {
		return before, err
	}
	return e.keepInvoice(tx, before, after, change)
}

// keepInvoice writes down a change of an invoice and tells of it.
func (e *Engine) keepInvoice(tx *store.Tx, before, after pay.Invoice, change pay.InvoiceChange) (pay.Invoice, error) {
	after.LookAt = nextInvoiceLook(after, tx.Now())
	if !change.Changed && after.LookAt.Equal(before.LookAt) && after.Payment == before.Payment && after.Dunning == before.Dunning {
		return before, nil
	}
	if err := tx.UpdateInvoice(after); err != nil {
		return before, err
	}
	if change.Event == "" {
		return after, nil
	}
	if err := hastenSubscription(tx, after); err != nil {
		return before, err
	}
	if err := e.noteInvoice(tx, after, change.Event); err != nil {
		return before, err
	}
	fact := pay.Event{Type: change.Event, Object: after.ID, Payment: after.Payment, Sequence: after.Sequence}
	return after, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.InvoiceEvent(ev, after) })
}

// hastenSubscription has Stripe asked soon about a subscription whose invoice
// says that it must stand otherwise than is known: the event that tells of it
// may be lost.
func hastenSubscription(tx *store.Tx, i pay.Invoice) error {
	s, err := tx.LockSubscription(i.Owner, i.Subscription)
	if err != nil || s.ProviderRef == "" || s.Status.Ended() {
		return err
	}
	owes := i.Status == pay.InvoiceOpen && i.Failure.Code != ""
	behind := s.Status == pay.SubscriptionIncomplete || s.Status == pay.SubscriptionPastDue || s.Status == pay.SubscriptionUnpaid
	if owes == behind {
		return nil
	}
	s.LookAt = tx.Now().Add(firstLook)
	return tx.UpdateSubscription(s)
}

// paymentOfInvoice enters what an invoice was paid with as a payment of its
// own: money is in the books as payments alone.
func (e *Engine) paymentOfInvoice(tx *store.Tx, i pay.Invoice, r *pay.Report) (pay.Payment, error) {
	p, err := tx.PaymentByRef(i.Owner, i.PaymentRef)
	if err == nil || !pay.Is(err, pay.CodeNotFound) {
		return p, err
	}
	if r == nil || r.Status != pay.PaymentCompleted { // the fee and the card follow
		r = &pay.Report{Status: pay.PaymentCompleted, ProviderRef: i.PaymentRef, Captured: i.Paid}
	}
	s, err := tx.Subscription(i.Owner, i.Subscription)
	if err != nil {
		return p, err
	}
	share, err := e.shareOf(tx, s)
	if err != nil {
		return p, err
	}
	now := tx.Now()
	p = pay.Payment{
		ID: newID(), Owner: i.Owner, Amount: i.Paid, Captured: pay.Amount(0, i.Paid.Currency), Refunded: pay.Amount(0, i.Paid.Currency),
		Status: pay.PaymentPending, Capture: pay.CaptureAutomatic, Provider: pay.ProviderStripe, Connection: i.Connection,
		Customer: i.Customer, Card: s.Card, Share: share, Description: "Invoice " + i.Number, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.InsertPayment(p); err != nil {
		return p, err
	}
	return e.takeOver(tx, p, r)
}

// shareOf is how each payment of a subscription is shared: Stripe makes a
// destination charge of it.
func (e *Engine) shareOf(tx *store.Tx, s pay.Subscription) (pay.Share, error) {
	if s.Account == "" {
		return pay.Share{}, nil
	}
	account, err := tx.Account(s.Owner, s.Account)
	return pay.Share{Account: account.ID, AccountRef: account.ProviderRef, Type: pay.ChargeDestination, Percent: s.PlatformPercent}, err
}

// nextInvoiceLook is when to ask Stripe again about an invoice.
func nextInvoiceLook(i pay.Invoice, now time.Time) time.Time {
	if i.Status == pay.InvoiceDraft || i.Status == pay.InvoiceOpen {
		return now.Add(max(lookWait(now.Sub(i.CreatedAt)), time.Hour))
	}
	return time.Time{}
}

// PayInvoice collects an invoice now, with a saved card or with that of its
// subscription.
//
// Errors: not_found, invoice_not_open, operation_in_progress, card_declined,
// in_doubt, and those of the idempotency gate.
func (e *Engine) PayInvoice(ctx context.Context, ask Ask, id, card pay.ID) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		i, err := lockFree(tx, ask.Owner, id, tx.LockInvoice)
		if err != nil {
			return order{}, err
		}
		if err := i.CheckPay(); err != nil {
			return order{}, err
		}
		return e.payOrder(tx, i, card)
	})
}

func (e *Engine) payOrder(tx *store.Tx, i pay.Invoice, card pay.ID) (order, error) {
	method := ""
	if card != "" {
		customer, err := tx.Customer(i.Owner, i.Customer)
		if err != nil {
			return order{}, err
		}
		charged, err := chargedCard(tx, customer, card)
		if err != nil {
			return order{}, err
		}
		method = charged.ProviderRef
	}
	wire, err := e.stripe.PayInvoice(i, method)
	if err != nil {
		return order{}, err
	}
	return invoiceOrder(tx, i, pay.ActionPayInvoice, wire)
}

func invoiceOrder(tx *store.Tx, i pay.Invoice, a pay.Action, wire pay.Wire) (order, error) {
	c, err := tx.Connection(i.Owner, i.Connection)
	return order{action: a, connection: c, subject: i.ID, wire: wire}, err
}

// VoidInvoice makes an invoice as if it had never been.
//
// Errors: not_found, invoice_not_open, operation_in_progress, in_doubt, and
// those of the idempotency gate.
func (e *Engine) VoidInvoice(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		i, err := lockFree(tx, ask.Owner, id, tx.LockInvoice)
		if err != nil {
			return order{}, err
		}
		if err := i.CheckVoid(); err != nil {
			return order{}, err
		}
		wire, err := e.stripe.VoidInvoice(i)
		if err != nil {
			return order{}, err
		}
		return invoiceOrder(tx, i, pay.ActionVoidInvoice, wire)
	})
}

// settleInvoice takes over what came of paying, voiding or holding an invoice.
func (e *Engine) settleInvoice(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	i, err := tx.LockInvoice(call.Owner, call.Subject)
	switch {
	case err != nil:
		return settlement{}, err
	case answer.Invoice == nil:
		return e.refuseInvoice(tx, i, call, answer)
	case i.UpdatedAt.After(call.FirstSentAt): // which is newer nobody can say
		i.LookAt = tx.Now()
		return settlement{reply: e.present.Invoice(i, StandingDone)}, tx.UpdateInvoice(i)
	}
	report := *answer.Invoice
	if report.Status == pay.InvoiceOpen {
		report.Failure = i.Failure // the answer does not have it
	}
	i, err = e.takeOverInvoice(tx, i, invoiceReading{invoice: report})
	return settlement{reply: e.present.Invoice(i, StandingDone)}, err
}

// refuseInvoice says why an invoice was not paid, or not changed. A try that a
// bank turned down counts, when it is one of the schedule; after any other
// refusal the invoice has changed at Stripe, which is asked.
func (e *Engine) refuseInvoice(tx *store.Tx, i pay.Invoice, call pay.Call, answer pay.Answer) (settlement, error) {
	reply := func(i pay.Invoice) settlement { return settlement{reply: e.present.InvoiceRefusal(answer.Err, i)} }
	collected := call.Action == pay.ActionPayInvoice || call.Action == pay.ActionRetryInvoice
	if !collected || answer.Err == nil || answer.Err.DeclineCode == "" || i.Status != pay.InvoiceOpen {
		i.LookAt = tx.Now()
		return reply(i), tx.UpdateInvoice(i)
	}
	after := i
	after.Failure = failureOf(answer.Err)
	after.Sequence++
	after.UpdatedAt = tx.Now()
	if call.Action == pay.ActionRetryInvoice {
		if err := e.dunAgain(tx, &after); err != nil {
			return settlement{}, err
		}
	}
	change := pay.InvoiceChange{Invoice: after, From: i.Status, Event: pay.EventInvoicePaymentFailed, Changed: true}
	after, err := e.keepInvoice(tx, i, after, change)
	return reply(after), err
}

func (e *Engine) invoiceDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionPayInvoice:   {e.settleInvoice, e.lookForInvoice(pay.InvoicePaid), e.openInvoice},
		pay.ActionRetryInvoice: {e.settleInvoice, e.lookForInvoice(pay.InvoicePaid), e.openInvoice},
		pay.ActionVoidInvoice:  {e.settleInvoice, e.lookForInvoice(pay.InvoiceVoid), e.openInvoice},
		pay.ActionHoldInvoice:  {e.settleInvoice, e.lookForInvoice(""), e.openInvoice},
	}
}

// lookForInvoice reads an invoice and says whether it has come to a status, or
// to any when that is empty.
func (e *Engine) lookForInvoice(want pay.InvoiceStatus) looker {
	return func(ctx context.Context, todo errand) (pay.Answer, error) {
		i, err := e.Invoice(ctx, todo.call.Owner, todo.call.Subject)
		if err != nil {
			return pay.Answer{}, err
		}
		report, err := e.stripe.FindInvoice(ctx, todo.access, i.ProviderRef)
		if err == nil && want != "" && report.Status != want {
			return pay.Answer{}, pay.NotFound("invoice at Stripe that is", want)
		}
		return pay.Answer{Invoice: &report}, err
	}
}

func (e *Engine) openInvoice(tx *store.Tx, call pay.Call) (Reply, error) {
	i, err := tx.Invoice(call.Owner, call.Subject)
	return e.present.Invoice(i, StandingOpen), err
}

// Invoice is one invoice.
//
// Errors: not_found.
func (e *Engine) Invoice(ctx context.Context, o pay.Owner, id pay.ID) (pay.Invoice, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Invoice, error) { return tx.Invoice(o, id) })
}

// Invoices is a page of the invoices that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Invoices(ctx context.Context, o pay.Owner, f pay.InvoiceFilter, page pay.Page) (pay.List[pay.Invoice], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Invoice], error) { return tx.Invoices(o, f, page) })
}
