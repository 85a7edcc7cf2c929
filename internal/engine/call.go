package engine

import (
	"context"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// errand is a call together with the access that it needs.
type errand struct {
	call   pay.Call
	access pay.Access
}

// settlement is what came of a call.
type settlement struct {
	reply Reply
	next  *pay.Call // the verb needs another call before it can reply

	payment pay.Payment // as the call left it; empty when it was about none
}

// order is what a new call is about.
type order struct {
	action     pay.Action
	connection pay.Connection
	payment    pay.ID // may be empty
	subject    pay.ID
	wire       pay.Wire
}

// newCall writes down a call that is about to be sent by whoever writes it
// down. Its provider key comes from what it means, so that the same intent can
// never be carried out twice.
func (e *Engine) newCall(tx *store.Tx, owner pay.Owner, o order) pay.Call {
	now := tx.Now()
	id := newID()
	key := "florin-" + string(o.action) + "-" + string(o.subject)
	if repeatable(o.action) {
		key += "-" + string(id)
	}
	return pay.Call{
		ID: id, Owner: owner, Action: o.action, Connection: o.connection.ID, Payment: o.payment, Subject: o.subject,
		Wire: o.wire, ProviderKey: key, State: pay.CallOpen, Attempts: 1, Fence: 1,
		FirstSentAt: now, DueAt: now.Add(e.lease()), CreatedAt: now,
	}
}

// repeatable reports whether an action may be asked of the same subject again
// after it was refused: a capture of too much, then of less. Everything else
// happens once in a subject's life.
func repeatable(a pay.Action) bool { return slices.Contains(repeatables, a) }

var repeatables = []pay.Action{
	pay.ActionCapture, pay.ActionCancel, pay.ActionCancelPayout, pay.ActionDetachCard, pay.ActionUpdateAccount, pay.ActionRejectAccount, pay.ActionDeleteAccount,
	pay.ActionOnboardingLink, pay.ActionAddBankAccount, pay.ActionRemoveBankAccount,
	pay.ActionChangePlan, pay.ActionChangeSubscription, pay.ActionCancelSubscription,
	pay.ActionPayInvoice, pay.ActionRetryInvoice, pay.ActionVoidInvoice, pay.ActionHoldInvoice,
}

func (e *Engine) lease() time.Duration { return e.cfg.CallTimeout + leaseSlack }

// perform sends a call and settles what comes of it. It goes on when the
// caller has gone: a request cut off half-way would leave a call in doubt.
func (e *Engine) perform(ctx context.Context, todo errand) (Reply, error) {
	ctx = context.WithoutCancel(ctx)
	defer e.flights.take(todo.call.Payment)()
	for {
		next, reply, err := e.settle(ctx, todo.call, e.send(ctx, todo))
		if err != nil || next == nil {
			return reply, err
		}
		todo.call = *next
	}
}

func (e *Engine) send(ctx context.Context, todo errand) pay.Answer {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	return e.stripe.Send(ctx, todo.access, todo.call)
}

// settle is the second transaction: the call's outcome, its subject's change,
// and the caller's reply are kept together, or none of them.
//
// Errors: in_doubt when they could not be kept, or someone else took the call
// over meanwhile; the completer has the last word then.
func (e *Engine) settle(ctx context.Context, call pay.Call, answer pay.Answer) (next *pay.Call, reply Reply, err error) {
	var settled settlement
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		settled, err = e.settleIn(tx, call, answer)
		return err
	})
	if err != nil {
		e.log.ErrorContext(ctx, "a call could not be settled", "call", call.ID, "action", call.Action, "error", err)
		doubt := pay.Errorf(pay.CodeInDoubt, "the answer to this request is not certain yet")
		doubt.RetryAfter = inFlightRetry
		return nil, Reply{}, doubt.Because(err)
	}
	e.flights.keep(settled.payment)
	return settled.next, settled.reply, nil
}

func (e *Engine) settleIn(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	tx.ForeseeEndpoints(call.Owner) // who will be told what came of it
	call.Outcome, call.RequestRef, call.Note = answer.Outcome, answer.RequestRef, noteOf(answer)
	if answer.Outcome == pay.OutcomeInDoubt {
		return e.deferIn(tx, call, answer)
	}
	call.State, call.AnsweredAt = pay.CallAnswered, tx.Now()
	if pay.Is(asError(answer.Err), pay.CodeProviderAbsent) {
		call.State = pay.CallAbsent
	}
	if err := tx.SettleCall(call); err != nil {
		return settlement{}, err
	}
	settled, err := e.deeds[call.Action].settle(tx, call, answer)
	if err != nil {
		return settlement{}, err
	}
	if settled.next != nil {
		settled.next.RequestKey = call.RequestKey
		return settled, tx.InsertCall(*settled.next)
	}
	return settled, e.finish(tx, call.Owner, call.RequestKey, settled.reply)
}

// deferIn leaves a call in doubt open: the completer sends it again later. The
// caller is told that the outcome will follow, and that reply is final for its
// idempotency key: the payment itself can be asked for.
func (e *Engine) deferIn(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	call.DueAt = tx.Now().Add(doubtWait(call.Attempts))
	if err := tx.DeferCall(call); err != nil {
		return settlement{}, err
	}
	reply, err := e.deeds[call.Action].open(tx, call)
	if err != nil {
		return settlement{}, err
	}
	return settlement{reply: reply}, e.finish(tx, call.Owner, call.RequestKey, reply)
}

// Waits between tries of a call in doubt.
const (
	firstDoubtWait = 2 * time.Second
	maxDoubtWait   = 10 * time.Minute
)

// doubtWait doubles with every try.
func doubtWait(attempts int) time.Duration {
	wait := firstDoubtWait
	for range min(attempts, 20) - 1 {
		wait *= 2
	}
	return min(wait, maxDoubtWait)
}

func noteOf(answer pay.Answer) string {
	if answer.Note != "" {
		return answer.Note
	}
	if answer.Err != nil {
		return answer.Err.Error()
	}
	return ""
}

// asError keeps a nil *pay.Error from becoming an error that is not nil.
func asError(err *pay.Error) error {
	if err == nil {
		return nil
	}
	return err
}

// accessTo unseals what a connection needs for one call.
func (e *Engine) accessTo(c pay.Connection) (pay.Access, error) {
	key, err := e.sealer.Open(c.SecretKey, connectionContext(c.ID))
	if err != nil {
		return pay.Access{}, err
	}
	return pay.Access{Kind: c.Kind, Key: pay.NewSecret(string(key))}, nil
}

// errandFor fetches the access for a call that was written down earlier.
func (e *Engine) errandFor(ctx context.Context, call pay.Call) (errand, error) {
	c, err := read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return tx.Connection(call.Owner, call.Connection) })
	if err != nil {
		return errand{}, err
	}
	access, err := e.accessTo(c)
	access.Account = call.Wire.Account
	return errand{call: call, access: access}, err
}
