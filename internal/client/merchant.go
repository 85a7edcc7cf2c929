package client

import (
	"context"
	"net/http"
	"time"
)

// Merchant is who the API key belongs to.
type Merchant struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Mode      string    `json:"mode"` // test or live
	Key       string    `json:"key"`  // shortened
	Scopes    []string  `json:"scopes"`
	CreatedAt time.Time `json:"created_at"`
}

// Merchant reads who the API key belongs to.
func (c *Client) Merchant(ctx context.Context) (Merchant, error) {
	return get[Merchant](ctx, c, "/v1/merchant", nil)
}

// Provider is the merchant's access to Stripe, without the secrets.
type Provider struct {
	ID       string `json:"id"`
	Provider string `json:"provider"`
	Mode     string `json:"mode"`
	Kind     string `json:"kind"` // stripe or sandbox
	Stripe   struct {
		SecretKey        string `json:"secret_key"` // shortened
		WebhookSecretSet bool   `json:"webhook_secret_set"`
		AccountID        string `json:"account_id"`
		AccountName      string `json:"account_name"`
	} `json:"stripe"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// StripeCredentials is what SetProvider sends.
type StripeCredentials struct {
	SecretKey     string `json:"secret_key"`
	WebhookSecret string `json:"webhook_secret,omitempty"`
}

// SetProvider sets the merchant's Stripe credentials.
func (c *Client) SetProvider(ctx context.Context, credentials StripeCredentials, options ...Option) (Provider, error) {
	body := map[string]any{"provider": "stripe", "stripe": credentials}
	return send[Provider](ctx, c, call{method: http.MethodPut, path: "/v1/merchant/providers", body: body}, options)
}

// Provider reads the merchant's Stripe credentials, shortened.
func (c *Client) Provider(ctx context.Context) (Provider, error) {
	return get[Provider](ctx, c, "/v1/merchant/providers", nil)
}
