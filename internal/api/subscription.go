package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Subscription is a subscription as callers and merchants' endpoints read it.
type Subscription struct {
	ID                 string            `json:"id" format:"uuid"`
	MerchantID         string            `json:"merchant_id" format:"uuid"`
	Mode               string            `json:"mode" enum:"test,live"`
	CustomerID         string            `json:"customer_id" format:"uuid"`
	PlanID             string            `json:"plan_id" format:"uuid"`
	CardID             *string           `json:"card_id" doc:"The saved card that is charged; null for one that was chosen at Stripe."`
	AccountID          *string           `json:"account_id" doc:"The partner who gets the rest; null when all is yours."`
	PlatformPercent    *string           `json:"platform_percent" doc:"What you keep of each invoice; null without an account." example:"20"`
	Status             string            `json:"status" enum:"pending,incomplete,trialing,active,past_due,unpaid,paused,canceled,expired,failed"`
	CurrentPeriodStart *string           `json:"current_period_start" format:"date-time"`
	CurrentPeriodEnd   *string           `json:"current_period_end" format:"date-time" doc:"When the next invoice comes."`
	TrialEnd           *string           `json:"trial_end" format:"date-time"`
	CancelAtPeriodEnd  bool              `json:"cancel_at_period_end"`
	CancelAt           *string           `json:"cancel_at" format:"date-time"`
	CanceledAt         *string           `json:"canceled_at" format:"date-time" doc:"When somebody asked for the end."`
	EndedAt            *string           `json:"ended_at" format:"date-time"`
	Pause              *Pause            `json:"pause" doc:"How collecting is paused; null when it is not."`
	ProviderRef        string            `json:"provider_ref" doc:"Stripe's id; empty until Stripe answered." example:"sub_1abc"`
	TestClock          *string           `json:"test_clock" doc:"Stripe's test clock that it lives by, in test mode; null for real time."`
	Metadata           map[string]string `json:"metadata"`
	Error              *Failure          `json:"error" doc:"Why the subscription could not be made; null otherwise."`
	IdempotencyKey     *string           `json:"idempotency_key"`
	Sequence           int64             `json:"sequence"`
	CreatedAt          string            `json:"created_at" format:"date-time"`
	UpdatedAt          string            `json:"updated_at" format:"date-time"`
}

// Pause is what becomes of invoices while a subscription is paused.
type Pause struct {
	Behavior  string  `json:"behavior" enum:"void,keep_as_draft,mark_uncollectible"`
	ResumesAt *string `json:"resumes_at" format:"date-time"`
}

func subscriptionView(s pay.Subscription) Subscription {
	view := Subscription{
		ID: string(s.ID), MerchantID: string(s.Owner.Merchant), Mode: string(s.Owner.Mode), CustomerID: string(s.Customer), PlanID: string(s.Plan),
		CardID: orNull(string(s.Card)), AccountID: orNull(string(s.Account)), PlatformPercent: percentOrNull(s.Account, s.PlatformPercent),
		Status: string(s.Status), CurrentPeriodStart: stampOrNull(s.PeriodStart), CurrentPeriodEnd: stampOrNull(s.PeriodEnd),
		TrialEnd: stampOrNull(s.TrialEnd), CancelAtPeriodEnd: s.CancelAtPeriodEnd, CancelAt: stampOrNull(s.CancelAt),
		CanceledAt: stampOrNull(s.CanceledAt), EndedAt: stampOrNull(s.EndedAt), ProviderRef: s.ProviderRef, TestClock: orNull(s.ClockRef),
		Metadata: orEmpty(s.Metadata), Error: failureView(s.Failure), IdempotencyKey: orNull(s.IdempotencyKey), Sequence: s.Sequence,
		CreatedAt: stamp(s.CreatedAt), UpdatedAt: stamp(s.UpdatedAt),
	}
	if s.Pause != "" {
		view.Pause = &Pause{string(s.Pause), stampOrNull(s.ResumesAt)}
	}
	return view
}

// NewSubscription is the body of POST /v1/subscriptions.
type NewSubscription struct {
	CustomerID      string            `json:"customer_id" minLength:"1" maxLength:"64" doc:"Whose saved card is charged."`
	PlanID          string            `json:"plan_id" minLength:"1" maxLength:"64"`
	CardID          string            `json:"card_id,omitempty" maxLength:"64" doc:"A saved card of the customer; the default one when absent."`
	TrialDays       *int              `json:"trial_days,omitempty" minimum:"0" maximum:"730" doc:"The plan's when absent; 0 for none."`
	AccountID       string            `json:"account_id,omitempty" maxLength:"64" doc:"The partner who gets the rest; the plan's when absent."`
	PlatformPercent string            `json:"platform_percent,omitempty" maxLength:"6" doc:"The plan's when absent." example:"20"`
	Metadata        map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createSubscription(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewSubscription) (engine.Reply, error) {
	r := engine.SubscriptionRequest{TrialDays: body.TrialDays, Metadata: body.Metadata}
	var errs [5]error
	r.Customer, errs[0] = parseID(body.CustomerID, "customer_id")
	r.Plan, errs[1] = parseID(body.PlanID, "plan_id")
	r.Card, errs[2] = parseID(body.CardID, "card_id")
	r.Account, errs[3] = parseID(body.AccountID, "account_id")
	if body.PlatformPercent != "" {
		var percent pay.Percent
		percent, errs[4] = pay.ParsePercent(body.PlatformPercent, "platform_percent")
		r.PlatformPercent = &percent
	}
	if err := firstOf(errs[:]); err != nil {
		return engine.Reply{}, err
	}
	return e.CreateSubscription(ctx, ask, r)
}

// SubscriptionChange is the body of PATCH /v1/subscriptions/{id}; what is
// absent stays as it is.
type SubscriptionChange struct {
	PlanID            string `json:"plan_id,omitempty" maxLength:"64"`
	CardID            string `json:"card_id,omitempty" maxLength:"64" doc:"What is owed is collected with it at once."`
	Proration         string `json:"proration,omitempty" enum:"next_invoice,now,none" doc:"When the difference of the running period is paid or credited." default:"next_invoice"`
	CancelAtPeriodEnd *bool  `json:"cancel_at_period_end,omitempty" doc:"True: it ends with what is paid for. False: it goes on."`
}

func (c SubscriptionChange) change() (engine.SubscriptionChange, error) {
	r := engine.SubscriptionChange{Proration: pay.Proration(c.Proration), CancelAtPeriodEnd: c.CancelAtPeriodEnd}
	var errs [2]error
	r.Plan, errs[0] = parseID(c.PlanID, "plan_id")
	r.Card, errs[1] = parseID(c.CardID, "card_id")
	return r, firstOf(errs[:])
}

func changeSubscription(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body SubscriptionChange) (engine.Reply, error) {
	r, err := body.change()
	if err != nil {
		return engine.Reply{}, err
	}
	return e.ChangeSubscription(ctx, ask, id, r)
}

// SubscriptionPause is the body of POST /v1/subscriptions/{id}/pause.
type SubscriptionPause struct {
	Behavior  string `json:"behavior,omitempty" enum:"void,keep_as_draft,mark_uncollectible" default:"void" doc:"What becomes of invoices that come due meanwhile."`
	ResumesAt string `json:"resumes_at,omitempty" maxLength:"40" doc:"When it is resumed by itself; never when absent."`
}

func pauseSubscription(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body SubscriptionPause) (engine.Reply, error) {
	until, err := parseSince(body.ResumesAt, "resumes_at")
	if err != nil {
		return engine.Reply{}, err
	}
	return e.PauseSubscription(ctx, ask, id, pay.PauseBehavior(body.Behavior), until)
}

// SubscriptionEnd is the body of DELETE /v1/subscriptions/{id}.
type SubscriptionEnd struct {
	AtPeriodEnd bool `json:"at_period_end,omitempty" doc:"It ends with what is paid for, and not now."`
	Prorate     bool `json:"prorate,omitempty" doc:"Credits the time that was paid for and is left, when it ends now."`
}

func cancelSubscription(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body SubscriptionEnd) (engine.Reply, error) {
	if body.AtPeriodEnd {
		return e.ChangeSubscription(ctx, ask, id, engine.SubscriptionChange{CancelAtPeriodEnd: new(true)})
	}
	return e.CancelSubscription(ctx, ask, id, body.Prorate)
}

// SubscriptionQuery is the query of GET /v1/subscriptions.
type SubscriptionQuery struct {
	Page
	Status     []string `json:"status,omitempty" enum:"pending,incomplete,trialing,active,past_due,unpaid,paused,canceled,expired,failed" doc:"One or several, repeated or with commas."`
	CustomerID string   `json:"customer_id,omitempty" maxLength:"64"`
	PlanID     string   `json:"plan_id,omitempty" maxLength:"64"`
	AccountID  string   `json:"account_id,omitempty" maxLength:"64"`
}

func subscriptions(ctx context.Context, e *engine.Engine, o pay.Owner, q SubscriptionQuery) (pay.List[pay.Subscription], error) {
	f := pay.SubscriptionFilter{Statuses: words[pay.SubscriptionStatus](q.Status)}
	var errs [3]error
	f.Customer, errs[0] = parseID(q.CustomerID, "customer_id")
	f.Plan, errs[1] = parseID(q.PlanID, "plan_id")
	f.Account, errs[2] = parseID(q.AccountID, "account_id")
	if err := firstOf(errs[:]); err != nil {
		return pay.List[pay.Subscription]{}, err
	}
	return e.Subscriptions(ctx, o, f, q.page())
}

// Subscription is the reply to a write that made or changed a subscription.
func (Presenter) Subscription(s pay.Subscription, standing engine.Standing) engine.Reply {
	return reply(s.ID, subscriptionView(s), standing, s.Failure)
}

// SubscriptionRefusal is the reply to a change that Stripe refused.
func (Presenter) SubscriptionRefusal(err *pay.Error, s pay.Subscription) engine.Reply {
	return refused(s.ID, subscriptionView(s), err)
}

// SubscriptionEvent is the body of an event about a subscription.
func (Presenter) SubscriptionEvent(e pay.Event, s pay.Subscription) []byte {
	return eventBody(e, subscriptionView(s))
}

const subscriptionsTag = "Subscriptions"

// changeCodes are the errors of every change of a subscription.
var changeCodes = append([]pay.Code{pay.CodeNotFound, pay.CodeInProgress, pay.CodeSubscriptionEnded, pay.CodeInDoubt}, settled...)

var subscriptionRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/subscriptions", Scope: pay.ScopeSubscriptionsWrite, Key: KeyRequired,
		Tag: subscriptionsTag, Name: "createSubscription", Status: http.StatusCreated, Gives: Subscription{},
		Summary: "Subscribe a customer to a plan",
		Detail:  "Charges the customer's saved card at every interval. When the first payment fails the subscription is incomplete: pay its invoice within 23 hours, with another card perhaps.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodePlanArchived, pay.CodeAccountDisabled, pay.CodeInvalidMetadata,
			pay.CodeInvalidID}, settled...),
	}, createSubscription),
	list(Route{
		Method: http.MethodGet, Path: "/v1/subscriptions", Scope: pay.ScopeSubscriptionsRead, Key: KeyUnused,
		Tag: subscriptionsTag, Name: "listSubscriptions", Status: http.StatusOK, Gives: Subscription{}, List: true,
		Summary: "List subscriptions", Detail: "Newest first, those that ended too.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, subscriptions, subscriptionView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/subscriptions/{id}", Scope: pay.ScopeSubscriptionsRead, Key: KeyUnused,
		Tag: subscriptionsTag, Name: "getSubscription", Status: http.StatusOK, Gives: Subscription{},
		Summary: "Read a subscription", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Subscription, subscriptionView),
	changeWith(Route{
		Method: http.MethodPatch, Path: "/v1/subscriptions/{id}", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: subscriptionsTag, Name: "updateSubscription", Status: http.StatusOK, Gives: Subscription{},
		Summary: "Change a subscription", Detail: "To another plan, up or down; to another card, which pays at once what is owed; or to end with its period.",
		Codes: append([]pay.Code{pay.CodePlanArchived, pay.CodeAccountDisabled}, changeCodes...),
	}, changeSubscription),
	previewRoute,
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/subscriptions/{id}/pause", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: subscriptionsTag, Name: "pauseSubscription", Status: http.StatusOK, Gives: Subscription{},
		Summary: "Pause a subscription", Detail: "Periods go on; what comes due meanwhile is void, kept as a draft, or given away.", Codes: changeCodes,
	}, pauseSubscription),
	change(Route{
		Method: http.MethodPost, Path: "/v1/subscriptions/{id}/resume", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: subscriptionsTag, Name: "resumeSubscription", Status: http.StatusOK, Gives: Subscription{},
		Summary: "Resume a paused subscription", Codes: changeCodes,
	}, (*engine.Engine).ResumeSubscription),
	changeWith(Route{
		Method: http.MethodDelete, Path: "/v1/subscriptions/{id}", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: subscriptionsTag, Name: "cancelSubscription", Status: http.StatusOK, Gives: Subscription{},
		Summary: "Cancel a subscription", Detail: "Now, or with at_period_end when what is paid for is over.", Codes: changeCodes,
	}, cancelSubscription),
}
