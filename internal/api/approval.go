package api

import (
	"context"
	"encoding/json"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/telemetry"
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

// ApprovalQuery is the query of GET /v1/approvals.
type ApprovalQuery struct {
	Page
	Status []string `json:"status,omitempty" enum:"pending,approved,denied,expired" doc:"One or several, repeated or with commas."`
}

func approvals(ctx context.Context, e *engine.Engine, o pay.Owner, q ApprovalQuery) (pay.List[pay.Approval], error) {
	return e.Approvals(ctx, o, words[pay.ApprovalStatus](q.Status), q.page())
}

// DecideApproval is the body of POST /v1/approvals/{id}.
type DecideApproval struct {
	Decision string `json:"decision" enum:"approve,deny"`
	Note     string `json:"note,omitempty" maxLength:"500" doc:"Why; the one who asked reads it."`
}

// DecidedApproval is an approval after the decision, with what came of the
// write when it was approved.
type DecidedApproval struct {
	Approval
	Result json.RawMessage `json:"result" doc:"What the operation gave; null when denied or refused."`
	Error  *Problem        `json:"error" doc:"Why the approved operation was not carried out, or is in doubt; null otherwise."`
}

// decide takes a decision. Once it is taken the answer is a success, whatever
// Stripe says to the write: that is part of the answer.
func decide(s *server, in *intake) error {
	var body DecideApproval
	if err := in.body(&body); err != nil {
		return err
	}
	id, err := in.id()
	if err != nil {
		return err
	}
	approval, result, err := s.engine.Decide(in.ctx(), in.key, id, engine.Decision{Approve: body.Decision == "approve", Note: body.Note})
	if err != nil && approval.Status != pay.ApprovalApproved {
		return err
	}
	view := DecidedApproval{Approval: approvalView(approval), Result: result.Output}
	if err != nil {
		view.Error = new(problem(public(err), telemetry.RequestID(in.ctx())))
	}
	in.sendData(view)
	return nil
}

const approvalsTag = "Approvals"

var approvalRoutes = []Route{
	list(Route{
		Method: http.MethodGet, Path: "/v1/approvals", Scope: pay.ScopeApprovalsRead, Key: KeyUnused,
		Tag: approvalsTag, Name: "listApprovals", Status: http.StatusOK, Gives: Approval{}, List: true,
		Summary: "List the writes that wait for a person, or did", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor},
	}, approvals, approvalView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/approvals/{id}", Scope: pay.ScopeApprovalsRead, Key: KeyUnused,
		Tag: approvalsTag, Name: "getApproval", Status: http.StatusOK, Gives: Approval{},
		Summary: "Read an approval", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Approval, approvalView),
	{
		Method: http.MethodPost, Path: "/v1/approvals/{id}", Scope: pay.ScopeApprovalsWrite, Key: KeyHonoured,
		Tag: approvalsTag, Name: "decideApproval", Status: http.StatusOK, Gives: DecidedApproval{},
		Summary: "Approve or deny a write",
		Detail: "Approving carries the write out and answers with what came of it. The API key that asked cannot decide, nor one that it was rotated to. " +
			"A decision is taken once: a repeated request is told that it was.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeInvalidID, pay.CodeApprovalDecided, pay.CodeApprovalOwn},
		takes: typeOf[DecideApproval](), handle: decide,
	},
}
