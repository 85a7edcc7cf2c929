package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// RefundRequest is what a caller wants to give back.
type RefundRequest struct {
	Payment  pay.ID
	Amount   string // decimal; empty for all that is left
	Reason   pay.RefundReason
	Metadata map[string]string
}

// CreateRefund gives back r.Amount of a payment, or all that is left of it.
//
// Errors: not_found, payment_not_captured, amount_exceeds_remaining,
// invalid_field (the reason), in_doubt, and those of the idempotency gate.
func (e *Engine) CreateRefund(ctx context.Context, ask Ask, r RefundRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendRefund(tx, ask, r) })
}

// intendRefund writes the refund down while the payment is locked: it counts
// against what is left from now on, so that no race can give back too much.
func (e *Engine) intendRefund(tx *store.Tx, ask Ask, r RefundRequest) (order, error) {
	p, err := tx.LockPayment(ask.Owner, r.Payment)
	if err != nil {
		return order{}, atField(err, "payment_id")
	}
	amount, err := refundable(tx, p, r.Amount)
	if err != nil {
		return order{}, err
	}
	now := tx.Now()
	refund := pay.Refund{
		ID: newID(), Owner: ask.Owner, Payment: p.ID, Amount: amount, Reason: r.Reason, Status: pay.RefundPending,
		Metadata: r.Metadata, IdempotencyKey: ask.IdempotencyKey, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	wire, err := e.stripe.Refund(p, refund)
	if err != nil {
		return order{}, err
	}
	if err := tx.InsertRefund(refund); err != nil {
		return order{}, err
	}
	c, err := tx.Connection(p.Owner, p.Connection)
	return order{pay.ActionRefund, c, p.ID, refund.ID, wire}, err
}

// refundable is the amount to give back, checked against what is left.
func refundable(tx *store.Tx, p pay.Payment, decimal string) (pay.Money, error) {
	_, minor, err := tx.RefundTotals(p.Owner, p.ID)
	if err != nil {
		return pay.Money{}, err
	}
	pending := pay.Amount(minor, p.Amount.Currency)
	left, err := p.Remaining(pending)
	if err != nil {
		return pay.Money{}, err
	}
	amount, err := amountOr(decimal, left)
	if err != nil {
		return pay.Money{}, err
	}
	return amount, p.CheckRefund(amount, pending)
}

// settleRefund takes over what came of a refund.
func (e *Engine) settleRefund(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPayment(call.Owner, call.Payment)
	if err != nil {
		return settlement{}, err
	}
	refund, err := tx.LockRefund(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if report := refundReport(answer, refund); report != nil {
		if refund, p, err = e.takeOverRefund(tx, refund, p, *report); err != nil {
			return settlement{}, err
		}
	}
	standing := StandingCreated
	if refund.Status == pay.RefundFailed {
		standing = StandingDeclined
	}
	return settlement{reply: e.present.Refund(refund, p, standing)}, nil
}

func refundReport(answer pay.Answer, r pay.Refund) *pay.RefundReport {
	switch {
	case answer.Refund != nil:
		return answer.Refund
	case answer.Err != nil:
		return &pay.RefundReport{Status: pay.RefundFailed, Amount: r.Amount, Failure: pay.Failure{Code: answer.Err.Code, Message: answer.Err.Message}}
	}
	return nil
}

// takeOverRefund applies a report to a locked refund of a locked payment, and
// counts it: the payment's status follows from the sum of completed refunds.
func (e *Engine) takeOverRefund(tx *store.Tx, before pay.Refund, p pay.Payment, report pay.RefundReport) (pay.Refund, pay.Payment, error) {
	change := before.Apply(report, tx.Now())
	after := change.Refund
	after.LookAt = nextRefundLook(after, tx.Now())
	if !change.Changed && after.LookAt.Equal(before.LookAt) {
		return before, p, nil
	}
	if err := tx.UpdateRefund(after); err != nil {
		return before, p, err
	}
	if err := book(tx, after.Owner, pay.RefundBooking(before, after, p.Share)); err != nil {
		return before, p, err
	}
	p, err := e.countRefunds(tx, p)
	if err != nil || change.Event == "" {
		return after, p, err
	}
	if change.Event == pay.EventRefundCompleted {
		if err := e.noteRefund(tx, after, p); err != nil {
			return after, p, err
		}
	}
	fact := pay.Event{Type: change.Event, Object: after.ID, Payment: p.ID, Sequence: after.Sequence}
	return after, p, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.RefundEvent(ev, after, p) })
}

// countRefunds brings a payment in line with its completed refunds.
func (e *Engine) countRefunds(tx *store.Tx, p pay.Payment) (pay.Payment, error) {
	completed, _, err := tx.RefundTotals(p.Owner, p.ID)
	if err != nil {
		return p, err
	}
	change, err := p.ApplyRefunds(pay.Amount(completed, p.Captured.Currency), tx.Now())
	if err != nil {
		return p, err
	}
	return e.keepPayment(tx, p, change)
}

func (e *Engine) refundDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{pay.ActionRefund: {e.settleRefund, e.lookForRefund, e.openRefund}}
}

func (e *Engine) openRefund(tx *store.Tx, call pay.Call) (Reply, error) {
	refund, err := tx.Refund(call.Owner, call.Subject)
	if err != nil {
		return Reply{}, err
	}
	p, err := tx.Payment(call.Owner, call.Payment)
	return e.present.Refund(refund, p, StandingOpen), err
}

// Refund is one refund.
//
// Errors: not_found.
func (e *Engine) Refund(ctx context.Context, o pay.Owner, id pay.ID) (pay.Refund, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Refund, error) { return tx.Refund(o, id) })
}

// Refunds is a page of the refunds that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Refunds(ctx context.Context, o pay.Owner, f pay.RefundFilter, page pay.Page) (pay.List[pay.Refund], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Refund], error) { return tx.Refunds(o, f, page) })
}

// refundSpan is how long a completed refund is watched: a bank may return it
// within days, and the event that says so may be lost.
const refundSpan = 7 * 24 * time.Hour

// nextRefundLook is when to ask Stripe again about a refund.
func nextRefundLook(r pay.Refund, now time.Time) time.Time {
	age := now.Sub(r.CreatedAt)
	switch {
	case r.ProviderRef == "":
		return time.Time{}
	case r.Status == pay.RefundPending:
		return now.Add(lookWait(age))
	case r.Status == pay.RefundCompleted && age < refundSpan:
		return now.Add(max(lookWait(age), maxLook))
	}
	return time.Time{}
}
