package pay

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Explanation says where every cent of a payment is: what our books say, what
// Stripe's say, and what of it is not explained yet.
type Explanation struct {
	Payment  Payment
	Booked   []LedgerTransaction  // ours, oldest first
	Moved    []BalanceTransaction // Stripe's, oldest first
	Balances []PaymentBalance
	Gaps     []MoneyGap
}

// PaymentBalance is what a payment did to one Stripe balance in one currency,
// by Stripe's own word.
type PaymentBalance struct {
	AccountRef string // acct_… of a partner; empty for the merchant's own
	Amount     Money
	Fee        Money
	Net        Money
	Pending    Money     // of the net: not available yet
	PaidOut    Money     // of the net: known to be paid out by automatic payouts
	Available  time.Time // when the last of it becomes available, by Stripe's clock
}

// MoneyGap is a difference between our books and Stripe's.
type MoneyGap struct {
	AccountRef string
	Ours       Money
	Theirs     Money
	Why        string
}

// balanceAt names a Stripe balance in a currency.
type balanceAt struct {
	ref      string
	currency Currency
}

// Explain puts the two books beside one another. refs are the references at
// Stripe of the partners' accounts that the bookings name.
func Explain(p Payment, booked []LedgerTransaction, moved []BalanceTransaction, refs map[ID]string) Explanation {
	e := Explanation{Payment: p, Booked: booked, Moved: moved}
	ours, theirs := map[balanceAt]int64{}, map[balanceAt]*PaymentBalance{}
	for _, t := range booked {
		for _, entry := range t.Entries {
			if ref, isBalance := balanceOf(entry.Account, refs); isBalance {
				ours[balanceAt{ref, entry.Amount.Currency}] += entry.Amount.Minor
			}
		}
	}
	for _, b := range moved {
		at := balanceAt{b.AccountRef, b.Amount.Currency}
		if theirs[at] == nil {
			theirs[at] = newPaymentBalance(at)
		}
		theirs[at].add(b)
	}
	for _, at := range sortedBalances(theirs) {
		e.Balances = append(e.Balances, *theirs[at])
	}
	e.Gaps = gaps(p, ours, theirs)
	return e
}

// balanceOf is the Stripe balance that an account of the ledger stands for.
func balanceOf(account LedgerAccount, refs map[ID]string) (ref string, ok bool) {
	if account == LedgerStripe {
		return "", true
	}
	partner, bucket := account.Partner()
	return cmp.Or(refs[partner], string(partner)), bucket == BucketStripe
}

func newPaymentBalance(at balanceAt) *PaymentBalance {
	none := Amount(0, at.currency)
	return &PaymentBalance{AccountRef: at.ref, Amount: none, Fee: none, Net: none, Pending: none, PaidOut: none}
}

func (b *PaymentBalance) add(t BalanceTransaction) {
	b.Amount.Minor += t.Amount.Minor
	b.Fee.Minor += t.Fee.Minor
	b.Net.Minor += t.Net.Minor
	if t.Status == BalancePending {
		b.Pending.Minor += t.Net.Minor
	}
	if t.PayoutRef != "" {
		b.PaidOut.Minor += t.Net.Minor
	}
	if t.AvailableOn.After(b.Available) {
		b.Available = t.AvailableOn
	}
}

func sortedBalances[V any](m map[balanceAt]V) []balanceAt {
	return slices.SortedFunc(maps.Keys(m), func(a, b balanceAt) int {
		return cmp.Or(cmp.Compare(a.ref, b.ref), cmp.Compare(a.currency, b.currency))
	})
}

// gaps are the balances of which the two books do not say the same.
func gaps(p Payment, ours map[balanceAt]int64, theirs map[balanceAt]*PaymentBalance) []MoneyGap {
	all := map[balanceAt]bool{}
	for at := range ours {
		all[at] = true
	}
	for at := range theirs {
		all[at] = true
	}
	var found []MoneyGap
	for _, at := range sortedBalances(all) {
		net := int64(0)
		if b := theirs[at]; b != nil {
			net = b.Net.Minor
		}
		if net != ours[at] {
			found = append(found, MoneyGap{at.ref, Amount(ours[at], at.currency), Amount(net, at.currency), whyGap(p, at, theirs)})
		}
	}
	return found
}

// whyGap is the likeliest reason in words.
func whyGap(p Payment, at balanceAt, theirs map[balanceAt]*PaymentBalance) string {
	switch {
	case at.ref == "" && p.Amount.Currency != p.Fee.Currency && !p.Fee.IsZero():
		return "Stripe converted " + string(p.Amount.Currency) + " to " + string(p.Fee.Currency)
	case len(theirs) == 0:
		return "Stripe's balance transactions of this payment have not been read yet"
	case theirs[at] == nil:
		return "Stripe's balance transactions for this balance have not been read yet, or there are none"
	case !p.Captured.IsZero() && p.Fee.IsZero():
		return "Stripe's fee is not known here yet"
	}
	return "the books differ: run florin reconcile"
}
