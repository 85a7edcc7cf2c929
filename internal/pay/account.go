package pay

import "time"

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
