package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// The names under which a mismatch of what is not in the input is told.
const (
	fieldOperation  = "operation"
	fieldConnection = "connection"
)

// operationKey is Stripe's idempotency key for a call: a hash, because the
// caller's words may be longer than Stripe allows and are none of its business.
func operationKey(o pay.Owner, connection pay.ID, call string) string {
	sum := sha256.New()
	for _, part := range []string{string(o.Merchant), string(o.Mode), string(connection), call} {
		sum.Write([]byte(part))
		sum.Write([]byte{0}) // keeps the parts apart: none of them has a NUL
	}
	return "florin-operation-" + hex.EncodeToString(sum.Sum(nil))
}

// writeOperation is the three phases of a write: keep it, send it with no
// transaction open, keep what came of it.
func (e *Engine) writeOperation(ctx context.Context, todo operationErrand) (pay.OperationResult, error) {
	if todo.request.Call == "" {
		todo.request.Call = rand.Text()
	}
	var (
		call pay.OperationCall
		mine bool
	)
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		call, mine, err = e.claimOperation(tx, todo)
		return err
	})
	if pay.Is(err, pay.CodeExists) { // another was faster, and its transaction is over now
		err = e.store.Write(ctx, func(tx *store.Tx) error {
			var err error
			call, mine, err = e.claimOperation(tx, todo)
			return err
		})
	}
	switch {
	case err != nil:
		return todo.result(call), err
	case mine:
		return e.performOperation(ctx, call)
	}
	return e.keptOperation(ctx, call)
}

// result is what can be said of a request before it has an outcome.
func (todo operationErrand) result(call pay.OperationCall) pay.OperationResult {
	return pay.OperationResult{ID: call.ID, Operation: todo.operation.Name, Connection: todo.connection.Name, Call: todo.request.Call}
}

// claimOperation is the first transaction. mine says that the caller is to send
// the call; otherwise it is answered, or waits for a person.
//
// Errors: idempotency_mismatch, idempotency_in_flight, reconcile_needed,
// amount_over_limit, already_exists when another was faster.
func (e *Engine) claimOperation(tx *store.Tx, todo operationErrand) (call pay.OperationCall, mine bool, err error) {
	call, found, err := tx.LockOperationCall(todo.request.Owner, todo.request.Call)
	switch {
	case err != nil:
		return call, false, err
	case found:
		return e.resumeOperation(tx, todo, call)
	case todo.refused != nil:
		return call, false, todo.refused
	case MayBeForgotten(todo.request.Begun, tx.Now()):
		return call, false, pay.Errorf(pay.CodeReconcileNeeded, "this %s was begun at %s, and what became of it is not kept that long: look at Stripe for it",
			todo.operation.Name, todo.request.Begun.UTC().Format(time.RFC3339))
	}
	if call, err = e.newOperationCall(tx, todo); err != nil {
		return call, false, err
	}
	moved := pay.MovementOf(todo.operation, todo.request.Input)
	if err := e.holdToLimits(tx, todo, moved); err != nil {
		return call, false, err
	}
	call.Amount, call.Currency = moved.Amount, moved.Currency
	if !todo.needsApproval(moved) {
		return call, true, tx.InsertOperationCall(call)
	}
	call, approval, err := e.askForApproval(tx, todo, call)
	if err == nil {
		err = errors.Join(tx.InsertOperationCall(call), tx.InsertApproval(approval))
	}
	return call, false, err
}

// needsApproval reports whether a person must approve the write before it is
// sent.
func (todo operationErrand) needsApproval(m pay.Movement) bool {
	return todo.request.Key.ID != "" && todo.request.Key.Limits.NeedsApproval(m)
}

// forgetSlack is how much earlier than its retention ends a call is held to
// have been forgotten: the clocks of several machines differ.
const forgetSlack = time.Hour

// MayBeForgotten reports whether a call of which nothing is kept, and which was
// begun at a time, may have been made all the same, so long ago that its outcome
// was dropped.
func MayBeForgotten(begun, now time.Time) bool {
	return !begun.IsZero() && now.Sub(begun) > pay.IdempotencyRetention-forgetSlack
}

// newOperationCall writes a call down that is about to be sent by whoever
// writes it down.
func (e *Engine) newOperationCall(tx *store.Tx, todo operationErrand) (pay.OperationCall, error) {
	r := todo.request
	call := pay.OperationCall{
		ID: newID(), Owner: r.Owner, Call: r.Call, Operation: todo.operation.Name, Key: r.Key.Lineage,
		Connection: todo.connection.ID, ConnectionName: todo.connection.Name, Fields: operationFields(todo),
		ProviderKey: operationKey(r.Owner, todo.connection.ID, r.Call), CreatedAt: tx.Now(),
		State: pay.OperationOpen, Attempts: 1, Fence: 1, FirstSentAt: tx.Now(),
		LeaseUntil: tx.Now().Add(e.lease()), RetryAt: tx.Now().Add(e.lease()),
	}
	access, err := e.accessTo(todo.connection)
	if err != nil {
		return call, err
	}
	bytes, err := json.Marshal(addressed{todo.wire, leadTo(todo.connection, access)})
	if err != nil {
		return call, err
	}
	call.Wire, err = e.sealer.Seal(bytes, operationContext("wire", call.ID))
	return call, err
}

func operationContext(what string, id pay.ID) string { return "operation|" + what + "|" + string(id) }

// operationFields reduces a request to a hash for each field of its input, so
// that a repeated one can be told from another.
func operationFields(todo operationErrand) map[string]string {
	hashes := map[string]string{}
	var fields map[string]json.RawMessage
	if json.Unmarshal(todo.request.Input, &fields) != nil {
		hashes["input"] = shortHash(todo.request.Input)
	}
	for name, value := range fields {
		hashes[name] = shortHash(canonicalJSON(value))
	}
	hashes[fieldOperation], hashes[fieldConnection] = todo.operation.Name, todo.connection.Name
	return hashes
}

// resumeOperation goes on with a call that was made before.
func (e *Engine) resumeOperation(tx *store.Tx, todo operationErrand, call pay.OperationCall) (pay.OperationCall, bool, error) {
	if fresh := operationFields(todo); !maps.Equal(call.Fields, fresh) {
		mismatch := pay.Errorf(pay.CodeIdempotencyMismatch, "the Idempotency-Key %q was used with another request", call.Call)
		mismatch.Fields = pay.Request{Fields: call.Fields}.Differences(pay.Request{Fields: fresh})
		return call, false, mismatch
	}
	switch {
	case call.State == pay.OperationAnswered, call.State == pay.OperationAwaiting:
		return call, false, nil
	case call.State == pay.OperationOpen && tx.Now().Before(call.LeaseUntil):
		running := pay.Errorf(pay.CodeIdempotencyInFlight, "the first request with the Idempotency-Key %q has no reply yet", call.Call)
		running.RetryAfter = inFlightRetry
		return call, false, running
	case !call.MayReplay(tx.Now()):
		return call, false, reconcileNeeded(call)
	}
	if call.State == pay.OperationUnsent {
		return e.askAnew(tx, todo, call)
	}
	return e.takeOperation(tx, call)
}

// askAnew tries a call again of which nothing was done. Whoever asks now is the
// one who asks: the limits and the need for approval are those of this key, and
// what the call moves counts as its own. A person's word is for the key that
// had asked, and holds for it.
func (e *Engine) askAnew(tx *store.Tx, todo operationErrand, call pay.OperationCall) (pay.OperationCall, bool, error) {
	moved, approved := pay.MovementOf(todo.operation, todo.request.Input), call.Approval != "" && call.Key == todo.request.Key.Lineage
	if err := e.holdToLimits(tx, todo, moved); err != nil {
		return call, false, err
	}
	call.Key = todo.request.Key.Lineage
	if approved || !todo.needsApproval(moved) {
		return e.takeOperation(tx, call)
	}
	call.Fence++ // whoever sent it last has nothing more to say
	call, approval, err := e.askForApproval(tx, todo, call)
	if err == nil {
		err = errors.Join(tx.TakeOperationCall(call), tx.InsertApproval(approval))
	}
	return call, false, err
}

// takeOperation makes whoever asks the holder of an open call.
func (e *Engine) takeOperation(tx *store.Tx, call pay.OperationCall) (pay.OperationCall, bool, error) {
	now := tx.Now()
	call.State, call.LeaseUntil, call.RetryAt = pay.OperationOpen, now.Add(e.lease()), now.Add(e.lease())
	call.Outcome = "" // a try that was turned away must not hide that this one may move money
	call.Attempts++
	call.Fence++
	if call.FirstSentAt.IsZero() {
		call.FirstSentAt, call.Attempts = now, 1
	}
	return call, true, tx.TakeOperationCall(call)
}

// reconcileNeeded says that a call is too old to be sent again, and in doubt.
func reconcileNeeded(call pay.OperationCall) *pay.Error {
	old := pay.Errorf(pay.CodeReconcileNeeded, "whether Stripe carried this %s out is not known, and since %s have passed it may have forgotten the key: look at Stripe for it",
		call.Operation, pay.ReplayWindow)
	old.RequestRef = call.RequestRef
	return old
}

// performOperation sends a call and keeps what comes of it. It goes on when the
// caller has gone: a request cut off half-way would leave the call in doubt.
func (e *Engine) performOperation(ctx context.Context, call pay.OperationCall) (pay.OperationResult, error) {
	ctx = context.WithoutCancel(ctx)
	answer, err := e.sendOperation(ctx, call)
	if err != nil {
		answer = unsendable(call, err)
	}
	settled, told, err := e.settleOperation(ctx, call, answer)
	if err != nil {
		e.log.ErrorContext(ctx, "an operation could not be settled", "call", call.ID, "operation", call.Operation, "error", err)
		doubt := pay.Errorf(pay.CodeInDoubt, "the answer to this request is not certain yet; ask again with the same key")
		doubt.RetryAfter = inFlightRetry
		return resultOf(call), doubt.Because(err)
	}
	return told.result(settled)
}

// unsendable is what it means for a call that it cannot be sent now: nothing,
// unless an earlier try may have been carried out.
func unsendable(call pay.OperationCall, err error) pay.OperationAnswer {
	if call.Attempts > 1 {
		return pay.OperationAnswer{Outcome: pay.OutcomeInDoubt, Note: err.Error(), Err: pay.Errorf(pay.CodeInDoubt, "an earlier try has no clear answer, and the call cannot be repeated now").Because(err)}
	}
	return pay.OperationAnswer{Outcome: pay.OutcomeNotSent, Err: pay.Errorf(pay.CodeUnavailable, "the call could not be made").Because(err)}
}

// sendOperation sends a call's bytes, with no transaction open.
func (e *Engine) sendOperation(ctx context.Context, call pay.OperationCall) (pay.OperationAnswer, error) {
	c, err := read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return tx.Connection(call.Owner, call.Connection) })
	if err != nil {
		return pay.OperationAnswer{}, err
	}
	access, err := e.accessTo(c)
	if err != nil {
		return pay.OperationAnswer{}, err
	}
	plain, err := e.sealer.Open(call.Wire, operationContext("wire", call.ID))
	if err != nil {
		return pay.OperationAnswer{}, err
	}
	var kept addressed
	if err := json.Unmarshal(plain, &kept); err != nil {
		return pay.OperationAnswer{}, err
	}
	if !kept.To.same(leadTo(c, access)) {
		return astray(call, c), nil
	}
	wire := kept.Wire
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	if err := e.pace.wait(ctx, c, wire.Path); err != nil {
		return pay.OperationAnswer{}, err
	}
	answer := e.performer.Perform(ctx, access, wire, call.ProviderKey, call.Attempts > 1)
	e.noteKey(context.WithoutCancel(ctx), c, answer)
	return answer, nil
}

// keptAnswer is what is kept of an answer: the output, or why there is none.
type keptAnswer struct {
	Output json.RawMessage `json:"output,omitempty"`
	Error  *keptError      `json:"error,omitempty"`
}

// keptError is a refusal as it is kept.
type keptError struct {
	Code         pay.Code `json:"code"`
	Message      string   `json:"message"`
	Field        string   `json:"field,omitempty"`
	DeclineCode  string   `json:"decline_code,omitempty"`
	ProviderCode string   `json:"provider_code,omitempty"`
	RequestRef   string   `json:"request_ref,omitempty"`
}

func keep(e *pay.Error) *keptError {
	return &keptError{e.Code, e.Message, e.Field, e.DeclineCode, e.ProviderCode, e.RequestRef}
}

func (k *keptError) told() *pay.Error {
	return &pay.Error{
		Code: k.Code, Message: k.Message, Field: k.Field, DeclineCode: k.DeclineCode, ProviderCode: k.ProviderCode, RequestRef: k.RequestRef,
	}
}

// outcome is what is told of a call: its output, or an error.
type outcome struct {
	output json.RawMessage
	err    *pay.Error
}

func (o outcome) result(call pay.OperationCall) (pay.OperationResult, error) {
	result := resultOf(call)
	result.Output = o.output
	return result, asError(o.err)
}

func resultOf(call pay.OperationCall) pay.OperationResult {
	return pay.OperationResult{
		ID: call.ID, Operation: call.Operation, Connection: call.ConnectionName, Call: call.Call, RequestRef: call.RequestRef,
		ProviderKey: call.ProviderKey, Final: call.State == pay.OperationAnswered,
	}
}

// settleOperation keeps what came of a call, in the second transaction.
func (e *Engine) settleOperation(ctx context.Context, call pay.OperationCall, answer pay.OperationAnswer) (pay.OperationCall, outcome, error) {
	now := e.clock.Now()
	call.LeaseUntil, call.RetryAt = time.Time{}, time.Time{}
	call.Outcome, call.RequestRef, call.Note = answer.Outcome, answer.RequestRef, answer.Note
	var told outcome
	if answer.Outcome == pay.OutcomeDone {
		told.output = e.outputOf(ctx, call, answer)
	} else {
		told.err = e.asCallers(call.Operation, answer)
	}
	switch {
	case answer.Outcome == pay.OutcomeInDoubt:
		told.err.RetryAfter = doubtWait(call.Attempts)
		call.RetryAt = now.Add(told.err.RetryAfter)
	case isFinal(answer):
		call.State, call.AnsweredAt = pay.OperationAnswered, now
	default:
		call.State, call.FirstSentAt = pay.OperationUnsent, time.Time{}
	}
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		if call.State == pay.OperationAnswered {
			var err error
			if call.Result, err = e.sealAnswer(call.ID, told); err != nil {
				return err
			}
		}
		return tx.SettleOperationCall(call)
	})
	return call, told, err
}

// isFinal reports whether an answer is the call's for good. That the key was
// not let in, or that Stripe was busy, says nothing of the call itself.
func isFinal(answer pay.OperationAnswer) bool {
	switch answer.Outcome {
	case pay.OutcomeDone:
		return true
	case pay.OutcomeRefused:
		code := pay.CodeOf(asError(answer.Err))
		return code != pay.CodeProviderKeyInvalid && code != pay.CodeProviderKeyRights
	}
	return false
}

// outputOf is the operation's output. What Stripe did is done: should its
// object not be readable, it is handed on as it is.
func (e *Engine) outputOf(ctx context.Context, call pay.OperationCall, answer pay.OperationAnswer) json.RawMessage {
	output, err := e.catalogue.Read(call.Operation, answer.Body)
	if err != nil {
		e.log.ErrorContext(ctx, "an operation's output could not be read", "call", call.ID, "operation", call.Operation, "error", err)
		return answer.Body
	}
	return output
}

func (e *Engine) sealAnswer(id pay.ID, told outcome) ([]byte, error) {
	kept := keptAnswer{Output: told.output}
	if told.err != nil {
		kept.Error = keep(told.err)
	}
	plain, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	return e.sealer.Seal(plain, operationContext("result", id))
}

// keptOperation is the result of a call that was made before.
func (e *Engine) keptOperation(ctx context.Context, call pay.OperationCall) (pay.OperationResult, error) {
	if call.State == pay.OperationAwaiting {
		return e.awaitingApproval(ctx, call)
	}
	plain, err := e.sealer.Open(call.Result, operationContext("result", call.ID))
	if err != nil {
		return resultOf(call), err
	}
	var kept keptAnswer
	if err := json.Unmarshal(plain, &kept); err != nil {
		return resultOf(call), err
	}
	told := outcome{output: kept.Output}
	if kept.Error != nil {
		told.err = kept.Error.told()
	}
	result, err := told.result(call)
	result.Replayed = true
	return result, err
}

// CompleteOperations finishes calls whose sender died, that are in doubt, or
// that were approved and not sent yet. While Stripe still knows their key the
// same bytes are sent again; after that they are left for people to look into.
func (e *Engine) CompleteOperations(ctx context.Context) (int, error) {
	return sweep(ctx, e, (*store.Tx).LeaseOperationCalls, func(call pay.OperationCall) {
		if err := e.completeOperation(ctx, call); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "an operation is still open", "call", call.ID, "operation", call.Operation, "attempts", call.Attempts, "error", err)
		}
	})
}

func (e *Engine) completeOperation(ctx context.Context, call pay.OperationCall) error {
	if call.MayReplay(e.clock.Now()) {
		_, err := e.performOperation(ctx, call)
		if !pay.Is(err, pay.CodeInDoubt) {
			return nil // a refusal is an answer
		}
		return err
	}
	call.LeaseUntil, call.RetryAt, call.Outcome = time.Time{}, time.Time{}, pay.OutcomeInDoubt
	if err := e.store.Write(ctx, func(tx *store.Tx) error { return tx.SettleOperationCall(call) }); err != nil {
		return err
	}
	return reconcileNeeded(call)
}
