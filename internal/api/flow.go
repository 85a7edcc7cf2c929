package api

import (
	"encoding/json"
	"net/http"

	"florin/internal/engine/automation"
	"florin/internal/flow"
	"florin/internal/pay"
)

// maxFlowBody bounds an applied document, in bytes: the longest there may be,
// with every character escaped.
const maxFlowBody = 2 * flow.MaxSource

// Flow is a document that was applied: a trigger and the steps that follow.
type Flow struct {
	ID          string `json:"id" format:"uuid"`
	Name        string `json:"name" example:"big-charges"`
	Mode        string `json:"mode" enum:"test,live"`
	State       string `json:"state" enum:"active,paused,deleted" doc:"Paused: nothing starts it; runs that have begun go on."`
	Description string `json:"description"`
	Version     int    `json:"version" doc:"1, and one more for each change. A run keeps the one that it began with."`
	Concurrency int    `json:"concurrency" doc:"Runs at work at once."`
	CreatedAt   string `json:"created_at" format:"date-time"`
	UpdatedAt   string `json:"updated_at" format:"date-time"`
}

// FlowDocument is a flow with its document.
type FlowDocument struct {
	Flow
	Trigger   string `json:"trigger" example:"new-charge" doc:"Its state is at /v1/flows/{flow}/trigger."`
	CallsADay int64  `json:"calls_a_day" doc:"What its trigger's polling costs by itself, in requests to Stripe: 15 s are 5,760, an hour is 24. 0 where nothing is polled." example:"5760"`
	Source    string `json:"source" doc:"As it was written."`
}

// AppliedFlow is a flow as applying it has left it.
type AppliedFlow struct {
	FlowDocument
	Changed bool    `json:"changed" doc:"False when the same was there already."`
	Secret  *string `json:"secret" doc:"Of a new webhook: posts are signed with it. It is shown this once."`
	Address *string `json:"address" doc:"Of a webhook: where posts go, below this server's address."`
}

func flowView(f pay.Flow) Flow {
	return Flow{
		ID: string(f.ID), Name: f.Name, Mode: string(f.Owner.Mode), State: string(f.State), Description: f.Description,
		Version: f.Version, Concurrency: f.Concurrency, CreatedAt: stamp(f.CreatedAt), UpdatedAt: stamp(f.UpdatedAt),
	}
}

func flowDocument(a automation.Applied) FlowDocument {
	view := FlowDocument{Flow: flowView(a.Flow), Trigger: a.Document.On.Trigger, Source: string(a.Document.Source)}
	if a.Watch.Kind == pay.WatchPoll {
		view.CallsADay = pay.CallsADay(a.Watch.Every)
	}
	return view
}

func appliedFlow(a automation.Applied) AppliedFlow {
	view := AppliedFlow{FlowDocument: flowDocument(a), Changed: a.Changed, Secret: orNull(a.Secret.Reveal())}
	if a.Watch.Token != "" {
		view.Address = new("/v1/hooks/" + a.Watch.Token)
	}
	return view
}

// ApplyFlow is the body of POST /v1/flows.
type ApplyFlow struct {
	Source string `json:"source" minLength:"1" maxLength:"262144" doc:"The document, as YAML or JSON text."`
}

// CheckedFlow is a document without faults.
type CheckedFlow struct {
	Flow        string   `json:"flow" doc:"Its name."`
	Trigger     string   `json:"trigger" example:"new-charge"`
	Connections []string `json:"connections" doc:"That it uses."`
	Writes      bool     `json:"writes" doc:"A step changes something outside."`
}

// FlowQuery is the query of GET /v1/flows.
type FlowQuery struct {
	Page
	State []string `json:"state,omitempty" enum:"active,paused,deleted" doc:"One or several, repeated or with commas; active and paused when absent."`
}

// ResumeFlow is the body of POST /v1/flows/{flow}/resume.
type ResumeFlow struct {
	Missed string `json:"missed,omitempty" enum:"catch_up,from_now" doc:"What becomes of what came while the flow was paused; catch_up when absent, unless that was for more than 30 days."`
}

// RunInput is the body of POST /v1/flows/{flow}/run and /test.
type RunInput struct {
	Input json.RawMessage `json:"input,omitempty" doc:"What trigger is in the flow's expressions. A test without it takes a sample of the trigger."`
}

func applyFlow(s *server, in *intake) error {
	var body ApplyFlow
	if err := in.body(&body); err != nil {
		return err
	}
	applied, err := s.flows.Apply(in.ctx(), in.key, []byte(body.Source))
	if err != nil {
		return err
	}
	in.sendData(appliedFlow(applied))
	return nil
}

func checkFlow(s *server, in *intake) error {
	var body ApplyFlow
	if err := in.body(&body); err != nil {
		return err
	}
	f, err := s.flows.Check([]byte(body.Source))
	if err != nil {
		return err
	}
	uses := f.Uses()
	in.sendData(CheckedFlow{Flow: f.Name, Trigger: f.On.Trigger, Connections: append([]string{}, uses.Connections...), Writes: uses.Writes})
	return nil
}

func flows(s *server, in *intake) error {
	var query FlowQuery
	if err := in.query(&query); err != nil {
		return err
	}
	found, err := s.flows.Flows(in.ctx(), in.key.Owner, pay.FlowFilter{States: words[pay.FlowState](query.State)}, query.page())
	if err != nil {
		return err
	}
	in.sendList(views(found.Items, flowView), found.Next)
	return nil
}

func oneFlow(s *server, in *intake) error {
	found, err := s.flows.Flow(in.ctx(), in.key.Owner, in.r.PathValue("flow"))
	if err != nil {
		return err
	}
	in.sendData(flowDocument(found))
	return nil
}

func pauseFlow(s *server, in *intake) error {
	if err := in.body(&nothing{}); err != nil {
		return err
	}
	paused, err := s.flows.PauseFlow(in.ctx(), in.key.Owner, in.r.PathValue("flow"))
	if err != nil {
		return err
	}
	in.sendData(flowDocument(paused))
	return nil
}

func resumeFlow(s *server, in *intake) error {
	var body ResumeFlow
	if err := in.body(&body); err != nil {
		return err
	}
	resumed, err := s.flows.ResumeFlow(in.ctx(), in.key, in.r.PathValue("flow"), pay.Resume(body.Missed))
	if err != nil {
		return err
	}
	in.sendData(flowDocument(resumed))
	return nil
}

func deleteFlow(s *server, in *intake) error {
	if err := in.body(&nothing{}); err != nil {
		return err
	}
	id, err := s.flows.DeleteFlow(in.ctx(), in.key.Owner, in.r.PathValue("flow"))
	if err != nil {
		return err
	}
	in.sendData(Deleted{ID: string(id), Deleted: true})
	return nil
}

func runFlow(s *server, in *intake) error {
	return s.begin(in, func(name string, input json.RawMessage) (pay.Run, error) {
		return s.flows.RunFlow(in.ctx(), in.key, automation.RunRequest{Flow: name, Key: in.idempotencyKey, Input: input})
	})
}

func testFlow(s *server, in *intake) error {
	return s.begin(in, func(name string, input json.RawMessage) (pay.Run, error) {
		return s.flows.TestFlow(in.ctx(), in.key, automation.RunRequest{Flow: name, Key: in.idempotencyKey, Input: input})
	})
}

// begin answers with a run that was asked for.
func (s *server) begin(in *intake, ask func(name string, input json.RawMessage) (pay.Run, error)) error {
	var body RunInput
	if err := in.body(&body); err != nil {
		return err
	}
	begun, err := ask(in.r.PathValue("flow"), body.Input)
	if err != nil {
		return err
	}
	sendJSON(in.w, http.StatusCreated, success{Success: true, Data: runView(begun)})
	return nil
}

const flowsTag = "Flows"

var flowRoutes = []Route{
	{
		Method: http.MethodPost, Path: "/v1/flows", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "applyFlow", Status: http.StatusOK, Gives: AppliedFlow{},
		Summary: "Apply a flow",
		Detail: "Keeps the document as the flow of its name: a new flow, or a new version of the one there is. Applying what is there already changes nothing. " +
			"With faults nothing is kept, and problems lists all of them.",
		Codes: []pay.Code{pay.CodeFlowInvalid, pay.CodeOperationDenied, pay.CodeScopeMissing, pay.CodeNotFound, pay.CodeProviderMissing},
		takes: typeOf[ApplyFlow](), maxBody: maxFlowBody, handle: applyFlow,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/check", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "checkFlow", Status: http.StatusOK, Gives: CheckedFlow{},
		Summary: "Check a flow's document", Detail: "Nothing is kept.", Codes: []pay.Code{pay.CodeFlowInvalid},
		takes: typeOf[ApplyFlow](), maxBody: maxFlowBody, handle: checkFlow,
	},
	{
		Method: http.MethodGet, Path: "/v1/flows", Scope: pay.ScopeFlowsRead, Key: KeyUnused,
		Tag: flowsTag, Name: "listFlows", Status: http.StatusOK, Gives: Flow{}, List: true,
		Summary: "List flows", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor}, asks: typeOf[FlowQuery](), handle: flows,
	},
	{
		Method: http.MethodGet, Path: "/v1/flows/{flow}", Scope: pay.ScopeFlowsRead, Key: KeyUnused,
		Tag: flowsTag, Name: "getFlow", Status: http.StatusOK, Gives: FlowDocument{},
		Summary: "Read a flow by its name", Codes: []pay.Code{pay.CodeNotFound}, handle: oneFlow,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/pause", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "pauseFlow", Status: http.StatusOK, Gives: FlowDocument{},
		Summary: "Pause a flow", Detail: "Its trigger starts nothing; runs that have begun go on.", Codes: []pay.Code{pay.CodeNotFound},
		takes: typeOf[nothing](), handle: pauseFlow,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/resume", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "resumeFlow", Status: http.StatusOK, Gives: FlowDocument{},
		Summary: "Resume a flow", Codes: []pay.Code{pay.CodeNotFound, pay.CodeProviderMissing}, takes: typeOf[ResumeFlow](), handle: resumeFlow,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/run", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "runFlow", Status: http.StatusCreated, Gives: Run{},
		Summary: "Run a flow now", Detail: "Also a paused one. The same Idempotency-Key is the same run.", Codes: []pay.Code{pay.CodeNotFound},
		takes: typeOf[RunInput](), handle: runFlow,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/test", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "testFlow", Status: http.StatusCreated, Gives: Run{},
		Summary: "Try a flow with a sample of its trigger", Detail: "In test mode only. No poll and no cursor is touched.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeInvalidMode}, takes: typeOf[RunInput](), handle: testFlow,
	},
	{
		Method: http.MethodDelete, Path: "/v1/flows/{flow}", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: flowsTag, Name: "deleteFlow", Status: http.StatusOK, Gives: Deleted{},
		Summary: "Delete a flow", Detail: "Nothing starts it any more, and its name is free. Its runs go on to their ends and can be read.",
		Codes: []pay.Code{pay.CodeNotFound}, takes: typeOf[nothing](), handle: deleteFlow,
	},
}
