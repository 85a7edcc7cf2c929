package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// TriggerDeclaration is one thing that can start a flow.
type TriggerDeclaration struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Summary  string          `json:"summary"`
	Resource string          `json:"resource"`
	Path     string          `json:"path"` // of the list that is read at Stripe
	Events   []string        `json:"events"`
	Options  json.RawMessage `json:"options"` // JSON Schema
	Output   json.RawMessage `json:"output"`  // JSON Schema
	Sample   json.RawMessage `json:"sample"`
}

// Trigger is what there is to know of a flow's trigger.
type Trigger struct {
	Kind       string     `json:"kind"` // poll, schedule, webhook or manual
	Name       string     `json:"name"`
	State      string     `json:"state"` // on, paused or broken
	Reason     *string    `json:"reason"`
	Connection string     `json:"connection"`
	Address    *string    `json:"address"` // where a webhook's posts go
	NextAt     *time.Time `json:"next_at"`
	Found      int64      `json:"found"` // runs that it has begun
	Parked     int64      `json:"parked"`
	Retried    int        `json:"retried"` // of RetryParked: objects that went
	CallsADay  struct {
		Alone  int64 `json:"alone"`
		Shared int64 `json:"shared"`
	} `json:"calls_a_day"` // requests to Stripe
	Poll json.RawMessage `json:"poll"` // where the reading of the list has come to; null when there is none
}

// Triggers lists what can start a flow, beside schedule, webhook and manual.
func (c *Client) Triggers(ctx context.Context) ([]TriggerDeclaration, error) {
	return Collect(each[TriggerDeclaration](ctx, c, "/v1/triggers", url.Values{}))
}

// Trigger reads the state of a flow's trigger.
func (c *Client) Trigger(ctx context.Context, flow string) (Trigger, error) {
	return get[Trigger](ctx, c, pathOf("/v1/flows/", flow, "/trigger"), nil)
}

// CatchUp sets a broken trigger going, or polls now. missed is catch_up or
// from_now; the server decides when it is empty.
func (c *Client) CatchUp(ctx context.Context, flow, missed string, options ...Option) (Trigger, error) {
	body := map[string]any{}
	if missed != "" {
		body["missed"] = missed
	}
	return send[Trigger](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/flows/", flow, "/trigger/catch-up"), body: body}, options)
}

// RetryParked tries again the objects that no run could be made of.
func (c *Client) RetryParked(ctx context.Context, flow string, options ...Option) (Trigger, error) {
	return send[Trigger](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/flows/", flow, "/trigger/retry-parked")}, options)
}

// RotateHookSecret gives a flow's webhook a new secret, which is shown this once.
func (c *Client) RotateHookSecret(ctx context.Context, flow string, options ...Option) (string, error) {
	made, err := send[struct {
		Secret string `json:"secret"`
	}](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/flows/", flow, "/trigger/rotate-secret")}, options)
	return made.Secret, err
}
