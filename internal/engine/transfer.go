package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// MoneyComposer writes the requests that move a merchant's money at Stripe.
//
// Errors: those of Composer.
type MoneyComposer interface {
	Transfer(t pay.Transfer, chargeRef string) (pay.Wire, error)
	Reverse(t pay.Transfer, r pay.Reversal) (pay.Wire, error)
	Payout(p pay.Payout) (pay.Wire, error)
	CancelPayout(p pay.Payout) (pay.Wire, error)
}

// MoneyFinder reads what Stripe knows of moved money.
//
// Errors: those of Finder.
type MoneyFinder interface {
	// FindTransfer reads a transfer with its reversals by its ref or, when that
	// is empty, by our id among what was created since.
	FindTransfer(ctx context.Context, access pay.Access, sought pay.TransferSought) (pay.TransferReport, error)
	// FindPayout reads a payout of the account that access names.
	FindPayout(ctx context.Context, access pay.Access, sought pay.PayoutSought) (pay.PayoutReport, error)
}

// MoneyPresenter writes what callers and merchants read of moved money.
type MoneyPresenter interface {
	Transfer(t pay.Transfer, status Standing) Reply
	Reversal(r pay.Reversal, t pay.Transfer, status Standing) Reply
	TransferEvent(e pay.Event, t pay.Transfer) []byte
	ReversalEvent(e pay.Event, r pay.Reversal) []byte
	Payout(p pay.Payout, status Standing) Reply
	PayoutRefusal(err *pay.Error, p pay.Payout) Reply // a change of p that Stripe refused
	PayoutEvent(e pay.Event, p pay.Payout) []byte
}

// TransferRequest is what a caller wants to send to a partner.
type TransferRequest struct {
	Account     pay.ID
	Payment     pay.ID // whose money it is; empty for a free transfer
	Amount      string // decimal; empty for all that is left of the payment's share
	Currency    pay.Currency
	From        pay.Funding // whose money; empty for the partner's own
	Description string
	Metadata    map[string]string
}

// check finds what is wrong with a request before anything is written down.
//
// Errors: missing_field, invalid_field, invalid_metadata.
func (r TransferRequest) check() error {
	switch {
	case r.Account == "":
		return pay.Invalid(pay.CodeMissingField, "account", "send account: whom to send money to")
	case r.Payment == "" && r.Amount == "":
		return pay.Invalid(pay.CodeMissingField, "amount", "send amount, or payment_id for all that is left of a payment's share")
	case r.Payment == "" && r.Currency == "":
		return pay.Invalid(pay.CodeMissingField, "currency", "send currency, or payment_id")
	case r.From != "" && r.From != pay.FundingBalance && r.From != pay.FundingPlatform:
		return pay.Invalid(pay.CodeInvalidField, "from", "from is balance (the partner's own money) or platform (yours)")
	}
	return first(checkText(r.Description, "description", maxDescription), checkMetadata(r.Metadata))
}

// CreateTransfer sends money to a partner's account at Stripe: of a payment's
// share, of the partner's available balance, or of the merchant's own.
//
// Errors: those of TransferRequest.check, not_found, account_disabled,
// payment_not_captured, amount_exceeds_remaining, insufficient_balance,
// in_doubt, and those of the idempotency gate.
func (e *Engine) CreateTransfer(ctx context.Context, ask Ask, r TransferRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendTransfer(tx, ask, r) })
}

// transferSource is where a transfer's money comes from.
type transferSource struct {
	amount    pay.Money
	funding   pay.Funding
	parts     pay.Parts // of the partner's own money
	chargeRef string    // ch_…, when it is tied to a payment
}

// intendTransfer writes the transfer down and sets its money aside, so that no
// race can send it twice.
func (e *Engine) intendTransfer(tx *store.Tx, ask Ask, r TransferRequest) (order, error) {
	a, err := tx.Account(ask.Owner, r.Account)
	if err != nil {
		return order{}, atField(err, "account")
	}
	if err := a.CheckTransfer(); err != nil {
		return order{}, err
	}
	from, err := sourceOf(tx, a, r)
	if err != nil {
		return order{}, err
	}
	now := tx.Now()
	t := pay.Transfer{
		ID: newID(), Owner: ask.Owner, Connection: a.Connection, Account: a.ID, AccountRef: a.ProviderRef, Payment: r.Payment,
		Funding: from.funding, Amount: from.amount, Reversed: pay.Amount(0, from.amount.Currency), Description: r.Description, Metadata: r.Metadata,
		Status: pay.TransferPending, IdempotencyKey: ask.IdempotencyKey, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	return e.askTransfer(tx, t, from)
}

// askTransfer keeps a new transfer with its hold, and writes the call.
func (e *Engine) askTransfer(tx *store.Tx, t pay.Transfer, from transferSource) (order, error) {
	wire, err := e.stripe.Transfer(t, from.chargeRef)
	if err != nil {
		return order{}, err
	}
	if err := tx.InsertTransfer(t); err != nil {
		return order{}, err
	}
	if err := book(tx, t.Owner, pay.TransferHold(t, from.parts)); err != nil {
		return order{}, err
	}
	c, err := tx.Connection(t.Owner, t.Connection)
	return order{action: pay.ActionTransfer, connection: c, payment: t.Payment, subject: t.ID, wire: wire}, err
}

func sourceOf(tx *store.Tx, a pay.Account, r TransferRequest) (transferSource, error) {
	if r.Payment != "" {
		return sourceInPayment(tx, a, r)
	}
	amount, err := pay.ParseMoney(r.Amount, r.Currency)
	if err != nil {
		return transferSource{}, err
	}
	if amount.IsZero() {
		return transferSource{}, pay.Invalid(pay.CodeInvalidAmount, "amount", "an amount is more than zero")
	}
	from := transferSource{amount: amount, funding: pay.FundingBalance, parts: pay.Parts{Available: amount.Minor}}
	if r.From == pay.FundingPlatform {
		from.funding, from.parts = pay.FundingPlatform, pay.Parts{}
	}
	return from, nil
}

// sourceInPayment is the money of a payment: the partner's share of it, or for
// anybody else the merchant's part.
//
// Errors: not_found, payment_not_captured, invalid_field,
// amount_exceeds_remaining.
func sourceInPayment(tx *store.Tx, a pay.Account, r TransferRequest) (transferSource, error) {
	p, err := tx.LockPayment(a.Owner, r.Payment)
	if err != nil {
		return transferSource{}, atField(err, "payment_id")
	}
	if err := checkSource(p, a, r); err != nil {
		return transferSource{}, err
	}
	left, funding, err := leftToSend(tx, p, a, r.From)
	if err != nil {
		return transferSource{}, err
	}
	all := pay.Amount(max(left.Total(), 0), p.Amount.Currency)
	amount, err := amountOr(r.Amount, all)
	switch {
	case err != nil:
		return transferSource{}, err
	case amount.Minor > all.Minor || all.IsZero():
		return transferSource{}, pay.Invalid(pay.CodeTooMuch, "amount", "at most %s of the payment is left for this account", all)
	case amount.IsZero():
		return transferSource{}, pay.Invalid(pay.CodeInvalidAmount, "amount", "an amount is more than zero")
	}
	from := transferSource{amount: amount, funding: funding, chargeRef: p.ChargeRef}
	if funding == pay.FundingBalance {
		from.parts = left.Take(amount.Minor)
	}
	return from, nil
}

func checkSource(p pay.Payment, a pay.Account, r TransferRequest) error {
	switch {
	case p.Captured.IsZero() || p.ChargeRef == "":
		return pay.Errorf(pay.CodeNotCaptured, "the payment is %s: only captured money can be sent", p.Status)
	case p.Share.IsDirect():
		return pay.Invalid(pay.CodeInvalidField, "payment_id", "the payment was made in a partner's account: none of its money is yours to send")
	case p.Connection != a.Connection:
		return pay.Invalid(pay.CodeInvalidField, "account", "the account is connected to another Stripe account than the one that has the payment")
	case r.Currency != "" && r.Currency != p.Amount.Currency:
		return pay.Invalid(pay.CodeInvalidCurrency, "currency", "the payment is in %s", p.Amount.Currency)
	case r.From == pay.FundingBalance && p.Share.Account != a.ID:
		return pay.Invalid(pay.CodeInvalidField, "from", "the payment is not shared with this account: send from: platform, or leave it out")
	}
	return nil
}

// leftToSend is what of a payment can still be sent to an account.
func leftToSend(tx *store.Tx, p pay.Payment, a pay.Account, asked pay.Funding) (pay.Parts, pay.Funding, error) {
	booked, err := tx.LedgerOf(p.Owner, p.ID)
	if err != nil {
		return pay.Parts{}, "", err
	}
	if p.Share.Account == a.ID && asked != pay.FundingPlatform {
		return pay.PartsLeft(a.ID, p.Amount.Currency, booked), pay.FundingBalance, nil
	}
	_, refunding, err := tx.RefundTotals(p.Owner, p.ID)
	if err != nil {
		return pay.Parts{}, "", err
	}
	earlier, err := tx.TransfersOf(p.Owner, p.ID)
	left := p.Captured.Minor - p.Refunded.Minor - refunding - pay.SharedOut(p.Amount.Currency, booked)
	for _, t := range earlier {
		if t.Status == pay.TransferPending && t.Funding == pay.FundingPlatform {
			left -= t.Amount.Minor
		}
	}
	return pay.Parts{Available: left}, pay.FundingPlatform, err
}

// settleTransfer takes over what came of a transfer.
func (e *Engine) settleTransfer(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	t, err := lockTransfer(tx, call.Owner, call.Payment, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	switch {
	case answer.Transfer != nil:
		t, err = e.keepTransfer(tx, t, t.Apply(*answer.Transfer, tx.Now()))
	case answer.Err != nil:
		t, err = e.keepTransfer(tx, t, t.Fail(pay.Failure{Code: answer.Err.Code, Message: answer.Err.Message}, tx.Now()))
	}
	if err != nil || t.Payout != "" {
		return e.afterTransfer(tx, t, err)
	}
	standing := StandingCreated
	if t.Status == pay.TransferFailed {
		standing = StandingDeclined
	}
	return settlement{reply: e.present.Transfer(t, standing)}, err
}

// afterTransfer goes on with the payout that a transfer brings the money for.
func (e *Engine) afterTransfer(tx *store.Tx, t pay.Transfer, err error) (settlement, error) {
	if err != nil {
		return settlement{}, err
	}
	return e.payOut(tx, t)
}

// lockTransfer locks a transfer, and before it the payment whose money it is.
func lockTransfer(tx *store.Tx, o pay.Owner, payment, id pay.ID) (pay.Transfer, error) {
	if payment != "" {
		if _, err := tx.LockPayment(o, payment); err != nil {
			return pay.Transfer{}, err
		}
	}
	return tx.LockTransfer(o, id)
}

// keepTransfer writes down a change of a locked transfer and all that follows
// from it.
func (e *Engine) keepTransfer(tx *store.Tx, before pay.Transfer, change pay.TransferChange) (pay.Transfer, error) {
	if !change.Changed {
		return before, nil
	}
	after := change.Transfer
	if err := tx.UpdateTransfer(after); err != nil {
		return before, err
	}
	from, err := heldFor(tx, after)
	if err != nil {
		return before, err
	}
	if err := book(tx, after.Owner, pay.TransferBooking(before, after, from)); err != nil {
		return before, err
	}
	e.hints.add(hint{after.Owner, after.AccountRef}) // Stripe's event of it is the platform's alone
	return after, e.tellTransfer(tx, after, change.Event)
}

func (e *Engine) tellTransfer(tx *store.Tx, t pay.Transfer, event pay.EventType) error {
	fact := pay.Event{Type: event, Object: t.ID, Payment: t.Payment, Sequence: t.Sequence}
	return e.Tell(tx, t.Owner, fact, func(ev pay.Event) []byte { return e.present.TransferEvent(ev, t) })
}

// heldFor is what was set aside for a transfer, as it can be given back: what
// was pending then may be available by now.
func heldFor(tx *store.Tx, t pay.Transfer) (pay.Parts, error) {
	if t.Payment == "" || t.Status != pay.TransferFailed {
		return pay.Parts{Available: t.Amount.Minor}, nil
	}
	booked, err := tx.LedgerOf(t.Owner, t.Payment)
	if err != nil {
		return pay.Parts{}, err
	}
	from := pay.HeldFor(t, booked)
	p, err := tx.Payment(t.Owner, t.Payment)
	if !shareIsPending(p) {
		from = pay.Parts{Available: from.Total()}
	}
	return from, err
}

// shareIsPending reports whether a partner's part of a payment waits until
// Stripe lets go of the funds.
func shareIsPending(p pay.Payment) bool { return p.AvailableOn.IsZero() || !p.ShareDueAt.IsZero() }

func (e *Engine) transferDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionTransfer: {e.settleTransfer, e.lookForTransfer, e.openTransfer},
		pay.ActionReverse:  {e.settleReversal, e.lookForReversal, e.openReversal},
	}
}

func (e *Engine) openTransfer(tx *store.Tx, call pay.Call) (Reply, error) {
	t, err := tx.Transfer(call.Owner, call.Subject)
	if err != nil || t.Payout == "" {
		return e.present.Transfer(t, StandingOpen), err
	}
	p, err := tx.Payout(t.Owner, t.Payout)
	return e.present.Payout(p, StandingOpen), err
}

func (e *Engine) lookForTransfer(ctx context.Context, todo errand) (pay.Answer, error) {
	report, err := e.stripe.FindTransfer(ctx, todo.access, pay.TransferSought{ID: todo.call.Subject, Since: todo.call.FirstSentAt})
	return pay.Answer{Transfer: &report}, err
}

// Transfer is one transfer.
//
// Errors: not_found.
func (e *Engine) Transfer(ctx context.Context, o pay.Owner, id pay.ID) (pay.Transfer, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Transfer, error) { return tx.Transfer(o, id) })
}

// Transfers is a page of the transfers that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Transfers(ctx context.Context, o pay.Owner, f pay.TransferFilter, page pay.Page) (pay.List[pay.Transfer], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Transfer], error) { return tx.Transfers(o, f, page) })
}
