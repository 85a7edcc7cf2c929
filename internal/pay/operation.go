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

	// Amount and Currency name the parameters that say how much money moves,
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
