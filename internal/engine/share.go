package engine

import (
	"context"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// checkShare finds what is wrong with how a payment is to be shared.
//
// Errors: missing_field, invalid_field, amount_exceeds_remaining.
func (r PaymentRequest) checkShare() error {
	s := r.Share
	if err := s.CheckFee(r.Amount); err != nil || s.Account == "" {
		return err
	}
	switch {
	case s.Type == "":
		return pay.Invalid(pay.CodeMissingField, "charge_type", "send charge_type: direct (the partner pays Stripe's fee), destination (you pay it, and the rest goes on at once) or separate (the partner's part stays in the books)")
	case !slices.Contains(pay.ChargeTypes, s.Type):
		return pay.Invalid(pay.CodeInvalidField, "charge_type", "charge_type is direct, destination or separate")
	case s.Percent > 0 && !s.Fee.IsZero():
		return pay.Invalid(pay.CodeInvalidField, "platform_percent", "send application_fee or platform_percent, not both")
	case s.IsDirect() && r.SavedCard != "":
		return pay.Invalid(pay.CodeInvalidField, "saved_card_id", "a saved card is known to your own account only: use charge_type destination or separate, or send a payment_method that was made in the partner's account")
	case s.IsDirect() && r.Customer != "":
		return pay.Invalid(pay.CodeInvalidField, "customer_id", "a customer is known to your own account only: leave customer_id out, or use charge_type destination or separate")
	}
	return nil
}

// shareOf is how a payment will be shared, once it is certain that the partner
// can be paid.
//
// Errors: not_found, account_disabled, invalid_field (the account).
func shareOf(tx *store.Tx, o pay.Owner, r PaymentRequest, from payer) (pay.Share, error) {
	s := r.Share
	if s.Account == "" {
		return pay.Share{}, nil
	}
	a, err := tx.Account(o, s.Account)
	if err != nil {
		return s, atField(err, "account")
	}
	if err := a.CheckCharge(s.Type); err != nil {
		return s, err
	}
	if a.Connection != from.connection.ID {
		return s, pay.Invalid(pay.CodeInvalidField, "account", "the account is connected to another Stripe account than the one that knows the customer")
	}
	s.AccountRef, s.Fee = a.ProviderRef, s.FeeOf(r.Amount)
	return s, nil
}

// payingConnection is what a payment goes through that is bound to no customer:
// the default, or the platform that the partner is connected to.
//
// Errors: provider_not_configured, not_found (the account).
func payingConnection(tx *store.Tx, o pay.Owner, account pay.ID) (pay.Connection, error) {
	if account == "" {
		return defaultConnection(tx, o)
	}
	a, err := tx.Account(o, account)
	if err != nil {
		return pay.Connection{}, atField(err, "account")
	}
	return tx.Connection(o, a.Connection)
}

// feeAtStripe is the platform's part of an amount where Stripe takes it; that
// of a separate charge is in the books alone.
func feeAtStripe(s pay.Share, of pay.Money) pay.Money {
	if s.Account == "" || s.Type == pay.ChargeSeparate {
		return pay.Money{}
	}
	return s.FeeOf(of)
}

// agreeFee notes another platform's part of what is about to be captured.
//
// Errors: invalid_amount, invalid_field, amount_exceeds_remaining.
func agreeFee(tx *store.Tx, p pay.Payment, amount pay.Money, decimal string) (pay.Payment, error) {
	if decimal == "" {
		return p, nil
	}
	if p.Share.Account == "" {
		return p, pay.Invalid(pay.CodeInvalidField, "application_fee", "the payment is shared with nobody")
	}
	fee, err := pay.ParseMoney(decimal, p.Amount.Currency)
	if err != nil {
		return p, renamed(err, "application_fee")
	}
	p.Share.Percent, p.Share.Fee = 0, fee
	if err := p.Share.CheckFee(amount); err != nil {
		return p, err
	}
	return p, tx.UpdatePayment(p)
}

// shareBatch bounds one sweep over shares that are due.
const shareBatch = 200

// ReleaseShares makes partners' shares available whose payments' funds are, by
// our clock.
func (e *Engine) ReleaseShares(ctx context.Context) (int, error) {
	return e.release(ctx, pay.Owner{}, pay.EventHint{CreatedAt: e.clock.Now()})
}

// applyBalance is what is done about Stripe's word that funds became
// available: partners' shares of them are too. The event's time is Stripe's
// clock, which a sandbox may have put ahead of ours.
func (e *Engine) applyBalance(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	for {
		released, err := e.release(ctx, ev.Owner, hint)
		if err != nil || released < shareBatch {
			return "shares that were due are available", err
		}
	}
}

// release books what is due, one payment at a time.
func (e *Engine) release(ctx context.Context, o pay.Owner, hint pay.EventHint) (int, error) {
	due, err := read(ctx, e, func(tx *store.Tx) ([]pay.Payment, error) { return tx.DueShares(o, hint.CreatedAt, shareBatch) })
	if err != nil {
		return 0, err
	}
	for _, p := range due {
		err := e.store.Write(ctx, func(tx *store.Tx) error {
			p, err := tx.LockPayment(p.Owner, p.ID)
			if err != nil || p.ShareDueAt.IsZero() {
				return err
			}
			return releaseShare(tx, p)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// releaseShare makes available what is pending of a payment's share: less than
// all of it when some was refunded or transferred meanwhile.
func releaseShare(tx *store.Tx, p pay.Payment) error {
	booked, err := tx.LedgerOf(p.Owner, p.ID)
	if err != nil {
		return err
	}
	p.ShareDueAt = time.Time{}
	if err := tx.UpdatePayment(p); err != nil {
		return err
	}
	for _, part := range pendingShare(p, booked) {
		if err := book(tx, p.Owner, []pay.LedgerTransaction{pay.ShareAvailable(p, part)}); err != nil {
			return err
		}
	}
	return nil
}

// pendingShare is what a payment's bookings leave pending, if anything.
func pendingShare(p pay.Payment, booked []pay.LedgerTransaction) []pay.Money {
	pending := pay.Amount(0, p.Amount.Currency)
	for _, t := range booked {
		for _, entry := range t.Entries {
			if entry.Account == pay.PartnerPending(p.Share.Account) && entry.Amount.Currency == pending.Currency {
				pending.Minor -= entry.Amount.Minor // a debt is below zero
			}
		}
	}
	if pending.Minor <= 0 {
		return nil
	}
	return []pay.Money{pending}
}
