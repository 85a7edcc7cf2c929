package pay

import "time"

// TransferStatus is where a transfer stands.
type TransferStatus string

// The statuses of a transfer.
const (
	TransferPending           TransferStatus = "pending" // asked for; the partner's money is set aside
	TransferCompleted         TransferStatus = "completed"
	TransferFailed            TransferStatus = "failed" // Stripe refused it
	TransferPartiallyReversed TransferStatus = "partially_reversed"
	TransferReversed          TransferStatus = "reversed"
)

// TransferStatuses is every status, in the order of a transfer's life.
var TransferStatuses = []TransferStatus{TransferPending, TransferCompleted, TransferFailed, TransferPartiallyReversed, TransferReversed}

// TransferMoves is every legal change of a transfer, and the event each one
// emits.
var TransferMoves = Moves[TransferStatus]{
	{TransferPending, TransferCompleted, EventTransferCreated},
	{TransferPending, TransferFailed, EventTransferFailed},
	{TransferCompleted, TransferPartiallyReversed, EventTransferReversed},
	{TransferCompleted, TransferReversed, EventTransferReversed},
	{TransferPartiallyReversed, TransferPartiallyReversed, EventTransferReversed}, // more of it
	{TransferPartiallyReversed, TransferReversed, EventTransferReversed},
}

// Funding is whose money a transfer sends.
type Funding string

// Whose money a transfer sends.
const (
	FundingBalance  Funding = "balance"  // the partner's, which the merchant owes it in-app
	FundingPlatform Funding = "platform" // the merchant's own
	FundingCharge   Funding = "charge"   // Stripe made it by itself, of a destination charge, whose payment has booked it
)

// Transfer sends money from the merchant's balance at Stripe to that of a
// partner's account.
type Transfer struct {
	ID          ID
	Owner       Owner
	Connection  ID
	Account     ID     // the partner's
	AccountRef  string // acct_…, as it was then
	Payment     ID     // whose money it is; empty for a free transfer
	Payout      ID     // the payout that it funds; empty for others
	Funding     Funding
	Amount      Money
	Reversed    Money // what came back of it
	Description string
	Metadata    map[string]string
	External    bool // made at Stripe, not through Florin

	Status         TransferStatus
	ProviderRef    string // tr_…; empty until Stripe answered
	Failure        Failure
	IdempotencyKey string
	Sequence       int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// CheckTransfer says whether money can be sent to the account.
//
// Errors: account_disabled.
func (a Account) CheckTransfer() error {
	if err := a.CheckMoney(); err != nil {
		return err
	}
	if !a.TransfersEnabled {
		return Invalid(CodeAccountDisabled, "account", "the account takes no transfers yet; send the partner an onboarding link")
	}
	return nil
}

// Left is what can still be taken back.
func (t Transfer) Left() Money {
	if t.Status == TransferPending || t.Status == TransferFailed {
		return Money{Currency: t.Amount.Currency}
	}
	return Money{Minor: t.Amount.Minor - t.Reversed.Minor, Currency: t.Amount.Currency}
}

// CheckReverse says whether amount can be taken back, given what is on its way
// back already.
//
// Errors: transfer_not_completed, invalid_amount, amount_exceeds_remaining.
func (t Transfer) CheckReverse(amount, pending Money) error {
	left := Money{Minor: t.Left().Minor - pending.Minor, Currency: t.Amount.Currency}
	switch {
	case t.Status == TransferPending || t.Status == TransferFailed:
		return Errorf(CodeNotTransferred, "the transfer is %s: there is nothing to take back", t.Status)
	case left.Minor <= 0:
		return Errorf(CodeTooMuch, "all of the transfer was taken back already")
	case amount.Minor <= 0:
		return Invalid(CodeInvalidAmount, "amount", "an amount is more than zero")
	case amount.Minor > left.Minor:
		return Invalid(CodeTooMuch, "amount", "at most %s of the transfer can still be taken back", left)
	}
	return nil
}

// TransferReport is what Stripe says of a transfer.
type TransferReport struct {
	ProviderRef string
	TransferID  ID // ours, as Stripe kept it; empty for transfers made at Stripe
	AccountRef  string
	Amount      Money
	PaymentRef  string // pi_… of the charge whose money it is, or empty
	PaymentID   ID     // ours, likewise
	OfCharge    bool   // Stripe made it of a destination charge, whose booking it is a part of
	Description string
	Metadata    map[string]string
	Reversals   []ReversalReport // oldest first
	CreatedAt   time.Time
}

// TransferChange is a transfer after a change.
type TransferChange struct {
	Transfer Transfer
	Event    EventType // empty when nothing is to be told
	Changed  bool
}

// Apply takes over that Stripe has made the transfer.
func (t Transfer) Apply(r TransferReport, now time.Time) TransferChange {
	if t.ProviderRef != "" {
		return TransferChange{Transfer: t}
	}
	t.ProviderRef = r.ProviderRef
	return t.move(TransferCompleted, now)
}

// Fail notes that Stripe refused the transfer.
func (t Transfer) Fail(why Failure, now time.Time) TransferChange {
	change := t.move(TransferFailed, now)
	if change.Changed {
		change.Transfer.Failure = why
	}
	return change
}

// CountReversals brings the transfer in line with what came back in all.
func (t Transfer) CountReversals(total Money, now time.Time) TransferChange {
	if total.Minor <= t.Reversed.Minor {
		return TransferChange{Transfer: t}
	}
	t.Reversed = total
	if total.Minor >= t.Amount.Minor {
		return t.move(TransferReversed, now)
	}
	return t.move(TransferPartiallyReversed, now)
}

func (t Transfer) move(to TransferStatus, now time.Time) TransferChange {
	move, legal := TransferMoves.Find(t.Status, to)
	if !legal {
		return TransferChange{Transfer: t}
	}
	t.Status, t.UpdatedAt = to, now
	t.Sequence++
	return TransferChange{Transfer: t, Event: move.Event, Changed: true}
}

// TransferFilter is which transfers a list has; what is empty does not filter.
type TransferFilter struct {
	Account  ID
	Payment  ID
	Payout   ID
	Statuses []TransferStatus
	Since    time.Time
	Until    time.Time
}

// TransferSought says which transfer to find.
type TransferSought struct {
	Ref   string    // tr_…, or empty
	ID    ID        // ours
	Since time.Time // when it was first asked for
}
