package pay

import "time"

// DifferenceCause is why our books and Stripe's say different things.
type DifferenceCause string

// Why the books differ.
const (
	DifferenceMissingHere  DifferenceCause = "missing_here"  // Stripe moved money of which nothing is booked
	DifferenceMissingThere DifferenceCause = "missing_there" // booked, and Stripe lists nothing of it
	DifferenceAmount       DifferenceCause = "amount"
	DifferenceFee          DifferenceCause = "fee"    // only the fee differs
	DifferenceStatus       DifferenceCause = "status" // Stripe took money of a payment that is not captured here
	DifferenceTiming       DifferenceCause = "timing" // too new for Stripe to list it for certain; not told of
)

// bookingGrace is how new a booking may be for its balance transaction to be
// on its way: Stripe's lists lag by minutes at most (see ReadDeep).
const bookingGrace = ReadDeep

// Difference is one thing of which our books and Stripe's do not say the same.
type Difference struct {
	ID         ID
	Owner      Owner
	Connection ID
	AccountRef string // acct_… of the partner whose balance it is; empty for the merchant's own
	Cause      DifferenceCause
	Source     string // what it is about: our payment's id, or Stripe's id of an object
	Payment    ID     // may be empty
	Ours       Money
	Theirs     Money
	Note       string
	CreatedAt  time.Time // when it was first found
	SeenAt     time.Time // when it was last found
	ResolvedAt time.Time // when it was no longer found; zero until then
}

// Reconciliation is what a comparison found.
type Reconciliation struct {
	From, To     time.Time // of what was compared, by each side's own clock
	Transactions int       // balance transactions of Stripe's in that time
	Fresh        int       // of them, those that had not been read before
	Payments     int       // compared
	Others       int       // balance transactions that belong to no payment, compared
	Adopted      int       // payments that were made at Stripe, taken into the books
	Mended       int       // payments that were behind, read again
	InTransit    int       // too new to be compared
	Differences  []Difference
}

// Differences compares the two books for one payment.
func (e Explanation) Differences(now time.Time) []Difference {
	var found []Difference
	for _, gap := range e.Gaps {
		found = append(found, Difference{
			Owner: e.Payment.Owner, Connection: e.Payment.Connection, AccountRef: gap.AccountRef, Cause: e.causeOf(gap, now),
			Source: string(e.Payment.ID), Payment: e.Payment.ID, Ours: gap.Ours, Theirs: gap.Theirs, Note: gap.Why,
		})
	}
	return found
}

// causeOf sorts out why a balance differs.
func (e Explanation) causeOf(gap MoneyGap, now time.Time) DifferenceCause {
	listed, booked := false, false
	var last time.Time
	var fees int64
	for _, b := range e.Moved {
		if b.AccountRef == gap.AccountRef && b.Amount.Currency == gap.Theirs.Currency {
			listed = true
			fees += b.Fee.Minor
		}
	}
	for _, t := range e.Booked {
		for _, entry := range t.Entries {
			if entry.Account == LedgerStripe && t.Kind == LedgerFee {
				fees += entry.Amount.Minor
			}
		}
		booked = booked || t.Kind != LedgerHold && t.Kind != LedgerHoldEnd
		if t.At.After(last) {
			last = t.At
		}
	}
	switch {
	case now.Sub(last) < bookingGrace && !listed:
		return DifferenceTiming
	case !listed:
		return DifferenceMissingThere
	case e.Payment.Captured.IsZero():
		return DifferenceStatus
	case !booked || gap.Ours.IsZero():
		return DifferenceMissingHere
	case gap.AccountRef == "" && gap.Ours.Minor-gap.Theirs.Minor == fees:
		return DifferenceFee
	}
	return DifferenceAmount
}
