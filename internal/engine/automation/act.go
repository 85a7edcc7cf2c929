package automation

import (
	"context"
	"encoding/json"

	"florin/internal/engine"
	"florin/internal/flow"
)

// Act carries out one action, for our own runs and for those that another
// workflow engine keeps: an operation of Stripe's under the identity w.Key, or
// a built-in action. final says that the outcome is definite: the same key
// would bring the same again.
//
// Errors: those of Operations.RunOperation, and of the built-in action.
func (r *Runner) Act(ctx context.Context, action string, w Work) (output json.RawMessage, final bool, err error) {
	if builtIn, ok := r.builtIns[action]; ok {
		output, err := builtIn.Do(ctx, w)
		return output, err == nil || !isRetryable(err), err
	}
	result, err := r.operations.RunOperation(ctx, engine.OperationRequest{
		Owner: w.Owner, Connection: w.Connection, Operation: action, Input: w.Input, Call: w.Key, Begun: w.Begun,
	})
	return result.Output, result.Final, err
}

// Actions is all that flows can be made of.
func (r *Runner) Actions() flow.Catalogue { return r.catalogue }
