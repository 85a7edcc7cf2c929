package pay

import "time"

// ApprovalSpan is how long a write waits for a person: as long as Stripe would
// remember its key, so that what was asked is never much older than what was
// approved.
const ApprovalSpan = 24 * time.Hour

// MaxApprovalNote is the longest note of who decides, in characters.
const MaxApprovalNote = 500

// ApprovalStatus is how an approval stands.
type ApprovalStatus string

// How an approval stands.
const (
	ApprovalPending  ApprovalStatus = "pending"
	ApprovalApproved ApprovalStatus = "approved"
	ApprovalDenied   ApprovalStatus = "denied"
	ApprovalExpired  ApprovalStatus = "expired"
)

// ApprovalMoves is every legal change of an approval, and the event each one
// emits.
var ApprovalMoves = Moves[ApprovalStatus]{
	{ApprovalPending, ApprovalApproved, EventApprovalApproved},
	{ApprovalPending, ApprovalDenied, EventApprovalDenied},
	{ApprovalPending, ApprovalExpired, EventApprovalExpired},
}

// Approval is a write that waits for a person's word.
type Approval struct {
	ID         ID
	Owner      Owner
	Operation  string
	Connection string // its name
	Call       string // the caller's identity of the write
	Key        string // id of the API key that asked
	Lineage    string // of that key: no key of it can decide
	Amount     int64  // minor units that would move, as far as the input says
	Currency   Currency
	Input      []byte // sealed: as the caller wrote it
	CreatedAt  time.Time
	ExpiresAt  time.Time

	Status    ApprovalStatus
	Note      string // of who decided
	DecidedBy string // id of the API key that decided
	DecidedAt time.Time
	Sequence  int64 // of its events
}
