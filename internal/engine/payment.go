package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// PaymentRequest is what a caller wants to be paid.
type PaymentRequest struct {
	Amount              pay.Money
	Provider            string // pay.ProviderStripe, or empty
	PaymentMethod       string // pm_…; this or SavedCard
	SavedCard           pay.ID
	Customer            pay.ID
	ReturnURL           string // where the customer comes back to after authenticating
	Capture             pay.Capture
	Description         string
	StatementDescriptor string
	ReceiptEmail        string
	Metadata            map[string]string
	Share               pay.Share // with a partner: account, type, percent or fee, on behalf of
}

// CreatePayment takes an amount from a card, or holds it when r.Capture is
// manual. A declined payment is a payment: it is kept, and its reply says why.
//
// Errors: those of PaymentRequest.check, not_found (the saved card or
// customer), provider_not_configured, in_doubt, and those of the idempotency
// gate.
func (e *Engine) CreatePayment(ctx context.Context, ask Ask, r PaymentRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.connected(ctx, ask.Owner, func() (Reply, error) {
		return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendCharge(tx, ask, r) })
	})
}

// intendCharge writes the payment down as pending, with the call that will
// make it.
func (e *Engine) intendCharge(tx *store.Tx, ask Ask, r PaymentRequest) (order, error) {
	payer, err := e.payerOf(tx, ask.Owner, r)
	if err != nil {
		return order{}, err
	}
	share, err := shareOf(tx, ask.Owner, r, payer)
	if err != nil {
		return order{}, err
	}
	now := tx.Now()
	p := pay.Payment{
		ID: newID(), Owner: ask.Owner, Amount: r.Amount,
		Captured: pay.Amount(0, r.Amount.Currency), Refunded: pay.Amount(0, r.Amount.Currency),
		Status: pay.PaymentPending, Capture: r.Capture, Provider: pay.ProviderStripe, Connection: payer.connection.ID,
		Customer: payer.customer, Card: r.SavedCard, PaymentMethod: payer.method, CardBrand: payer.brand, CardLast4: payer.last4,
		Description: r.Description, StatementDescriptor: r.StatementDescriptor, ReceiptEmail: r.ReceiptEmail,
		ReturnURL: r.ReturnURL, Metadata: r.Metadata, IdempotencyKey: ask.IdempotencyKey, Share: share,
		Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	sent := p
	if sent.ReturnURL == "" {
		sent.ReturnURL = e.cfg.PublicURL + ReturnPath
	}
	if sent.ReceiptEmail, err = e.receiptByStripe(tx, p); err != nil {
		return order{}, err
	}
	wire, err := e.stripe.Charge(pay.ChargeOrder{
		Payment: sent, CustomerRef: payer.customerRef, OffSession: r.SavedCard != "" && r.ReturnURL == "", Fee: feeAtStripe(share, r.Amount),
	})
	if err != nil {
		return order{}, err
	}
	return order{pay.ActionCharge, payer.connection, p.ID, p.ID, wire}, tx.InsertPayment(p)
}

// ReturnPath is where customers come back to whose merchant named no page of
// its own.
const ReturnPath = "/return"

// payer is what is charged, and through which account.
type payer struct {
	connection   pay.Connection
	customer     pay.ID
	customerRef  string
	method       string
	brand, last4 string
}

// payerOf finds the card and customer of a request. A saved card is charged
// through the account that it was saved in, whatever the default is today.
func (e *Engine) payerOf(tx *store.Tx, o pay.Owner, r PaymentRequest) (payer, error) {
	if r.SavedCard == "" {
		return e.payerWithMethod(tx, o, r)
	}
	card, err := tx.Card(o, r.SavedCard)
	if err != nil {
		return payer{}, atField(err, "saved_card_id")
	}
	if card.Status != pay.CardActive {
		return payer{}, pay.NotFound("saved card", card.ID).At("saved_card_id")
	}
	if r.Customer != "" && r.Customer != card.Customer {
		return payer{}, pay.Invalid(pay.CodeInvalidField, "customer_id", "the saved card belongs to another customer")
	}
	customer, err := tx.Customer(o, card.Customer)
	if err != nil {
		return payer{}, err
	}
	c, err := tx.Connection(o, card.Connection)
	return payer{
		connection: c, customer: customer.ID, customerRef: customer.ProviderRef,
		method: card.ProviderRef, brand: card.Brand, last4: card.Last4,
	}, err
}

func (e *Engine) payerWithMethod(tx *store.Tx, o pay.Owner, r PaymentRequest) (payer, error) {
	if r.Customer == "" {
		c, err := payingConnection(tx, o, r.Share.Account)
		return payer{connection: c, method: r.PaymentMethod}, err
	}
	customer, c, err := knownCustomer(tx, o, r.Customer)
	return payer{connection: c, customer: customer.ID, customerRef: customer.ProviderRef, method: r.PaymentMethod}, err
}

// settleCharge takes over what came of a charge.
func (e *Engine) settleCharge(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPayment(call.Owner, call.Payment)
	if err != nil {
		return settlement{}, err
	}
	if p, err = e.takeOver(tx, p, chargeReport(answer)); err != nil {
		return settlement{}, err
	}
	standing := StandingCreated
	if p.Status == pay.PaymentFailed {
		standing = StandingDeclined
	}
	return settlement{reply: e.present.Payment(p, standing), payment: p}, nil
}

// chargeReport is what an answer says of the payment. A refusal without a
// payment, such as an unknown payment method, means that it failed.
func chargeReport(answer pay.Answer) *pay.Report {
	switch {
	case answer.Payment != nil:
		return answer.Payment
	case answer.Err != nil:
		return &pay.Report{Status: pay.PaymentFailed, Failure: pay.Failure{
			Code: answer.Err.Code, Message: answer.Err.Message, DeclineCode: answer.Err.DeclineCode,
		}}
	}
	return nil
}

// takeOver applies a report to a locked payment and keeps all that follows
// from it: the row, the ledger's entries, the event and its deliveries. A nil
// report says nothing.
func (e *Engine) takeOver(tx *store.Tx, p pay.Payment, r *pay.Report) (pay.Payment, error) {
	if r == nil {
		return p, nil
	}
	return e.keepPayment(tx, p, p.Apply(*r, tx.Now()))
}

// keepPayment writes down a change of a payment.
func (e *Engine) keepPayment(tx *store.Tx, before pay.Payment, change pay.Change) (pay.Payment, error) {
	after := change.Payment
	after.LookAt = nextLook(after, tx.Now())
	if !change.Changed && after.LookAt.Equal(before.LookAt) {
		return before, nil
	}
	if err := tx.UpdatePayment(after); err != nil {
		return before, err
	}
	if err := book(tx, after.Owner, pay.Booking(before, after)); err != nil {
		return before, err
	}
	if change.Event == "" {
		return after, nil
	}
	if change.Event == pay.EventPaymentCompleted {
		if err := e.noteReceipt(tx, after); err != nil {
			return before, err
		}
	}
	fact := pay.Event{Type: change.Event, Object: after.ID, Payment: after.ID, Sequence: after.Sequence}
	return after, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.PaymentEvent(ev, after) })
}

// book adds the ids, the owner and the time to ledger transactions and keeps
// them.
func book(tx *store.Tx, o pay.Owner, booked []pay.LedgerTransaction) error {
	for i := range booked {
		booked[i].ID, booked[i].Owner, booked[i].At = newID(), o, tx.Now()
	}
	return tx.InsertLedger(booked...)
}

// CaptureRequest asks for held money.
type CaptureRequest struct {
	Payment        pay.ID
	Amount         string // decimal; empty for all that is held
	ApplicationFee string // decimal; empty for what was agreed
}

// CapturePayment takes the money that an authorised payment holds. What is not
// taken is released.
//
// Errors: not_found, payment_not_authorized, amount_exceeds_remaining,
// operation_in_progress, in_doubt.
func (e *Engine) CapturePayment(ctx context.Context, ask Ask, r CaptureRequest) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		p, err := lockIdle(tx, ask.Owner, r.Payment)
		if err != nil {
			return order{}, err
		}
		amount, err := amountOr(r.Amount, p.Amount)
		if err != nil {
			return order{}, err
		}
		if err := p.CheckCapture(amount); err != nil {
			return order{}, err
		}
		if p, err = agreeFee(tx, p, amount, r.ApplicationFee); err != nil {
			return order{}, err
		}
		wire, err := e.stripe.Capture(p, amount, feeAtStripe(p.Share, amount))
		if err != nil {
			return order{}, err
		}
		return orderFor(tx, p, pay.ActionCapture, wire)
	})
}

// CancelPayment calls off a payment of which no money was taken.
//
// Errors: not_found, payment_not_cancelable, operation_in_progress, in_doubt.
func (e *Engine) CancelPayment(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		p, err := lockIdle(tx, ask.Owner, id)
		if err != nil {
			return order{}, err
		}
		if err := p.CheckCancel(); err != nil {
			return order{}, err
		}
		wire, err := e.stripe.Cancel(p)
		if err != nil {
			return order{}, err
		}
		return orderFor(tx, p, pay.ActionCancel, wire)
	})
}

// orderFor is a call about a payment that Stripe knows already.
func orderFor(tx *store.Tx, p pay.Payment, a pay.Action, wire pay.Wire) (order, error) {
	c, err := tx.Connection(p.Owner, p.Connection)
	return order{a, c, p.ID, p.ID, wire}, err
}

// lockIdle locks a payment that no call is open for: two changes at once could
// not be told apart when one of them gets no answer.
//
// Errors: not_found, operation_in_progress.
func lockIdle(tx *store.Tx, o pay.Owner, id pay.ID) (pay.Payment, error) {
	p, err := tx.LockPayment(o, id)
	if err != nil {
		return p, err
	}
	open, found, err := tx.OpenCall(o, id)
	if err != nil || !found {
		return p, err
	}
	busy := pay.Errorf(pay.CodeInProgress, "a %s of this payment has no answer from Stripe yet", open.Action)
	busy.RetryAfter = inFlightRetry
	return p, busy
}

// amountOr reads a decimal in the currency of all, or is all when there is
// none.
func amountOr(decimal string, all pay.Money) (pay.Money, error) {
	if decimal == "" {
		return all, nil
	}
	return pay.ParseMoney(decimal, all.Currency)
}

// settleChange takes over what came of a capture or a cancel. A refusal leaves
// the payment as it was, and the caller is told why.
func (e *Engine) settleChange(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPayment(call.Owner, call.Payment)
	if err != nil {
		return settlement{}, err
	}
	if p, err = e.takeOver(tx, p, answer.Payment); err != nil {
		return settlement{}, err
	}
	if answer.Outcome != pay.OutcomeDone && answer.Err != nil {
		return settlement{reply: e.present.Refusal(answer.Err, p)}, nil
	}
	return settlement{reply: e.present.Payment(p, StandingDone), payment: p}, nil
}

// paymentDeeds are what is asked of Stripe for a payment itself.
func (e *Engine) paymentDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionCharge:  {e.settleCharge, e.lookForCharge, e.openPayment},
		pay.ActionCapture: {e.settleChange, e.lookForCapture, e.openPayment},
		pay.ActionCancel:  {e.settleChange, e.lookForCancel, e.openPayment},
	}
}

func (e *Engine) openPayment(tx *store.Tx, call pay.Call) (Reply, error) {
	p, err := tx.Payment(call.Owner, call.Payment)
	return e.present.Payment(p, StandingOpen), err
}

// Payment is one payment.
//
// Errors: not_found.
func (e *Engine) Payment(ctx context.Context, o pay.Owner, id pay.ID) (pay.Payment, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Payment, error) { return tx.Payment(o, id) })
}

// Payments is a page of the payments that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Payments(ctx context.Context, o pay.Owner, f pay.PaymentFilter, page pay.Page) (pay.List[pay.Payment], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Payment], error) { return tx.Payments(o, f, page) })
}

// When a thing is looked up although nothing was heard of it.
const (
	firstLook = 30 * time.Second // most events come within a second
	maxLook   = 6 * time.Hour    // Stripe retries its events for three days
	feeWindow = 24 * time.Hour   // after which a fee that is not known is left to reconciliation
)

// nextLook is when to ask Stripe again about a payment, should no event come:
// soon at first, then ever more rarely; zero when nothing more can happen.
func nextLook(p pay.Payment, now time.Time) time.Time {
	switch {
	case p.ProviderRef == "":
		return time.Time{} // its call is open, or it never got there
	case p.Status == pay.PaymentPending:
		return now.Add(lookWait(now.Sub(p.CreatedAt)))
	case p.Status == pay.PaymentAuthorized:
		return nextHoldLook(p, now)
	case !p.Captured.IsZero() && p.Fee.IsZero() && now.Sub(p.CapturedAt) < feeWindow:
		return now.Add(lookWait(now.Sub(p.CapturedAt)))
	}
	return time.Time{}
}

// lookWait grows with age, so that a thing is looked up a dozen times a day at
// most.
func lookWait(age time.Duration) time.Duration { return min(max(age, firstLook), maxLook) }
