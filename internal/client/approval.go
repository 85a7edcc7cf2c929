package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Approval is a write that waits for a person, or did.
type Approval struct {
	ID             string          `json:"id"`
	Mode           string          `json:"mode"`
	Status         string          `json:"status"` // pending, approved, denied or expired
	Operation      string          `json:"operation"`
	Connection     string          `json:"connection"`
	Input          json.RawMessage `json:"input"`
	Amount         *int64          `json:"amount"` // minor units
	Currency       *string         `json:"currency"`
	Key            string          `json:"key"` // id of the API key that asked
	IdempotencyKey string          `json:"idempotency_key"`
	Note           string          `json:"note"`
	DecidedBy      *string         `json:"decided_by"`
	DecidedAt      *time.Time      `json:"decided_at"`
	CreatedAt      time.Time       `json:"created_at"`
	ExpiresAt      time.Time       `json:"expires_at"`
	Sequence       int64           `json:"sequence"`
	Result         json.RawMessage `json:"result"` // of Decide: what the approved operation gave
	Error          *Error          `json:"error"`  // of Decide: why it was not carried out
}

// Approvals goes through all approvals of a status, or of any, newest first.
func (c *Client) Approvals(ctx context.Context, status string) iter.Seq2[Approval, error] {
	return each[Approval](ctx, c, "/v1/approvals", url.Values(parameters{}.text("status", status)))
}

// Approval reads an approval.
func (c *Client) Approval(ctx context.Context, id string) (Approval, error) {
	return get[Approval](ctx, c, pathOf("/v1/approvals/", id, ""), nil)
}

// Decide approves or denies a write; approving carries it out.
func (c *Client) Decide(ctx context.Context, id string, approve bool, note string, options ...Option) (Approval, error) {
	body := map[string]any{"decision": "deny"}
	if approve {
		body["decision"] = "approve"
	}
	if note != "" {
		body["note"] = note
	}
	return send[Approval](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/approvals/", id, ""), body: body}, options)
}
