package engine

import (
	"cmp"
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// SubscriptionChange is how a caller wants a subscription to be; what is empty
// stays as it is.
type SubscriptionChange struct {
	Plan              pay.ID
	Card              pay.ID
	Proration         pay.Proration // empty: with the next invoice
	CancelAtPeriodEnd *bool
}

func (r SubscriptionChange) check() error {
	if r.Plan == "" && r.Card == "" && r.CancelAtPeriodEnd == nil {
		return pay.Invalid(pay.CodeMissingField, "plan_id", "send what to change: plan_id, card_id or cancel_at_period_end")
	}
	return nil
}

// ChangeSubscription moves a subscription to another plan, charges another
// card, or plans its end with the period that is paid for.
//
// Errors: not_found, subscription_ended, plan_archived, operation_in_progress,
// in_doubt, and those of the idempotency gate.
func (e *Engine) ChangeSubscription(ctx context.Context, ask Ask, id pay.ID, r SubscriptionChange) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.changing(ctx, ask, id, func(tx *store.Tx, s pay.Subscription) (pay.Wire, error) {
		wish, err := e.wishOf(tx, s, r)
		if err != nil {
			return pay.Wire{}, err
		}
		return e.stripe.ChangeSubscription(s, wish)
	})
}

// changing is the walk of every change of a subscription but its end.
func (e *Engine) changing(ctx context.Context, ask Ask, id pay.ID, compose func(tx *store.Tx, s pay.Subscription) (pay.Wire, error)) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		s, err := lockFree(tx, ask.Owner, id, tx.LockSubscription)
		if err != nil {
			return order{}, err
		}
		if err := s.CheckChange(); err != nil {
			return order{}, err
		}
		wire, err := compose(tx, s)
		if err != nil {
			return order{}, err
		}
		c, err := tx.Connection(s.Owner, s.Connection)
		return order{action: pay.ActionChangeSubscription, connection: c, subject: s.ID, wire: wire}, err
	})
}

// wishOf finds what a change names.
func (e *Engine) wishOf(tx *store.Tx, s pay.Subscription, r SubscriptionChange) (pay.SubscriptionWish, error) {
	wish := pay.SubscriptionWish{Proration: r.Proration, CancelAtPeriodEnd: r.CancelAtPeriodEnd}
	if wish.Proration == "" {
		wish.Proration = pay.ProrationNext
	}
	var err error
	if r.Card != "" {
		customer, err := tx.Customer(s.Owner, s.Customer)
		if err != nil {
			return wish, err
		}
		if wish.Card, err = chargedCard(tx, customer, r.Card); err != nil {
			return wish, err
		}
	}
	if r.Plan == "" {
		return wish, nil
	}
	if wish.Plan, err = planOnOffer(tx, s.Owner, r.Plan); err != nil {
		return wish, err
	}
	if wish.Plan.Connection != s.Connection {
		return wish, pay.Invalid(pay.CodeInvalidField, "plan_id", "the plan is of another Stripe account than the subscription")
	}
	if wish.Plan.Account == "" { // the share that was agreed stays
		wish.Plan.Account, wish.Plan.PlatformPercent = s.Account, s.PlatformPercent
	}
	wish.AccountRef, err = payableAccount(tx, s.Owner, wish.Plan.Account, s.Connection)
	return wish, err
}

// PreviewSubscription says what invoice a change would bring. Nothing is
// changed, here or at Stripe.
//
// Errors: not_found, missing_field, subscription_ended, plan_archived, those of
// a read and of the idempotency gate.
func (e *Engine) PreviewSubscription(ctx context.Context, ask Ask, id pay.ID, r SubscriptionChange) (Reply, error) {
	if r.Plan == "" {
		return Reply{}, pay.Invalid(pay.CodeMissingField, "plan_id", "send plan_id: the plan that it would change to")
	}
	if earlier, err := e.replayed(ctx, ask); err != nil || earlier != nil {
		return *cmp.Or(earlier, &Reply{}), err
	}
	preview, err := e.preview(ctx, ask.Owner, id, r)
	if err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(*store.Tx) (Reply, error) { return e.present.SubscriptionPreview(id, preview), nil })
}

func (e *Engine) preview(ctx context.Context, o pay.Owner, id pay.ID, r SubscriptionChange) (pay.InvoicePreview, error) {
	var wish pay.SubscriptionWish
	s, err := read(ctx, e, func(tx *store.Tx) (pay.Subscription, error) {
		s, err := tx.Subscription(o, id)
		if err == nil {
			err = s.CheckChange()
		}
		if err == nil {
			wish, err = e.wishOf(tx, s, r)
		}
		return s, err
	})
	if err != nil {
		return pay.InvoicePreview{}, err
	}
	access, err := e.accessBy(ctx, o, s.Connection)
	if err != nil {
		return pay.InvoicePreview{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	return e.stripe.PreviewChange(ctx, access, s, wish)
}

// PauseSubscription collects nothing for a subscription until it is resumed,
// or until a time, if that is not zero.
//
// Errors: not_found, invalid_field, subscription_ended, operation_in_progress,
// in_doubt, and those of the idempotency gate.
func (e *Engine) PauseSubscription(ctx context.Context, ask Ask, id pay.ID, behavior pay.PauseBehavior, until time.Time) (Reply, error) {
	if behavior == "" {
		behavior = pay.PauseVoid
	}
	return e.changing(ctx, ask, id, func(_ *store.Tx, s pay.Subscription) (pay.Wire, error) {
		if s.Status == pay.SubscriptionIncomplete {
			return pay.Wire{}, pay.Errorf(pay.CodeInvalidField, "an incomplete subscription cannot be paused; pay its invoice, or cancel it")
		}
		return e.stripe.PauseSubscription(s, behavior, until)
	})
}

// ResumeSubscription collects again.
//
// Errors: as PauseSubscription.
func (e *Engine) ResumeSubscription(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.changing(ctx, ask, id, func(_ *store.Tx, s pay.Subscription) (pay.Wire, error) {
		if s.Status != pay.SubscriptionPaused && s.Pause == "" {
			return pay.Wire{}, pay.Errorf(pay.CodeInvalidField, "the subscription is %s; only a paused one can be resumed", s.Status)
		}
		return e.stripe.ResumeSubscription(s)
	})
}

// CancelSubscription ends a subscription now; prorate credits the time that was
// paid for and is left.
//
// Errors: not_found, subscription_ended, operation_in_progress, in_doubt, and
// those of the idempotency gate.
func (e *Engine) CancelSubscription(ctx context.Context, ask Ask, id pay.ID, prorate bool) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		s, err := lockFree(tx, ask.Owner, id, tx.LockSubscription)
		if err != nil {
			return order{}, err
		}
		if err := s.CheckChange(); err != nil {
			return order{}, err
		}
		return e.cancelOrder(tx, s, prorate)
	})
}

func (e *Engine) cancelOrder(tx *store.Tx, s pay.Subscription, prorate bool) (order, error) {
	wire, err := e.stripe.CancelSubscription(s, prorate)
	if err != nil {
		return order{}, err
	}
	c, err := tx.Connection(s.Owner, s.Connection)
	return order{action: pay.ActionCancelSubscription, connection: c, subject: s.ID, wire: wire}, err
}

// settleSubscriptionChange takes over what came of a change. A refusal leaves
// the subscription as it was; but for some refusals it has changed at Stripe
// meanwhile, so Stripe is asked.
func (e *Engine) settleSubscriptionChange(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	s, err := tx.LockSubscription(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Subscribed == nil {
		s.LookAt = tx.Now()
		return settlement{reply: e.present.SubscriptionRefusal(answer.Err, s)}, tx.UpdateSubscription(s)
	}
	s, err = e.adopt(tx, s, call, *answer.Subscribed)
	return settlement{reply: e.present.Subscription(s, StandingDone)}, err
}

func (e *Engine) subscriptionDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionSubscribe:          {e.settleSubscribe, e.lookForSubscription, e.openSubscription},
		pay.ActionChangeSubscription: {e.settleSubscriptionChange, e.lookForSubscription, e.openSubscription},
		pay.ActionCancelSubscription: {e.settleSubscriptionChange, e.lookForEnd, e.openSubscription},
	}
}

// lookForSubscription reads a subscription. Of a change it cannot say whether
// it was made; how the subscription stands is what counts.
func (e *Engine) lookForSubscription(ctx context.Context, todo errand) (pay.Answer, error) {
	sought, err := read(ctx, e, func(tx *store.Tx) (pay.SubscriptionSought, error) {
		s, err := tx.Subscription(todo.call.Owner, todo.call.Subject)
		if err != nil {
			return pay.SubscriptionSought{}, err
		}
		customer, err := tx.Customer(s.Owner, s.Customer)
		return pay.SubscriptionSought{Ref: s.ProviderRef, ID: s.ID, CustomerRef: customer.ProviderRef}, err
	})
	if err != nil {
		return pay.Answer{}, err
	}
	report, err := e.stripe.FindSubscription(ctx, todo.access, sought)
	return pay.Answer{Subscribed: &report}, err
}

// lookForEnd says whether a subscription has ended.
func (e *Engine) lookForEnd(ctx context.Context, todo errand) (pay.Answer, error) {
	answer, err := e.lookForSubscription(ctx, todo)
	if err == nil && !answer.Subscribed.Status.Ended() {
		return pay.Answer{}, pay.NotFound("ended subscription", todo.call.Subject)
	}
	return answer, err
}

func (e *Engine) openSubscription(tx *store.Tx, call pay.Call) (Reply, error) {
	s, err := tx.Subscription(call.Owner, call.Subject)
	return e.present.Subscription(s, StandingOpen), err
}
