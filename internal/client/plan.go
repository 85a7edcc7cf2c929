package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Plan is a plan as the server shows it.
type Plan struct {
	ID              string            `json:"id"`
	MerchantID      string            `json:"merchant_id"`
	Mode            string            `json:"mode"`
	Name            string            `json:"name"`
	Amount          string            `json:"amount"` // decimal, whole units
	Currency        string            `json:"currency"`
	Interval        string            `json:"interval"` // day, week, month or year
	IntervalCount   int               `json:"interval_count"`
	TrialDays       int               `json:"trial_days"`
	AccountID       *string           `json:"account_id"`
	PlatformPercent *string           `json:"platform_percent"`
	Status          string            `json:"status"` // pending, active, archived or failed
	Active          bool              `json:"active"`
	ProviderRef     string            `json:"provider_ref"` // price_…
	ProductRef      string            `json:"product_ref"`  // prod_…
	Metadata        map[string]string `json:"metadata"`
	Error           *Failure          `json:"error"`
	IdempotencyKey  *string           `json:"idempotency_key"`
	Sequence        int64             `json:"sequence"`
	CreatedAt       time.Time         `json:"created_at"`
	UpdatedAt       time.Time         `json:"updated_at"`
}

// NewPlan is what CreatePlan asks for.
type NewPlan struct {
	Name            string            `json:"name"`
	Amount          string            `json:"amount"`
	Currency        string            `json:"currency"`
	Interval        string            `json:"interval"`
	IntervalCount   int               `json:"interval_count,omitempty"`
	TrialDays       int               `json:"trial_days,omitempty"`
	AccountID       string            `json:"account_id,omitempty"`
	PlatformPercent string            `json:"platform_percent,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
}

// PlanFilter is which plans Plans goes through; what is empty does not filter.
type PlanFilter struct {
	Statuses  []string
	AccountID string
	Limit     int // of a page
}

func (f PlanFilter) values() url.Values {
	return url.Values(parameters{}.list("status", f.Statuses).text("account_id", f.AccountID).number("limit", f.Limit))
}

// CreatePlan makes a plan.
func (c *Client) CreatePlan(ctx context.Context, p NewPlan, options ...Option) (Plan, error) {
	return send[Plan](ctx, c, call{method: http.MethodPost, path: "/v1/plans", body: p}, options)
}

// Plan reads a plan.
func (c *Client) Plan(ctx context.Context, id string) (Plan, error) {
	return get[Plan](ctx, c, pathOf("/v1/plans/", id, ""), nil)
}

// Plans goes through all plans that a filter lets through, newest first.
func (c *Client) Plans(ctx context.Context, f PlanFilter) iter.Seq2[Plan, error] {
	return each[Plan](ctx, c, "/v1/plans", f.values())
}

// SetPlanActive lets a plan take new subscriptions, or no more of them.
func (c *Client) SetPlanActive(ctx context.Context, id string, active bool, options ...Option) (Plan, error) {
	return send[Plan](ctx, c, call{method: http.MethodPatch, path: pathOf("/v1/plans/", id, ""), body: map[string]bool{"active": active}}, options)
}
