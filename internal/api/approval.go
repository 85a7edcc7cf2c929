package api

import (
	"encoding/json"

	"florin/internal/pay"
)

// Approval is a write of an API key that waits for a person, or did.
type Approval struct {
	ID         string          `json:"id" format:"uuid"`
	Mode       string          `json:"mode" enum:"test,live"`
	Status     string          `json:"status" enum:"pending,approved,denied,expired"`
	Operation  string          `json:"operation" example:"create-charge"`
	Connection string          `json:"connection" example:"default"`
	Input      json.RawMessage `json:"input,omitempty" doc:"What was asked, as it was written. Events leave it out."`
	Amount     *int64          `json:"amount" doc:"What it would move, in minor units; null when the input does not say."`
	Currency   *string         `json:"currency" example:"USD"`
	Key        string          `json:"key" doc:"Id of the API key that asked."`
	Call       string          `json:"idempotency_key" doc:"Of the write: send it again with this key to get its result."`
	Note       string          `json:"note" doc:"Of the person who decided."`
	DecidedBy  *string         `json:"decided_by" doc:"Id of the API key that decided."`
	DecidedAt  *string         `json:"decided_at" format:"date-time"`
	CreatedAt  string          `json:"created_at" format:"date-time"`
	ExpiresAt  string          `json:"expires_at" format:"date-time"`
	Sequence   int64           `json:"sequence"`
}

func approvalView(a pay.Approval) Approval {
	view := Approval{
		ID: string(a.ID), Mode: string(a.Owner.Mode), Status: string(a.Status), Operation: a.Operation, Connection: a.Connection,
		Input: a.Input, Currency: orNull(string(a.Currency)), Key: a.Key, Call: a.Call, Note: a.Note,
		DecidedBy: orNull(a.DecidedBy), DecidedAt: stampOrNull(a.DecidedAt),
		CreatedAt: stamp(a.CreatedAt), ExpiresAt: stamp(a.ExpiresAt), Sequence: a.Sequence,
	}
	if a.Amount > 0 {
		view.Amount = &a.Amount
	}
	return view
}

// ApprovalEvent is the body of an event about an approval. It has no input:
// that may hold what an endpoint is not meant to see.
func (Presenter) ApprovalEvent(e pay.Event, a pay.Approval) []byte {
	a.Input = nil
	return eventBody(e, approvalView(a))
}
