package pay

import "time"

// BalanceStatus is whether the money of a balance transaction can be spent.
type BalanceStatus string

// Whether the money of a balance transaction can be spent.
const (
	BalancePending   BalanceStatus = "pending" // until AvailableOn
	BalanceAvailable BalanceStatus = "available"
)

// BalanceStatuses is both.
var BalanceStatuses = []BalanceStatus{BalancePending, BalanceAvailable}

// BalanceTransaction is one movement of an account's money at Stripe, as
// Stripe itself lists it: what our books are compared with. Only its status,
// its payout and the payment it belongs to may become known later.
type BalanceTransaction struct {
	ID          ID
	Owner       Owner
	Connection  ID     // through which it was read
	AccountRef  string // acct_… of the partner whose balance it moved; empty for the merchant's own
	Ref         string // txn_…
	Type        string // in Stripe's words: charge, refund, transfer, payout, adjustment, …
	Amount      Money  // signed: what comes to the balance is positive
	Fee         Money
	Net         Money  // amount less fee
	Source      string // what caused it: ch_…, re_…, tr_…; may be empty
	Origin      string // what the source came of: a refund's charge, a transfer's charge, a partner's payment's transfer
	PaymentRef  string // pi_…, where Stripe names it
	Payment     ID     // ours; empty when it belongs to none, or that is not known yet
	PayoutRef   string // po_… that paid it out; empty until then, and for payouts made by hand
	Description string
	Status      BalanceStatus
	CreatedAt   time.Time // by Stripe's clock, as is AvailableOn
	AvailableOn time.Time
	SeenAt      time.Time // by ours, when it was first read

	// AutomaticPayout says, as it is read from Stripe, that it is a payout which
	// Stripe made by itself, so that Stripe knows what it paid out. It is not kept.
	AutomaticPayout bool
}

// BalanceFilter is which balance transactions are wanted; empty fields do not
// filter.
type BalanceFilter struct {
	Types      []string
	Status     BalanceStatus
	Currency   Currency
	Source     string
	Payout     string
	Payment    ID
	AccountRef string    // acct_… of a partner
	Platform   bool      // the merchant's own balance only
	Since      time.Time // created at or after
	Until      time.Time // created before
}

// StripeList is one page of a list of Stripe's, newest first.
type StripeList[T any] struct {
	Items []T
	More  bool
	At    time.Time // Stripe's time when it answered; zero when it did not say
}

// ListSought says which page of a list of Stripe's is wanted.
type ListSought struct {
	From   time.Time // created at or after; zero for all
	Until  time.Time // created before or at; zero for all
	After  string    // the last object of the page before; empty for the first
	Payout string    // of balance transactions: those that an automatic payout paid out
}
