package pay

import "time"

// LedgerAccount is a place where money stands, as seen by one owner.
type LedgerAccount string

// The accounts. Every amount that comes to one leaves another, so that all
// accounts of an owner and currency sum to zero.
const (
	LedgerStripe         LedgerAccount = "stripe"         // what Stripe holds for the merchant, before payouts
	LedgerSales          LedgerAccount = "sales"          // captured payments; negative, as income is
	LedgerRefunds        LedgerAccount = "refunds"        // given back
	LedgerFees           LedgerAccount = "fees"           // kept by Stripe
	LedgerHeld           LedgerAccount = "held"           // authorised on customers' cards
	LedgerAuthorizations LedgerAccount = "authorizations" // the other side of held
)

// LedgerKind is why money moved. One source has one transaction of a kind: a
// hold is posted or voided once, a capture is booked once.
type LedgerKind string

// Why money moved.
const (
	LedgerHold           LedgerKind = "hold"
	LedgerHoldEnd        LedgerKind = "hold_end" // posted by a capture, or voided
	LedgerCapture        LedgerKind = "capture"
	LedgerFee            LedgerKind = "fee"
	LedgerRefund         LedgerKind = "refund"
	LedgerRefundReturned LedgerKind = "refund_returned"
)

// Entry is one signed line of a balanced transaction.
type Entry struct {
	Account LedgerAccount
	Amount  Money // minor units; positive comes to the account
}

// LedgerTransaction is a balanced set of entries. It is never changed; what
// was wrong is put right by another one.
type LedgerTransaction struct {
	ID      ID
	Owner   Owner
	Kind    LedgerKind
	Source  ID // the payment or refund
	Payment ID
	Entries []Entry
	At      time.Time
}

// Check says whether the transaction is balanced: entries of each currency sum
// to zero and none is zero.
//
// Errors: internal_error; an unbalanced transaction is a defect.
func (t LedgerTransaction) Check() error {
	if len(t.Entries) < 2 {
		return Errorf(CodeInternal, "ledger: a %s needs two entries at least", t.Kind)
	}
	sums := map[Currency]Money{}
	for _, e := range t.Entries {
		if e.Amount.IsZero() {
			return Errorf(CodeInternal, "ledger: a %s has an empty entry for %s", t.Kind, e.Account)
		}
		sum, err := Amount(sums[e.Amount.Currency].Minor, e.Amount.Currency).Add(e.Amount)
		if err != nil {
			return err
		}
		sums[e.Amount.Currency] = sum
	}
	for _, sum := range sums {
		if !sum.IsZero() {
			return Errorf(CodeInternal, "ledger: a %s is off by %s", t.Kind, sum)
		}
	}
	return nil
}

// move is the two entries that bring amount from one account to another.
func move(amount Money, from, to LedgerAccount) []Entry {
	return []Entry{{to, amount}, {from, Amount(-amount.Minor, amount.Currency)}}
}

// Booking is the ledger's side of a change of a payment: what the change from
// one state to the next means in money. The caller adds ids, owner and time.
func Booking(before, after Payment) []LedgerTransaction {
	var booked []LedgerTransaction
	book := func(kind LedgerKind, amount Money, from, to LedgerAccount) {
		booked = append(booked, LedgerTransaction{Kind: kind, Source: after.ID, Payment: after.ID, Entries: move(amount, from, to)})
	}
	held := before.Status == PaymentAuthorized
	if !held && after.Status == PaymentAuthorized {
		book(LedgerHold, after.Amount, LedgerAuthorizations, LedgerHeld)
	}
	if held && after.Status != PaymentAuthorized {
		book(LedgerHoldEnd, after.Amount, LedgerHeld, LedgerAuthorizations)
	}
	if before.Captured.IsZero() && !after.Captured.IsZero() {
		book(LedgerCapture, after.Captured, LedgerSales, LedgerStripe)
	}
	if before.Fee.IsZero() && !after.Fee.IsZero() {
		book(LedgerFee, after.Fee, LedgerStripe, LedgerFees)
	}
	return booked
}

// RefundBooking is the ledger's side of a change of a refund.
func RefundBooking(before, after Refund) []LedgerTransaction {
	book := func(kind LedgerKind, from, to LedgerAccount) []LedgerTransaction {
		return []LedgerTransaction{{Kind: kind, Source: after.ID, Payment: after.Payment, Entries: move(after.Amount, from, to)}}
	}
	switch {
	case before.Status != RefundCompleted && after.Status == RefundCompleted:
		return book(LedgerRefund, LedgerStripe, LedgerRefunds)
	case before.Status == RefundCompleted && after.Status == RefundFailed:
		return book(LedgerRefundReturned, LedgerRefunds, LedgerStripe)
	}
	return nil
}
