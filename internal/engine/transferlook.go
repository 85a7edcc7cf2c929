package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// applyTransfer is what is done about a Stripe event of a transfer: read it
// again with its reversals, and take over what is new. One that was made at
// Stripe, or by Stripe of a destination charge, is adopted.
func (e *Engine) applyTransfer(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	if ev.Account != "" {
		return "", errNotOurs
	}
	access, err := e.accessBy(ctx, ev.Owner, ev.Connection)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	report, err := e.stripe.FindTransfer(ctx, access, pay.TransferSought{Ref: hint.ObjectRef})
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil {
		return "", err
	}
	changed := false
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		t, err := e.knownTransfer(tx, ev, report)
		if err != nil {
			return err
		}
		changed, err = e.takeOverTransfer(tx, t, report)
		return err
	})
	if err == nil && !changed {
		return "nothing new", nil
	}
	return "read from Stripe and taken over", err
}

// knownTransfer is the transfer that a report is about: ours by reference or by
// the id that Stripe keeps for us, or a new one.
//
// Errors: errNotOurs, when it went to nobody that is known.
func (e *Engine) knownTransfer(tx *store.Tx, ev pay.ProviderEvent, r pay.TransferReport) (pay.Transfer, error) {
	t, err := tx.TransferByRef(ev.Owner, r.ProviderRef)
	if pay.Is(err, pay.CodeNotFound) && r.TransferID != "" {
		t, err = tx.Transfer(ev.Owner, r.TransferID)
	}
	if pay.Is(err, pay.CodeNotFound) {
		return e.adoptTransfer(tx, ev, r)
	}
	if err != nil {
		return t, err
	}
	return lockTransfer(tx, ev.Owner, t.Payment, t.ID)
}

// adoptTransfer writes down a transfer that was made at Stripe.
func (e *Engine) adoptTransfer(tx *store.Tx, ev pay.ProviderEvent, r pay.TransferReport) (pay.Transfer, error) {
	a, err := tx.AccountByRef(ev.Owner, r.AccountRef)
	if pay.Is(err, pay.CodeNotFound) {
		return pay.Transfer{}, errNotOurs
	}
	if err != nil {
		return pay.Transfer{}, err
	}
	now := tx.Now()
	t := pay.Transfer{
		ID: newID(), Owner: ev.Owner, Connection: ev.Connection, Account: a.ID, AccountRef: r.AccountRef, Funding: pay.FundingPlatform,
		Amount: r.Amount, Reversed: pay.Amount(0, r.Amount.Currency), Description: r.Description, Metadata: r.Metadata, External: true,
		Status: pay.TransferPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	parts, err := fundAdopted(tx, &t, r)
	if err != nil {
		return t, err
	}
	err = book(tx, t.Owner, pay.TransferHold(t, parts))
	if pay.Is(err, pay.CodeBalanceTooLow) { // the partner has spent its share otherwise: it is the merchant's money that was sent
		t.Funding, err = pay.FundingPlatform, nil
	}
	if err != nil {
		return t, err
	}
	return t, tx.InsertTransfer(t)
}

// fundAdopted works out whose money an adopted transfer sent.
//
// Errors: errNotOurs, for the transfer of a charge that is not known.
func fundAdopted(tx *store.Tx, t *pay.Transfer, r pay.TransferReport) (pay.Parts, error) {
	p, err := tx.PaymentByRef(t.Owner, r.PaymentRef)
	if pay.Is(err, pay.CodeNotFound) && r.PaymentID != "" {
		p, err = tx.Payment(t.Owner, r.PaymentID)
	}
	if pay.Is(err, pay.CodeNotFound) && r.OfCharge {
		return pay.Parts{}, errNotOurs // or not yet: its payment's booking will have it, when it comes
	}
	if pay.Is(err, pay.CodeNotFound) {
		return pay.Parts{}, nil
	}
	if err != nil {
		return pay.Parts{}, err
	}
	if p, err = tx.LockPayment(t.Owner, p.ID); err != nil {
		return pay.Parts{}, err
	}
	t.Payment = p.ID
	if p.Share.Account != t.Account {
		return pay.Parts{}, nil
	}
	if p.Share.Type == pay.ChargeDestination {
		t.Funding = pay.FundingCharge
		return pay.Parts{}, nil
	}
	booked, err := tx.LedgerOf(t.Owner, p.ID)
	if left := pay.PartsLeft(t.Account, t.Amount.Currency, booked); left.Total() >= t.Amount.Minor {
		t.Funding = pay.FundingBalance
		return left.Take(t.Amount.Minor), err
	}
	return pay.Parts{}, err
}

// takeOverTransfer takes over what Stripe says of a locked transfer and its
// reversals.
func (e *Engine) takeOverTransfer(tx *store.Tx, t pay.Transfer, r pay.TransferReport) (changed bool, err error) {
	before := t.Sequence
	if t, err = e.keepTransfer(tx, t, t.Apply(r, tx.Now())); err != nil {
		return false, err
	}
	for _, report := range r.Reversals {
		back, err := e.knownReversal(tx, t, report)
		if err != nil {
			return false, err
		}
		if _, t, err = e.keepReversal(tx, t, back, reversalOutcome{pay.ReversalCompleted, report.ProviderRef, pay.Failure{}}); err != nil {
			return false, err
		}
	}
	return t.Sequence != before, nil
}

// knownReversal is the reversal that a report is about, or a new one for what
// was taken back at Stripe.
func (e *Engine) knownReversal(tx *store.Tx, t pay.Transfer, r pay.ReversalReport) (pay.Reversal, error) {
	known, err := tx.ReversalByRef(t.Owner, r.ProviderRef)
	if pay.Is(err, pay.CodeNotFound) && r.ReversalID != "" {
		known, err = tx.Reversal(t.Owner, r.ReversalID)
	}
	if err == nil {
		return tx.LockReversal(t.Owner, known.ID)
	}
	if !pay.Is(err, pay.CodeNotFound) {
		return known, err
	}
	now := tx.Now()
	made := pay.Reversal{
		ID: newID(), Owner: t.Owner, Transfer: t.ID, Amount: r.Amount, External: true,
		Status: pay.ReversalPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	return made, tx.InsertReversal(made)
}
