package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Plan is a plan as callers and merchants' endpoints read it.
type Plan struct {
	ID              string            `json:"id" format:"uuid"`
	MerchantID      string            `json:"merchant_id" format:"uuid"`
	Mode            string            `json:"mode" enum:"test,live"`
	Name            string            `json:"name" example:"Reader"`
	Amount          string            `json:"amount" doc:"A decimal in whole units, for each interval." example:"10.00"`
	Currency        string            `json:"currency" example:"USD"`
	Interval        string            `json:"interval" enum:"day,week,month,year"`
	IntervalCount   int               `json:"interval_count" example:"1"`
	TrialDays       int               `json:"trial_days" example:"7"`
	AccountID       *string           `json:"account_id" doc:"The partner who gets the rest; null when all is yours."`
	PlatformPercent *string           `json:"platform_percent" doc:"What you keep of each invoice; null without an account." example:"20"`
	Status          string            `json:"status" enum:"pending,active,archived,failed"`
	Active          bool              `json:"active" doc:"Whether it takes new subscriptions."`
	ProviderRef     string            `json:"provider_ref" doc:"Stripe's price; empty until Stripe answered." example:"price_1abc"`
	ProductRef      string            `json:"product_ref" doc:"Stripe's product." example:"prod_1abc"`
	Metadata        map[string]string `json:"metadata"`
	Error           *Failure          `json:"error" doc:"Why the plan could not be made; null otherwise."`
	IdempotencyKey  *string           `json:"idempotency_key"`
	Sequence        int64             `json:"sequence"`
	CreatedAt       string            `json:"created_at" format:"date-time"`
	UpdatedAt       string            `json:"updated_at" format:"date-time"`
}

func planView(p pay.Plan) Plan {
	return Plan{
		ID: string(p.ID), MerchantID: string(p.Owner.Merchant), Mode: string(p.Owner.Mode), Name: p.Name,
		Amount: p.Amount.Decimal(), Currency: string(p.Amount.Currency), Interval: string(p.Interval), IntervalCount: p.IntervalCount,
		TrialDays: p.TrialDays, AccountID: orNull(string(p.Account)), PlatformPercent: percentOrNull(p.Account, p.PlatformPercent),
		Status: string(p.Status), Active: p.Status == pay.PlanActive, ProviderRef: p.ProviderRef, ProductRef: p.ProductRef,
		Metadata: orEmpty(p.Metadata), Error: failureView(p.Failure), IdempotencyKey: orNull(p.IdempotencyKey), Sequence: p.Sequence,
		CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
	}
}

// percentOrNull is the platform's part of what is shared with an account; null
// when nothing is shared.
func percentOrNull(account pay.ID, p pay.Percent) *string {
	if account == "" {
		return nil
	}
	return new(p.String())
}

// NewPlan is the body of POST /v1/plans.
type NewPlan struct {
	Name            string            `json:"name" minLength:"1" maxLength:"250" doc:"What customers read on their invoices." example:"Reader"`
	Amount          Amount            `json:"amount" doc:"For each interval."`
	Currency        string            `json:"currency" minLength:"3" maxLength:"3" example:"USD"`
	Interval        string            `json:"interval" enum:"day,week,month,year"`
	IntervalCount   int               `json:"interval_count,omitempty" minimum:"1" maximum:"1095" default:"1" doc:"Intervals between two invoices; three years at most in all."`
	TrialDays       int               `json:"trial_days,omitempty" minimum:"0" maximum:"730" doc:"Days that each new subscription costs nothing."`
	AccountID       string            `json:"account_id,omitempty" maxLength:"64" doc:"The partner who gets the rest of each invoice."`
	PlatformPercent string            `json:"platform_percent,omitempty" maxLength:"6" doc:"What you keep of each invoice, with an account." example:"20"`
	Metadata        map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createPlan(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewPlan) (engine.Reply, error) {
	r := engine.PlanRequest{
		Name: body.Name, Interval: pay.Interval(body.Interval), IntervalCount: max(body.IntervalCount, 1), TrialDays: body.TrialDays, Metadata: body.Metadata,
	}
	currency, err := pay.ParseCurrency(body.Currency)
	if err != nil {
		return engine.Reply{}, err
	}
	if r.Amount, err = body.Amount.money(currency); err != nil {
		return engine.Reply{}, err
	}
	if r.Account, err = parseID(body.AccountID, "account_id"); err != nil {
		return engine.Reply{}, err
	}
	if body.PlatformPercent != "" {
		if r.PlatformPercent, err = pay.ParsePercent(body.PlatformPercent, "platform_percent"); err != nil {
			return engine.Reply{}, err
		}
	}
	return e.CreatePlan(ctx, ask, r)
}

// PlanChange is the body of PATCH /v1/plans/{id}.
type PlanChange struct {
	Active *bool `json:"active" doc:"False: the plan takes no new subscriptions; those there are go on."`
}

func changePlan(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body PlanChange) (engine.Reply, error) {
	if body.Active == nil {
		return engine.Reply{}, pay.Invalid(pay.CodeMissingField, "active", "send active: true or false")
	}
	return e.ChangePlan(ctx, ask, id, *body.Active)
}

// PlanQuery is the query of GET /v1/plans.
type PlanQuery struct {
	Page
	Status    []string `json:"status,omitempty" enum:"pending,active,archived,failed" doc:"One or several, repeated or with commas."`
	AccountID string   `json:"account_id,omitempty" maxLength:"64"`
}

func plans(ctx context.Context, e *engine.Engine, o pay.Owner, q PlanQuery) (pay.List[pay.Plan], error) {
	account, err := parseID(q.AccountID, "account_id")
	if err != nil {
		return pay.List[pay.Plan]{}, err
	}
	return e.Plans(ctx, o, pay.PlanFilter{Statuses: words[pay.PlanStatus](q.Status), Account: account}, q.page())
}

// Plan is the reply to a write that made or changed a plan.
func (Presenter) Plan(p pay.Plan, standing engine.Standing) engine.Reply {
	return reply(p.ID, planView(p), standing, p.Failure)
}

// PlanRefusal is the reply to a change of a plan that Stripe refused.
func (Presenter) PlanRefusal(err *pay.Error, p pay.Plan) engine.Reply {
	return refused(p.ID, planView(p), err)
}

// PlanEvent is the body of an event about a plan.
func (Presenter) PlanEvent(e pay.Event, p pay.Plan) []byte { return eventBody(e, planView(p)) }

// refused is a change that Stripe refused: why, and the thing as it still is.
func refused(id pay.ID, data any, err *pay.Error) engine.Reply {
	return refusal(id, data, err.Code, Problem{Message: err.Message, Field: err.Field, Fields: err.Fields, DeclineCode: err.DeclineCode})
}

const plansTag = "Plans"

var planRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/plans", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: plansTag, Name: "createPlan", Status: http.StatusCreated, Gives: Plan{},
		Summary: "Make a plan",
		Detail:  "What can be subscribed to. With account_id a partner gets each invoice but for platform_percent of it; Stripe's fee is yours. At Stripe it is a price with a product of its own.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInvalidAmount, pay.CodeAmountTooSmall, pay.CodeAmountTooLarge, pay.CodeInvalidCurrency,
			pay.CodeInvalidMetadata}, settled...),
	}, createPlan),
	list(Route{
		Method: http.MethodGet, Path: "/v1/plans", Scope: pay.ScopeSubscriptionsRead, Key: KeyUnused,
		Tag: plansTag, Name: "listPlans", Status: http.StatusOK, Gives: Plan{}, List: true,
		Summary: "List plans", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, plans, planView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/plans/{id}", Scope: pay.ScopeSubscriptionsRead, Key: KeyUnused,
		Tag: plansTag, Name: "getPlan", Status: http.StatusOK, Gives: Plan{},
		Summary: "Read a plan", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Plan, planView),
	changeWith(Route{
		Method: http.MethodPatch, Path: "/v1/plans/{id}", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: plansTag, Name: "updatePlan", Status: http.StatusOK, Gives: Plan{},
		Summary: "Archive or restore a plan", Detail: "Amount and interval never change, because subscriptions rest on them: make a new plan, and move subscriptions to it.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInProgress}, settled...),
	}, changePlan),
}
