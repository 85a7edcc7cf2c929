package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// ReversalRequest is what a caller wants back of a transfer.
type ReversalRequest struct {
	Transfer    pay.ID
	Amount      string // decimal; empty for all that is left
	Description string
	Metadata    map[string]string
}

// ReverseTransfer takes r.Amount of a transfer back from the partner's account
// at Stripe, or all that is left. The partner's own money is the partner's
// again in-app; the merchant's is the merchant's.
//
// Errors: not_found, transfer_not_completed, amount_exceeds_remaining,
// invalid_metadata, in_doubt, and those of the idempotency gate.
func (e *Engine) ReverseTransfer(ctx context.Context, ask Ask, r ReversalRequest) (Reply, error) {
	if err := first(checkText(r.Description, "description", maxDescription), checkMetadata(r.Metadata)); err != nil {
		return Reply{}, err
	}
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendReversal(tx, ask, r) })
}

// intendReversal writes the reversal down while the transfer is locked: it
// counts against what is left from now on.
func (e *Engine) intendReversal(tx *store.Tx, ask Ask, r ReversalRequest) (order, error) {
	t, err := tx.LockTransfer(ask.Owner, r.Transfer)
	if err != nil {
		return order{}, err
	}
	pending, err := reversing(tx, t)
	if err != nil {
		return order{}, err
	}
	amount, err := amountOr(r.Amount, pay.Amount(t.Left().Minor-pending.Minor, t.Amount.Currency))
	if err != nil {
		return order{}, err
	}
	if err := t.CheckReverse(amount, pending); err != nil {
		return order{}, err
	}
	now := tx.Now()
	return e.askReversal(tx, t, pay.Reversal{
		ID: newID(), Owner: t.Owner, Transfer: t.ID, Amount: amount, Description: r.Description, Metadata: r.Metadata,
		Status: pay.ReversalPending, IdempotencyKey: ask.IdempotencyKey, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	})
}

// askReversal keeps a new reversal, and writes the call.
func (e *Engine) askReversal(tx *store.Tx, t pay.Transfer, r pay.Reversal) (order, error) {
	wire, err := e.stripe.Reverse(t, r)
	if err != nil {
		return order{}, err
	}
	if err := tx.InsertReversal(r); err != nil {
		return order{}, err
	}
	c, err := tx.Connection(t.Owner, t.Connection)
	return order{action: pay.ActionReverse, connection: c, payment: t.Payment, subject: r.ID, wire: wire}, err
}

// reversing is what of a transfer is on its way back.
func reversing(tx *store.Tx, t pay.Transfer) (pay.Money, error) {
	return sumReversals(tx, t, pay.ReversalPending)
}

func sumReversals(tx *store.Tx, t pay.Transfer, of pay.ReversalStatus) (pay.Money, error) {
	sum := pay.Amount(0, t.Amount.Currency)
	all, err := tx.ReversalsOf(t.Owner, t.ID)
	for _, r := range all {
		if r.Status == of {
			sum.Minor += r.Amount.Minor
		}
	}
	return sum, err
}

// settleReversal takes over what came of a reversal.
func (e *Engine) settleReversal(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	r, err := tx.Reversal(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	t, err := lockTransfer(tx, call.Owner, call.Payment, r.Transfer)
	if err != nil {
		return settlement{}, err
	}
	if r, err = tx.LockReversal(call.Owner, call.Subject); err != nil {
		return settlement{}, err
	}
	switch {
	case answer.Reversal != nil:
		r, t, err = e.keepReversal(tx, t, r, reversalOutcome{pay.ReversalCompleted, answer.Reversal.ProviderRef, pay.Failure{}})
	case answer.Err != nil:
		why := pay.Failure{Code: answer.Err.Code, Message: answer.Err.Message}
		r, t, err = e.keepReversal(tx, t, r, reversalOutcome{pay.ReversalFailed, "", why})
	}
	standing := StandingCreated
	if r.Status == pay.ReversalFailed {
		standing = StandingDeclined
	}
	return settlement{reply: e.present.Reversal(r, t, standing)}, err
}

// reversalOutcome is what came of a reversal.
type reversalOutcome struct {
	status pay.ReversalStatus
	ref    string
	why    pay.Failure
}

// keepReversal writes down what came of a locked reversal of a locked
// transfer, and counts it.
func (e *Engine) keepReversal(tx *store.Tx, t pay.Transfer, before pay.Reversal, came reversalOutcome) (pay.Reversal, pay.Transfer, error) {
	after, event := before.Settle(came.status, came.ref, came.why, tx.Now())
	if event == "" {
		return before, t, nil
	}
	if err := tx.UpdateReversal(after); err != nil {
		return before, t, err
	}
	if after.Status == pay.ReversalFailed {
		fact := pay.Event{Type: event, Object: after.ID, Payment: t.Payment, Sequence: after.Sequence}
		return after, t, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.ReversalEvent(ev, after) })
	}
	pending := false
	if t.Payment != "" {
		p, err := tx.Payment(t.Owner, t.Payment)
		if err != nil {
			return before, t, err
		}
		pending = shareIsPending(p)
	}
	if err := book(tx, t.Owner, pay.ReversalBooking(after, t, pending)); err != nil {
		return before, t, err
	}
	total, err := sumReversals(tx, t, pay.ReversalCompleted)
	if err != nil {
		return before, t, err
	}
	t, err = e.keepTransfer(tx, t, t.CountReversals(total, tx.Now()))
	return after, t, err
}

func (e *Engine) openReversal(tx *store.Tx, call pay.Call) (Reply, error) {
	r, err := tx.Reversal(call.Owner, call.Subject)
	if err != nil {
		return Reply{}, err
	}
	t, err := tx.Transfer(call.Owner, r.Transfer)
	return e.present.Reversal(r, t, StandingOpen), err
}

func (e *Engine) lookForReversal(ctx context.Context, todo errand) (pay.Answer, error) {
	t, err := read(ctx, e, func(tx *store.Tx) (pay.Transfer, error) {
		r, err := tx.Reversal(todo.call.Owner, todo.call.Subject)
		if err != nil {
			return pay.Transfer{}, err
		}
		return tx.Transfer(todo.call.Owner, r.Transfer)
	})
	if err != nil {
		return pay.Answer{}, err
	}
	report, err := e.stripe.FindTransfer(ctx, todo.access, pay.TransferSought{Ref: t.ProviderRef})
	if err != nil {
		return pay.Answer{}, err
	}
	for _, r := range report.Reversals {
		if r.ReversalID == todo.call.Subject {
			return pay.Answer{Reversal: &r}, nil
		}
	}
	return pay.Answer{}, pay.NotFound("reversal at Stripe for", todo.call.Subject)
}

// Reversals is every reversal of a transfer, oldest first.
//
// Errors: not_found (the transfer).
func (e *Engine) Reversals(ctx context.Context, o pay.Owner, transfer pay.ID) ([]pay.Reversal, error) {
	return read(ctx, e, func(tx *store.Tx) ([]pay.Reversal, error) {
		if _, err := tx.Transfer(o, transfer); err != nil {
			return nil, err
		}
		return tx.ReversalsOf(o, transfer)
	})
}
