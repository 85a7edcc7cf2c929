package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Payout is a payout as the server shows it.
type Payout struct {
	ID             string            `json:"id"`
	MerchantID     string            `json:"merchant_id"`
	Mode           string            `json:"mode"`
	Account        string            `json:"account"`
	AccountRef     string            `json:"account_ref"` // acct_…
	From           string            `json:"from"`        // balance or stripe
	Amount         string            `json:"amount"`      // decimal, whole units
	Currency       string            `json:"currency"`
	Status         string            `json:"status"`       // pending, submitted, in_transit, paid, failed or canceled
	ProviderRef    string            `json:"provider_ref"` // po_…
	ArrivesAt      *time.Time        `json:"arrives_at"`
	RetryOf        *string           `json:"retry_of"`
	Description    string            `json:"description"`
	External       bool              `json:"external"` // made at Stripe
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error"`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence"`
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
}

// NewPayout is what CreatePayout asks for.
type NewPayout struct {
	Account     string            `json:"account"`
	Amount      string            `json:"amount"` // decimal, whole units
	Currency    string            `json:"currency"`
	From        string            `json:"from,omitempty"` // balance or stripe
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// PayoutFilter is which payouts Payouts goes through; what is empty does not
// filter.
type PayoutFilter struct {
	Account  string
	Statuses []string
	Since    time.Time // created at or after
	Until    time.Time // created before
}

func (f PayoutFilter) values() url.Values {
	return url.Values(parameters{}.text("account", f.Account).list("status", f.Statuses).moment("since", f.Since).moment("until", f.Until))
}

// CreatePayout sends a partner's money to its bank.
func (c *Client) CreatePayout(ctx context.Context, p NewPayout, options ...Option) (Payout, error) {
	return send[Payout](ctx, c, call{method: http.MethodPost, path: "/v1/payouts", body: p}, options)
}

// Payout reads a payout.
func (c *Client) Payout(ctx context.Context, id string) (Payout, error) {
	return get[Payout](ctx, c, pathOf("/v1/payouts/", id, ""), nil)
}

// Payouts goes through all payouts that a filter lets through, newest first.
func (c *Client) Payouts(ctx context.Context, f PayoutFilter) iter.Seq2[Payout, error] {
	return each[Payout](ctx, c, "/v1/payouts", f.values())
}

// CancelPayout calls a payout off that the bank does not have yet.
func (c *Client) CancelPayout(ctx context.Context, id string, options ...Option) (Payout, error) {
	return send[Payout](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/payouts/", id, "/cancel")}, options)
}

// RetryPayout makes a new payout of what one did not bring to the bank.
func (c *Client) RetryPayout(ctx context.Context, id string, options ...Option) (Payout, error) {
	return send[Payout](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/payouts/", id, "/retry")}, options)
}
