package automation_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/pay"
)

func (c *carrier) reruns(id pay.ID, from string) pay.ID {
	c.t.Helper()
	run, err := c.flows.Rerun(context.Background(), pay.APIKey{Owner: c.owner}, automation.RerunRequest{Run: id, From: from})
	require.NoError(c.t, err)
	return run.ID
}

// TestARefusedWriteIsAskedAnew declines a charge, and charges when the run is
// done again: the refusal is not what it gets again.
func TestARefusedWriteIsAskedAnew(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(`
flow: renew
on: manual
steps:
  - id: note
    do: test.do
  - id: charge
    do: create-charge
    with: { amount: 1000, currency: usd, source: tok_visa }
`)
		c.surround(func(context.Context, engine.OperationRequest) (pay.OperationResult, error) {
			return pay.OperationResult{Final: true}, &pay.Error{Code: pay.CodeCardDeclined, Message: "declined", DeclineCode: "insufficient_funds"}
		})
		declined := c.ends(c.asks("renew", `{}`))
		assert.Equal(t, pay.RunFailed, declined.Run.State)
		assert.Equal(t, string(pay.CodeCardDeclined), declined.Run.Failure.Code)
		c.surround(nil)
		h := c.ends(c.reruns(declined.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, h.Run.State)
		assert.Equal(t, 2, h.Run.Attempt)
		assert.NotEqual(t, declined.Steps[1].Call, h.Steps[1].Call)
		inputs, _ := c.works()
		assert.Len(t, inputs, 1, "what was done before is taken over")
		assert.Equal(t, 1, c.atStripe())

		anew := c.ends(c.reruns(h.Run.ID, "charge"))
		assert.Equal(t, pay.RunSucceeded, anew.Run.State)
		assert.Equal(t, 2, c.atStripe(), "whoever asks for it to be done anew gets it")
	})
}

// TestAWriteInDoubtKeepsItsIdentity gives a run up whose charge was made though
// nobody knows: doing it again, even twice, charges once.
func TestAWriteInDoubtKeepsItsIdentity(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: doubt\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    retry: {attempts: 1}\n" +
			"    with: {amount: 1000, currency: usd, source: tok_visa, description: \"${run.id}\"}\n")
		lost := func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
			_, err := c.engine.RunOperation(ctx, r)
			require.NoError(t, err)
			return pay.OperationResult{}, pay.Errorf(pay.CodeInDoubt, "no answer")
		}
		c.surround(lost)
		first := c.ends(c.asks("doubt", `{}`))
		assert.Equal(t, pay.RunFailed, first.Run.State)
		second := c.ends(c.reruns(first.Run.ID, ""))
		assert.Equal(t, pay.RunFailed, second.Run.State)
		dropped := c.reruns(second.Run.ID, "")
		_, err := c.flows.Cancel(context.Background(), c.owner, dropped)
		require.NoError(t, err)
		c.surround(nil)
		third := c.ends(c.reruns(dropped, ""))
		assert.Equal(t, pay.RunSucceeded, third.Run.State, "%+v", third.Run.Failure)
		assert.Equal(t, first.Steps[0].Call, third.Steps[0].Call)
		assert.Equal(t, string(first.Steps[0].Given), string(third.Steps[0].Given), "it asks for exactly what was asked")
		assert.Equal(t, 1, c.atStripe())
	})
}

// TestWhatCannotBeRunAgain names the step and the state.
func TestWhatCannotBeRunAgain(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps("flow: one\non: manual\nsteps:\n  - id: one\n    do: test.do\n")
		id := c.asks("one", `{}`)
		_, err := c.flows.Rerun(ctx, pay.APIKey{Owner: c.owner}, automation.RerunRequest{Run: id})
		assert.Equal(t, pay.CodeRunNotEnded, pay.CodeOf(err))
		c.ends(id)
		_, err = c.flows.Rerun(ctx, pay.APIKey{Owner: c.owner}, automation.RerunRequest{Run: id, From: "two"})
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		_, err = c.flows.Rerun(ctx, pay.APIKey{Owner: pay.Owner{Merchant: c.owner.Merchant, Mode: pay.Live}}, automation.RerunRequest{Run: id})
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		once := automation.RerunRequest{Run: id, From: "one", Key: "k"}
		a, err := c.flows.Rerun(ctx, pay.APIKey{Owner: c.owner}, once)
		require.NoError(t, err)
		b, err := c.flows.Rerun(ctx, pay.APIKey{Owner: c.owner}, once)
		require.NoError(t, err)
		assert.Equal(t, a.ID, b.ID)
	})
}

// TestATestRunTakesTheTriggersSample touches no poll and moves nothing on.
func TestATestRunTakesTheTriggersSample(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		applied := c.keeps("flow: sampled\non: { new-charge: { start: now } }\nwhen: trigger.amount > 99999999\nsteps:\n  - id: one\n    do: test.do\n    with: {id: \"${trigger.id}\"}\n")
		before := c.poll(applied.Flow.ID)
		run, err := c.flows.TestFlow(context.Background(), pay.APIKey{Owner: c.owner}, automation.RunRequest{Flow: "sampled"})
		require.NoError(t, err)
		h := c.ends(run.ID)
		assert.Equal(t, pay.RunSucceeded, h.Run.State)
		assert.Equal(t, pay.CauseTest, h.Run.Cause)
		var sample struct{ ID string }
		require.NoError(t, json.Unmarshal(h.Input, &sample))
		assert.JSONEq(t, `{"id":"`+sample.ID+`"}`, string(h.Steps[0].Given))
		assert.Equal(t, before, c.poll(applied.Flow.ID))
		live := pay.Owner{Merchant: c.owner.Merchant, Mode: pay.Live}
		_, err = c.flows.Apply(context.Background(), pay.APIKey{Owner: live}, []byte("flow: sampled\non: manual\nsteps:\n  - id: one\n    do: test.do\n    with: {id: one}\n"))
		require.NoError(t, err)
		_, err = c.flows.TestFlow(context.Background(), pay.APIKey{Owner: live}, automation.RunRequest{Flow: "sampled"})
		assert.Equal(t, pay.CodeInvalidMode, pay.CodeOf(err))
	})
}

// TestARerunChargesOnce does a run again in which a step failed that was meant
// to be borne, before the charge: only what failed is done anew.
func TestARerunChargesOnce(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(`
flow: borne
on: manual
steps:
  - id: look
    do: test.do
    retry: {attempts: 1}
    on_error: continue
  - id: charge
    do: create-charge
    with: { amount: 1000, currency: usd, source: tok_visa }
  - id: note
    do: test.do
    retry: {attempts: 1}
`)
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			return nil, pay.Invalid(pay.CodeInvalidField, "x", "refused")
		})
		failed := c.ends(c.asks("borne", `{}`))
		assert.Equal(t, []string{"look failed", "charge succeeded", "note failed"}, line(failed))
		c.does(nil)
		again := c.ends(c.reruns(failed.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, again.Run.State)
		assert.Equal(t, 1, c.atStripe())
	})
}

// TestAWriteInDoubtIsNotForgotten does a run again after the call of its charge
// was forgotten: that there is no trace of it does not mean that it was not
// made.
func TestAWriteInDoubtIsNotForgotten(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: old\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    retry: {attempts: 1}\n" +
			"    with: {amount: 1000, currency: usd, source: tok_visa}\n")
		c.surround(func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
			_, err := c.engine.RunOperation(ctx, r)
			require.NoError(t, err)
			return pay.OperationResult{}, pay.Errorf(pay.CodeInDoubt, "no answer")
		})
		first := c.ends(c.asks("old", `{}`))
		c.surround(nil)
		c.pass(8 * 24 * time.Hour)
		forgotten, err := c.engine.ForgetReplies(context.Background())
		require.NoError(t, err)
		assert.Equal(t, 1, forgotten)
		second := c.ends(c.reruns(first.Run.ID, ""))
		assert.Equal(t, string(pay.CodeReconcileNeeded), second.Run.Failure.Code, "%+v", second.Run.Failure)
		third := c.ends(c.reruns(second.Run.ID, "charge"))
		assert.Equal(t, string(pay.CodeReconcileNeeded), third.Run.Failure.Code, "the rerun of a rerun knows how old the charge is")
		assert.Equal(t, 1, c.atStripe())
		anew := c.ends(c.asks("old", `{}`))
		assert.Equal(t, pay.RunSucceeded, anew.Run.State, "a run of its own is the way on")
	})
}
