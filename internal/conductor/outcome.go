package conductor

import (
	"errors"
	"time"

	"florin/internal/pay"
)

// approvalWait is when the server hands a task out again whose write waits for
// a person, who takes minutes rather than seconds.
const approvalWait = 30 * time.Second

// succeeded adds to told what an operation brought.
func succeeded(told result, done pay.OperationResult, at settled) result {
	told.Status = statusCompleted
	told.Output = outputOf(done, at)
	if done.Approval != nil {
		told.Status, told.CallbackAfter = statusInProgress, int(approvalWait.Seconds())
		told.Reason = "waits for the approval " + string(done.Approval.ID)
	}
	return told
}

// failed adds to told why an operation was not carried out, or that this is
// not known. What a retry can mend is FAILED, and the server tries again under
// the same idempotency key; the rest is terminal.
func failed(told result, done pay.OperationResult, err error, at settled) result {
	why := &pay.Error{Code: pay.CodeInternal, Message: "an error of Florin's own; its log has more"}
	var known *pay.Error
	if errors.As(err, &known) {
		why = known
	}
	retryable := why.Code == pay.CodeInternal || why.Retryable()
	told.Status, told.Reason = statusTerminal, why.Message
	if retryable {
		told.Status = statusFailed
	}
	left := outputOf(done, at)
	left.Error = &failure{
		Code: string(why.Code), Message: why.Message, Parameter: why.Field,
		ProviderCode: why.ProviderCode, DeclineCode: why.DeclineCode, Retryable: retryable,
	}
	told.Output = left
	return told
}

func outputOf(done pay.OperationResult, at settled) output {
	left := output{
		Output: done.Output, Replayed: done.Replayed, RequestRef: done.RequestRef, IdempotencyKey: done.ProviderKey,
		Stripe: settled{Definitive: done.Final, Generation: at.Generation, Begun: at.Begun},
	}
	if done.Approval != nil {
		left.Approval = string(done.Approval.ID)
	}
	return left
}
