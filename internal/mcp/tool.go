package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"florin/internal/engine"
	"florin/internal/pay"
)

// agent runs operations in the name of one key.
type agent struct {
	operations Operations
	key        pay.APIKey
}

// The parameters that a tool has besides those of its operation.
const (
	paramConnection     = "connection"
	paramIdempotencyKey = "idempotency_key"
	paramDryRun         = "dry_run"
)

// extra is what a tool takes besides the operation's input.
type extra struct {
	Connection     string `json:"connection"`
	IdempotencyKey string `json:"idempotency_key"`
	DryRun         bool   `json:"dry_run"`
}

// toolOf shows an operation as a tool.
func toolOf(op pay.Operation) *sdk.Tool {
	tool := &sdk.Tool{
		Name: op.Name, Title: op.Title, Description: describe(op), InputSchema: inputSchema(op),
		Annotations: &sdk.ToolAnnotations{
			Title: op.Title, ReadOnlyHint: !op.Writes, IdempotentHint: !op.Writes, DestructiveHint: &op.Writes,
		},
	}
	if !op.Writes {
		tool.OutputSchema = op.Output // a write may be answered with an approval instead
	}
	return tool
}

func describe(op pay.Operation) string {
	return strings.Join(append([]string{op.Summary}, op.Rules...), " ")
}

// inputSchema is the operation's, with the parameters that every tool has.
func inputSchema(op pay.Operation) map[string]any {
	var schema map[string]any
	if err := json.Unmarshal(op.Input, &schema); err != nil || schema == nil {
		schema = map[string]any{"type": "object"}
	}
	properties, _ := schema["properties"].(map[string]any)
	properties = maps.Clone(properties)
	if properties == nil {
		properties = map[string]any{}
	}
	properties[paramConnection] = map[string]any{
		"type": "string", "description": "The name of the connection to Stripe; the merchant's default one when left out.",
	}
	if op.Writes {
		properties[paramIdempotencyKey] = map[string]any{
			"type": "string", "maxLength": pay.MaxIdempotencyKey,
			"description": "A text of your own for this one intent. The same text again means the same write, which is then not carried out twice.",
		}
		properties[paramDryRun] = map[string]any{"type": "boolean", "description": "Show the request that would be sent, and send nothing."}
	}
	schema["properties"] = properties
	return schema
}

// runs is the tool's handler.
func (a agent) runs(op pay.Operation) sdk.ToolHandler {
	return func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		also, input, err := split(req.Params.Arguments)
		if err != nil {
			return refused(err), nil
		}
		done, err := a.operations.RunOperation(ctx, engine.OperationRequest{
			Owner: a.key.Owner, Key: a.key, Connection: also.Connection, Operation: op.Name,
			Input: input, Call: also.IdempotencyKey, DryRun: also.DryRun,
		})
		if err != nil {
			return refused(err), nil
		}
		return told(done)
	}
}

// split takes what is for Florin out of a tool's arguments.
//
// Errors: invalid_body, invalid_field.
func split(arguments json.RawMessage) (also extra, input json.RawMessage, err error) {
	fields := map[string]json.RawMessage{}
	if len(arguments) > 0 {
		if err := json.Unmarshal(arguments, &fields); err != nil {
			return also, nil, pay.Errorf(pay.CodeInvalidBody, "the arguments of a tool are a JSON object")
		}
	}
	for name, into := range map[string]any{
		paramConnection: &also.Connection, paramIdempotencyKey: &also.IdempotencyKey, paramDryRun: &also.DryRun,
	} {
		given, ok := fields[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(given, into); err != nil {
			return also, nil, pay.Invalid(pay.CodeInvalidField, name, "%s is not of the type that the tool's schema gives", name)
		}
		delete(fields, name)
	}
	input, err = json.Marshal(fields)
	return also, input, err
}

// problem is why a tool did nothing, in words that an agent can act on.
type problem struct {
	Code         string `json:"code"`
	Message      string `json:"message"`
	Field        string `json:"field,omitempty"`
	ProviderCode string `json:"provider_code,omitempty"`
	DeclineCode  string `json:"decline_code,omitempty"`
	RequestRef   string `json:"provider_request_id,omitempty"`
	Retryable    bool   `json:"retryable"`
}

// refused is a result rather than an error of the protocol, so that the agent
// sees what was wrong and can mend it.
func refused(err error) *sdk.CallToolResult {
	shown := problem{Code: string(pay.CodeInternal), Message: "an error of Florin's own; its log has more"}
	var known *pay.Error
	if errors.As(err, &known) {
		shown = problem{
			Code: string(known.Code), Message: known.Message, Field: known.Field, ProviderCode: known.ProviderCode,
			DeclineCode: known.DeclineCode, RequestRef: known.RequestRef, Retryable: known.Retryable(),
		}
	}
	text, _ := json.Marshal(map[string]problem{"error": shown}) // texts and a bool always marshal
	return &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: string(text)}}}
}

// structured is a result as JSON, for programs and, as text, for models.
func structured(v any) (*sdk.CallToolResult, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &sdk.CallToolResult{StructuredContent: json.RawMessage(text), Content: []sdk.Content{&sdk.TextContent{Text: string(text)}}}, nil
}
