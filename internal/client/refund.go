package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Refund is a refund as the server shows it.
type Refund struct {
	ID                    string            `json:"id"`
	MerchantID            string            `json:"merchant_id"`
	Mode                  string            `json:"mode"`
	PaymentID             string            `json:"payment_id"`
	Amount                string            `json:"amount"` // decimal, whole units
	Currency              string            `json:"currency"`
	Reason                *string           `json:"reason"`
	Status                string            `json:"status"` // pending, completed, failed or canceled
	ProviderRef           string            `json:"provider_ref"`
	PaymentStatus         string            `json:"payment_status"`          // after a write only
	PaymentAmountRefunded string            `json:"payment_amount_refunded"` // after a write only
	External              bool              `json:"external"`                // made at Stripe
	Metadata              map[string]string `json:"metadata"`
	Error                 *Failure          `json:"error"`
	IdempotencyKey        *string           `json:"idempotency_key"`
	Sequence              int64             `json:"sequence"`
	CreatedAt             time.Time         `json:"created_at"`
	UpdatedAt             time.Time         `json:"updated_at"`
}

// NewRefund is what CreateRefund asks for; all that is left when Amount is
// empty.
type NewRefund struct {
	PaymentID string            `json:"payment_id"`
	Amount    string            `json:"amount,omitempty"` // decimal, whole units
	Reason    string            `json:"reason,omitempty"` // duplicate, fraudulent or requested_by_customer
	Metadata  map[string]string `json:"metadata,omitempty"`
}

// RefundFilter is which refunds Refunds goes through; what is empty does not
// filter.
type RefundFilter struct {
	PaymentID string
	Statuses  []string
	Since     time.Time // created at or after
	Until     time.Time // created before
	Limit     int       // of a page
}

func (f RefundFilter) values() url.Values {
	return url.Values(parameters{}.text("payment_id", f.PaymentID).list("status", f.Statuses).
		moment("since", f.Since).moment("until", f.Until).number("limit", f.Limit))
}

// CreateRefund gives money back.
func (c *Client) CreateRefund(ctx context.Context, r NewRefund, options ...Option) (Refund, error) {
	return send[Refund](ctx, c, call{method: http.MethodPost, path: "/v1/refunds", body: r}, options)
}

// Refund reads a refund.
func (c *Client) Refund(ctx context.Context, id string) (Refund, error) {
	return get[Refund](ctx, c, pathOf("/v1/refunds/", id, ""), nil)
}

// Refunds goes through all refunds that a filter lets through, newest first.
func (c *Client) Refunds(ctx context.Context, f RefundFilter) iter.Seq2[Refund, error] {
	return each[Refund](ctx, c, "/v1/refunds", f.values())
}
