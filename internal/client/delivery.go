package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID            string     `json:"id"`
	EventID       string     `json:"event_id"`
	EventType     string     `json:"event_type"`
	EndpointID    string     `json:"endpoint_id"`
	Status        string     `json:"status"` // pending, delivered or failed
	Attempts      int        `json:"attempts"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	LastStatus    *int       `json:"last_status"` // HTTP
	LastError     *string    `json:"last_error"`
	History       []Attempt  `json:"history"` // when one delivery is read
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

// Attempt is one try of a delivery.
type Attempt struct {
	Number     int       `json:"number"`
	At         time.Time `json:"at"`
	DurationMS int64     `json:"duration_ms"`
	Status     *int      `json:"status"` // HTTP
	Fault      *string   `json:"fault"`
	Error      *string   `json:"error"`
	Response   string    `json:"response"`
}

// DeliveryFilter is which deliveries Deliveries goes through; what is empty
// does not filter.
type DeliveryFilter struct {
	EndpointID string
	EventID    string
	Status     string
	Type       string // of the event
	Limit      int    // of a page
}

// Deliveries goes through all deliveries that a filter lets through, newest
// first.
func (c *Client) Deliveries(ctx context.Context, f DeliveryFilter) iter.Seq2[Delivery, error] {
	query := parameters{}.text("endpoint_id", f.EndpointID).text("event_id", f.EventID).
		text("status", f.Status).text("type", f.Type).number("limit", f.Limit)
	return each[Delivery](ctx, c, "/v1/webhooks/deliveries", url.Values(query))
}

// Delivery reads a delivery with all its attempts.
func (c *Client) Delivery(ctx context.Context, id string) (Delivery, error) {
	return get[Delivery](ctx, c, pathOf("/v1/webhooks/deliveries/", id, ""), nil)
}

// RetryDelivery tries a delivery again now.
func (c *Client) RetryDelivery(ctx context.Context, id string, options ...Option) (Delivery, error) {
	return send[Delivery](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/webhooks/deliveries/", id, "/retry")}, options)
}
