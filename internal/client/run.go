package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Run is one execution of a flow. What only Client.Run tells is empty otherwise.
type Run struct {
	ID        string      `json:"id"`
	Mode      string      `json:"mode"`
	Flow      string      `json:"flow"`
	Version   int         `json:"version"`
	State     string      `json:"state"` // pending, running, waiting, succeeded, failed or canceled
	Cause     string      `json:"cause"` // trigger, manual, test, call or rerun
	Ref       *string     `json:"ref"`
	Attempt   int         `json:"attempt"`
	Error     *RunFailure `json:"error"`
	CreatedAt time.Time   `json:"created_at"`
	StartedAt *time.Time  `json:"started_at"`
	EndedAt   *time.Time  `json:"ended_at"`

	Origin *string         `json:"origin,omitempty"`
	Parent *string         `json:"parent,omitempty"`
	DueAt  *time.Time      `json:"due_at,omitempty"`
	Input  json.RawMessage `json:"input,omitempty"`
	Output json.RawMessage `json:"output,omitempty"`
	Steps  []RunStep       `json:"steps,omitempty"`
}

// Ended reports whether nothing more will happen.
func (r Run) Ended() bool {
	return r.State == "succeeded" || r.State == "failed" || r.State == "canceled"
}

// RunFailure is why a run or a step failed.
type RunFailure struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Field   *string `json:"field"`
	Step    *string `json:"step"`
}

// RunStep is a step of a run that was begun.
type RunStep struct {
	Path           string          `json:"path"`
	Step           string          `json:"step"`
	Do             string          `json:"do"`
	State          string          `json:"state"` // running, waiting, succeeded or failed
	Attempts       int             `json:"attempts"`
	IdempotencyKey string          `json:"idempotency_key"`
	Input          json.RawMessage `json:"input"`
	Output         json.RawMessage `json:"output"`
	Error          *RunFailure     `json:"error"`
	BegunAt        time.Time       `json:"begun_at"`
	EndedAt        *time.Time      `json:"ended_at"`
	DueAt          *time.Time      `json:"due_at"`
}

// Runs goes through the runs of a flow, or of all, newest first.
func (c *Client) Runs(ctx context.Context, flow string, states ...string) iter.Seq2[Run, error] {
	return each[Run](ctx, c, "/v1/runs", url.Values(parameters{}.text("flow", flow).list("state", states)))
}

// FlowRun reads a run with its history.
func (c *Client) FlowRun(ctx context.Context, id string) (Run, error) {
	return get[Run](ctx, c, pathOf("/v1/runs/", id, ""), nil)
}

// RerunOptions say how a run is done again.
type RerunOptions struct {
	From  string          // id or path of the first step that is done anew; empty: the one that failed
	Input json.RawMessage // what trigger is from there on; empty: what it was
}

// Rerun begins a run that goes on from a step of an earlier one.
func (c *Client) Rerun(ctx context.Context, id string, how RerunOptions, options ...Option) (Run, error) {
	body := map[string]any{}
	if how.From != "" {
		body["from"] = how.From
	}
	if len(how.Input) > 0 {
		body["input"] = how.Input
	}
	return send[Run](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/runs/", id, "/rerun"), body: body}, options)
}

// CancelRun calls a run off.
func (c *Client) CancelRun(ctx context.Context, id string, options ...Option) (Run, error) {
	return send[Run](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/runs/", id, "/cancel")}, options)
}
