package api

import (
	"encoding/json"
	"net/http"

	"florin/internal/engine/automation"
	"florin/internal/pay"
)

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
	return Run{
		ID: string(r.ID), Mode: string(r.Owner.Mode), Flow: r.FlowName, Version: r.Version, State: string(r.State), Cause: string(r.Cause),
		Ref: orNull(r.Ref), Attempt: r.Attempt, CreatedAt: stamp(r.CreatedAt), StartedAt: stampOrNull(r.StartedAt), EndedAt: stampOrNull(r.EndedAt),
		Sequence: r.Sequence, Error: runFailure(r.Failure),
	}
}

// RunEvent is the body of an event about a run.
func (Presenter) RunEvent(e pay.Event, r pay.Run) []byte { return eventBody(e, runView(r)) }

// RunHistory is a run with all that it did.
type RunHistory struct {
	Run
	Origin *string         `json:"origin" format:"uuid" doc:"The run that this one takes over from; null unless it is a rerun."`
	Parent *string         `json:"parent" format:"uuid" doc:"The run whose step called the flow; null for others."`
	DueAt  *string         `json:"due_at" format:"date-time" doc:"When it goes on; null when it has ended."`
	Input  json.RawMessage `json:"input" doc:"What trigger is in the flow's expressions."`
	Output json.RawMessage `json:"output" doc:"What the flow says it gives; null until it has succeeded."`
	Steps  []RunStep       `json:"steps" doc:"In the order of their beginning."`
}

// RunStep is a step of a run that was begun.
type RunStep struct {
	Path     string          `json:"path" doc:"Names it within the run." example:"each[3].copy"`
	Step     string          `json:"step" doc:"Its id in the flow."`
	Do       string          `json:"do" example:"db.insert"`
	State    string          `json:"state" enum:"running,waiting,succeeded,failed"`
	Attempts int             `json:"attempts"`
	Call     string          `json:"idempotency_key" doc:"Of every attempt; a write whose outcome was not known keeps it in a rerun."`
	Input    json.RawMessage `json:"input" doc:"As it was worked out before the first attempt. Secrets of connections are never part of it."`
	Output   json.RawMessage `json:"output"`
	Error    *RunFailure     `json:"error"`
	BegunAt  string          `json:"begun_at" format:"date-time"`
	EndedAt  *string         `json:"ended_at" format:"date-time"`
	DueAt    *string         `json:"due_at" format:"date-time" doc:"Of the next attempt; null when none is planned."`
}

func runFailure(f pay.RunFailure) *RunFailure {
	if f.IsZero() {
		return nil
	}
	return &RunFailure{Code: f.Code, Message: f.Message, Field: orNull(f.Field), Step: orNull(f.Step)}
}

func runHistory(h automation.History) RunHistory {
	return RunHistory{
		Run: runView(h.Run), Origin: orNull(string(h.Run.Origin)), Parent: orNull(string(h.Run.Parent)), DueAt: stampOrNull(h.Run.DueAt),
		Input: orJSONNull(h.Input), Output: orJSONNull(h.Output), Steps: views(h.Steps, runStep),
	}
}

func runStep(s automation.StepHistory) RunStep {
	return RunStep{
		Path: s.Path, Step: s.Step, Do: s.Do, State: string(s.State), Attempts: s.Attempts, Call: s.Call,
		Input: orJSONNull(s.Given), Output: orJSONNull(s.Came), Error: runFailure(s.Failure),
		BegunAt: stamp(s.BegunAt), EndedAt: stampOrNull(s.EndedAt), DueAt: stampOrNull(s.DueAt),
	}
}

// orJSONNull is JSON that is not there, written out.
func orJSONNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// RunQuery is the query of GET /v1/runs.
type RunQuery struct {
	Page
	Flow  string   `json:"flow,omitempty" doc:"Name of a flow."`
	State []string `json:"state,omitempty" enum:"pending,running,waiting,succeeded,failed,canceled" doc:"One or several, repeated or with commas."`
}

// Rerun is the body of POST /v1/runs/{id}/rerun.
type Rerun struct {
	From string `json:"from,omitempty" maxLength:"200" doc:"Path or id of the first step that is done anew; the one that failed when absent."`

	Input json.RawMessage `json:"input,omitempty" doc:"What trigger is for the steps that are done now; what it was when absent. What was done before stays done."`
}

func runs(s *server, in *intake) error {
	var query RunQuery
	if err := in.query(&query); err != nil {
		return err
	}
	found, err := s.flows.Runs(in.ctx(), in.key.Owner, query.Flow, words[pay.RunState](query.State), query.page())
	if err != nil {
		return at(err, "flow")
	}
	in.sendList(views(found.Items, runView), found.Next)
	return nil
}

func oneRun(s *server, in *intake) error {
	id, err := in.id()
	if err != nil {
		return err
	}
	return s.sendRun(in, id)
}

func (s *server) sendRun(in *intake, id pay.ID) error {
	found, err := s.flows.Run(in.ctx(), in.key.Owner, id)
	if err != nil {
		return err
	}
	in.sendData(runHistory(found))
	return nil
}

func rerun(s *server, in *intake) error {
	var body Rerun
	if err := in.body(&body); err != nil {
		return err
	}
	id, err := in.id()
	if err != nil {
		return err
	}
	fresh, err := s.flows.Rerun(in.ctx(), in.key, automation.RerunRequest{Run: id, From: body.From, Key: in.idempotencyKey, Input: body.Input})
	if err != nil {
		return err
	}
	sendJSON(in.w, http.StatusCreated, success{Success: true, Data: runView(fresh)})
	return nil
}

func cancelRun(s *server, in *intake) error {
	if err := in.body(&nothing{}); err != nil {
		return err
	}
	id, err := in.id()
	if err != nil {
		return err
	}
	canceled, err := s.flows.Cancel(in.ctx(), in.key.Owner, id)
	if err != nil {
		return err
	}
	in.sendData(runView(canceled))
	return nil
}

const runsTag = "Runs"

var runRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/v1/runs", Scope: pay.ScopeFlowsRead, Key: KeyUnused,
		Tag: runsTag, Name: "listRuns", Status: http.StatusOK, Gives: Run{}, List: true,
		Summary: "List runs", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeNotFound}, asks: typeOf[RunQuery](), handle: runs,
	},
	{
		Method: http.MethodGet, Path: "/v1/runs/{id}", Scope: pay.ScopeFlowsRead, Key: KeyUnused,
		Tag: runsTag, Name: "getRun", Status: http.StatusOK, Gives: RunHistory{},
		Summary: "Read a run with its history", Detail: "What went into each step, what came out, how often it was tried, and when.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeInvalidID}, handle: oneRun,
	},
	{
		Method: http.MethodPost, Path: "/v1/runs/{id}/rerun", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: runsTag, Name: "rerun", Status: http.StatusCreated, Gives: Run{},
		Summary: "Run again from a step",
		Detail: "A new run takes over what the earlier one has done before the step, and goes on from there with the same version of the flow. " +
			"A write whose outcome was never known is asked for under its old identity, so that it cannot happen twice; one that was refused, or that is done anew, gets a new one.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeInvalidID, pay.CodeRunNotEnded, pay.CodeInDoubt, pay.CodeReconcileNeeded}, takes: typeOf[Rerun](), handle: rerun,
	},
	{
		Method: http.MethodPost, Path: "/v1/runs/{id}/cancel", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: runsTag, Name: "cancelRun", Status: http.StatusOK, Gives: Run{},
		Summary: "Call a run off",
		Detail:  "A step that is under way is finished, and no further one begins. What was done stays done.",
		Codes:   []pay.Code{pay.CodeNotFound, pay.CodeInvalidID, pay.CodeRunEnded}, takes: typeOf[nothing](), handle: cancelRun,
	},
}
