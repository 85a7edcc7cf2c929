package flow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/flow"
)

const bigCharges = `
flow: big-charges
description: Every charge over 100.00 goes to accounting.
on:
  new-charge: { every: 15s, start: now, status: succeeded }
when: trigger.amount > 10000
steps:
  - id: post
    do: http.request
    with:
      method: POST
      url: http://127.0.0.1:3000/charges
      body: { id: "${trigger.id}", amount: "${trigger.amount}", text: "${money(trigger.amount, trigger.currency)} of ${trigger.id}", mail: "${trigger.email}" }
    retry: { attempts: 5, wait: 10s }
    timeout: 30s
    undo: { do: create-refund, with: { charge_id: "${trigger.id}", amount: "${steps.post.status}" } }
  - if: steps.post.status == 200
    then:
      - id: back
        do: create-refund
        with: { charge_id: "${trigger.id}", amount: "${trigger.amount * 2}" }
    else:
      - fail: "accounting said ${steps.post.status}"
output: { refund: "${steps.back.id}" }
`

func TestAFlowFromItsTriggerToItsEnd(t *testing.T) {
	t.Parallel()
	r := start(t, bigCharges)
	starts, err := r.flow.Starts(r.state.Trigger, r.state.Run)
	require.NoError(t, err)
	assert.True(t, starts)
	assert.Equal(t, flow.Plan{Decided: map[string]flow.Decision{}, Ready: []flow.Task{{
		Path: "post", Step: "post", Do: "http.request", Connection: "default", Writes: true, Timeout: 30 * time.Second,
		Retry: flow.Retry{Attempts: 5, Wait: 10 * time.Second, Factor: 2, Most: 10 * time.Minute},
		Input: json.RawMessage(`{"body":{"amount":20000,"id":"ch_1","mail":null,"text":"200.00 of ch_1"},"method":"POST","url":"http://127.0.0.1:3000/charges"}`),
	}}}, r.plan())

	r.gives("post", `{"status":200}`)
	assert.Equal(t, map[string]string{"back": `{"amount":40000,"charge_id":"ch_1"}`}, r.ready())
	assert.Equal(t, flow.Decision{Kind: flow.KindIf, Branch: "then"}, r.plan().Decided["step-2"])
	r.gives("back", `{"id":"re_1"}`)
	assert.Equal(t, flow.Ending{Output: json.RawMessage(`{"refund":"re_1"}`)}, r.ended())
}

func TestAFailedRunTakesBackWhatWasDone(t *testing.T) {
	t.Parallel()
	r := start(t, bigCharges).gives("post", `{"status":500}`)
	plan := r.plan()
	require.Len(t, plan.Ready, 1)
	assert.Equal(t, "undo/post", plan.Ready[0].Path)
	assert.True(t, plan.Ready[0].Undo)
	assert.JSONEq(t, `{"charge_id":"ch_1","amount":500}`, string(plan.Ready[0].Input))
	r.gives("undo/post", `{}`)
	assert.Equal(t, flow.Ending{
		Failure: &flow.Failure{Code: "flow_failed", Message: "accounting said 500", Step: "step-4"}, Undone: []string{"post"},
	}, r.ended())
}

func TestARequiredInputThatIsNullIsRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	r := start(t, `
flow: nothing
on: new-charge
steps:
  - { id: back, do: create-refund, with: { charge_id: "${trigger.object.charge}", amount: "${trigger.object.amount}" } }
`)
	assert.Equal(t, flow.Ending{Failure: &flow.Failure{
		Code: "invalid_input", Field: "charge_id", Step: "back", Message: "charge_id is required by create-refund, and is null",
	}}, r.ended())
}

func TestLoopsAreBoundedAndGiveLists(t *testing.T) {
	t.Parallel()
	r := start(t, `
flow: all
on: manual
steps:
  - { id: found, do: list-charges }
  - id: each
    for_each: steps.found.data
    as: charge
    parallel: 2
    limit: 3
    steps:
      - { id: back, do: create-refund, with: { charge_id: "${charge.id}", metadata: { place: "${string(index)}" } } }
      - wait: 10m
      - { id: told, do: http.request, with: { url: "http://x/${steps.back.id}" } }
output: "${map(steps.each, #.status)}"
`)
	r.gives("found", `{"data":[{"id":"ch_1"},{"id":"ch_2"},{"id":"ch_3"}]}`)
	assert.Equal(t, map[string]string{
		"each[0].back": `{"charge_id":"ch_1","metadata":{"place":"0"}}`, "each[1].back": `{"charge_id":"ch_2","metadata":{"place":"1"}}`,
	}, r.ready())
	r.gives("each[1].back", `{"id":"re_2"}`).gives("each[0].back", `{"id":"re_1"}`)
	assert.Empty(t, r.ready())
	assert.Equal(t, morning.Add(12*time.Minute), r.plan().WaitUntil, "ten minutes after each[1].back")
	r.state.Now = morning.Add(12 * time.Minute)
	assert.Equal(t, map[string]string{"each[1].told": `{"url":"http://x/re_2"}`}, r.ready())
	r.gives("each[1].told", `{"status":2}`)
	assert.Contains(t, r.ready(), "each[2].back", "a place is free")
	r.gives("each[2].back", `{"id":"re_3"}`).gives("each[0].told", `{"status":1}`)
	r.state.Now = r.state.Now.Add(time.Hour)
	r.gives("each[2].told", `{"status":3}`)
	assert.Equal(t, flow.Ending{Output: json.RawMessage(`[1,2,3]`)}, r.ended())

	r = r.again().gives("found", `{"data":[{},{},{},{}]}`)
	assert.Equal(t, "too_many_items", r.ended().Failure.Code)
}

// again is a run of the same flow from its beginning.
func (r *run) again() *run {
	r.state.Results, r.state.Now = map[string]flow.Result{}, morning
	return r
}

func TestAFailureIsHandledContinuedOrFinal(t *testing.T) {
	t.Parallel()
	const source = `
flow: handled
on: new-charge
steps:
  - id: first
    do: http.request
    with: { url: "http://one" }
    on_error: continue
  - id: second
    do: http.request
    with: { url: "http://two/${errors.first.code}" }
    on_error:
      - if: error.code == "card_declined"
        then: [{ id: instead, do: http.request, with: { url: "http://three/${error.code}" } }]
        else: [{ fail: "gave up: ${error.message}" }]
output: "${steps.second.status ?? 'none'}"
`
	r := start(t, source).fails("first", "timeout")
	assert.Equal(t, map[string]string{"second": `{"url":"http://two/timeout"}`}, r.ready())
	r.fails("second", "card_declined")
	assert.Equal(t, map[string]string{"instead": `{"url":"http://three/card_declined"}`}, r.ready())
	r.gives("instead", `{"status":7}`)
	assert.Equal(t, flow.Ending{Output: json.RawMessage(`7`)}, r.ended())

	r = start(t, source).gives("first", `{}`)
	assert.Equal(t, map[string]string{"second": `{"url":"http://two/"}`}, r.ready(), "null within a text is nothing")
	r.fails("second", "other")
	assert.Equal(t, "gave up: it went wrong", r.ended().Failure.Message)
}
