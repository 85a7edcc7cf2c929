package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Transfer is a transfer as the server shows it.
type Transfer struct {
	ID             string            `json:"id"`
	MerchantID     string            `json:"merchant_id"`
	Mode           string            `json:"mode"`
	Account        string            `json:"account"`
	AccountRef     string            `json:"account_ref"` // acct_…
	PaymentID      *string           `json:"payment_id"`
	PayoutID       *string           `json:"payout_id"`
	From           string            `json:"from"`   // balance, platform or charge
	Amount         string            `json:"amount"` // decimal, whole units
	AmountReversed string            `json:"amount_reversed"`
	Currency       string            `json:"currency"`
	Status         string            `json:"status"`       // pending, completed, failed, partially_reversed or reversed
	ProviderRef    string            `json:"provider_ref"` // tr_…
	Description    string            `json:"description"`
	External       bool              `json:"external"` // made at Stripe
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error"`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence"`
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
}

// NewTransfer is what CreateTransfer asks for: a payment whose share is sent,
// or an amount and a currency.
type NewTransfer struct {
	Account     string            `json:"account"`
	PaymentID   string            `json:"payment_id,omitempty"`
	Amount      string            `json:"amount,omitempty"` // decimal, whole units; all that is left of the payment's share when empty
	Currency    string            `json:"currency,omitempty"`
	From        string            `json:"from,omitempty"` // balance or platform
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// Reversal is what was taken back of a transfer.
type Reversal struct {
	ID             string            `json:"id"`
	MerchantID     string            `json:"merchant_id"`
	Mode           string            `json:"mode"`
	TransferID     string            `json:"transfer_id"`
	RefundID       *string           `json:"refund_id"`
	Amount         string            `json:"amount"`
	Currency       string            `json:"currency"`
	Status         string            `json:"status"`          // pending, completed or failed
	TransferStatus string            `json:"transfer_status"` // after a write only
	ProviderRef    string            `json:"provider_ref"`    // trr_…
	Description    string            `json:"description"`
	External       bool              `json:"external"`
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error"`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence"`
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
}

// NewReversal is what ReverseTransfer asks for; all that is left when Amount is
// empty.
type NewReversal struct {
	Amount      string            `json:"amount,omitempty"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// TransferFilter is which transfers Transfers goes through; what is empty does
// not filter.
type TransferFilter struct {
	Account   string
	PaymentID string
	PayoutID  string
	Statuses  []string
	Since     time.Time // created at or after
	Until     time.Time // created before
}

func (f TransferFilter) values() url.Values {
	return url.Values(parameters{}.text("account", f.Account).text("payment_id", f.PaymentID).text("payout_id", f.PayoutID).
		list("status", f.Statuses).moment("since", f.Since).moment("until", f.Until))
}

// CreateTransfer sends money to a partner's account at Stripe.
func (c *Client) CreateTransfer(ctx context.Context, t NewTransfer, options ...Option) (Transfer, error) {
	return send[Transfer](ctx, c, call{method: http.MethodPost, path: "/v1/transfers", body: t}, options)
}

// Transfer reads a transfer.
func (c *Client) Transfer(ctx context.Context, id string) (Transfer, error) {
	return get[Transfer](ctx, c, pathOf("/v1/transfers/", id, ""), nil)
}

// Transfers goes through all transfers that a filter lets through, newest first.
func (c *Client) Transfers(ctx context.Context, f TransferFilter) iter.Seq2[Transfer, error] {
	return each[Transfer](ctx, c, "/v1/transfers", f.values())
}

// ReverseTransfer takes a transfer back, or part of it.
func (c *Client) ReverseTransfer(ctx context.Context, id string, r NewReversal, options ...Option) (Reversal, error) {
	return send[Reversal](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/transfers/", id, "/reversals"), body: r}, options)
}

// Reversals reads every reversal of a transfer, oldest first.
func (c *Client) Reversals(ctx context.Context, id string) ([]Reversal, error) {
	return get[[]Reversal](ctx, c, pathOf("/v1/transfers/", id, "/reversals"), nil)
}
