package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// payoutBatch bounds one sweep over payouts that are due to be looked up.
const payoutBatch = 50

// applyPayout is what is done about a Stripe event of a partner's payout: read
// it again and take over what is new. One that was made at Stripe is adopted.
func (e *Engine) applyPayout(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	a, err := read(ctx, e, func(tx *store.Tx) (pay.Account, error) { return tx.AccountByRef(ev.Owner, ev.Account) })
	if ev.Account == "" || pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil {
		return "", err
	}
	changed, err := e.lookAtPayout(ctx, a, hint.ObjectRef)
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err == nil && !changed {
		return "nothing new", nil
	}
	return "read from Stripe and taken over", err
}

// lookAtPayout reads a payout of an account from Stripe and takes over what is
// new.
func (e *Engine) lookAtPayout(ctx context.Context, a pay.Account, ref string) (changed bool, err error) {
	access, err := e.accessBy(ctx, a.Owner, a.Connection)
	if err != nil {
		return false, err
	}
	access.Account = a.ProviderRef
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	report, err := e.stripe.FindPayout(ctx, access, pay.PayoutSought{Ref: ref})
	if err != nil || report.Amount.Minor <= 0 { // below zero it takes an earlier one back, which says so itself
		return false, err
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		before, err := e.knownPayout(tx, a, report)
		if err != nil {
			return err
		}
		after, err := e.keepPayout(tx, before, report)
		changed = after.Sequence != before.Sequence
		return err
	})
	return changed, err
}

// knownPayout is the payout that a report is about: ours by reference or by
// the id that Stripe keeps for us, or a new one for a payout made at Stripe.
func (e *Engine) knownPayout(tx *store.Tx, a pay.Account, r pay.PayoutReport) (pay.Payout, error) {
	known, err := tx.PayoutByRef(a.Owner, r.ProviderRef)
	if pay.Is(err, pay.CodeNotFound) && r.PayoutID != "" {
		known, err = tx.Payout(a.Owner, r.PayoutID)
	}
	if err == nil {
		return tx.LockPayout(a.Owner, known.ID)
	}
	if !pay.Is(err, pay.CodeNotFound) {
		return known, err
	}
	now := tx.Now()
	made := pay.Payout{
		ID: newID(), Owner: a.Owner, Connection: a.Connection, Account: a.ID, AccountRef: a.ProviderRef, From: pay.PayoutFromStripe,
		Amount: r.Amount, Description: r.Description, External: true, Status: pay.PayoutPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	return made, tx.InsertPayout(made)
}

// LookUpPayouts asks Stripe about payouts that nothing was heard of for too
// long: events may be lost.
func (e *Engine) LookUpPayouts(ctx context.Context) (int, error) {
	due, err := read(ctx, e, func(tx *store.Tx) ([]pay.Payout, error) { return tx.DuePayouts(tx.Now(), payoutBatch) })
	if err != nil {
		return 0, err
	}
	for _, p := range due {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		a := pay.Account{ID: p.Account, Owner: p.Owner, Connection: p.Connection, ProviderRef: p.AccountRef}
		if _, err := e.lookAtPayout(ctx, a, p.ProviderRef); err != nil {
			e.log.WarnContext(ctx, "a payout could not be looked up", "payout", p.ID, "error", err)
			if err := e.putOffPayout(ctx, p); err != nil {
				return 0, err
			}
		}
	}
	return len(due), nil
}

// putOffPayout lets a look-up that failed wait for its next turn.
func (e *Engine) putOffPayout(ctx context.Context, p pay.Payout) error {
	return e.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPayout(p.Owner, p.ID)
		if err != nil {
			return err
		}
		p.LookAt = tx.Now().Add(maxLook)
		return tx.UpdatePayout(p)
	})
}
