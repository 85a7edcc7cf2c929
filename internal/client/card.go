package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Card is a saved card as the server shows it.
type Card struct {
	ID          string      `json:"id"`
	MerchantID  string      `json:"merchant_id"`
	Mode        string      `json:"mode"`
	CustomerID  string      `json:"customer_id"`
	Provider    string      `json:"provider"`
	ProviderRef string      `json:"provider_ref"`
	Brand       string      `json:"brand"`
	Last4       string      `json:"last4"`
	ExpMonth    int         `json:"exp_month"`
	ExpYear     int         `json:"exp_year"`
	IsDefault   bool        `json:"is_default"`
	Status      string      `json:"status"` // pending, active, failed or removed
	IsExpired   bool        `json:"is_expired"`
	NextAction  *NextAction `json:"next_action"` // what its holder must do while it is pending
	Error       *Failure    `json:"error"`
	Sequence    int64       `json:"sequence"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
}

// NewCard is what SaveCard asks for.
type NewCard struct {
	PaymentMethodID string `json:"payment_method_id"`
	CustomerID      string `json:"customer_id,omitempty"` // a new customer is made when empty
	CustomerEmail   string `json:"customer_email,omitempty"`
	CustomerName    string `json:"customer_name,omitempty"`
	IsDefault       bool   `json:"is_default,omitempty"`
}

// SaveCard keeps a payment method to be charged again.
func (c *Client) SaveCard(ctx context.Context, card NewCard, options ...Option) (Card, error) {
	return send[Card](ctx, c, call{method: http.MethodPost, path: "/v1/payments/cards", body: card}, options)
}

// SetUpCard saves a card with its holder present, who comes back to returnURL,
// or to a page of the server's when that is empty.
func (c *Client) SetUpCard(ctx context.Context, card NewCard, returnURL string, options ...Option) (Card, error) {
	body := struct {
		NewCard
		ReturnURL string `json:"return_url,omitempty"`
	}{card, returnURL}
	return send[Card](ctx, c, call{method: http.MethodPost, path: "/v1/payments/cards/setup", body: body}, options)
}

// Cards goes through all saved cards, of one customer unless customerID is
// empty.
func (c *Client) Cards(ctx context.Context, customerID string) iter.Seq2[Card, error] {
	return each[Card](ctx, c, "/v1/payments/cards", url.Values(parameters{}.text("customer_id", customerID)))
}

// RemoveCard detaches a saved card for good.
func (c *Client) RemoveCard(ctx context.Context, id string, options ...Option) (Card, error) {
	return send[Card](ctx, c, call{method: http.MethodDelete, path: pathOf("/v1/payments/cards/", id, "")}, options)
}

// SetDefaultCard makes a card its customer's default.
func (c *Client) SetDefaultCard(ctx context.Context, id string, options ...Option) (Card, error) {
	return send[Card](ctx, c, call{method: http.MethodPut, path: pathOf("/v1/payments/cards/", id, "/default")}, options)
}
