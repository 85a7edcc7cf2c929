package automation

import (
	"context"
	"errors"
	"time"

	"florin/internal/flow"
	"florin/internal/pay"
)

// attempt tries a step once.
func (h *holding) attempt(ctx context.Context, task flow.Task, s pay.RunStep) attempt {
	input, err := h.r.open(s.Input, stepContext(s.Run, s.Path, "input"))
	if err != nil {
		return attempt{task: task, err: err}
	}
	if task.Call != "" {
		return h.call(ctx, task, s, input)
	}
	limited, cancel := context.WithTimeout(ctx, h.patience(task.Timeout))
	defer cancel()
	output, final, err := h.r.Act(limited, task.Do, Work{
		Owner: h.run.Owner, Connection: task.Connection, Input: input, Key: s.Call, Begun: s.BegunAt,
	})
	if ctx.Err() != nil {
		return attempt{task: task, err: ctx.Err()} // stopped or taken away: the next holder asks under the same identity
	}
	if err != nil {
		return h.failed(task, s, final, err)
	}
	return attempt{task: task, output: output, final: true}
}

// failed decides whether a failure is tried again.
func (h *holding) failed(task flow.Task, s pay.RunStep, final bool, err error) attempt {
	a := attempt{task: task, failure: explain(err, task.Path), final: final}
	if !isRetryable(err) {
		return a
	}
	if wait, more := task.Retry.Delay(s.Attempts); more {
		a.again = max(wait, retryAfter(err), time.Millisecond)
	}
	return a
}

// isRetryable reports whether trying again can help. An error of no known kind
// is our own machine's, or a time-out.
func isRetryable(err error) bool {
	var known *pay.Error
	return !errors.As(err, &known) || known.Code == pay.CodeInternal || known.Retryable()
}

func retryAfter(err error) time.Duration {
	var known *pay.Error
	if errors.As(err, &known) {
		return known.RetryAfter
	}
	return 0
}

// explain puts an error into words for the run's history. What is not a
// pay.Error may hold anything, and is not shown.
func explain(err error, path string) *pay.RunFailure {
	var known *pay.Error
	switch {
	case errors.As(err, &known):
		return &pay.RunFailure{Code: string(known.Code), Message: known.Message, Field: known.Field, Step: path}
	case errors.Is(err, context.DeadlineExceeded):
		return &pay.RunFailure{Code: string(pay.CodeStepTimeout), Message: "the attempt took longer than the step's timeout", Step: path}
	}
	return &pay.RunFailure{Code: string(pay.CodeInternal), Message: "an error of Florin's own; its log has more", Step: path}
}
