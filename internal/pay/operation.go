package pay

import (
	"encoding/json"
	"time"
)

// Operation is one thing that Stripe can be asked, as the catalogue declares
// it: the same declaration makes the command, the route, the flow's action,
// the agent's tool and the documentation, so that none can disagree.
type Operation struct {
	Name     string // verb and noun: create-charge
	Title    string // Create Charge
	Summary  string // one sentence
	Resource string // the heading it stands under: charges
	Writes   bool   // changes something at Stripe

	// Amount and Currency name the parameters, with dots into objects, that say how much money moves,
	// in minor units; empty where none does, or where the amount may be left
	// out and is then all there is. Limits of a key are held against them.
	Amount   string
	Currency string

	Parameters []Parameter     // in the order of the documentation
	Rules      []string        // what parameters demand of each other, a sentence each
	Input      json.RawMessage // JSON Schema of the input
	Output     json.RawMessage // JSON Schema of the output
	Method     string          // at Stripe, for the documentation
	Path       string          // /v1/charges/{charge_id}
	Example    json.RawMessage // an input that the documentation shows
}

// Parameter is one part of an operation's input.
type Parameter struct {
	Name        string // snake_case, as callers write it
	Title       string // Customer ID
	Description string
	Type        string // of JSON Schema: string, integer, number, boolean, object, array
	Required    bool
	Default     string   // as it would be written; empty when there is none
	Allowed     []string // the only values; empty when any will do
}

// OperationAnswer is what came back from Stripe for an operation.
type OperationAnswer struct {
	Outcome    Outcome
	Status     int             // HTTP; 0 when no answer came
	Body       json.RawMessage // Stripe's object, when done
	Err        *Error          // unless done; Field is Stripe's name of the parameter
	RequestRef string          // req_…
	Replayed   bool            // Stripe had answered these bytes under this key before
	Note       string          // for people, when in doubt
	StripeTime time.Time       // Stripe's clock, from the Date header; zero when it had none
}

// OperationState is how far a write of an operation has come.
type OperationState string

// How far a write of an operation has come.
const (
	OperationAwaiting OperationState = "pending_approval" // kept, and not sent before a person approves
	OperationOpen     OperationState = "open"             // in flight, in doubt, or its sender died
	OperationUnsent   OperationState = "unsent"           // turned away before anything was done: it may be tried again
	OperationAnswered OperationState = "answered"         // done or refused, for good
)

// OperationCall is one write of an operation under the identity that its
// caller gave it, and what is known of its outcome. The same identity always
// means the same bytes under the same key of Stripe's.
type OperationCall struct {
	ID             ID
	Owner          Owner
	Call           string // the caller's identity of the write, 1 to MaxIdempotencyKey characters
	Operation      string
	Connection     ID                // fixed with the first try: a connection may change its name or place
	ConnectionName string            // as the caller knows it
	Key            string            // lineage of the API key that asked; empty for the program itself
	Approval       ID                // of the approval that it needs; empty when none
	Fields         map[string]string // a hash for each field of the input, so that a mismatch can be named
	Amount         int64             // minor units that move, as far as the input says; 0 when it does not
	Currency       Currency          // of Amount; empty when the input does not say
	Wire           []byte            // sealed: the request, byte for byte
	ProviderKey    string            // Stripe's idempotency key
	CreatedAt      time.Time

	State       OperationState
	Attempts    int
	FirstSentAt time.Time // zero while nothing can have reached Stripe
	LeaseUntil  time.Time // until then somebody is sending
	RetryAt     time.Time // when the completer takes an open call up; zero: never
	Fence       int64     // grows with every new holder; a late answer of an old one is refused
	Outcome     Outcome
	RequestRef  string // Stripe's req_…
	Result      []byte // sealed: the output, or the refusal
	Note        string // what is known of an answer in doubt
	AnsweredAt  time.Time
}

// MayReplay reports whether the call can be sent again without risk.
func (c OperationCall) MayReplay(now time.Time) bool {
	return c.FirstSentAt.IsZero() || now.Sub(c.FirstSentAt) < ReplayWindow
}

// OperationResult is what came of an operation. With an error of RunOperation
// it says as much as is known: which call, and which request of Stripe's.
type OperationResult struct {
	ID          ID // of the kept call; empty for reads and dry runs
	Operation   string
	Connection  string // its name
	Call        string // the identity under which a write can be repeated
	Output      json.RawMessage
	RequestRef  string            // Stripe's req_…
	ProviderKey string            // the idempotency key that Stripe got; empty for reads
	Replayed    bool              // kept from an earlier time
	Final       bool              // the same call will always get this answer
	Preview     *OperationPreview // for a dry run
	Approval    *Approval         // when a person must approve it first
}

// OperationPreview is the request that a dry run would have sent.
type OperationPreview struct {
	Method     string
	Path       string
	Form       []FormField // in the order of sending
	APIVersion string
	Key        string // Idempotency-Key; empty for reads
	Connection string
}

// FormField is one field of a form, unescaped.
type FormField struct {
	Name  string
	Value string
}
