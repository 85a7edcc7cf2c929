package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"florin/internal/engine"
	"florin/internal/pay"
)

// ActivityName is the name of an operation's activity: create-refund is
// stripe.create-refund.
func ActivityName(operation string) string { return "stripe." + operation }

// Order is what an activity is given, in JSON, from any language.
type Order struct {
	Connection     string          `json:"connection,omitempty"` // its name; the worker's when left out
	Input          json.RawMessage `json:"input"`                // as the operation's schema says
	IdempotencyKey string          `json:"idempotency_key,omitempty"`
	Begun          time.Time       `json:"begun,omitzero"` // when the key may first have been used, if that is before this activity
}

// Done is what an activity brings.
type Done struct {
	Output         json.RawMessage `json:"output,omitempty"` // as the operation's schema says
	Replayed       bool            `json:"replayed"`         // an earlier attempt had done it
	RequestID      string          `json:"provider_request_id,omitempty"`
	IdempotencyKey string          `json:"idempotency_key,omitempty"`
}

// Refusal is the detail of an activity's error.
type Refusal struct {
	Code         string `json:"code"`
	Message      string `json:"message"`
	Field        string `json:"field,omitempty"`
	ProviderCode string `json:"provider_code,omitempty"`
	DeclineCode  string `json:"decline_code,omitempty"`
	RequestID    string `json:"provider_request_id,omitempty"`
	Retryable    bool   `json:"retryable"`
}

// codeWaits is the type of the error while a person has not decided. It is
// retryable: the next attempt asks again under the same identity.
const codeWaits = "pending_approval"

// runs is the activity of an operation.
func (w *Worker) runs(op pay.Operation) func(ctx context.Context, order Order) (Done, error) {
	return func(ctx context.Context, order Order) (Done, error) {
		info, call := activity.GetInfo(ctx), order.IdempotencyKey
		if call == "" {
			call = identity(info)
		}
		begun := order.Begun
		if begun.IsZero() && info.Attempt > 1 {
			begun = info.ScheduledTime
		}
		connection := order.Connection
		if connection == "" {
			connection = w.cfg.Connection
		}
		done, err := w.cfg.Operations.RunOperation(ctx, engine.OperationRequest{
			Owner: w.cfg.Owner, Key: w.cfg.Key, Connection: connection, Operation: op.Name, Input: order.Input, Call: call, Begun: begun,
		})
		if err != nil {
			return Done{}, refusal(err)
		}
		if done.Approval != nil {
			return Done{}, temporal.NewApplicationError("waits for the approval "+string(done.Approval.ID), codeWaits)
		}
		return Done{Output: done.Output, Replayed: done.Replayed, RequestID: done.RequestRef, IdempotencyKey: done.ProviderKey}, nil
	}
}

// identity is shared by the attempts of one activity, and by nothing else. A
// workflow that is reset gets a new run, and with it new identities: what its
// history has not kept is then done anew.
func identity(info activity.Info) string {
	return pay.Identity("temporal", info.Namespace, info.WorkflowExecution.ID, info.WorkflowExecution.RunID, info.ActivityID)
}

// refusal is an error as Temporal understands it: of a type that workflows can
// tell apart, retried only where that can help, and not too soon.
func refusal(err error) error {
	var known *pay.Error
	if !errors.As(err, &known) {
		return err // of our own making: worth another attempt
	}
	return temporal.NewApplicationErrorWithOptions(known.Message, string(known.Code), temporal.ApplicationErrorOptions{
		NonRetryable:   !known.Retryable(),
		NextRetryDelay: known.RetryAfter,
		Details: []any{Refusal{
			Code: string(known.Code), Message: known.Message, Field: known.Field, ProviderCode: known.ProviderCode,
			DeclineCode: known.DeclineCode, RequestID: known.RequestRef, Retryable: known.Retryable(),
		}},
	})
}
