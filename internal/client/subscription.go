package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Subscription is a subscription as the server shows it.
type Subscription struct {
	ID                 string            `json:"id"`
	MerchantID         string            `json:"merchant_id"`
	Mode               string            `json:"mode"`
	CustomerID         string            `json:"customer_id"`
	PlanID             string            `json:"plan_id"`
	CardID             *string           `json:"card_id"`
	AccountID          *string           `json:"account_id"`
	PlatformPercent    *string           `json:"platform_percent"`
	Status             string            `json:"status"`
	CurrentPeriodStart *time.Time        `json:"current_period_start"`
	CurrentPeriodEnd   *time.Time        `json:"current_period_end"`
	TrialEnd           *time.Time        `json:"trial_end"`
	CancelAtPeriodEnd  bool              `json:"cancel_at_period_end"`
	CancelAt           *time.Time        `json:"cancel_at"`
	CanceledAt         *time.Time        `json:"canceled_at"`
	EndedAt            *time.Time        `json:"ended_at"`
	Pause              *Pause            `json:"pause"`
	ProviderRef        string            `json:"provider_ref"` // sub_…
	TestClock          *string           `json:"test_clock"`
	Metadata           map[string]string `json:"metadata"`
	Error              *Failure          `json:"error"`
	IdempotencyKey     *string           `json:"idempotency_key"`
	Sequence           int64             `json:"sequence"`
	CreatedAt          time.Time         `json:"created_at"`
	UpdatedAt          time.Time         `json:"updated_at"`
}

// Pause is what becomes of invoices while a subscription is paused: void,
// keep_as_draft or mark_uncollectible; and until when, if that is known.
type Pause struct {
	Behavior  string     `json:"behavior,omitempty"`
	ResumesAt *time.Time `json:"resumes_at,omitempty"`
}

// NewSubscription is what CreateSubscription asks for; what is empty is the
// plan's.
type NewSubscription struct {
	CustomerID      string            `json:"customer_id"`
	PlanID          string            `json:"plan_id"`
	CardID          string            `json:"card_id,omitempty"`
	TrialDays       *int              `json:"trial_days,omitempty"`
	AccountID       string            `json:"account_id,omitempty"`
	PlatformPercent string            `json:"platform_percent,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
}

// SubscriptionChange is how a subscription shall be; what is empty stays.
type SubscriptionChange struct {
	PlanID            string `json:"plan_id,omitempty"`
	CardID            string `json:"card_id,omitempty"`
	Proration         string `json:"proration,omitempty"` // next_invoice, now or none
	CancelAtPeriodEnd *bool  `json:"cancel_at_period_end,omitempty"`
}

// SubscriptionEnd is how a subscription ends.
type SubscriptionEnd struct {
	AtPeriodEnd bool `json:"at_period_end,omitempty"`
	Prorate     bool `json:"prorate,omitempty"`
}

// SubscriptionFilter is which subscriptions Subscriptions goes through; what is
// empty does not filter.
type SubscriptionFilter struct {
	Statuses                      []string
	CustomerID, PlanID, AccountID string
	Limit                         int // of a page
}

func (f SubscriptionFilter) values() url.Values {
	return url.Values(parameters{}.list("status", f.Statuses).text("customer_id", f.CustomerID).text("plan_id", f.PlanID).
		text("account_id", f.AccountID).number("limit", f.Limit))
}

// CreateSubscription subscribes a customer to a plan.
func (c *Client) CreateSubscription(ctx context.Context, s NewSubscription, options ...Option) (Subscription, error) {
	return send[Subscription](ctx, c, call{method: http.MethodPost, path: "/v1/subscriptions", body: s}, options)
}

// Subscription reads a subscription.
func (c *Client) Subscription(ctx context.Context, id string) (Subscription, error) {
	return get[Subscription](ctx, c, pathOf("/v1/subscriptions/", id, ""), nil)
}

// Subscriptions goes through all subscriptions that a filter lets through,
// newest first.
func (c *Client) Subscriptions(ctx context.Context, f SubscriptionFilter) iter.Seq2[Subscription, error] {
	return each[Subscription](ctx, c, "/v1/subscriptions", f.values())
}

// ChangeSubscription changes a subscription.
func (c *Client) ChangeSubscription(ctx context.Context, id string, s SubscriptionChange, options ...Option) (Subscription, error) {
	return send[Subscription](ctx, c, call{method: http.MethodPatch, path: pathOf("/v1/subscriptions/", id, ""), body: s}, options)
}

// PreviewSubscription says what invoice a change would bring.
func (c *Client) PreviewSubscription(ctx context.Context, id string, s SubscriptionChange) (InvoicePreview, error) {
	return send[InvoicePreview](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/subscriptions/", id, "/preview"), body: s}, nil)
}

// PauseSubscription collects nothing until the subscription is resumed.
func (c *Client) PauseSubscription(ctx context.Context, id string, p Pause, options ...Option) (Subscription, error) {
	return send[Subscription](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/subscriptions/", id, "/pause"), body: p}, options)
}

// ResumeSubscription collects again.
func (c *Client) ResumeSubscription(ctx context.Context, id string, options ...Option) (Subscription, error) {
	return send[Subscription](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/subscriptions/", id, "/resume")}, options)
}

// CancelSubscription ends a subscription, now or with its period.
func (c *Client) CancelSubscription(ctx context.Context, id string, end SubscriptionEnd, options ...Option) (Subscription, error) {
	return send[Subscription](ctx, c, call{method: http.MethodDelete, path: pathOf("/v1/subscriptions/", id, ""), body: end}, options)
}
