package mcp

import (
	"context"
	"encoding/json"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"florin/internal/pay"
)

// preview is the request that a dry run would have sent.
type preview struct {
	Method         string      `json:"method"`
	Path           string      `json:"path"`
	Form           []formField `json:"form"`
	IdempotencyKey string      `json:"idempotency_key,omitempty"`
	Connection     string      `json:"connection"`
}

type formField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// waiting is a write that a person must approve.
type waiting struct {
	Status     string `json:"status"`
	ApprovalID string `json:"approval_id"`
	Hint       string `json:"hint"`
}

// told shows what came of an operation: its output, as the tool's schema says,
// or what stands for it while there is none.
func told(done pay.OperationResult) (*sdk.CallToolResult, error) {
	switch {
	case done.Preview != nil:
		return structured(map[string]preview{"dry_run": previewOf(*done.Preview)})
	case done.Approval != nil:
		return structured(waiting{
			Status: string(pay.OperationAwaiting), ApprovalID: string(done.Approval.ID),
			Hint: "A person decides. Ask get-approval how it went; once it is approved, the same call with the idempotency_key " + done.Call + " has the result.",
		})
	}
	result, err := structured(done.Output)
	if err == nil && done.ID != "" {
		result.Meta = sdk.Meta{
			"florin/idempotency_key": done.Call, "florin/replayed": done.Replayed, "florin/provider_request_id": done.RequestRef,
		}
	}
	return result, err
}

func previewOf(p pay.OperationPreview) preview {
	shown := preview{Method: p.Method, Path: p.Path, Form: make([]formField, len(p.Form)), IdempotencyKey: p.Key, Connection: p.Connection}
	for i, field := range p.Form {
		shown.Form[i] = formField(field)
	}
	return shown
}

// approvalTool lets an agent learn what a person decided.
var approvalTool = &sdk.Tool{
	Name: "get-approval", Title: "Get Approval",
	Description: "Tells whether a write that waited for a person was approved or denied, and what came of it.",
	InputSchema: json.RawMessage(`{"type":"object","properties":{"approval_id":{"type":"string"}},"required":["approval_id"],"additionalProperties":false}`),
	Annotations: &sdk.ToolAnnotations{Title: "Get Approval", ReadOnlyHint: true, IdempotentHint: true},
}

func (a agent) tellApproval(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
	var asked struct {
		ID string `json:"approval_id"`
	}
	if err := json.Unmarshal(req.Params.Arguments, &asked); err != nil {
		return refused(pay.Invalid(pay.CodeInvalidField, "approval_id", "give the approval_id that the write was answered with")), nil
	}
	id, err := pay.ParseID(asked.ID)
	if err != nil {
		return refused(err), nil
	}
	found, err := a.operations.Approval(ctx, a.key.Owner, id)
	if err != nil {
		return refused(err), nil
	}
	return structured(approvalOf(found))
}

// approval is what an agent learns of a write that waits for a person.
type approval struct {
	Status         pay.ApprovalStatus `json:"status"`
	Operation      string             `json:"operation"`
	IdempotencyKey string             `json:"idempotency_key"`
	Note           string             `json:"note,omitempty"` // of who decided
	ExpiresAt      time.Time          `json:"expires_at"`
}

func approvalOf(a pay.Approval) approval {
	return approval{a.Status, a.Operation, a.Call, a.Note, a.ExpiresAt}
}
