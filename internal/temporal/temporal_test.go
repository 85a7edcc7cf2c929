package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/temporal"
)

// stage is the whole of Florin with its sandbox, and a worker upon it.
type stage struct {
	t      *testing.T
	florin *app.Server
	key    pay.APIKey
	worker *temporal.Worker
}

func newStage(t *testing.T) *stage {
	florin := apptest.Start(t)
	key, err := florin.Engine.Authenticate(t.Context(), florin.Key)
	require.NoError(t, err)
	worker, err := florin.TemporalWorker(app.TemporalConfig{Owner: key.Owner, Key: key})
	require.NoError(t, err)
	return &stage{t, florin, key, worker}
}

// activities is Temporal's test environment for activities.
func (s *stage) activities() *testsuite.TestActivityEnvironment {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	s.worker.Register(activitiesOnly{env})
	return env
}

// workflows is Temporal's test environment for workflows, whose time passes by
// itself while they wait.
func (s *stage) workflows() *testsuite.TestWorkflowEnvironment {
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(temporal.Options())
	s.worker.Register(registry{env})
	return env
}

// apply keeps a flow.
func (s *stage) apply(document string) {
	s.t.Helper()
	_, err := s.florin.Flows.Apply(s.t.Context(), s.key, []byte(document))
	require.NoError(s.t, err)
}

// charges is how many charges the sandbox has.
func (s *stage) charges() int {
	done, err := s.florin.Engine.RunOperation(s.t.Context(), engine.OperationRequest{
		Owner: s.key.Owner, Operation: "list-charges", Input: []byte(`{"limit":100}`),
	})
	require.NoError(s.t, err)
	return strings.Count(string(done.Output), `"object":"charge"`)
}

func order(input string) temporal.Order { return temporal.Order{Input: json.RawMessage(input)} }

const visa = `{"amount":1000,"currency":"usd","source":"tok_visa"}`

func TestAnOperationIsAnActivity(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	env := s.activities()
	keyed := order(visa)
	keyed.IdempotencyKey = "of its own"
	for _, each := range []struct {
		order    temporal.Order
		replayed bool
	}{{order(visa), false}, {keyed, false}, {keyed, true}} {
		came, err := env.ExecuteActivity(temporal.ActivityName("create-charge"), each.order)
		require.NoError(t, err)
		var done temporal.Done
		require.NoError(t, came.Get(&done))
		assert.Contains(t, string(done.Output), `"id":"ch_`)
		assert.True(t, strings.HasPrefix(done.RequestID, "req_"), done.RequestID)
		assert.Equal(t, each.replayed, done.Replayed)
	}
	assert.Equal(t, 2, s.charges())
}

func TestARefusalIsAnErrorThatWorkflowsCanTellApart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for input, want := range map[string]temporal.Refusal{
		`{"currency":"usd","source":"tok_visa"}`: {Code: "missing_field", Field: "amount"},
		`{"amount":1000,"currency":"usd","source":"tok_chargeDeclined"}`: {
			Code: "card_declined", ProviderCode: "card_declined", DeclineCode: "generic_decline",
		},
	} {
		asked := order(input)
		asked.IdempotencyKey = want.Code // the environment gives every activity the same id
		_, err := s.activities().ExecuteActivity(temporal.ActivityName("create-charge"), asked)
		var refused *sdk.ApplicationError
		require.True(t, errors.As(err, &refused), "%v", err)
		assert.Equal(t, want.Code, refused.Type())
		assert.True(t, refused.NonRetryable())
		var told temporal.Refusal
		require.NoError(t, refused.Details(&told))
		want.Message, want.RequestID = told.Message, told.RequestID
		assert.Equal(t, want, told)
		assert.NotEmpty(t, told.Message)
	}
}

const doubling = `
flow: doubling
on: manual
steps:
  - id: first
    do: create-charge
    with: { amount: "${trigger.amount}", currency: usd, source: tok_visa }
  - wait: 3h
  - if: steps.first.paid
    then:
      - id: second
        do: create-refund
        with: { charge_id: "${steps.first.id}", amount: 100 }
output: { charge: "${steps.first.id}", refund: "${steps.second.id}" }
`

func TestAFlowIsAWorkflow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply(doubling)
	env := s.workflows()
	began := env.Now()
	env.ExecuteWorkflow(temporal.WorkflowName("doubling"), json.RawMessage(`{"amount":1000}`))
	require.NoError(t, env.GetWorkflowError())
	var output map[string]string
	require.NoError(t, env.GetWorkflowResult(&output))
	assert.True(t, strings.HasPrefix(output["charge"], "ch_"), "%v", output)
	assert.True(t, strings.HasPrefix(output["refund"], "re_"), "%v", output)
	assert.GreaterOrEqual(t, env.Now().Sub(began), 3*time.Hour, "the wait is Temporal's")
	assert.Equal(t, 1, s.charges())
}

const undoing = `
flow: undoing
on: manual
steps:
  - id: charge
    do: create-charge
    with: { amount: 1000, currency: usd, source: tok_visa }
    undo: { do: create-refund, with: { charge_id: "${steps.charge.id}" } }
  - id: second
    do: create-charge
    with: { amount: 1000, currency: usd, source: tok_chargeDeclined }
`

func TestAWorkflowThatFailsTakesBackWhatItDid(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply(undoing)
	env := s.workflows()
	env.ExecuteWorkflow(temporal.WorkflowName("undoing"))
	var failed *sdk.ApplicationError
	require.True(t, errors.As(env.GetWorkflowError(), &failed), "%v", env.GetWorkflowError())
	assert.Equal(t, "card_declined", failed.Type())
	done, err := s.florin.Engine.RunOperation(t.Context(), engine.OperationRequest{
		Owner: s.key.Owner, Operation: "list-refunds", Input: []byte(`{"limit":10}`),
	})
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(done.Output), `"object":"refund"`), "%s", done.Output)
}

const calling = `
flow: calling
on: manual
steps:
  - id: both
    for_each: "${trigger.amounts}"
    as: amount
    parallel: 2
    steps:
      - { id: one, call: doubling, with: { amount: "${amount}" } }
output: { n: "${len(steps.both)}" }
`

func TestAFlowThatCallsAnotherStartsAChildWorkflow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply(doubling)
	s.apply(calling)
	env := s.workflows()
	env.ExecuteWorkflow(temporal.WorkflowName("calling"), json.RawMessage(`{"amounts":[500,600]}`))
	require.NoError(t, env.GetWorkflowError())
	var output map[string]int
	require.NoError(t, env.GetWorkflowResult(&output))
	assert.Equal(t, map[string]int{"n": 2}, output)
	assert.Equal(t, 2, s.charges())
}

const buying = `
flow: buying
on: manual
steps:
  - { id: charge, do: create-charge, with: { amount: 1000, currency: usd, source: tok_visa } }
`

// TestAWorkflowThatIsCalledAgainDoesNothingTwice: a calling workflow that is
// reset begins what it called anew, under the id that it had.
func TestAWorkflowThatIsCalledAgainDoesNothingTwice(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply(buying)
	s.apply("flow: asking\non: manual\nsteps:\n  - { id: ask, call: buying }\n")
	var called string
	env := s.workflows()
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		called = info.WorkflowExecution.ID
	})
	env.ExecuteWorkflow(temporal.WorkflowName("asking"))
	require.NoError(t, env.GetWorkflowError())
	assert.Equal(t, 1, s.charges())

	again := s.workflows()
	again.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: called})
	again.ExecuteWorkflow(temporal.WorkflowName("buying"))
	require.NoError(t, again.GetWorkflowError())
	assert.Equal(t, 1, s.charges())

	other := s.workflows()
	other.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "another"})
	other.ExecuteWorkflow(temporal.WorkflowName("buying"))
	require.NoError(t, other.GetWorkflowError())
	assert.Equal(t, 2, s.charges())
}

// TestAKeyThatIsTooOldIsNotUsedBlindly: nothing is kept of a write that was
// first asked for more than a week ago.
func TestAKeyThatIsTooOldIsNotUsedBlindly(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	asked := order(visa)
	asked.IdempotencyKey, asked.Begun = "old", time.Now().AddDate(0, 0, -8)
	_, err := s.activities().ExecuteActivity(temporal.ActivityName("create-charge"), asked)
	var refused *sdk.ApplicationError
	require.True(t, errors.As(err, &refused), "%v", err)
	assert.Equal(t, "reconcile_needed", refused.Type())
	assert.Zero(t, s.charges())
}

func TestAFlowThatDoesNotExistIsNoWorkflow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, code := range map[string]string{temporal.WorkflowName("nothing"): "not_found", "nothing": "not_found"} {
		env := s.workflows()
		env.ExecuteWorkflow(name)
		var failed *sdk.ApplicationError
		require.True(t, errors.As(env.GetWorkflowError(), &failed), "%v", env.GetWorkflowError())
		assert.Equal(t, code, failed.Type())
	}
}

func TestAnAttemptWithoutAnAnswerIsClearedUpAndChargesOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply(doubling)
	// The charge is made, and seven answers in a row never arrive: more than one
	// attempt tries by itself, of which each has three tries, and the connection
	// tries again once by itself where it was used before.
	resp, err := http.Post(s.florin.Sandbox.URL()+"/_sandbox/faults", "application/json", strings.NewReader(
		`{"match":{"method":"POST","path":"/v1/charges"},"count":7,"effect":{"type":"reset_after"}}`))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Less(t, resp.StatusCode, 300)
	env := s.workflows()
	attempts := 0
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == temporal.ActivityName("create-charge") {
			attempts++
		}
	})
	env.ExecuteWorkflow(temporal.WorkflowName("doubling"), json.RawMessage(`{"amount":1000}`))
	require.NoError(t, env.GetWorkflowError())
	assert.GreaterOrEqual(t, attempts, 2)
	assert.Equal(t, 1, s.charges())
}
