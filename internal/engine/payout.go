package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// PayoutRequest is what of a partner's money a caller wants at the bank.
type PayoutRequest struct {
	Account     pay.ID
	Amount      string // decimal
	Currency    pay.Currency
	From        pay.PayoutSource // empty for the in-app balance
	Description string
	Metadata    map[string]string
}

// check finds what is wrong with a request before anything is written down.
//
// Errors: missing_field, invalid_field, invalid_metadata.
func (r PayoutRequest) check() error {
	switch {
	case r.Account == "":
		return pay.Invalid(pay.CodeMissingField, "account", "send account: whom to pay out")
	case r.Amount == "":
		return pay.Invalid(pay.CodeMissingField, "amount", "send amount: how much to pay out")
	case r.Currency == "":
		return pay.Invalid(pay.CodeMissingField, "currency", "send currency, such as USD")
	case r.From != "" && r.From != pay.PayoutFromBalance && r.From != pay.PayoutFromStripe:
		return pay.Invalid(pay.CodeInvalidField, "from", "from is balance (in-app) or stripe (in the account at Stripe already)")
	}
	return first(checkText(r.Description, "description", maxDescription), checkMetadata(r.Metadata))
}

// CreatePayout sends a partner's money to its bank in two steps: a transfer of
// its in-app balance to its account at Stripe, and Stripe's payout from there.
// The money is set aside from the first moment on; if either step fails it is
// in the balance again.
//
// Errors: those of PayoutRequest.check, not_found, account_disabled,
// invalid_amount, insufficient_balance, in_doubt, and those of the idempotency
// gate.
func (e *Engine) CreatePayout(ctx context.Context, ask Ask, r PayoutRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		amount, err := pay.ParseMoney(r.Amount, r.Currency)
		if err != nil {
			return order{}, err
		}
		if amount.IsZero() {
			return order{}, pay.Invalid(pay.CodeInvalidAmount, "amount", "an amount is more than zero")
		}
		if r.From == "" {
			r.From = pay.PayoutFromBalance
		}
		return e.intendPayout(tx, ask, pay.Payout{
			Account: r.Account, Amount: amount, From: r.From, Description: r.Description, Metadata: r.Metadata,
		})
	})
}

// intendPayout writes a payout down with its hold and its first call.
func (e *Engine) intendPayout(tx *store.Tx, ask Ask, p pay.Payout) (order, error) {
	a, err := tx.Account(ask.Owner, p.Account)
	if err != nil {
		return order{}, atField(err, "account")
	}
	if err := a.CheckPayout(); err != nil {
		return order{}, err
	}
	now := tx.Now()
	p.ID, p.Owner, p.Connection, p.AccountRef, p.IdempotencyKey = newID(), ask.Owner, a.Connection, a.ProviderRef, ask.IdempotencyKey
	p.Status, p.Sequence, p.CreatedAt, p.UpdatedAt = pay.PayoutPending, 1, now, now
	if err := book(tx, p.Owner, pay.PayoutHold(p)); err != nil {
		return order{}, err
	}
	if err := tx.InsertPayout(p); err != nil {
		return order{}, err
	}
	if p.From == pay.PayoutFromStripe {
		return e.payoutOrder(tx, p)
	}
	return e.askTransfer(tx, pay.Transfer{
		ID: newID(), Owner: p.Owner, Connection: p.Connection, Account: p.Account, AccountRef: p.AccountRef, Payout: p.ID,
		Funding: pay.FundingBalance, Amount: p.Amount, Reversed: pay.Amount(0, p.Amount.Currency), Description: p.Description,
		Status: pay.TransferPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}, transferSource{})
}

// payoutOrder is Stripe's part of a payout.
func (e *Engine) payoutOrder(tx *store.Tx, p pay.Payout) (order, error) {
	wire, err := e.stripe.Payout(p)
	if err != nil {
		return order{}, err
	}
	c, err := tx.Connection(p.Owner, p.Connection)
	return order{action: pay.ActionPayout, connection: c, subject: p.ID, wire: wire}, err
}

// payOut goes on with a payout whose transfer has an outcome: with Stripe's
// payout, or with its end.
func (e *Engine) payOut(tx *store.Tx, t pay.Transfer) (settlement, error) {
	p, err := tx.LockPayout(t.Owner, t.Payout)
	if err != nil {
		return settlement{}, err
	}
	if t.Status != pay.TransferFailed {
		meant, err := e.payoutOrder(tx, p)
		next := e.newCall(tx, p.Owner, meant)
		return settlement{next: &next}, err
	}
	if p.Status == pay.PayoutPending {
		if err := book(tx, p.Owner, pay.PayoutRelease(p)); err != nil {
			return settlement{}, err
		}
	}
	p, err = e.keepPayout(tx, p, pay.PayoutReport{Status: pay.PayoutFailed, Failure: t.Failure})
	return settlement{reply: e.present.Payout(p, StandingDeclined)}, err
}

// settlePayout takes over what came of Stripe's part of a payout.
func (e *Engine) settlePayout(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPayout(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	switch {
	case answer.Payout != nil:
		p, err = e.keepPayout(tx, p, *answer.Payout)
	case answer.Err != nil:
		p, err = e.keepPayout(tx, p, pay.PayoutReport{Status: pay.PayoutFailed, Failure: pay.Failure{Code: answer.Err.Code, Message: answer.Err.Message}})
	}
	standing := StandingCreated
	if p.Status == pay.PayoutFailed {
		standing = StandingDeclined
	}
	return settlement{reply: e.present.Payout(p, standing)}, err
}

// keepPayout applies a report to a locked payout and keeps all that follows
// from it. Money that did not get to the bank goes back to the partner's
// balance.
func (e *Engine) keepPayout(tx *store.Tx, before pay.Payout, r pay.PayoutReport) (pay.Payout, error) {
	after, event := before.Apply(r, tx.Now())
	after.LookAt = nextPayoutLook(after, tx.Now())
	if event == "" && after.LookAt.Equal(before.LookAt) {
		return before, nil
	}
	if err := tx.UpdatePayout(after); err != nil || event == "" {
		return after, err
	}
	if err := book(tx, after.Owner, pay.PayoutBooking(before, after)); err != nil {
		return before, err
	}
	if after.Ended() {
		if err := e.returnPayout(tx, after); err != nil {
			return before, err
		}
	}
	fact := pay.Event{Type: event, Object: after.ID, Sequence: after.Sequence}
	return after, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.PayoutEvent(ev, after) })
}

// returnPayout takes back the transfer that brought a payout's money.
func (e *Engine) returnPayout(tx *store.Tx, p pay.Payout) error {
	t, found, err := fundingOf(tx, p)
	if err != nil || !found || t.Status != pay.TransferCompleted {
		return err
	}
	now := tx.Now()
	meant, err := e.askReversal(tx, t, pay.Reversal{
		ID: newID(), Owner: p.Owner, Transfer: t.ID, Amount: t.Amount, Description: "payout " + string(p.Status),
		Status: pay.ReversalPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	})
	if err != nil {
		return err
	}
	return e.callLater(tx, p.Owner, meant)
}

// fundingOf is the transfer that brought a payout's money to the account.
func fundingOf(tx *store.Tx, p pay.Payout) (pay.Transfer, bool, error) {
	list, err := tx.Transfers(p.Owner, pay.TransferFilter{Payout: p.ID}, pay.Page{Limit: 1})
	if err != nil || len(list.Items) == 0 {
		return pay.Transfer{}, false, err
	}
	t, err := tx.LockTransfer(p.Owner, list.Items[0].ID)
	return t, true, err
}

// CancelPayout calls a payout off that the bank does not have yet.
//
// Errors: not_found, payout_not_cancelable, operation_in_progress, in_doubt.
func (e *Engine) CancelPayout(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		p, err := lockFree(tx, ask.Owner, id, tx.LockPayout)
		if err != nil {
			return order{}, err
		}
		if err := p.CheckCancel(); err != nil {
			return order{}, err
		}
		wire, err := e.stripe.CancelPayout(p)
		if err != nil {
			return order{}, err
		}
		c, err := tx.Connection(p.Owner, p.Connection)
		return order{action: pay.ActionCancelPayout, connection: c, subject: p.ID, wire: wire}, err
	})
}

// settlePayoutCancel takes over what came of a cancel. A refusal leaves the
// payout as it was, and the caller is told why.
func (e *Engine) settlePayoutCancel(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPayout(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Payout == nil {
		return settlement{reply: e.present.PayoutRefusal(answer.Err, p)}, nil
	}
	p, err = e.keepPayout(tx, p, *answer.Payout)
	return settlement{reply: e.present.Payout(p, StandingDone)}, err
}

// RetryPayout makes a new payout of what one that failed or was canceled did
// not bring to the bank.
//
// Errors: not_found, payout_not_retryable, operation_in_progress (its money is
// not back yet), and those of CreatePayout.
func (e *Engine) RetryPayout(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		p, err := tx.LockPayout(ask.Owner, id)
		if err != nil {
			return order{}, err
		}
		if !p.Ended() {
			return order{}, pay.Errorf(pay.CodePayoutNotOver, "the payout is %s: only one that failed or was canceled can be tried again", p.Status)
		}
		from, err := sourceOfRetry(tx, p)
		if err != nil {
			return order{}, err
		}
		return e.intendPayout(tx, ask, pay.Payout{
			Account: p.Account, Amount: p.Amount, From: from, RetryOf: p.ID, Description: p.Description, Metadata: p.Metadata,
		})
	})
}

// sourceOfRetry is where the money of a payout stands that has ended: in the
// balance again, or still in the account at Stripe, which would not give it
// back.
func sourceOfRetry(tx *store.Tx, p pay.Payout) (pay.PayoutSource, error) {
	t, found, err := fundingOf(tx, p)
	if err != nil || !found {
		return p.From, err
	}
	pending, err := reversing(tx, t)
	switch {
	case err != nil:
		return "", err
	case !pending.IsZero():
		waits := pay.Errorf(pay.CodeInProgress, "the payout's money is on its way back to the balance")
		waits.RetryAfter = inFlightRetry
		return "", waits
	case t.Left().IsZero():
		return pay.PayoutFromBalance, nil
	}
	return pay.PayoutFromStripe, nil
}

func (e *Engine) payoutDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionPayout:       {e.settlePayout, e.lookForPayout, e.openPayout},
		pay.ActionCancelPayout: {e.settlePayoutCancel, e.lookForCanceledPayout, e.openPayout},
	}
}

func (e *Engine) openPayout(tx *store.Tx, call pay.Call) (Reply, error) {
	p, err := tx.Payout(call.Owner, call.Subject)
	return e.present.Payout(p, StandingOpen), err
}

func (e *Engine) lookForPayout(ctx context.Context, todo errand) (pay.Answer, error) {
	report, err := e.stripe.FindPayout(ctx, todo.access, pay.PayoutSought{ID: todo.call.Subject, Since: todo.call.FirstSentAt})
	return pay.Answer{Payout: &report}, err
}

func (e *Engine) lookForCanceledPayout(ctx context.Context, todo errand) (pay.Answer, error) {
	p, err := e.Payout(ctx, todo.call.Owner, todo.call.Subject)
	if err != nil {
		return pay.Answer{}, err
	}
	report, err := e.stripe.FindPayout(ctx, todo.access, pay.PayoutSought{Ref: p.ProviderRef})
	if err == nil && report.Status != pay.PayoutCanceled {
		return pay.Answer{}, pay.NotFound("canceled payout", p.ProviderRef)
	}
	return pay.Answer{Payout: &report}, err
}

// Payout is one payout.
//
// Errors: not_found.
func (e *Engine) Payout(ctx context.Context, o pay.Owner, id pay.ID) (pay.Payout, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Payout, error) { return tx.Payout(o, id) })
}

// Payouts is a page of the payouts that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Payouts(ctx context.Context, o pay.Owner, f pay.PayoutFilter, page pay.Page) (pay.List[pay.Payout], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Payout], error) { return tx.Payouts(o, f, page) })
}

// payoutSpan is how long a paid payout is watched: banks send some back within
// five business days (docs.stripe.com/payouts, "Payout failures").
const payoutSpan = 10 * 24 * time.Hour

// nextPayoutLook is when to ask Stripe again about a payout, should no event
// come.
func nextPayoutLook(p pay.Payout, now time.Time) time.Time {
	age := now.Sub(p.CreatedAt)
	switch {
	case p.ProviderRef == "" || p.Ended():
		return time.Time{}
	case p.Status == pay.PayoutPaid && age > payoutSpan:
		return time.Time{}
	}
	return now.Add(max(lookWait(age), maxLook))
}
