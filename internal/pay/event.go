package pay

import "time"

// EventType names a kind of fact that merchants are told.
type EventType string

// The events. Their names are what endpoints filter by.
const (
	EventPaymentActionRequired    EventType = "payment.action_required"
	EventPaymentAuthorized        EventType = "payment.authorized"
	EventPaymentCompleted         EventType = "payment.completed"
	EventPaymentFailed            EventType = "payment.failed"
	EventPaymentCanceled          EventType = "payment.canceled"
	EventPaymentExpiring          EventType = "payment.authorization_expiring"
	EventPaymentRefunded          EventType = "payment.refunded"
	EventPaymentRefundReturned    EventType = "payment.refund_returned"
	EventRefundCompleted          EventType = "refund.completed"
	EventRefundFailed             EventType = "refund.failed"
	EventRefundCanceled           EventType = "refund.canceled"
	EventCardSaved                EventType = "card.saved"
	EventCardFailed               EventType = "card.failed"
	EventCardRemoved              EventType = "card.removed"
	EventCardActionRequired       EventType = "card.action_required"
	EventCardUpdated              EventType = "card.updated"
	EventCardExpired              EventType = "card.expired"
	EventApprovalRequested        EventType = "approval.requested"
	EventApprovalApproved         EventType = "approval.approved"
	EventApprovalDenied           EventType = "approval.denied"
	EventApprovalExpired          EventType = "approval.expired"
	EventRunSucceeded             EventType = "run.succeeded"
	EventRunFailed                EventType = "run.failed"
	EventRunCanceled              EventType = "run.canceled"
	EventTriggerFailed            EventType = "trigger.failed"
	EventTriggerRecovered         EventType = "trigger.recovered"
	EventAccountUpdated           EventType = "account.updated"
	EventAccountEnabled           EventType = "account.enabled"
	EventAccountRestricted        EventType = "account.restricted"
	EventAccountRejected          EventType = "account.rejected"
	EventAccountFailed            EventType = "account.failed"
	EventAccountRemoved           EventType = "account.removed"
	EventPlanCreated              EventType = "plan.created"
	EventPlanFailed               EventType = "plan.failed"
	EventPlanArchived             EventType = "plan.archived"
	EventPlanRestored             EventType = "plan.restored"
	EventSubscriptionIncomplete   EventType = "subscription.incomplete"
	EventSubscriptionTrial        EventType = "subscription.trial_started"
	EventSubscriptionActivated    EventType = "subscription.activated"
	EventSubscriptionRenewed      EventType = "subscription.renewed"
	EventSubscriptionUpdated      EventType = "subscription.updated"
	EventSubscriptionPastDue      EventType = "subscription.past_due"
	EventSubscriptionRecovered    EventType = "subscription.recovered"
	EventSubscriptionUnpaid       EventType = "subscription.unpaid"
	EventSubscriptionPaused       EventType = "subscription.paused"
	EventSubscriptionResumed      EventType = "subscription.resumed"
	EventSubscriptionCanceled     EventType = "subscription.canceled"
	EventSubscriptionExpired      EventType = "subscription.expired"
	EventSubscriptionFailed       EventType = "subscription.failed"
	EventInvoiceOpened            EventType = "invoice.opened"
	EventInvoicePaid              EventType = "invoice.paid"
	EventInvoicePaymentFailed     EventType = "invoice.payment_failed"
	EventInvoiceVoided            EventType = "invoice.voided"
	EventInvoiceUncollectible     EventType = "invoice.uncollectible"
	EventReconciliationDifference EventType = "reconciliation.difference"

	EventPing EventType = "endpoint.ping"

	EventTransferCreated  EventType = "transfer.created"
	EventTransferFailed   EventType = "transfer.failed"
	EventTransferReversed EventType = "transfer.reversed"
	EventReversalFailed   EventType = "transfer.reversal_failed"

	EventPayoutSubmitted EventType = "payout.submitted"
	EventPayoutInTransit EventType = "payout.in_transit"
	EventPayoutPaid      EventType = "payout.paid"
	EventPayoutFailed    EventType = "payout.failed"
	EventPayoutCanceled  EventType = "payout.canceled"
)

// EventInfo is an event and what it tells.
type EventInfo struct {
	Type    EventType
	Meaning string
}

// EventTypes is every event.
var EventTypes = []EventInfo{
	{EventPaymentActionRequired, "The customer must authenticate: send them to next_action.redirect_url."},
	{EventPaymentAuthorized, "Money is held and can be captured."},
	{EventPaymentCompleted, "Money was taken."},
	{EventPaymentFailed, "The payment was declined or refused; error says why."},
	{EventPaymentCanceled, "The payment was called off, or its authorisation expired."},
	{EventPaymentExpiring, "Held money is let go within a day, at authorization_expires_at, unless it is captured."},
	{EventPaymentRefunded, "All or part of the payment was given back; see status and amount_refunded."},
	{EventPaymentRefundReturned, "A refund came back from the bank; amount_refunded is smaller again."},
	{EventRefundCompleted, "A refund was carried out."},
	{EventRefundFailed, "A refund was refused, or returned by the bank."},
	{EventRefundCanceled, "A refund was called off at Stripe."},
	{EventCardSaved, "A card was saved and can be charged."},
	{EventCardFailed, "A card could not be saved."},
	{EventCardRemoved, "A saved card was removed."},
	{EventCardActionRequired, "The holder of a card must authenticate before it is saved: send them to next_action.redirect_url."},
	{EventCardUpdated, "The bank replaced a saved card, or what stands on it; it is charged as before."},
	{EventCardExpired, "The month that stands on a saved card is over; ask for another one unless the bank replaces it."},
	{EventApprovalRequested, "A write of an API key waits for a person: decide with POST /v1/approvals/{id}."},
	{EventApprovalApproved, "A write was approved, and is carried out."},
	{EventApprovalDenied, "A write was denied; nothing was sent."},
	{EventApprovalExpired, "Nobody decided on a write in time; nothing was sent."},
	{EventRunSucceeded, "A run of a flow came to its end."},
	{EventRunFailed, "A run of a flow failed; error says in which step and why, and what could not be taken back."},
	{EventRunCanceled, "A run of a flow was called off."},
	{EventTriggerFailed, "The trigger of a flow does not work and starts no runs; reason says why. Told once."},
	{EventTriggerRecovered, "The trigger of a flow works again; what came meanwhile is made up for."},
	{EventAccountUpdated, "What Stripe wants to know of a partner has changed, or what it knows; see requirements."},
	{EventAccountEnabled, "A partner's account can take money."},
	{EventAccountRestricted, "A partner's account may take no money for now; see requirements."},
	{EventAccountRejected, "A partner's account was rejected, and takes no money any more."},
	{EventAccountFailed, "Stripe refused to make a partner's account; error says why."},
	{EventAccountRemoved, "A partner's account was deleted, or the partner disconnected it."},
	{EventPlanCreated, "A plan can be subscribed to."},
	{EventPlanFailed, "Stripe refused to make a plan; error says why."},
	{EventPlanArchived, "A plan takes no new subscriptions."},
	{EventPlanRestored, "A plan takes new subscriptions again."},
	{EventSubscriptionIncomplete, "The first invoice of a subscription is not paid; pay it within 23 hours."},
	{EventSubscriptionTrial, "A subscription is in its trial."},
	{EventSubscriptionActivated, "A subscription is in good standing: its first period or the period after its trial has begun."},
	{EventSubscriptionRenewed, "A new period of a subscription has begun; its invoice tells of the money."},
	{EventSubscriptionUpdated, "A subscription's plan, card, trial or planned end has changed."},
	{EventSubscriptionPastDue, "A renewal was not paid; it is tried again as the dunning schedule says."},
	{EventSubscriptionRecovered, "A subscription that was not paid is in good standing again."},
	{EventSubscriptionUnpaid, "A subscription was not paid, and nothing more is tried."},
	{EventSubscriptionPaused, "Nothing is collected for a subscription for now."},
	{EventSubscriptionResumed, "A paused subscription is collected again."},
	{EventSubscriptionCanceled, "A subscription has ended."},
	{EventSubscriptionExpired, "A subscription ended because its first invoice was not paid in time."},
	{EventSubscriptionFailed, "Stripe refused to make a subscription; error says why."},
	{EventInvoiceOpened, "An invoice is final and waits to be paid."},
	{EventInvoicePaid, "An invoice is paid; payment_id is the payment."},
	{EventInvoicePaymentFailed, "A try to collect an invoice failed; dunning says what comes next."},
	{EventInvoiceVoided, "An invoice was made void."},
	{EventInvoiceUncollectible, "An invoice is not expected to be paid any more."},
	{EventReconciliationDifference, "Your books and Stripe's say different things: see what florin reconcile says."},
	{EventTransferCreated, "Money was sent to a partner's account at Stripe."},
	{EventTransferFailed, "Stripe refused a transfer; error says why, and the partner's balance has its money again."},
	{EventTransferReversed, "A transfer was taken back, or part of it; see amount_reversed."},
	{EventReversalFailed, "Stripe refused to take a transfer back; error says why."},
	{EventPayoutSubmitted, "Stripe has taken a payout on; it can still be canceled."},
	{EventPayoutInTransit, "The bank has a payout."},
	{EventPayoutPaid, "A payout arrived at the partner's bank."},
	{EventPayoutFailed, "A payout was refused, or sent back by the bank; error says why, and its money goes back to the partner's balance."},
	{EventPayoutCanceled, "A payout was called off; its money goes back to the partner's balance."},
	{EventPing, "Sent on request, to try an endpoint."},
}

// Event is a fact that merchants are told: written in the same transaction as
// the change it tells of, never changed afterwards.
type Event struct {
	ID       ID
	Owner    Owner
	Type     EventType
	Object   ID    // the payment, refund or card it is about
	Payment  ID    // the payment it belongs to, for the timeline; may be empty
	Sequence int64 // of the object; a receiver drops what is older than it has
	Body     []byte
	At       time.Time
	Position int64 // where it stands in the owner's feed; given by the store
}

// ProviderEvent is a Stripe event: a hint that something may have changed at
// Stripe. What it claims is never taken over; the object is read again.
type ProviderEvent struct {
	ID         ID
	Owner      Owner
	Connection ID
	Ref        string // evt_…
	Type       string
	APIVersion string
	ObjectRef  string // the object it is about: pi_…, ch_…, re_…
	Account    string // acct_… of the partner it happened to; empty: the key's own
	PaymentRef string // the intent it concerns: pi_…; empty when none
	Payload    []byte // sealed
	State      ProviderEventState
	Note       string // why it was ignored, or what went wrong
	CreatedAt  time.Time
	ReceivedAt time.Time
	DoneAt     time.Time
}

// Topic is what a Stripe event may have changed here: each has one verb that
// reads the object again and takes over what is new.
type Topic string

// What a Stripe event may have changed here.
const (
	TopicPayment Topic = "payment" // and its refunds
	TopicBalance Topic = "balance" // funds became available
	TopicCard    Topic = "card"
	TopicSetup   Topic = "setup" // of a card, with its holder present
	TopicAccount Topic = "account"

	TopicPlan         Topic = "plan"
	TopicSubscription Topic = "subscription"
	TopicInvoice      Topic = "invoice"
	TopicClock        Topic = "clock" // a test clock of Stripe's

	TopicTransfer Topic = "transfer" // and its reversals
	TopicPayout   Topic = "payout"
)

// ProviderEventState is what was done about a Stripe event.
type ProviderEventState string

// What was done about a Stripe event.
const (
	ProviderEventNew     ProviderEventState = "new"     // a job will look at it
	ProviderEventApplied ProviderEventState = "applied" // the object was read, and what was new taken over
	ProviderEventIgnored ProviderEventState = "ignored" // unknown type, or not about anything of ours
)
