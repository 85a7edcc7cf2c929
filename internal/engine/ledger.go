package engine

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"florin/internal/pay"
	"florin/internal/store"
)

// BalanceChange is money that a partner pays or gets in-app: nothing is asked
// of Stripe.
type BalanceChange struct {
	Account pay.ID
	Amount  pay.Money
	Reason  string            // told on statements
	Against pay.LedgerAccount // partner_fees or adjustments; empty for partner_fees
	Payment pay.ID            // that it belongs to; may be empty
}

// booking is the change as the ledger keeps it.
//
// Errors: invalid_amount, missing_field or invalid_field (reason,
// against).
func (b BalanceChange) booking(kind pay.LedgerKind) (pay.LedgerTransaction, error) {
	against := b.Against
	if against == "" {
		against = pay.LedgerPartnerFees
	}
	switch {
	case b.Amount.Minor <= 0:
		return pay.LedgerTransaction{}, pay.Invalid(pay.CodeInvalidAmount, "amount", "the amount must be above zero")
	case strings.TrimSpace(b.Reason) == "":
		return pay.LedgerTransaction{}, pay.Invalid(pay.CodeMissingField, "reason", "say what for: the partner reads it on statements")
	case utf8.RuneCountInString(b.Reason) > pay.MaxNote:
		return pay.LedgerTransaction{}, pay.Invalid(pay.CodeInvalidField, "reason", "a reason has at most %d characters", pay.MaxNote)
	case against != pay.LedgerPartnerFees && against != pay.LedgerAdjustments:
		return pay.LedgerTransaction{}, pay.Invalid(pay.CodeInvalidField, "against", "against is %s or %s", pay.LedgerPartnerFees, pay.LedgerAdjustments)
	}
	t := pay.LedgerTransaction{Kind: kind, Payment: b.Payment, Note: b.Reason}
	if t.Entries = pay.Between(b.Amount, against, pay.PartnerAvailable(b.Account)); kind == pay.LedgerCredit {
		t.Entries = pay.Between(b.Amount, pay.PartnerAvailable(b.Account), against)
	}
	return t, nil
}

// DebitAccount lets a partner pay out of what is available to it.
//
// Errors: those of a BalanceChange, not_found, insufficient_balance, and those
// of the idempotency gate.
func (e *Engine) DebitAccount(ctx context.Context, ask Ask, b BalanceChange) (Reply, error) {
	return e.changeBalance(ctx, ask, pay.LedgerDebit, b)
}

// CreditAccount gives a partner money that is available at once.
//
// Errors: as DebitAccount, but for insufficient_balance.
func (e *Engine) CreditAccount(ctx context.Context, ask Ask, b BalanceChange) (Reply, error) {
	return e.changeBalance(ctx, ask, pay.LedgerCredit, b)
}

// changeBalance books a change together with others that come at the same
// time. One that repeats an earlier request, or names a payment, goes alone.
func (e *Engine) changeBalance(ctx context.Context, ask Ask, kind pay.LedgerKind, b BalanceChange) (Reply, error) {
	t, err := b.booking(kind)
	if err != nil {
		return Reply{}, err
	}
	if b.Payment != "" {
		return e.changeAlone(ctx, ask, t, b)
	}
	now := e.clock.Now()
	t.ID, t.Owner, t.At = newID(), ask.Owner, now
	t.Source = t.ID
	var reply Reply
	posting := &store.Posting{
		Transaction: t, Account: pay.PartnerAvailable(b.Account), Request: newRequest(ask, now),
		Finish: func(standing pay.Money, r *pay.Request) (err error) {
			reply = e.present.BalanceChange(t, b.Account, pay.Amount(-standing.Minor, standing.Currency))
			*r, err = e.finished(*r, reply, now)
			return err
		},
	}
	err = e.poster.post(ctx, posting)
	switch {
	case errors.Is(err, errLeft) || err == nil && posting.Known:
		return e.changeAlone(ctx, ask, t, b)
	case err != nil:
		return Reply{}, err
	}
	return reply, posting.Err
}

// changeAlone books a change in a transaction of its own.
func (e *Engine) changeAlone(ctx context.Context, ask Ask, t pay.LedgerTransaction, b BalanceChange) (Reply, error) {
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		if _, err := tx.Account(ask.Owner, b.Account); err != nil {
			return Reply{}, err
		}
		if b.Payment != "" {
			if _, err := tx.Payment(ask.Owner, b.Payment); err != nil {
				return Reply{}, atField(err, "payment_id")
			}
		}
		t.ID, t.Owner, t.At = newID(), ask.Owner, tx.Now()
		t.Source = t.ID
		if err := tx.InsertLedger(t); err != nil {
			return Reply{}, err
		}
		standing, err := tx.GuardedBalance(ask.Owner, pay.PartnerAvailable(b.Account), b.Amount.Currency)
		return e.present.BalanceChange(t, b.Account, pay.Amount(-standing.Minor, standing.Currency)), err
	})
}

// AccountBalance is what stands for a partner in each currency; an account
// that never had anything has a zero of its own currency.
//
// Errors: not_found.
func (e *Engine) AccountBalance(ctx context.Context, o pay.Owner, id pay.ID) (pay.AccountBalance, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.AccountBalance, error) {
		account, err := tx.Account(o, id)
		if err != nil {
			return pay.AccountBalance{}, err
		}
		standing, err := tx.PartnerBalances(o, id)
		list := pay.Balances(standing)
		if len(list) == 0 && account.Currency != "" {
			list = []pay.Balance{{Currency: account.Currency}}
		}
		return pay.AccountBalance{Account: account, Balances: list}, err
	})
}

// LedgerBalances is what stands on each ledger account of the owner, signed as
// entries are.
func (e *Engine) LedgerBalances(ctx context.Context, o pay.Owner) ([]pay.Entry, error) {
	return read(ctx, e, func(tx *store.Tx) ([]pay.Entry, error) { return tx.LedgerBalances(o) })
}

// LedgerLines is a page of the entries that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) LedgerLines(ctx context.Context, o pay.Owner, f pay.LedgerFilter, page pay.Page) (pay.List[pay.LedgerLine], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.LedgerLine], error) { return tx.LedgerLines(o, f, page) })
}

// Statement is what the accounts of a filter had at its beginning and moved
// until its end.
func (e *Engine) Statement(ctx context.Context, o pay.Owner, f pay.LedgerFilter) ([]pay.StatementLine, error) {
	return read(ctx, e, func(tx *store.Tx) ([]pay.StatementLine, error) {
		var before []pay.LedgerSum
		if !f.Since.IsZero() {
			earlier := f
			earlier.Since, earlier.Until = time.Time{}, f.Since
			var err error
			if before, err = tx.LedgerSums(o, earlier); err != nil {
				return nil, err
			}
		}
		during, err := tx.LedgerSums(o, f)
		return pay.Statement(before, during), err
	})
}
