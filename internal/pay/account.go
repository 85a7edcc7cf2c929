package pay

import (
	"slices"
	"strings"
	"time"
)

// AccountType is who deals with the partner: Stripe, or the platform
// (docs.stripe.com/connect/accounts).
type AccountType string

// The types of accounts.
const (
	AccountStandard AccountType = "standard" // the partner's own Stripe account, with its own dashboard
	AccountExpress  AccountType = "express"  // Stripe takes the partner's details on its pages
	AccountCustom   AccountType = "custom"   // the platform does everything
)

// AccountStatus is whether a partner can be paid through Florin.
type AccountStatus string

// The statuses of an account.
const (
	AccountPending    AccountStatus = "pending"    // details are wanted, or being checked
	AccountEnabled    AccountStatus = "enabled"    // takes payments or payouts
	AccountRestricted AccountStatus = "restricted" // took them, and may not for now: see its requirements
	AccountRejected   AccountStatus = "rejected"   // by Stripe or by the platform; final
	AccountFailed     AccountStatus = "failed"     // Stripe refused to make it
	AccountRemoved    AccountStatus = "removed"    // deleted, or the partner took the platform's rights away
)

// AccountMoves is every legal change of an account, and the event each one
// emits.
var AccountMoves = Moves[AccountStatus]{
	{AccountPending, AccountEnabled, EventAccountEnabled},
	{AccountPending, AccountRestricted, EventAccountRestricted},
	{AccountPending, AccountRejected, EventAccountRejected},
	{AccountPending, AccountFailed, EventAccountFailed},
	{AccountPending, AccountRemoved, EventAccountRemoved},
	{AccountEnabled, AccountRestricted, EventAccountRestricted},
	{AccountEnabled, AccountRejected, EventAccountRejected},
	{AccountEnabled, AccountRemoved, EventAccountRemoved},
	{AccountRestricted, AccountEnabled, EventAccountEnabled},
	{AccountRestricted, AccountRejected, EventAccountRejected},
	{AccountRestricted, AccountRemoved, EventAccountRemoved},
}

// Account is a partner's connected Stripe account: who is paid besides the
// merchant.
type Account struct {
	ID         ID
	Owner      Owner
	Connection ID // of the platform that it is connected to
	Type       AccountType
	Country    string // ISO 3166-1 alpha-2
	Email      string
	Name       string   // what the platform calls the partner
	Currency   Currency // its default
	CreatedAt  time.Time

	Status           AccountStatus
	ProviderRef      string // acct_…; empty until Stripe answered
	ChargesEnabled   bool
	PayoutsEnabled   bool
	TransfersEnabled bool
	DetailsSubmitted bool
	Requirements     Requirements
	DebtLimit        int64 // minor units of each currency that its in-app balance may be below zero
	Metadata         map[string]string
	Failure          Failure
	Sequence         int64
	UpdatedAt        time.Time
	ReadAt           time.Time // when Stripe was last asked about it
	LookAt           time.Time // when to ask again if nothing is heard; zero when nothing can change
}

// Requirements is what Stripe still wants to know of a partner
// (docs.stripe.com/api/accounts/object, "requirements").
type Requirements struct {
	CurrentlyDue        []string  `json:"currently_due,omitempty"`
	PastDue             []string  `json:"past_due,omitempty"`
	EventuallyDue       []string  `json:"eventually_due,omitempty"`
	PendingVerification []string  `json:"pending_verification,omitempty"`
	DisabledReason      string    `json:"disabled_reason,omitempty"`
	Deadline            time.Time `json:"deadline,omitzero"` // when what is currently due must be there; zero when there is none
}

// CheckMoney says whether money may go to or through the account.
//
// Errors: account_disabled, which says what is missing.
func (a Account) CheckMoney() error {
	switch a.Status {
	case AccountEnabled:
		return nil
	case AccountRejected, AccountRemoved, AccountFailed:
		return Invalid(CodeAccountDisabled, "account", "the account is %s; choose another one", a.Status)
	}
	if reason := a.Requirements.DisabledReason; reason != "" {
		return Invalid(CodeAccountDisabled, "account", "the account is %s (%s); send the partner an onboarding link", a.Status, reason)
	}
	return Invalid(CodeAccountDisabled, "account", "the account is %s; send the partner an onboarding link", a.Status)
}

// AccountReport is what Stripe says of an account at one moment, in our words.
type AccountReport struct {
	ProviderRef string
	AccountID   ID   // ours, as Stripe kept it; empty for accounts that were not made here
	Gone        bool // deleted, or the platform may not use it any more

	Type             AccountType
	Country          string
	Email            string
	Name             string
	Currency         Currency
	ChargesEnabled   bool
	PayoutsEnabled   bool
	TransfersEnabled bool
	DetailsSubmitted bool
	Requirements     Requirements

	ReadAt time.Time // when Stripe was asked: what was asked for earlier says nothing new
}

// AccountChange is what applying a report did to an account.
type AccountChange struct {
	Account Account
	Event   EventType // empty when nothing changed
}

// Apply takes over what Stripe reports. Stripe's accounts have no version, so
// of two reports the one that was asked for later counts, in whatever order
// they arrive.
func (a Account) Apply(r AccountReport, now time.Time) AccountChange {
	if r.ReadAt.Before(a.ReadAt) {
		return AccountChange{Account: a}
	}
	next := a
	next.ReadAt = r.ReadAt
	if next.ProviderRef == "" {
		next.ProviderRef = r.ProviderRef
	}
	if !r.Gone {
		next.Country, next.Email, next.Currency = orKeep(r.Country, a.Country), orKeep(r.Email, a.Email), orKeep(r.Currency, a.Currency)
		next.ChargesEnabled, next.PayoutsEnabled = r.ChargesEnabled, r.PayoutsEnabled
		next.TransfersEnabled, next.DetailsSubmitted = r.TransfersEnabled, r.DetailsSubmitted
		next.Requirements = r.Requirements
	}
	to := r.status(a.Status)
	if to == AccountRemoved || to == AccountRejected {
		next.ChargesEnabled, next.PayoutsEnabled, next.TransfersEnabled = false, false, false
	}
	var event EventType
	switch move, legal := AccountMoves.Find(a.Status, to); {
	case legal:
		next.Status, event = to, move.Event
	case next.differs(a):
		event = EventAccountUpdated
	default:
		return AccountChange{Account: next}
	}
	next.Sequence++
	next.UpdatedAt = now
	return AccountChange{Account: next, Event: event}
}

func orKeep[S ~string](news, known S) S {
	if news == "" {
		return known
	}
	return news
}

// differs reports whether Stripe says something else than it said before.
func (a Account) differs(before Account) bool {
	return a.ProviderRef != before.ProviderRef || a.Email != before.Email || a.Currency != before.Currency ||
		a.ChargesEnabled != before.ChargesEnabled || a.PayoutsEnabled != before.PayoutsEnabled ||
		a.TransfersEnabled != before.TransfersEnabled || a.DetailsSubmitted != before.DetailsSubmitted ||
		!a.Requirements.equal(before.Requirements)
}

func (r Requirements) equal(o Requirements) bool {
	return slices.Equal(r.CurrentlyDue, o.CurrentlyDue) && slices.Equal(r.PastDue, o.PastDue) &&
		slices.Equal(r.EventuallyDue, o.EventuallyDue) && slices.Equal(r.PendingVerification, o.PendingVerification) &&
		r.DisabledReason == o.DisabledReason && r.Deadline.Equal(o.Deadline)
}

// status is where an account stands by a report. Stripe has no one word for
// it: what may be done with the account is what counts.
func (r AccountReport) status(from AccountStatus) AccountStatus {
	switch {
	case r.Gone:
		return AccountRemoved
	case strings.HasPrefix(r.Requirements.DisabledReason, "rejected."):
		return AccountRejected
	case r.ChargesEnabled || r.TransfersEnabled:
		return AccountEnabled
	case from == AccountEnabled:
		return AccountRestricted
	}
	return from
}

// CheckCharge says whether a payment may be shared with the account so.
//
// Errors: account_disabled.
func (a Account) CheckCharge(t ChargeType) error {
	if err := a.CheckMoney(); err != nil {
		return err
	}
	if t == ChargeDirect && !a.ChargesEnabled {
		return Invalid(CodeAccountDisabled, "account", "the account takes no direct charges yet; send the partner an onboarding link, or use charge_type destination or separate")
	}
	if t != ChargeDirect && !a.TransfersEnabled {
		return Invalid(CodeAccountDisabled, "account", "the account takes no transfers, which charge_type %s needs; send the partner an onboarding link", t)
	}
	return nil
}

// CheckKnown says whether Stripe can be asked to change the account.
//
// Errors: account_disabled.
func (a Account) CheckKnown() error {
	switch {
	case a.Status == AccountRemoved || a.Status == AccountFailed:
		return Errorf(CodeAccountDisabled, "the account is %s, and cannot be changed", a.Status)
	case a.ProviderRef == "":
		return Errorf(CodeInProgress, "Stripe has not answered yet whether it made the account")
	}
	return nil
}

// RejectReason is why a platform wants nothing more to do with a partner, in
// Stripe's words (docs.stripe.com/api/account/reject).
type RejectReason string

// The reasons that Stripe takes.
const (
	RejectFraud RejectReason = "fraud"
	RejectTerms RejectReason = "terms_of_service"
	RejectOther RejectReason = "other"
)

// AccountOrder is what Stripe is told of a partner when an account is made or
// changed.
type AccountOrder struct {
	Email        string
	BusinessType string   // individual, company, non_profit or government_entity
	Capabilities []string // to ask for: card_payments, transfers
	Details      Details
}

// AccountSought says which account to find.
type AccountSought struct {
	Ref   string    // acct_…, or empty
	ID    ID        // ours
	Since time.Time // when it was first asked for
}

// LinkOrder is what an onboarding link needs.
type LinkOrder struct {
	ReturnURL  string // where the partner comes back to
	RefreshURL string // where a link leads that is too old
}

// Link is a page of Stripe's for one visit.
type Link struct {
	URL       string
	ExpiresAt time.Time
}

// BankOrder adds where payouts go.
type BankOrder struct {
	Token   string // btok_… or tok_…, as Stripe.js made it: the numbers never come here
	Default bool   // for its currency
}

// BankAccount is where an account's payouts go; Stripe calls it an external
// account. It is read from Stripe when it is asked for.
type BankAccount struct {
	Ref      string // ba_… or card_…
	Kind     string // bank_account or card
	Bank     string
	Country  string
	Currency Currency
	Last4    string
	Routing  string
	Holder   string
	Status   string // new, validated, verified, verification_failed or errored
	Default  bool   // for its currency
}
