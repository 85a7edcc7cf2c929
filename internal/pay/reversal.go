package pay

import "time"

// ReversalStatus is where a reversal stands.
type ReversalStatus string

// The statuses of a reversal.
const (
	ReversalPending   ReversalStatus = "pending"
	ReversalCompleted ReversalStatus = "completed"
	ReversalFailed    ReversalStatus = "failed" // Stripe refused it
)

// ReversalMoves is every legal change of a reversal. Its transfer's event tells
// of one that came about.
var ReversalMoves = Moves[ReversalStatus]{
	{ReversalPending, ReversalCompleted, EventTransferReversed},
	{ReversalPending, ReversalFailed, EventReversalFailed},
}

// Reversal takes all or part of a transfer back. Several may exist for one
// transfer; together they never exceed it.
type Reversal struct {
	ID          ID
	Owner       Owner
	Transfer    ID
	Refund      ID // the refund that it is a step of; empty for others
	Amount      Money
	Description string
	Metadata    map[string]string
	External    bool // made at Stripe, not through Florin

	Status         ReversalStatus
	ProviderRef    string // trr_…; empty until Stripe answered
	Failure        Failure
	IdempotencyKey string
	Sequence       int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// ReversalReport is what Stripe says of a reversal.
type ReversalReport struct {
	ProviderRef string
	ReversalID  ID // ours, as Stripe kept it; empty for those made at Stripe
	Amount      Money
	CreatedAt   time.Time
}

// Settle notes what came of a reversal, once.
func (r Reversal) Settle(to ReversalStatus, ref string, why Failure, now time.Time) (after Reversal, event EventType) {
	move, legal := ReversalMoves.Find(r.Status, to)
	if !legal {
		return r, ""
	}
	r.Status, r.UpdatedAt, r.Failure = to, now, why
	if ref != "" {
		r.ProviderRef = ref
	}
	r.Sequence++
	return r, move.Event
}
