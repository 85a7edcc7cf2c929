package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Operation is one thing that Stripe can be asked.
type Operation struct {
	Name       string          `json:"name"`
	Title      string          `json:"title"`
	Summary    string          `json:"summary"`
	Resource   string          `json:"resource"`
	Writes     bool            `json:"writes"`
	Allowed    bool            `json:"allowed"` // for the key that asks
	Method     string          `json:"method"`  // of the request to Stripe
	Path       string          `json:"path"`
	Parameters []Parameter     `json:"parameters"`
	Rules      []string        `json:"rules"`
	Input      json.RawMessage `json:"input"`  // JSON Schema
	Output     json.RawMessage `json:"output"` // JSON Schema
	Example    json.RawMessage `json:"example"`
}

// Parameter is one part of an operation's input.
type Parameter struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Required    bool     `json:"required"`
	Default     *string  `json:"default"`
	Allowed     []string `json:"allowed"`
}

// RunOperation is what to ask of Stripe.
type RunOperation struct {
	Operation  string
	Connection string          // the default one when empty
	Input      json.RawMessage // an object; none when empty
	DryRun     bool            // only show the request
}

// OperationResult is what an operation gave. Data is its output; for a dry run
// the request that would be sent; for a write that waits for a person, which
// Waits says, the approval.
type OperationResult struct {
	Data  json.RawMessage
	Meta  OperationMeta
	Waits bool
}

// OperationMeta is how an operation was carried out.
type OperationMeta struct {
	Operation         string  `json:"operation"`
	Connection        string  `json:"connection"`
	IdempotencyKey    *string `json:"idempotency_key"`
	ProviderRequestID *string `json:"provider_request_id"`
	DryRun            bool    `json:"dry_run"`
}

// Operations lists what Stripe can be asked, of one resource or, when that is
// empty, of all.
func (c *Client) Operations(ctx context.Context, resource string) ([]Operation, error) {
	return get[[]Operation](ctx, c, "/v1/operations", url.Values(parameters{}.text("resource", resource)))
}

// Operation reads one declaration.
func (c *Client) Operation(ctx context.Context, name string) (Operation, error) {
	return get[Operation](ctx, c, pathOf("/v1/operations/", name, "/schema"), nil)
}

// Run asks Stripe for one thing. With an IdempotencyKey a write can be repeated.
func (c *Client) Run(ctx context.Context, r RunOperation, options ...Option) (OperationResult, error) {
	body := map[string]any{}
	if r.Connection != "" {
		body["connection"] = r.Connection
	}
	if len(r.Input) > 0 {
		body["input"] = r.Input
	}
	if r.DryRun {
		body["dry_run"] = true
	}
	var outcome Outcome
	_, err := c.do(ctx, call{method: http.MethodPost, path: pathOf("/v1/operations/", r.Operation, ""), body: body}, nil, append(options, Report(&outcome))...)
	if err != nil {
		return OperationResult{}, err
	}
	var said struct {
		Data json.RawMessage `json:"data"`
		Meta OperationMeta   `json:"meta"`
	}
	err = json.Unmarshal(outcome.Body, &said)
	return OperationResult{Data: said.Data, Meta: said.Meta, Waits: outcome.Status == http.StatusAccepted}, err
}
