package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// PlanRequest is what a caller wants to be subscribed to.
type PlanRequest struct {
	Name            string
	Amount          pay.Money
	Interval        pay.Interval
	IntervalCount   int
	TrialDays       int
	Account         pay.ID // the partner who gets the rest; may be empty
	PlatformPercent pay.Percent
	Metadata        map[string]string
}

const maxPlanName = 250 // characters, as Stripe takes for a product

func (r PlanRequest) check() error {
	if r.Name == "" {
		return pay.Invalid(pay.CodeMissingField, "name", "send name: what customers read on their invoices")
	}
	return first(checkText(r.Name, "name", maxPlanName), checkMetadata(r.Metadata))
}

// CreatePlan makes a plan, at Stripe a price with a product of its own.
//
// Errors: those of PlanRequest.check and pay.Plan.Check, not_found (the
// account), provider_not_configured, in_doubt, and those of the idempotency
// gate.
func (e *Engine) CreatePlan(ctx context.Context, ask Ask, r PlanRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.connected(ctx, ask.Owner, func() (Reply, error) {
		return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendPlan(tx, ask, r) })
	})
}

func (e *Engine) intendPlan(tx *store.Tx, ask Ask, r PlanRequest) (order, error) {
	c, err := e.connectionFor(tx, ask.Owner, r.Account)
	if err != nil {
		return order{}, err
	}
	now := tx.Now()
	p := pay.Plan{
		ID: newID(), Owner: ask.Owner, Connection: c.ID, Name: r.Name, Amount: r.Amount, Interval: r.Interval, IntervalCount: r.IntervalCount,
		TrialDays: r.TrialDays, Account: r.Account, PlatformPercent: r.PlatformPercent, Metadata: r.Metadata, IdempotencyKey: ask.IdempotencyKey,
		Status: pay.PlanPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := p.Check(); err != nil {
		return order{}, err
	}
	wire, err := e.stripe.CreatePlan(p)
	if err != nil {
		return order{}, err
	}
	return order{action: pay.ActionCreatePlan, connection: c, subject: p.ID, wire: wire}, tx.InsertPlan(p)
}

// connectionFor is the Stripe account that a partner's account is connected
// to, or the default one when there is no partner.
//
// Errors: not_found (the account), provider_not_configured.
func (e *Engine) connectionFor(tx *store.Tx, o pay.Owner, account pay.ID) (pay.Connection, error) {
	if account == "" {
		return defaultConnection(tx, o)
	}
	a, err := tx.Account(o, account)
	if err != nil {
		return pay.Connection{}, atField(err, "account_id")
	}
	return tx.Connection(o, a.Connection)
}

// settlePlan takes over what came of making a plan.
func (e *Engine) settlePlan(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPlan(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	to, standing := pay.PlanFailed, StandingDeclined
	if answer.Plan != nil {
		to, standing = pay.PlanActive, StandingCreated
		p.ProviderRef, p.ProductRef = answer.Plan.ProviderRef, answer.Plan.ProductRef
	} else {
		p.Failure = failureOf(answer.Err)
	}
	p, err = e.movePlan(tx, p, to)
	return settlement{reply: e.present.Plan(p, standing)}, err
}

// movePlan changes a plan's status, if that is legal, and tells of it.
func (e *Engine) movePlan(tx *store.Tx, p pay.Plan, to pay.PlanStatus) (pay.Plan, error) {
	move, legal := pay.PlanMoves.Find(p.Status, to)
	if !legal {
		return p, nil
	}
	p.Status = to
	p.Sequence++
	p.UpdatedAt = tx.Now()
	if err := tx.UpdatePlan(p); err != nil {
		return p, err
	}
	fact := pay.Event{Type: move.Event, Object: p.ID, Sequence: p.Sequence}
	return p, e.Tell(tx, p.Owner, fact, func(ev pay.Event) []byte { return e.present.PlanEvent(ev, p) })
}

// ChangePlan lets a plan take new subscriptions, or no more of them. Those that
// there are go on.
//
// Errors: not_found, operation_in_progress, in_doubt, and those of the
// idempotency gate.
func (e *Engine) ChangePlan(ctx context.Context, ask Ask, id pay.ID, active bool) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		p, err := lockFree(tx, ask.Owner, id, tx.LockPlan)
		if err != nil {
			return order{}, err
		}
		if p.Status == pay.PlanFailed {
			return order{}, pay.Invalid(pay.CodeInvalidField, "active", "the plan failed, and is not there at Stripe; make a new one")
		}
		wire, err := e.stripe.ChangePlan(p, active)
		if err != nil {
			return order{}, err
		}
		c, err := tx.Connection(p.Owner, p.Connection)
		return order{action: pay.ActionChangePlan, connection: c, subject: p.ID, wire: wire}, err
	})
}

// settlePlanChange takes over what came of a change of a plan.
func (e *Engine) settlePlanChange(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	p, err := tx.LockPlan(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Plan == nil {
		return settlement{reply: e.present.PlanRefusal(answer.Err, p)}, nil
	}
	p, err = e.movePlan(tx, p, planStatus(*answer.Plan))
	return settlement{reply: e.present.Plan(p, StandingDone)}, err
}

func planStatus(r pay.PlanReport) pay.PlanStatus {
	if r.Active {
		return pay.PlanActive
	}
	return pay.PlanArchived
}

func (e *Engine) planDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionCreatePlan: {e.settlePlan, e.lookForPlan, e.openPlan},
		pay.ActionChangePlan: {e.settlePlanChange, e.lookForPlan, e.openPlan},
	}
}

func (e *Engine) lookForPlan(ctx context.Context, todo errand) (pay.Answer, error) {
	report, err := e.stripe.FindPlan(ctx, todo.access, todo.call.Subject)
	return pay.Answer{Plan: &report}, err
}

func (e *Engine) openPlan(tx *store.Tx, call pay.Call) (Reply, error) {
	p, err := tx.Plan(call.Owner, call.Subject)
	return e.present.Plan(p, StandingOpen), err
}

// applyPlan takes over that a plan was archived or restored at Stripe.
func (e *Engine) applyPlan(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	p, err := read(ctx, e, func(tx *store.Tx) (pay.Plan, error) { return tx.PlanByRef(ev.Owner, hint.ObjectRef) })
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil {
		return "", err
	}
	access, err := e.accessBy(ctx, p.Owner, p.Connection)
	if err != nil {
		return "", err
	}
	report, err := e.stripe.FindPrice(ctx, access, p.ProviderRef)
	if err != nil {
		return "", err
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPlan(p.Owner, p.ID)
		if err == nil {
			_, err = e.movePlan(tx, p, planStatus(report))
		}
		return err
	})
	return "read from Stripe", err
}

// Plan is one plan.
//
// Errors: not_found.
func (e *Engine) Plan(ctx context.Context, o pay.Owner, id pay.ID) (pay.Plan, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Plan, error) { return tx.Plan(o, id) })
}

// Plans is a page of the plans that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Plans(ctx context.Context, o pay.Owner, f pay.PlanFilter, page pay.Page) (pay.List[pay.Plan], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Plan], error) { return tx.Plans(o, f, page) })
}
