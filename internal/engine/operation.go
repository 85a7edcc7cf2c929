package engine

import (
	"context"
	"encoding/json"

	"florin/internal/pay"
)

// Catalogue is every operation that Stripe can be asked, as the engine needs
// it. It writes requests and reads answers; a Performer carries them.
type Catalogue interface {
	// Operations is all of them, in the order of the documentation.
	Operations() []pay.Operation
	// Operation finds one by its name.
	//
	// Errors: operation_not_found, with the nearest names.
	Operation(name string) (pay.Operation, error)
	// Compose checks an input and writes the request that carries it out; kind
	// is which Stripe will be asked, because some inputs are for the sandbox
	// only.
	//
	// Errors: missing_field, unknown_field, invalid_field and the like, each
	// with the parameter as the caller wrote it; raw_card_data_not_allowed.
	Compose(name string, kind pay.ConnectionKind, input json.RawMessage) (pay.Wire, error)
	// Read turns Stripe's object into the operation's output.
	Read(name string, body json.RawMessage) (json.RawMessage, error)
	// Parameter is the caller's name for one of Stripe's parameters, or
	// Stripe's own where the operation has no other.
	Parameter(name, stripes string) string
}

// Performer sends one operation's request, byte for byte, under an idempotency
// key (empty for reads), and says what came of it; sent says that the same
// bytes went out before and no answer is known.
type Performer interface {
	Perform(ctx context.Context, access pay.Access, wire pay.Wire, key string, sent bool) pay.OperationAnswer
}
