package pay

import "time"

// PayoutStatus is where a payout stands.
type PayoutStatus string

// The statuses of a payout.
const (
	PayoutPending   PayoutStatus = "pending"    // asked for; the partner's money is set aside, or on its way to the account at Stripe
	PayoutSubmitted PayoutStatus = "submitted"  // Stripe has it; it can still be canceled
	PayoutInTransit PayoutStatus = "in_transit" // the bank has it
	PayoutPaid      PayoutStatus = "paid"
	PayoutFailed    PayoutStatus = "failed" // refused, or sent back by the bank
	PayoutCanceled  PayoutStatus = "canceled"
)

// PayoutStatuses is every status, in the order of a payout's life.
var PayoutStatuses = []PayoutStatus{PayoutPending, PayoutSubmitted, PayoutInTransit, PayoutPaid, PayoutFailed, PayoutCanceled}

// PayoutMoves is every legal change of a payout, and the event each one emits.
var PayoutMoves = Moves[PayoutStatus]{
	{PayoutPending, PayoutSubmitted, EventPayoutSubmitted},
	{PayoutPending, PayoutInTransit, EventPayoutInTransit},
	{PayoutPending, PayoutPaid, EventPayoutPaid},
	{PayoutPending, PayoutFailed, EventPayoutFailed},
	{PayoutPending, PayoutCanceled, EventPayoutCanceled},
	{PayoutSubmitted, PayoutInTransit, EventPayoutInTransit},
	{PayoutSubmitted, PayoutPaid, EventPayoutPaid},
	{PayoutSubmitted, PayoutFailed, EventPayoutFailed},
	{PayoutSubmitted, PayoutCanceled, EventPayoutCanceled},
	{PayoutInTransit, PayoutPaid, EventPayoutPaid},
	{PayoutInTransit, PayoutFailed, EventPayoutFailed},
	{PayoutPaid, PayoutFailed, EventPayoutFailed}, // banks send some back days later
}

// PayoutSource is where a payout's money stands when it is asked for.
type PayoutSource string

// Where a payout's money stands.
const (
	PayoutFromBalance PayoutSource = "balance" // in-app: it is first transferred to the account at Stripe
	PayoutFromStripe  PayoutSource = "stripe"  // in the account at Stripe already
)

// Payout sends a partner's money to its bank.
type Payout struct {
	ID          ID
	Owner       Owner
	Connection  ID
	Account     ID
	AccountRef  string // acct_…, as it was then
	From        PayoutSource
	Amount      Money
	RetryOf     ID // the payout that it tries again; empty for others
	Description string
	Metadata    map[string]string
	External    bool // made at Stripe: by hand, or by its own schedule

	Status         PayoutStatus
	ProviderRef    string // po_…; empty until Stripe answered
	ArrivesAt      time.Time
	Failure        Failure
	IdempotencyKey string
	Sequence       int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	LookAt         time.Time // when to ask Stripe again; zero when settled
}

// PayoutReport is what Stripe says of a payout at one moment.
type PayoutReport struct {
	ProviderRef string
	PayoutID    ID // ours, as Stripe kept it; empty for payouts made at Stripe
	Status      PayoutStatus
	Amount      Money
	Description string
	ArrivesAt   time.Time
	Failure     Failure
}

// Apply takes over what Stripe reports, forward only; the event is empty when
// nothing is to be told.
func (p Payout) Apply(r PayoutReport, now time.Time) (Payout, EventType) {
	move, legal := PayoutMoves.Find(p.Status, r.Status)
	if !legal {
		return p, ""
	}
	if p.ProviderRef == "" {
		p.ProviderRef = r.ProviderRef
	}
	if !r.ArrivesAt.IsZero() {
		p.ArrivesAt = r.ArrivesAt
	}
	p.Status, p.Failure, p.UpdatedAt = r.Status, r.Failure, now
	p.Sequence++
	return p, move.Event
}

// Ended reports whether the money did not get to the bank.
func (p Payout) Ended() bool { return p.Status == PayoutFailed || p.Status == PayoutCanceled }

// CheckCancel says whether the payout can be called off.
//
// Errors: payout_not_cancelable.
func (p Payout) CheckCancel() error {
	if p.Status != PayoutSubmitted || p.External {
		return Errorf(CodePayoutFixed, "the payout is %s: it can be canceled while it is submitted, before the bank has it", p.Status)
	}
	return nil
}

// CheckPayout says whether money can be paid out to the account's bank.
//
// Errors: account_disabled.
func (a Account) CheckPayout() error {
	if err := a.CheckMoney(); err != nil {
		return err
	}
	if !a.PayoutsEnabled {
		return Invalid(CodeAccountDisabled, "account", "the account cannot be paid out yet; add an external account, or send the partner an onboarding link")
	}
	return nil
}

// PayoutHold sets aside what is to be paid out of a partner's balance.
func PayoutHold(p Payout) []LedgerTransaction {
	if p.From != PayoutFromBalance {
		return nil
	}
	return []LedgerTransaction{{Kind: LedgerPayoutHold, Source: p.ID, Entries: Between(p.Amount, PartnerHeld(p.Account), PartnerAvailable(p.Account))}}
}

// PayoutRelease gives back what was set aside for a payout whose transfer did
// not come about.
func PayoutRelease(p Payout) []LedgerTransaction {
	return []LedgerTransaction{{Kind: LedgerPayoutRelease, Source: p.ID, Entries: Between(p.Amount, PartnerAvailable(p.Account), PartnerHeld(p.Account))}}
}

// PayoutBooking is the ledger's side of a change of a payout: the money leaves
// the account at Stripe as Stripe takes the payout on, and comes back when it
// fails or is canceled.
func PayoutBooking(before, after Payout) []LedgerTransaction {
	var booked []LedgerTransaction
	if before.ProviderRef == "" && after.ProviderRef != "" {
		booked = append(booked, LedgerTransaction{Kind: LedgerPayoutPaid, Source: after.ID, Entries: Between(after.Amount, AccountStripe(after.Account), AccountOwner(after.Account))})
	}
	if !before.Ended() && after.Ended() && after.ProviderRef != "" {
		booked = append(booked, LedgerTransaction{Kind: LedgerPayoutFailed, Source: after.ID, Entries: Between(after.Amount, AccountOwner(after.Account), AccountStripe(after.Account))})
	}
	return booked
}

// PayoutFilter is which payouts a list has; what is empty does not filter.
type PayoutFilter struct {
	Account  ID
	Statuses []PayoutStatus
	Since    time.Time
	Until    time.Time
}

// PayoutSought says which payout to find.
type PayoutSought struct {
	Ref   string    // po_…, or empty
	ID    ID        // ours
	Since time.Time // when it was first asked for
}
