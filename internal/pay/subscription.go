package pay

import "time"

// SubscriptionStatus is where a subscription stands.
type SubscriptionStatus string

// The statuses of a subscription. They are Stripe's
// (docs.stripe.com/billing/subscriptions/overview), and those before and
// beside it.
const (
	SubscriptionPending    SubscriptionStatus = "pending"    // sent or about to be
	SubscriptionIncomplete SubscriptionStatus = "incomplete" // the first invoice is not paid; 23 hours are left for it
	SubscriptionTrialing   SubscriptionStatus = "trialing"
	SubscriptionActive     SubscriptionStatus = "active"
	SubscriptionPastDue    SubscriptionStatus = "past_due" // a renewal was not paid; it is tried again
	SubscriptionUnpaid     SubscriptionStatus = "unpaid"   // nothing more is tried, and it was not canceled
	SubscriptionPaused     SubscriptionStatus = "paused"   // nothing is collected for now
	SubscriptionCanceled   SubscriptionStatus = "canceled"
	SubscriptionExpired    SubscriptionStatus = "expired" // the first invoice was not paid in time
	SubscriptionFailed     SubscriptionStatus = "failed"  // Stripe refused to make it
)

// SubscriptionStatuses is every status, in the order of a subscription's life.
var SubscriptionStatuses = []SubscriptionStatus{
	SubscriptionPending, SubscriptionIncomplete, SubscriptionTrialing, SubscriptionActive, SubscriptionPastDue, SubscriptionUnpaid,
	SubscriptionPaused, SubscriptionCanceled, SubscriptionExpired, SubscriptionFailed,
}

// SubscriptionMoves is every legal change of a subscription, and the event
// each one emits. What ended stays ended, whatever a late report says.
var SubscriptionMoves = Moves[SubscriptionStatus]{
	{SubscriptionPending, SubscriptionIncomplete, EventSubscriptionIncomplete},
	{SubscriptionPending, SubscriptionTrialing, EventSubscriptionTrial},
	{SubscriptionPending, SubscriptionActive, EventSubscriptionActivated},
	{SubscriptionPending, SubscriptionPastDue, EventSubscriptionPastDue},
	{SubscriptionPending, SubscriptionUnpaid, EventSubscriptionUnpaid},
	{SubscriptionPending, SubscriptionPaused, EventSubscriptionPaused},
	{SubscriptionPending, SubscriptionCanceled, EventSubscriptionCanceled},
	{SubscriptionPending, SubscriptionExpired, EventSubscriptionExpired},
	{SubscriptionPending, SubscriptionFailed, EventSubscriptionFailed},
	{SubscriptionIncomplete, SubscriptionActive, EventSubscriptionActivated},
	{SubscriptionIncomplete, SubscriptionExpired, EventSubscriptionExpired},
	{SubscriptionIncomplete, SubscriptionCanceled, EventSubscriptionCanceled},
	{SubscriptionTrialing, SubscriptionActive, EventSubscriptionActivated},
	{SubscriptionTrialing, SubscriptionPastDue, EventSubscriptionPastDue},
	{SubscriptionTrialing, SubscriptionUnpaid, EventSubscriptionUnpaid},
	{SubscriptionTrialing, SubscriptionPaused, EventSubscriptionPaused},
	{SubscriptionTrialing, SubscriptionCanceled, EventSubscriptionCanceled},
	{SubscriptionActive, SubscriptionActive, EventSubscriptionRenewed},
	{SubscriptionActive, SubscriptionTrialing, EventSubscriptionTrial},
	{SubscriptionActive, SubscriptionPastDue, EventSubscriptionPastDue},
	{SubscriptionActive, SubscriptionUnpaid, EventSubscriptionUnpaid},
	{SubscriptionActive, SubscriptionPaused, EventSubscriptionPaused},
	{SubscriptionActive, SubscriptionCanceled, EventSubscriptionCanceled},
	{SubscriptionPastDue, SubscriptionPastDue, EventSubscriptionRenewed},
	{SubscriptionPastDue, SubscriptionActive, EventSubscriptionRecovered},
	{SubscriptionPastDue, SubscriptionUnpaid, EventSubscriptionUnpaid},
	{SubscriptionPastDue, SubscriptionPaused, EventSubscriptionPaused},
	{SubscriptionPastDue, SubscriptionCanceled, EventSubscriptionCanceled},
	{SubscriptionUnpaid, SubscriptionActive, EventSubscriptionRecovered},
	{SubscriptionUnpaid, SubscriptionPaused, EventSubscriptionPaused},
	{SubscriptionUnpaid, SubscriptionCanceled, EventSubscriptionCanceled},
	{SubscriptionPaused, SubscriptionTrialing, EventSubscriptionResumed},
	{SubscriptionPaused, SubscriptionActive, EventSubscriptionResumed},
	{SubscriptionPaused, SubscriptionPastDue, EventSubscriptionPastDue},
	{SubscriptionPaused, SubscriptionUnpaid, EventSubscriptionUnpaid},
	{SubscriptionPaused, SubscriptionCanceled, EventSubscriptionCanceled},
}

// Ended reports whether nothing can happen any more.
func (s SubscriptionStatus) Ended() bool {
	return s == SubscriptionCanceled || s == SubscriptionExpired || s == SubscriptionFailed
}

// PauseBehavior is what becomes of invoices that come due during a pause
// (docs.stripe.com/billing/subscriptions/pause-payment).
type PauseBehavior string

// What becomes of invoices during a pause.
const (
	PauseVoid  PauseBehavior = "void"               // the service is not given, and not paid for
	PauseDraft PauseBehavior = "keep_as_draft"      // collected later, by hand
	PauseForgo PauseBehavior = "mark_uncollectible" // the service is given for nothing
)

// Subscription is a customer who is charged for a plan at every interval.
type Subscription struct {
	ID              ID
	Owner           Owner
	Connection      ID
	Customer        ID
	Account         ID      // the partner who gets the rest; empty: all stays with the merchant
	PlatformPercent Percent // what the merchant keeps of each invoice, when there is an account
	Metadata        map[string]string
	IdempotencyKey  string
	CreatedAt       time.Time

	Plan   ID
	Card   ID // the saved card that is charged; empty: the customer's default at Stripe
	Status SubscriptionStatus
	SubscriptionDetails
	ProviderRef string // sub_…; empty until Stripe answered
	Failure     Failure
	Sequence    int64
	UpdatedAt   time.Time
	LookAt      time.Time // when to ask Stripe again if nothing is heard; zero when it ended
}

// SubscriptionDetails is what Stripe decides of a subscription, by its clock.
type SubscriptionDetails struct {
	ItemRef           string // si_…, which holds the plan's price
	PeriodStart       time.Time
	PeriodEnd         time.Time // when the next invoice comes
	TrialEnd          time.Time // zero: there is no trial
	CancelAtPeriodEnd bool
	CancelAt          time.Time // zero: no end is planned
	CanceledAt        time.Time // when somebody asked for the end
	EndedAt           time.Time
	Pause             PauseBehavior // empty: not paused, or for want of a card
	ResumesAt         time.Time     // zero: when somebody asks for it
	ClockRef          string        // clock_… of Stripe's that it lives by; empty: real time
}

// SubscriptionReport is what Stripe says of a subscription at one moment.
type SubscriptionReport struct {
	SubscriptionID ID // ours, as Stripe kept it for us; empty for those made at Stripe
	ProviderRef    string
	CustomerRef    string
	PriceRef       string
	Plan           ID // ours, of PriceRef; the engine finds it
	MethodRef      string
	Card           ID     // ours, of MethodRef; the engine finds it
	AccountRef     string // acct_… who gets the rest; empty: nobody
	Account        ID     // ours, of AccountRef; the engine finds it
	Percent        Percent
	Status         SubscriptionStatus
	SubscriptionDetails
}

// SubscriptionChange is what applying a report did to a subscription.
type SubscriptionChange struct {
	Subscription Subscription
	From         SubscriptionStatus
	Event        EventType // empty when nothing changed that merchants are told
	Changed      bool
}

// Apply takes over what Stripe reports, forward only: a report that would
// bring back what has ended, or a period that is over, changes nothing.
func (s Subscription) Apply(r SubscriptionReport, now time.Time) SubscriptionChange {
	next := s
	if next.ProviderRef == "" {
		next.ProviderRef = r.ProviderRef
	}
	move, legal := SubscriptionMoves.Find(s.Status, r.Status)
	if r.Status != s.Status && !legal {
		return SubscriptionChange{Subscription: next, From: s.Status, Changed: next.ProviderRef != s.ProviderRef}
	}
	next.Status, next.SubscriptionDetails = r.Status, r.SubscriptionDetails
	if r.Plan != "" {
		next.Plan = r.Plan
	}
	if r.Card != "" {
		next.Card = r.Card
	}
	if r.AccountRef == "" || r.Account != "" {
		next.Account, next.PlatformPercent = r.Account, r.Percent
	}
	if next.same(s) {
		return SubscriptionChange{Subscription: s, From: s.Status}
	}
	event := move.Event
	if r.Status == s.Status && !next.PeriodStart.After(s.PeriodStart) || !legal {
		event = EventSubscriptionUpdated
	}
	next.Sequence++
	next.UpdatedAt = now
	return SubscriptionChange{Subscription: next, From: s.Status, Event: event, Changed: true}
}

// same reports whether nothing differs that a report can change.
func (s Subscription) same(other Subscription) bool {
	return s.Status == other.Status && s.SubscriptionDetails == other.SubscriptionDetails && s.ProviderRef == other.ProviderRef &&
		s.Plan == other.Plan && s.Card == other.Card && s.Account == other.Account && s.PlatformPercent == other.PlatformPercent
}

// CheckChange says whether the subscription can be changed now.
//
// Errors: subscription_ended, in_doubt.
func (s Subscription) CheckChange() error {
	switch {
	case s.Status.Ended():
		return Errorf(CodeSubscriptionEnded, "the subscription is %s; make a new one", s.Status)
	case s.ProviderRef == "":
		return Errorf(CodeInDoubt, "Stripe has not said yet whether there is such a subscription")
	}
	return nil
}

// Proration is what becomes of the difference when a plan is changed within a
// period.
type Proration string

// What becomes of the difference.
const (
	ProrationNext Proration = "next_invoice" // with the next renewal
	ProrationNow  Proration = "now"          // in an invoice of its own
	ProrationNone Proration = "none"         // the change costs from the next period on
)

// SubscriptionWish is how a subscription shall be changed; what is empty stays.
type SubscriptionWish struct {
	Plan              Plan // with its ProviderRef; zero: the same
	AccountRef        string
	Card              Card // zero: the same
	Proration         Proration
	CancelAtPeriodEnd *bool
}

// SubscriptionOrder is all that making a subscription needs.
type SubscriptionOrder struct {
	Subscription Subscription
	TrialDays    int
	CustomerRef  string // cus_…
	PriceRef     string // price_…
	MethodRef    string // pm_…; empty: the customer's default at Stripe
	AccountRef   string // acct_… who gets the rest; empty: nobody
}

// SubscriptionSought says which subscription to find.
type SubscriptionSought struct {
	Ref         string // sub_…, or empty
	ID          ID     // ours
	CustomerRef string // cus_… whose it is
}

// SubscriptionFilter is which subscriptions are wanted; empty fields do not
// filter.
type SubscriptionFilter struct {
	Statuses []SubscriptionStatus
	Customer ID
	Plan     ID
	Account  ID
}
