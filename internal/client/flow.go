package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Flow is a document that was applied. What only some calls tell is empty
// otherwise.
type Flow struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Mode        string    `json:"mode"`
	State       string    `json:"state"` // active, paused or deleted
	Description string    `json:"description"`
	Version     int       `json:"version"`
	Concurrency int       `json:"concurrency"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`

	Trigger   string `json:"trigger,omitempty"`
	CallsADay int64  `json:"calls_a_day,omitempty"` // requests to Stripe that polling costs
	Source    string `json:"source,omitempty"`

	Changed bool    `json:"changed"` // of ApplyFlow
	Secret  *string `json:"secret,omitempty"`
	Address *string `json:"address,omitempty"`
}

// CheckedFlow is a document without faults.
type CheckedFlow struct {
	Flow        string   `json:"flow"`
	Trigger     string   `json:"trigger"`
	Connections []string `json:"connections"`
	Writes      bool     `json:"writes"`
}

// Fault is one thing that is wrong with a flow's document.
type Fault struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// ApplyFlow keeps a document; CheckFlow only says what is wrong with it.
//
// Errors: flow_invalid, with every fault in the error's Problems.
func (c *Client) ApplyFlow(ctx context.Context, source string, options ...Option) (Flow, error) {
	return send[Flow](ctx, c, call{method: http.MethodPost, path: "/v1/flows", body: map[string]any{"source": source}}, options)
}

// CheckFlow says what is wrong with a document, and keeps nothing.
func (c *Client) CheckFlow(ctx context.Context, source string) (CheckedFlow, error) {
	return send[CheckedFlow](ctx, c, call{method: http.MethodPost, path: "/v1/flows/check", body: map[string]any{"source": source}}, nil)
}

// Flows goes through all flows, newest first.
func (c *Client) Flows(ctx context.Context, states ...string) iter.Seq2[Flow, error] {
	return each[Flow](ctx, c, "/v1/flows", url.Values(parameters{}.list("state", states)))
}

// Flow reads a flow by its name.
func (c *Client) Flow(ctx context.Context, name string) (Flow, error) {
	return get[Flow](ctx, c, pathOf("/v1/flows/", name, ""), nil)
}

// PauseFlow stops a flow's trigger.
func (c *Client) PauseFlow(ctx context.Context, name string, options ...Option) (Flow, error) {
	return send[Flow](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/flows/", name, "/pause")}, options)
}

// ResumeFlow sets a flow's trigger going; missed is catch_up, from_now or empty.
func (c *Client) ResumeFlow(ctx context.Context, name, missed string, options ...Option) (Flow, error) {
	body := map[string]any{}
	if missed != "" {
		body["missed"] = missed
	}
	return send[Flow](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/flows/", name, "/resume"), body: body}, options)
}

// DeleteFlow ends a flow and frees its name.
func (c *Client) DeleteFlow(ctx context.Context, name string, options ...Option) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: pathOf("/v1/flows/", name, "")}, nil, options...)
	return err
}

// RunFlow begins a run; an empty input is null. TestFlow tries the flow with a
// sample of its trigger, unless there is an input.
func (c *Client) RunFlow(ctx context.Context, name string, input json.RawMessage, options ...Option) (Run, error) {
	return c.begin(ctx, name, "/run", input, options)
}

// TestFlow tries a flow in test mode.
func (c *Client) TestFlow(ctx context.Context, name string, input json.RawMessage, options ...Option) (Run, error) {
	return c.begin(ctx, name, "/test", input, options)
}

func (c *Client) begin(ctx context.Context, name, verb string, input json.RawMessage, options []Option) (Run, error) {
	body := map[string]any{}
	if len(input) > 0 {
		body["input"] = input
	}
	return send[Run](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/flows/", name, verb), body: body}, options)
}

// Posted is what came of a post to a flow.
type Posted struct {
	Run       *string `json:"run"`
	Duplicate bool    `json:"duplicate"`
}

// PostToFlow starts a flow that has on: webhook, as somebody who knows its
// address and has its secret would.
func (c *Client) PostToFlow(ctx context.Context, address, secret string, body any, options ...Option) (Posted, error) {
	poster := *c
	poster.bearer = secret
	return send[Posted](ctx, &poster, call{method: http.MethodPost, path: address, body: body}, options)
}
