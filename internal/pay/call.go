package pay

import "time"

// Action is one thing that a payment's life asks of Stripe. (What users can
// ask of Stripe directly are operations, and live in their own room.)
type Action string

// The actions.
const (
	ActionCharge         Action = "charge"
	ActionCapture        Action = "capture"
	ActionCancel         Action = "cancel"
	ActionRefund         Action = "refund"
	ActionCreateCustomer Action = "create_customer"
	ActionAttachCard     Action = "attach_card"
	ActionDetachCard     Action = "detach_card"
	ActionSetUpCard      Action = "set_up_card"

	ActionCreateAccount      Action = "create_account"
	ActionUpdateAccount      Action = "update_account"
	ActionRejectAccount      Action = "reject_account"
	ActionDeleteAccount      Action = "delete_account"
	ActionOnboardingLink     Action = "onboarding_link"
	ActionAddBankAccount     Action = "add_bank_account"
	ActionRemoveBankAccount  Action = "remove_bank_account"
	ActionTransfer           Action = "transfer"
	ActionReverse            Action = "reverse"
	ActionPayout             Action = "payout"
	ActionCancelPayout       Action = "cancel_payout"
	ActionCreatePlan         Action = "create_plan"
	ActionChangePlan         Action = "change_plan"
	ActionSubscribe          Action = "subscribe"
	ActionChangeSubscription Action = "change_subscription"
	ActionCancelSubscription Action = "cancel_subscription"
	ActionPayInvoice         Action = "pay_invoice"
	ActionRetryInvoice       Action = "retry_invoice" // as pay_invoice, by the dunning schedule
	ActionVoidInvoice        Action = "void_invoice"
	ActionHoldInvoice        Action = "hold_invoice" // Stripe shall not collect it by itself
)

// CallState is whether the outcome of a call is known.
type CallState string

// Whether the outcome of a call is known.
const (
	CallOpen     CallState = "open"     // not sent, in flight, or in doubt
	CallAnswered CallState = "answered" // Stripe answered
	CallAbsent   CallState = "absent"   // no answer, and Stripe has no record of it
)

// Wire is a request to Stripe exactly as it is sent. It is kept before it is
// sent and never made anew: after an upgrade other bytes might come out, and
// Stripe would refuse them under the same idempotency key.
type Wire struct {
	Method     string
	Path       string
	Body       string // form encoded
	APIVersion string
	Account    string `json:",omitempty"` // acct_… to act as; empty: the key's own
}

// Call is one request to Stripe and what is known of its outcome.
type Call struct {
	ID         ID
	Owner      Owner
	Action     Action
	Connection ID
	Payment    ID // the payment it belongs to; empty for cards
	Subject    ID // the payment, refund, card or customer that it changes

	Wire        Wire
	ProviderKey string // Stripe's idempotency key, made from subject and action
	RequestKey  string // the caller's idempotency key, whose reply waits for this call; may be empty

	State       CallState
	Attempts    int
	FirstSentAt time.Time
	DueAt       time.Time // lease: until then whoever holds the fence is sending; after it anyone may
	Fence       int64     // grows with every new holder; a late answer of an old one is refused

	Outcome    Outcome
	RequestRef string // Stripe's req_…
	Note       string // what is known of an answer in doubt
	CreatedAt  time.Time
	AnsweredAt time.Time
}

// ReplayWindow is how long the same bytes may be sent again with the same key.
// Stripe forgets keys once they are 24 hours old and would then charge again;
// an hour is left for clocks and slow calls.
const ReplayWindow = 23 * time.Hour

// MayReplay reports whether the call can be sent again without risk.
func (c Call) MayReplay(now time.Time) bool { return now.Sub(c.FirstSentAt) < ReplayWindow }

// Outcome is how a call went, by what can be done about it.
type Outcome string

// How a call went.
const (
	OutcomeDone    Outcome = "done"     // carried out; the reports say what came of it
	OutcomeRefused Outcome = "refused"  // definitely not carried out; the error says why
	OutcomeNotSent Outcome = "not_sent" // never left this machine, or was turned away at the door
	OutcomeInDoubt Outcome = "in_doubt" // may have been carried out
)

// Answer is what came back from Stripe.
type Answer struct {
	Outcome    Outcome
	Payment    *Report       // after charge, capture, cancel; also after a decline
	Refund     *RefundReport // after refund
	Card       *CardReport   // after attach_card
	Setup      *SetupReport  // after set_up_card; also after a decline
	Customer   string        // cus_… after create_customer
	Account    *AccountReport
	Bank       *BankAccount // after add_bank_account
	Transfer   *TransferReport
	Reversal   *ReversalReport
	Payout     *PayoutReport
	Link       *Link  // after onboarding_link
	Err        *Error // unless done
	Plan       *PlanReport
	Subscribed *SubscriptionReport
	Invoice    *InvoiceReport
	RequestRef string
	Note       string // for people, when in doubt
}
