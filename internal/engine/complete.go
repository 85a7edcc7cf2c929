package engine

import (
	"context"
	"sync"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Limits of one sweep of the completer.
const (
	completeBatch   = 64 // calls taken at a time
	completeWorkers = 8  // calls sent at a time, well under Stripe's limit of 25 a second in test mode
)

// lookAfter is how many tries of a call in doubt are made before Stripe is
// also asked whether the thing exists: a 500 is kept under its key and would
// come back for ever, although money may have moved.
const lookAfter = 2

// CompleteCalls finishes what was interrupted: calls whose lease is over
// because their sender died, and calls in doubt whose wait is over. It returns
// how many it took up.
func (e *Engine) CompleteCalls(ctx context.Context) (int, error) {
	return sweep(ctx, e, (*store.Tx).LeaseCalls, func(call pay.Call) {
		if err := e.complete(ctx, call); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "a call is still open", "call", call.ID, "action", call.Action, "attempts", call.Attempts, "error", err)
		}
	})
}

// sweep leases calls that are due and completes each of them, several at a time.
// It returns how many there were.
func sweep[C any](ctx context.Context, e *Engine, lease func(tx *store.Tx, now, until time.Time, limit int) ([]C, error), complete func(C)) (int, error) {
	now := e.clock.Now()
	var calls []C
	err := e.store.Write(ctx, func(tx *store.Tx) (err error) {
		calls, err = lease(tx, now, now.Add(e.lease()), completeBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, completeWorkers)
	for _, call := range calls {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			complete(call)
		})
	}
	group.Wait()
	return len(calls), nil
}

// complete finishes one call. While Stripe still knows its key, the same bytes
// are sent again; after that nothing is sent, and the outcome is read.
func (e *Engine) complete(ctx context.Context, call pay.Call) error {
	todo, err := e.errandFor(ctx, call)
	if err != nil {
		return err
	}
	if call.Attempts == 1 { // kept by callLater: nobody has sent it yet, however long ago that was
		_, err = e.perform(ctx, todo)
		return err
	}
	if answer, settled := e.readOutcome(ctx, todo); settled {
		return e.conclude(ctx, todo, answer)
	}
	if !call.MayReplay(e.clock.Now()) {
		return e.conclude(ctx, todo, pay.Answer{Outcome: pay.OutcomeInDoubt, Note: "Stripe cannot be asked what became of this"})
	}
	_, err = e.perform(ctx, todo)
	return err
}

// readOutcome asks Stripe whether a call was carried out, if it is time to.
// That a thing is not there says nothing while the call may still be under
// way; once it may not be sent again, it says that it never happened.
func (e *Engine) readOutcome(ctx context.Context, todo errand) (pay.Answer, bool) {
	expired := !todo.call.MayReplay(e.clock.Now())
	if todo.call.Attempts <= lookAfter && !expired {
		return pay.Answer{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	answer, err := e.deeds[todo.call.Action].look(ctx, todo)
	switch {
	case err == nil:
		answer.Outcome, answer.Note = pay.OutcomeDone, "found by looking it up"
		return answer, true
	case pay.Is(err, pay.CodeNotFound) && expired:
		absent := pay.Errorf(pay.CodeProviderAbsent, "Stripe gave no answer and has no record of this")
		return pay.Answer{Outcome: pay.OutcomeRefused, Err: absent}, true
	}
	return pay.Answer{}, false
}

// conclude settles a call and goes on with the next one that the verb needs.
func (e *Engine) conclude(ctx context.Context, todo errand, answer pay.Answer) error {
	next, _, err := e.settle(ctx, todo.call, answer)
	if err != nil || next == nil {
		return err
	}
	todo.call = *next
	_, err = e.perform(ctx, todo)
	return err
}

func (e *Engine) lookForCharge(ctx context.Context, todo errand) (pay.Answer, error) {
	sought := pay.PaymentSought{ID: todo.call.Payment, Since: todo.call.FirstSentAt}
	report, err := e.stripe.FindPayment(ctx, todo.access, sought)
	if err == nil && report.Status == pay.PaymentPending && report.RedirectURL == "" {
		return pay.Answer{}, pay.Errorf(pay.CodeInDoubt, "the payment exists at Stripe, and nothing has come of it yet")
	}
	return pay.Answer{Payment: &report}, err
}

func (e *Engine) lookForCapture(ctx context.Context, todo errand) (pay.Answer, error) {
	return e.lookForStatus(ctx, todo, pay.PaymentCompleted)
}

func (e *Engine) lookForCancel(ctx context.Context, todo errand) (pay.Answer, error) {
	return e.lookForStatus(ctx, todo, pay.PaymentCanceled)
}

// lookForStatus reads a payment and says whether it has come to a status.
func (e *Engine) lookForStatus(ctx context.Context, todo errand, want pay.PaymentStatus) (pay.Answer, error) {
	p, err := e.Payment(ctx, todo.call.Owner, todo.call.Payment)
	if err != nil {
		return pay.Answer{}, err
	}
	report, err := e.stripe.FindPayment(ctx, todo.access, pay.PaymentSought{Ref: p.ProviderRef})
	if err == nil && report.Status != want {
		return pay.Answer{}, pay.NotFound("payment at Stripe that is", want)
	}
	return pay.Answer{Payment: &report}, err
}

func (e *Engine) lookForRefund(ctx context.Context, todo errand) (pay.Answer, error) {
	p, err := e.Payment(ctx, todo.call.Owner, todo.call.Payment)
	if err != nil {
		return pay.Answer{}, err
	}
	reports, err := e.stripe.FindRefunds(ctx, todo.access, p.ProviderRef)
	if err != nil {
		return pay.Answer{}, err
	}
	for _, report := range reports {
		if report.RefundID == todo.call.Subject {
			return pay.Answer{Refund: &report}, nil
		}
	}
	return pay.Answer{}, pay.NotFound("refund at Stripe for", todo.call.Subject)
}

func (e *Engine) lookForCustomer(ctx context.Context, todo errand) (pay.Answer, error) {
	card, err := e.Card(ctx, todo.call.Owner, todo.call.Subject)
	if err != nil {
		return pay.Answer{}, err
	}
	ref, err := e.stripe.FindCustomer(ctx, todo.access, card.Customer, todo.call.FirstSentAt)
	return pay.Answer{Customer: ref}, err
}

func (e *Engine) lookForAttached(ctx context.Context, todo errand) (pay.Answer, error) {
	card, err := e.Card(ctx, todo.call.Owner, todo.call.Subject)
	if err != nil {
		return pay.Answer{}, err
	}
	customer, err := read(ctx, e, func(tx *store.Tx) (pay.Customer, error) { return tx.Customer(card.Owner, card.Customer) })
	if err != nil {
		return pay.Answer{}, err
	}
	found, err := e.stripe.FindCard(ctx, todo.access, card.ProviderRef)
	if err == nil && found.CustomerRef != customer.ProviderRef {
		return pay.Answer{}, pay.NotFound("card at Stripe attached to", customer.ProviderRef)
	}
	return pay.Answer{Card: &found.CardReport}, err
}

// lookForDetached always knows enough: a card that is removed here is never
// charged, whatever became of it at Stripe.
func (e *Engine) lookForDetached(ctx context.Context, todo errand) (pay.Answer, error) {
	card, err := e.Card(ctx, todo.call.Owner, todo.call.Subject)
	if err != nil {
		return pay.Answer{}, err
	}
	found, err := e.stripe.FindCard(ctx, todo.access, card.ProviderRef)
	if err == nil && found.CustomerRef != "" {
		return pay.Answer{}, pay.NotFound("detached card", card.ProviderRef)
	}
	return pay.Answer{}, err
}

// Limits of one sweep over what is due to be looked up.
const lookBatch = 100

// LookUpDue asks Stripe about payments and refunds that nothing was heard of
// for too long: events may be lost, and customers may never come back.
func (e *Engine) LookUpDue(ctx context.Context) (int, error) {
	now := e.clock.Now()
	due, err := read(ctx, e, func(tx *store.Tx) (map[pay.ID]dueLook, error) { return dueLooks(tx, now) })
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if _, err := e.look(ctx, d.payment, d.refunds); err != nil {
			e.log.WarnContext(ctx, "a payment could not be looked up", "payment", d.payment.ID, "error", err)
			if err := e.putOff(ctx, d, now); err != nil {
				return 0, err
			}
		}
	}
	return len(due), nil
}

// dueLook is a payment to read from Stripe, perhaps with its refunds.
type dueLook struct {
	payment pay.Payment
	refunds bool
}

func dueLooks(tx *store.Tx, now time.Time) (map[pay.ID]dueLook, error) {
	due := map[pay.ID]dueLook{}
	payments, err := tx.DuePayments(now, lookBatch)
	if err != nil {
		return nil, err
	}
	for _, p := range payments {
		due[p.ID] = dueLook{payment: p}
	}
	refunds, err := tx.DueRefunds(now, lookBatch)
	if err != nil {
		return nil, err
	}
	for _, r := range refunds {
		p, err := tx.Payment(r.Owner, r.Payment)
		if err != nil {
			return nil, err
		}
		due[p.ID] = dueLook{payment: p, refunds: true}
	}
	return due, nil
}

// putOff lets a look-up that failed wait for its next turn.
func (e *Engine) putOff(ctx context.Context, d dueLook, now time.Time) error {
	return e.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPayment(d.payment.Owner, d.payment.ID)
		if err != nil {
			return err
		}
		if !p.LookAt.IsZero() && !p.LookAt.After(now) {
			p.LookAt = nextLook(p, now)
			if err := tx.UpdatePayment(p); err != nil {
				return err
			}
		}
		refunds, err := tx.RefundsOf(p.Owner, p.ID)
		if err != nil {
			return err
		}
		for _, r := range refunds {
			if r.LookAt.IsZero() || r.LookAt.After(now) {
				continue
			}
			r.LookAt = nextRefundLook(r, now)
			if err := tx.UpdateRefund(r); err != nil {
				return err
			}
		}
		return nil
	})
}
