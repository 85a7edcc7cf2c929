package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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

// OperationRequest is one thing to be asked of Stripe, by whichever way it came:
// the API, a flow's step, an agent or another workflow engine.
type OperationRequest struct {
	Owner      pay.Owner
	Key        pay.APIKey // who asks: its scopes and limits hold. Zero for the program itself
	Connection string     // its name; empty for the default one
	Operation  string
	Input      json.RawMessage // as the caller wrote it
	Call       string          // identity of a write, 1 to pay.MaxIdempotencyKey characters; empty makes one
	Begun      time.Time       // when the call may first have been made, for callers that keep their own record of it; zero: now
	DryRun     bool            // only show the request that would be sent
}

// errand of an operation: what one call of RunOperation has found out so far.
type operationErrand struct {
	request    OperationRequest
	operation  pay.Operation
	connection pay.Connection
	wire       pay.Wire
	refused    error // why no request could be written; a call that was kept before is repeated nevertheless
}

// RunOperation asks Stripe for one thing. What only reads goes straight out. A
// write is kept first, byte for byte, under the identity that the caller gave
// it: the same call again gets the same result and never happens twice.
//
// Errors: operation_not_found, operation_not_allowed, scope_missing,
// amount_over_limit, not_found (the connection), connection_wrong_kind,
// provider_not_configured; those of Catalogue.Compose; Stripe's refusals;
// in_doubt, after which the same call may be made again; idempotency_mismatch,
// idempotency_in_flight, idempotency_key_invalid, reconcile_needed;
// approval_denied, approval_expired.
func (e *Engine) RunOperation(ctx context.Context, r OperationRequest) (pay.OperationResult, error) {
	todo, err := e.prepareOperation(ctx, r)
	if err != nil {
		return pay.OperationResult{}, err
	}
	switch {
	case r.DryRun:
		return todo.preview()
	case !todo.operation.Writes, todo.reads():
		return e.readOperation(ctx, todo)
	}
	return e.writeOperation(ctx, todo)
}

// Operations is every operation that a key may run; the program itself may run
// all.
func (e *Engine) Operations(key pay.APIKey) []pay.Operation {
	if e.catalogue == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(e.catalogue.Operations()), func(op pay.Operation) bool { return MayRun(key, op) != nil })
}

// Catalogue is what operations there are.
func (e *Engine) Catalogue() Catalogue { return e.catalogue }

// prepareOperation finds all that a request names, and writes the request to
// Stripe.
func (e *Engine) prepareOperation(ctx context.Context, r OperationRequest) (operationErrand, error) {
	todo := operationErrand{request: r}
	if len(bytes.TrimSpace(r.Input)) == 0 {
		todo.request.Input = json.RawMessage("{}")
	}
	if err := checkCall(r.Call); err != nil {
		return todo, err
	}
	var err error
	if todo.operation, err = e.catalogue.Operation(r.Operation); err != nil {
		return todo, err
	}
	if err = MayRun(r.Key, todo.operation); err != nil {
		return todo, err
	}
	if todo.connection, err = e.UsableConnection(ctx, r.Owner, r.Key, r.Connection); err != nil {
		return todo, err
	}
	if !todo.connection.IsStripe() {
		return todo, pay.Invalid(pay.CodeConnectionKind, "connection", "%s is a connection of kind %s; operations need one to Stripe", r.Connection, todo.connection.Kind)
	}
	todo.wire, todo.refused = e.catalogue.Compose(todo.operation.Name, todo.connection.Kind, todo.request.Input)
	return todo, nil
}

// reads reports whether an operation that may write only reads this time, as
// one that takes a method does: then there is nothing to keep.
func (todo operationErrand) reads() bool {
	return todo.refused == nil && todo.wire.Method == http.MethodGet
}

// checkCall says whether a text can be the identity of a write.
//
// Errors: idempotency_key_invalid.
func checkCall(call string) error {
	if len(call) > pay.MaxIdempotencyKey || strings.ContainsFunc(call, func(c rune) bool { return c < 0x20 || c > 0x7e }) {
		return pay.Invalid(pay.CodeIdempotencyInvalid, "Idempotency-Key", "the identity of a call has at most %d printable ASCII characters", pay.MaxIdempotencyKey)
	}
	return nil
}

// MayRun says whether a key may run an operation, whatever its amount.
//
// Errors: scope_missing, operation_not_allowed.
func MayRun(key pay.APIKey, op pay.Operation) error {
	if key.ID == "" {
		return nil
	}
	scope := pay.ScopeOperationsRead
	if op.Writes {
		scope = pay.ScopeOperationsWrite
	}
	if !key.Allows(scope) {
		return pay.Errorf(pay.CodeScopeMissing, "the API key %s lacks the scope %s", key.Hint, scope)
	}
	if !key.Limits.Allow(op.Name) {
		return pay.Errorf(pay.CodeOperationDenied, "the API key %s may run %s only", key.Hint, strings.Join(key.Limits.Operations, ", "))
	}
	return nil
}

// readOperation asks for something that changes nothing.
func (e *Engine) readOperation(ctx context.Context, todo operationErrand) (pay.OperationResult, error) {
	result := pay.OperationResult{Operation: todo.operation.Name, Connection: todo.connection.Name}
	if todo.refused != nil {
		return result, todo.refused
	}
	access, err := e.accessTo(todo.connection)
	if err != nil {
		return result, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	if err := e.pace.wait(ctx, todo.connection, todo.wire.Path); err != nil {
		return result, pay.Errorf(pay.CodeProviderBusy, "too much is being asked of this account; nothing was sent").Because(err)
	}
	answer := e.performer.Perform(ctx, access, todo.wire, "", false)
	e.noteKey(context.WithoutCancel(ctx), todo.connection, answer)
	result.RequestRef = answer.RequestRef
	if answer.Outcome != pay.OutcomeDone {
		return result, e.asCallers(todo.operation.Name, answer)
	}
	result.Output, err = e.catalogue.Read(todo.operation.Name, answer.Body)
	return result, err
}

// asCallers is why an operation was not carried out, with its parameters as the
// caller knows them.
func (e *Engine) asCallers(operation string, answer pay.OperationAnswer) *pay.Error {
	if answer.Err == nil { // a defect of the performer, which must not be taken for success
		return pay.Errorf(pay.CodeInDoubt, "Stripe gave no clear answer (%s)", answer.Note)
	}
	told := *answer.Err
	if told.Field != "" {
		told.Field = e.catalogue.Parameter(operation, told.Field)
	}
	if told.RequestRef == "" {
		told.RequestRef = answer.RequestRef
	}
	return &told
}

// preview is the request that would be sent.
func (todo operationErrand) preview() (pay.OperationResult, error) {
	result := pay.OperationResult{Operation: todo.operation.Name, Connection: todo.connection.Name, Call: todo.request.Call}
	if todo.refused != nil {
		return result, todo.refused
	}
	address, query, _ := strings.Cut(todo.wire.Path, "?")
	form := todo.wire.Body
	if form == "" {
		form = query
	}
	fields, err := formFields(form)
	if err != nil {
		return result, err
	}
	if todo.operation.Writes && todo.request.Call != "" {
		result.ProviderKey = operationKey(todo.request.Owner, todo.connection.ID, todo.request.Call)
	}
	result.Preview = &pay.OperationPreview{
		Method: todo.wire.Method, Path: address, Form: fields, APIVersion: todo.wire.APIVersion,
		Key: result.ProviderKey, Connection: todo.connection.Name,
	}
	return result, nil
}

// formFields takes a form apart, in its order.
func formFields(form string) ([]pay.FormField, error) {
	var fields []pay.FormField
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		plainName, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		plainValue, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		fields = append(fields, pay.FormField{Name: plainName, Value: plainValue})
	}
	return fields, nil
}
