package flow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/flow"
)

// catalogue is a small world: what flows of these tests are made of.
type catalogue struct{}

var actions = []flow.Action{
	{
		Name: "http.request", Summary: "Sends a request.", Writes: true,
		Input: json.RawMessage(`{"type":"object","required":["url"],"additionalProperties":false,"properties":{
			"method":{"type":"string","enum":["GET","POST"]},"url":{"type":"string","description":"Where to. An address."},"body":{}}}`),
		Output: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"status":{"type":"integer"},"body":{}}}`),
	},
	{
		Name: "create-refund", Summary: "Gives money back.", Writes: true,
		Input: json.RawMessage(`{"type":"object","required":["charge_id"],"additionalProperties":false,"properties":{
			"charge_id":{"type":"string"},"amount":{"type":"integer","minimum":1},"metadata":{"type":"object","additionalProperties":{"type":"string"}}}}`),
		Output: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"id":{"type":"string"},"amount":{"type":"integer"},"object":{"type":"object"}}}`),
	},
	{
		Name: "list-charges", Summary: "Lists charges.",
		Input: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"limit":{"type":"integer","minimum":1,"maximum":100}}}`),
		Output: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"has_more":{"type":"boolean"},"data":{"type":"array","items":{
			"type":"object","additionalProperties":false,"properties":{"id":{"type":"string"},"amount":{"type":"integer"}}}}}}`),
	},
}

var triggers = []flow.Trigger{{
	Name: "new-charge", Summary: "A charge was made.", Polls: true,
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"status":{"type":"string","enum":["any","succeeded","failed"]}}}`),
	Output: json.RawMessage(`{"type":"object","required":["id","amount"],"additionalProperties":false,"properties":{"id":{"type":"string"},"amount":{"type":"integer"},
		"currency":{"type":"string"},"email":{"type":["null","string"]},"created":{"type":"integer"},"object":{"type":"object"}}}`),
	Sample: json.RawMessage(`{"id":"ch_1","amount":20000,"currency":"usd","email":null,"created":1767225600}`),
}}

func (catalogue) Action(name string) (flow.Action, bool) {
	for _, a := range actions {
		if a.Name == name {
			return a, true
		}
	}
	return flow.Action{}, false
}

func (catalogue) Trigger(name string) (flow.Trigger, bool) {
	for _, t := range triggers {
		if t.Name == name {
			return t, true
		}
	}
	return flow.Trigger{}, false
}

func (catalogue) Actions() []flow.Action   { return actions }
func (catalogue) Triggers() []flow.Trigger { return triggers }

// morning is when runs of tests begin.
var morning = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)

// parse reads a document that must be right.
func parse(t require.TestingT, source string) *flow.Flow {
	f, err := flow.Parse([]byte(source), catalogue{})
	require.NoError(t, err)
	return f
}

// run is a run that a test moves on by hand.
type run struct {
	t     *testing.T
	flow  *flow.Flow
	state flow.State
}

// start begins a run with the trigger's sample.
func start(t *testing.T, source string) *run {
	return &run{t: t, flow: parse(t, source), state: flow.State{
		Trigger: triggers[0].Sample, Results: map[string]flow.Result{}, Now: morning,
		Run: flow.RunInfo{ID: "run_1", Attempt: 1, Started: morning},
	}}
}

func (r *run) plan() flow.Plan { return r.flow.Next(r.state) }

// ready are the tasks that wait for somebody, with their inputs.
func (r *run) ready() map[string]string {
	all := map[string]string{}
	for _, task := range r.plan().Ready {
		all[task.Path] = string(task.Input)
	}
	return all
}

// gives is the result of a task, a minute after the one before.
func (r *run) gives(path, output string) *run {
	require.Contains(r.t, r.ready(), path, "only what is ready is done")
	r.state.Now = r.state.Now.Add(time.Minute)
	r.state.Results[path] = flow.Result{Output: json.RawMessage(output), At: r.state.Now, Attempts: 1}
	return r
}

// fails is a task that gave up.
func (r *run) fails(path, code string) *run {
	require.Contains(r.t, r.ready(), path, "only what is ready fails")
	r.state.Now = r.state.Now.Add(time.Minute)
	r.state.Results[path] = flow.Result{Failure: &flow.Failure{Code: code, Message: "it went wrong"}, At: r.state.Now, Attempts: 3}
	return r
}

// ended is how the run ended, which it must have.
func (r *run) ended() flow.Ending {
	plan := r.plan()
	require.NotNil(r.t, plan.Ended, "the run goes on: %+v", plan)
	require.Empty(r.t, plan.Ready)
	return *plan.Ended
}
