package api

import "florin/internal/pay"

// Run is one execution of a flow.
type Run struct {
	ID        string      `json:"id" format:"uuid"`
	Mode      string      `json:"mode" enum:"test,live"`
	Flow      string      `json:"flow" doc:"Name of the flow."`
	Version   int         `json:"version" doc:"Of the flow's document, as it was when the run began."`
	State     string      `json:"state" enum:"pending,running,waiting,succeeded,failed,canceled"`
	Cause     string      `json:"cause" enum:"trigger,manual,test,call,rerun"`
	Ref       *string     `json:"ref" doc:"What caused it: the id of an object at Stripe, for example." example:"ch_3MmlLrLkdIwHu7ix0snN0B15"`
	Attempt   int         `json:"attempt" doc:"1, and one more for each rerun."`
	Error     *RunFailure `json:"error" doc:"Why it failed; null otherwise."`
	CreatedAt string      `json:"created_at" format:"date-time"`
	StartedAt *string     `json:"started_at" format:"date-time"`
	EndedAt   *string     `json:"ended_at" format:"date-time"`
	Sequence  int64       `json:"sequence"`
}

// RunFailure is why a run failed.
type RunFailure struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Field   *string `json:"field" doc:"The parameter, as the flow's author wrote it."`
	Step    *string `json:"step" doc:"Path of the step."`
}

func runView(r pay.Run) Run {
	view := Run{
		ID: string(r.ID), Mode: string(r.Owner.Mode), Flow: r.FlowName, Version: r.Version, State: string(r.State), Cause: string(r.Cause),
		Ref: orNull(r.Ref), Attempt: r.Attempt, CreatedAt: stamp(r.CreatedAt), StartedAt: stampOrNull(r.StartedAt), EndedAt: stampOrNull(r.EndedAt),
		Sequence: r.Sequence,
	}
	if !r.Failure.IsZero() {
		view.Error = &RunFailure{Code: r.Failure.Code, Message: r.Failure.Message, Field: orNull(r.Failure.Field), Step: orNull(r.Failure.Step)}
	}
	return view
}

// RunEvent is the body of an event about a run.
func (Presenter) RunEvent(e pay.Event, r pay.Run) []byte { return eventBody(e, runView(r)) }
