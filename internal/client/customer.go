package client

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Customer is who pays, as the server shows it.
type Customer struct {
	ID            string    `json:"id"`
	MerchantID    string    `json:"merchant_id"`
	Mode          string    `json:"mode"`
	Email         string    `json:"email"`
	Name          string    `json:"name"`
	Provider      string    `json:"provider"`
	ProviderRef   string    `json:"provider_ref"`    // cus_…
	DefaultCardID *string   `json:"default_card_id"` // nil when there is none
	CreatedAt     time.Time `json:"created_at"`
}

// Customer reads a customer.
func (c *Client) Customer(ctx context.Context, id string) (Customer, error) {
	return get[Customer](ctx, c, pathOf("/v1/customers/", id, ""), nil)
}

// Customers goes through all customers, newest first, of one e-mail address
// unless that is empty.
func (c *Client) Customers(ctx context.Context, email string) iter.Seq2[Customer, error] {
	return each[Customer](ctx, c, "/v1/customers", url.Values(parameters{}.text("email", email)))
}
