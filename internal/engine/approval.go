package engine

import (
	"context"
	"time"
	"unicode/utf8"

	"florin/internal/pay"
	"florin/internal/store"
)

// expireBatch is how many approvals one sweep ends.
const expireBatch = 100

// askForApproval has a person approve a call: the bytes that will be sent are
// those that are kept now. The caller keeps both.
func (e *Engine) askForApproval(tx *store.Tx, todo operationErrand, call pay.OperationCall) (pay.OperationCall, pay.Approval, error) {
	now := tx.Now()
	approval := pay.Approval{
		ID: newID(), Owner: call.Owner, Operation: call.Operation, Connection: call.ConnectionName, Call: call.Call,
		Key: todo.request.Key.ID, Lineage: todo.request.Key.Lineage, Amount: call.Amount, Currency: call.Currency,
		CreatedAt: now, ExpiresAt: now.Add(pay.ApprovalSpan), Status: pay.ApprovalPending, Sequence: 1,
	}
	var err error
	if approval.Input, err = e.sealer.Seal(todo.request.Input, approvalContext(approval.ID)); err != nil {
		return call, approval, err
	}
	call.Approval, call.State, call.Attempts = approval.ID, pay.OperationAwaiting, 0
	call.FirstSentAt, call.LeaseUntil, call.RetryAt, call.Outcome = time.Time{}, time.Time{}, time.Time{}, ""
	return call, approval, e.tellApproval(tx, pay.EventApprovalRequested, approval)
}

func approvalContext(id pay.ID) string { return "approval|input|" + string(id) }

func (e *Engine) tellApproval(tx *store.Tx, kind pay.EventType, a pay.Approval) error {
	fact := pay.Event{Type: kind, Object: a.ID, Sequence: a.Sequence}
	return e.Tell(tx, a.Owner, fact, func(ev pay.Event) []byte { return e.present.ApprovalEvent(ev, a) })
}

// awaitingApproval is the result of a call that a person must approve first.
func (e *Engine) awaitingApproval(ctx context.Context, call pay.OperationCall) (pay.OperationResult, error) {
	approval, err := e.Approval(ctx, call.Owner, call.Approval)
	result := resultOf(call)
	result.Approval, result.ProviderKey = &approval, ""
	return result, err
}

// Approval is one approval.
//
// Errors: not_found.
func (e *Engine) Approval(ctx context.Context, o pay.Owner, id pay.ID) (pay.Approval, error) {
	found, err := read(ctx, e, func(tx *store.Tx) (pay.Approval, error) { return tx.Approval(o, id) })
	if err != nil {
		return found, err
	}
	return e.openApproval(found)
}

// openApproval unseals what was asked, for the one who decides.
func (e *Engine) openApproval(a pay.Approval) (pay.Approval, error) {
	plain, err := e.sealer.Open(a.Input, approvalContext(a.ID))
	a.Input = plain
	return a, err
}

// Approvals is a page of approvals, newest first.
//
// Errors: invalid_cursor.
func (e *Engine) Approvals(ctx context.Context, o pay.Owner, statuses []pay.ApprovalStatus, page pay.Page) (pay.List[pay.Approval], error) {
	list, err := read(ctx, e, func(tx *store.Tx) (pay.List[pay.Approval], error) { return tx.Approvals(o, statuses, page) })
	if err != nil {
		return list, err
	}
	for i := range list.Items {
		if list.Items[i], err = e.openApproval(list.Items[i]); err != nil {
			return list, err
		}
	}
	return list, nil
}

// Decision is a person's word on a write.
type Decision struct {
	Approve bool
	Note    string
}

// Decide approves a write, which carries it out, or denies it. The result is
// that of the write; the error says why the decision was not taken, or what
// Stripe said to the write. The same decision by the same key again changes
// nothing and gets the same result.
//
// Errors: not_found, approval_already_decided, approval_expired,
// approval_by_same_key, invalid_field (the note), and those of a write.
func (e *Engine) Decide(ctx context.Context, who pay.APIKey, id pay.ID, d Decision) (pay.Approval, pay.OperationResult, error) {
	if utf8.RuneCountInString(d.Note) > pay.MaxApprovalNote {
		return pay.Approval{}, pay.OperationResult{}, pay.Invalid(pay.CodeInvalidField, "note", "a note has at most %d characters", pay.MaxApprovalNote)
	}
	to := pay.ApprovalDenied
	if d.Approve {
		to = pay.ApprovalApproved
	}
	var (
		approval pay.Approval
		call     pay.OperationCall
		fresh    bool
	)
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if approval, err = tx.LockApproval(who.Owner, id); err != nil {
			return err
		}
		if fresh = approval.Status != to || approval.DecidedBy != who.ID; !fresh {
			call, _, err = tx.LockOperationCall(who.Owner, approval.Call)
			return err
		}
		if err = decidable(tx, who, approval); err != nil {
			return err
		}
		approval.Note, approval.DecidedBy = d.Note, who.ID
		approval, call, err = e.moveApproval(tx, approval, to)
		return err
	})
	if err != nil {
		return pay.Approval{}, pay.OperationResult{}, err
	}
	if approval, err = e.openApproval(approval); err != nil || !d.Approve {
		return approval, resultOf(call), err
	}
	result, err := e.decidedOperation(ctx, call, fresh)
	return approval, result, err
}

// decidedOperation carries an approved call out, or says again what came of it.
func (e *Engine) decidedOperation(ctx context.Context, call pay.OperationCall, fresh bool) (pay.OperationResult, error) {
	switch {
	case fresh:
		return e.performOperation(ctx, call)
	case call.State == pay.OperationAnswered:
		return e.keptOperation(ctx, call)
	case call.State == pay.OperationUnsent:
		return resultOf(call), unsentAfterApproval(call)
	case call.State == pay.OperationAwaiting:
		return e.awaitingApproval(ctx, call) // another key asks for it by now, and needs a word of its own
	}
	doubt := pay.Errorf(pay.CodeInDoubt, "what came of the approved %s is not certain yet", call.Operation)
	doubt.RetryAfter = firstDoubtWait
	return resultOf(call), doubt
}

// unsentAfterApproval says of an approved call that was turned away before
// anything was done how it can be carried out after all.
func unsentAfterApproval(call pay.OperationCall) *pay.Error {
	return pay.Errorf(pay.CodeUnavailable, "the approved %s was not carried out: it was turned away before anything was done. Whoever asked for it may ask again "+
		"with the Idempotency-Key %q, and needs no second approval", call.Operation, call.Call)
}

// decidable says whether a key may decide an approval now.
func decidable(tx *store.Tx, who pay.APIKey, a pay.Approval) error {
	switch {
	case a.Status == pay.ApprovalPending && !tx.Now().Before(a.ExpiresAt), a.Status == pay.ApprovalExpired:
		return pay.Errorf(pay.CodeApprovalDecided, "nobody decided before %s: the approval has expired", a.ExpiresAt.UTC().Format("2006-01-02 15:04 MST"))
	case a.Status != pay.ApprovalPending:
		return pay.Errorf(pay.CodeApprovalDecided, "this was %s already", a.Status)
	case a.Lineage == who.Lineage:
		return pay.Errorf(pay.CodeApprovalOwn, "the API key %s asked for this; decide with another key", who.Hint)
	}
	return nil
}

// moveApproval changes how an approval stands, and its call with it: an
// approved one is the caller's to send, any other is answered.
func (e *Engine) moveApproval(tx *store.Tx, a pay.Approval, to pay.ApprovalStatus) (pay.Approval, pay.OperationCall, error) {
	call, found, err := tx.LockOperationCall(a.Owner, a.Call)
	if err == nil && !found {
		err = pay.NotFound("call", a.Call)
	}
	if err != nil {
		return a, call, err
	}
	move, _ := pay.ApprovalMoves.Find(a.Status, to)
	a.Status, a.DecidedAt, a.Sequence = to, tx.Now(), a.Sequence+1
	if err := tx.UpdateApproval(a); err != nil {
		return a, call, err
	}
	if to == pay.ApprovalApproved {
		call, _, err = e.takeOperation(tx, call)
	} else {
		call, err = e.refuseOperation(tx, call, undecided(a))
	}
	if err != nil {
		return a, call, err
	}
	return a, call, e.tellApproval(tx, move.Event, a)
}

// undecided is why a call that was not approved was not carried out.
func undecided(a pay.Approval) *pay.Error {
	if a.Status == pay.ApprovalExpired {
		return pay.Errorf(pay.CodeApprovalExpired, "nobody approved this %s in time", a.Operation)
	}
	if a.Note == "" {
		return pay.Errorf(pay.CodeApprovalDenied, "this %s was denied", a.Operation)
	}
	return pay.Errorf(pay.CodeApprovalDenied, "this %s was denied: %s", a.Operation, a.Note)
}

// refuseOperation answers a call without sending it.
func (e *Engine) refuseOperation(tx *store.Tx, call pay.OperationCall, why *pay.Error) (pay.OperationCall, error) {
	call.State, call.Outcome, call.AnsweredAt = pay.OperationAnswered, pay.OutcomeRefused, tx.Now()
	var err error
	if call.Result, err = e.sealAnswer(call.ID, outcome{err: why}); err != nil {
		return call, err
	}
	return call, tx.TakeOperationCall(call)
}

// ExpireApprovals ends approvals that nobody decided in time.
func (e *Engine) ExpireApprovals(ctx context.Context) (int, error) {
	ended := 0
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		due, err := tx.DueApprovals(tx.Now(), expireBatch)
		if err != nil {
			return err
		}
		ended = len(due)
		for _, a := range due {
			if a, err = tx.LockApproval(a.Owner, a.ID); err != nil {
				return err
			}
			if a.Status != pay.ApprovalPending {
				continue // decided at the last moment
			}
			if _, _, err := e.moveApproval(tx, a, pay.ApprovalExpired); err != nil {
				return err
			}
		}
		return nil
	})
	return ended, err
}
