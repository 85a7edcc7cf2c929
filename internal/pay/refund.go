package pay

import "time"

// RefundStatus is where a refund stands.
type RefundStatus string

// The statuses of a refund.
const (
	RefundPending   RefundStatus = "pending"
	RefundCompleted RefundStatus = "completed"
	RefundFailed    RefundStatus = "failed"
	RefundCanceled  RefundStatus = "canceled"
)

// RefundStatuses is every status, in the order of a refund's life.
var RefundStatuses = []RefundStatus{RefundPending, RefundCompleted, RefundFailed, RefundCanceled}

// RefundMoves is every legal change of a refund, and the event each one emits.
var RefundMoves = Moves[RefundStatus]{
	{RefundPending, RefundCompleted, EventRefundCompleted},
	{RefundPending, RefundFailed, EventRefundFailed},
	{RefundPending, RefundCanceled, EventRefundCanceled},
	{RefundCompleted, RefundFailed, EventRefundFailed}, // a bank may return it days later
}

// RefundReason is why money is given back, in Stripe's words.
type RefundReason string

// The reasons that Stripe takes (docs.stripe.com/api/refunds/create).
const (
	RefundDuplicate  RefundReason = "duplicate"
	RefundFraudulent RefundReason = "fraudulent"
	RefundRequested  RefundReason = "requested_by_customer"
)

// Refund gives back all or part of a captured payment. Several may exist for
// one payment; together they never exceed what was captured.
type Refund struct {
	ID          ID
	Owner       Owner
	Payment     ID
	Amount      Money // minor units of the payment's currency
	Reason      RefundReason
	Status      RefundStatus
	ProviderRef string // re_…; empty until Stripe answered
	Failure     Failure
	Metadata    map[string]string
	External    bool // made at Stripe, not through Florin

	IdempotencyKey string
	Sequence       int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	LookAt         time.Time // when to ask Stripe again; zero when settled
}

// RefundReport is what Stripe says of a refund at one moment.
type RefundReport struct {
	Status      RefundStatus
	ProviderRef string
	PaymentRef  string // the intent's pi_…
	Amount      Money
	Reason      RefundReason
	Failure     Failure
	RefundID    ID // our id, as Stripe kept it for us; empty for refunds made at Stripe
	CreatedAt   time.Time
}

// RefundChange is what applying a report did to a refund.
type RefundChange struct {
	Refund  Refund
	From    RefundStatus
	Event   EventType // empty when only details became known
	Changed bool
}

// Apply takes over what Stripe reports, forward only, as Payment.Apply does.
func (r Refund) Apply(report RefundReport, now time.Time) RefundChange {
	next := r
	if next.ProviderRef == "" {
		next.ProviderRef = report.ProviderRef
	}
	move, legal := RefundMoves.Find(r.Status, report.Status)
	if !legal {
		return RefundChange{Refund: next, From: r.Status, Changed: next.ProviderRef != r.ProviderRef}
	}
	next.Status, next.Failure = report.Status, report.Failure
	next.Sequence++
	next.UpdatedAt = now
	return RefundChange{Refund: next, From: r.Status, Event: move.Event, Changed: true}
}
