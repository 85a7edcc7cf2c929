package client

import (
	"context"
	"net/http"
	"time"
)

// Endpoint is where the merchant is told of events.
type Endpoint struct {
	ID                  string     `json:"id"`
	URL                 string     `json:"url"`
	Events              []string   `json:"events"` // empty for all
	Description         string     `json:"description"`
	Default             bool       `json:"default"`
	Status              string     `json:"status"` // enabled or disabled
	DisabledReason      *string    `json:"disabled_reason"`
	FailingSince        *time.Time `json:"failing_since"`
	Secret              string     `json:"secret"` // whsec_…, only when it is new
	PreviousSecretUntil *time.Time `json:"previous_secret_until"`
	CreatedAt           time.Time  `json:"created_at"`
	UpdatedAt           time.Time  `json:"updated_at"`
}

// NewEndpoint is what CreateEndpoint and SetWebhook ask for.
type NewEndpoint struct {
	URL         string
	Events      []string // all when empty
	Description string
}

func (n NewEndpoint) body(urlField string) map[string]any {
	body := map[string]any{urlField: n.URL}
	if len(n.Events) > 0 {
		body["events"] = n.Events
	}
	if n.Description != "" {
		body["description"] = n.Description
	}
	return body
}

// SetWebhook makes the default endpoint, or changes it; the signing secret is
// there only when it was made.
func (c *Client) SetWebhook(ctx context.Context, e NewEndpoint, options ...Option) (Endpoint, error) {
	return send[Endpoint](ctx, c, call{method: http.MethodPut, path: "/v1/merchant/webhook", body: e.body("webhook_url")}, options)
}

// Webhook reads the default endpoint.
func (c *Client) Webhook(ctx context.Context) (Endpoint, error) {
	return get[Endpoint](ctx, c, "/v1/merchant/webhook", nil)
}

// RotateWebhookSecret changes the default endpoint's secret; the old one signs
// as well for overlap, in whole seconds.
func (c *Client) RotateWebhookSecret(ctx context.Context, overlap time.Duration, options ...Option) (Endpoint, error) {
	return c.rotate(ctx, "/v1/merchant/webhook/rotate", overlap, options)
}

// RotateEndpointSecret is RotateWebhookSecret for any endpoint.
func (c *Client) RotateEndpointSecret(ctx context.Context, id string, overlap time.Duration, options ...Option) (Endpoint, error) {
	return c.rotate(ctx, pathOf("/v1/merchant/webhooks/", id, "/rotate"), overlap, options)
}

func (c *Client) rotate(ctx context.Context, path string, overlap time.Duration, options []Option) (Endpoint, error) {
	body := map[string]int64{"overlap_seconds": int64(overlap / time.Second)}
	return send[Endpoint](ctx, c, call{method: http.MethodPost, path: path, body: body}, options)
}

// CreateEndpoint adds an endpoint; its signing secret is returned this once.
func (c *Client) CreateEndpoint(ctx context.Context, e NewEndpoint, options ...Option) (Endpoint, error) {
	return send[Endpoint](ctx, c, call{method: http.MethodPost, path: "/v1/merchant/webhooks", body: e.body("url")}, options)
}

// Endpoints reads all endpoints: there are 16 at most.
func (c *Client) Endpoints(ctx context.Context) ([]Endpoint, error) {
	return get[[]Endpoint](ctx, c, "/v1/merchant/webhooks", nil)
}

// Endpoint reads an endpoint.
func (c *Client) Endpoint(ctx context.Context, id string) (Endpoint, error) {
	return get[Endpoint](ctx, c, pathOf("/v1/merchant/webhooks/", id, ""), nil)
}

// EndpointChange is what UpdateEndpoint changes; what is nil stays as it is.
type EndpointChange struct {
	URL         *string   `json:"url,omitempty"`
	Events      *[]string `json:"events,omitempty"`
	Description *string   `json:"description,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty"`
}

// UpdateEndpoint changes an endpoint.
func (c *Client) UpdateEndpoint(ctx context.Context, id string, change EndpointChange, options ...Option) (Endpoint, error) {
	return send[Endpoint](ctx, c, call{method: http.MethodPatch, path: pathOf("/v1/merchant/webhooks/", id, ""), body: change}, options)
}

// DeleteEndpoint removes an endpoint.
func (c *Client) DeleteEndpoint(ctx context.Context, id string, options ...Option) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: pathOf("/v1/merchant/webhooks/", id, "")}, nil, options...)
	return err
}

// PingEndpoint sends endpoint.ping to an endpoint, and returns its delivery.
func (c *Client) PingEndpoint(ctx context.Context, id string, options ...Option) (Delivery, error) {
	return send[Delivery](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/merchant/webhooks/", id, "/ping")}, options)
}

// Which events ReplayEndpoint sends again.
const (
	ReplayFailed  = "failed"  // those that were given up
	ReplayMissing = "missing" // those that the endpoint has no delivery of
)

// ReplayEndpoint sends events since a time again, and returns how many
// deliveries it started.
func (c *Client) ReplayEndpoint(ctx context.Context, id, which string, since time.Time, options ...Option) (int, error) {
	body := map[string]string{"which": which, "since": since.UTC().Format(time.RFC3339Nano)}
	made, err := send[struct {
		Scheduled int `json:"scheduled"`
	}](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/merchant/webhooks/", id, "/replay"), body: body}, options)
	return made.Scheduled, err
}
