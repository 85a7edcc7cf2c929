package automation_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/pay"
)

const (
	innerFlow = "flow: inner\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    retry: {attempts: 1}\n" +
		"    with: {amount: 1000, currency: usd, source: tok_visa}\n  - id: note\n    do: test.do\n    retry: {attempts: 1}\n"
	outerFlow = "flow: outer\non: manual\nsteps:\n  - id: ask\n    call: inner\n    with: {by: \"${run.id}\"}\noutput: \"${steps.ask}\"\n"
)

// child is the run that a run called; there is one.
func (c *carrier) child(parent pay.ID) pay.ID {
	c.t.Helper()
	runs, err := c.flows.Runs(context.Background(), c.owner, "inner", nil, pay.Page{Limit: 100})
	require.NoError(c.t, err)
	var found []pay.ID
	for _, run := range runs.Items {
		if run.Parent == parent {
			found = append(found, run.ID)
		}
	}
	require.Len(c.t, found, 1)
	return found[0]
}

// calls works on a run of outer and on the run that it calls until both ended.
func (c *carrier) calls(outer pay.ID) (parent, child automation.History) {
	c.t.Helper()
	require.NoError(c.t, c.goesOn(context.Background(), outer))
	child = c.ends(c.child(outer))
	return c.ends(outer), child
}

func lost(c *carrier) func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
	return func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
		_, err := c.engine.RunOperation(ctx, r)
		require.NoError(c.t, err)
		return pay.OperationResult{}, pay.Errorf(pay.CodeInDoubt, "no answer")
	}
}

// TestARerunGoesOnWithTheRunThatItCalled has the charge of a called flow be in
// doubt: running the calling flow again asks for the same charge.
func TestARerunGoesOnWithTheRunThatItCalled(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(innerFlow)
		c.keeps(outerFlow)
		c.surround(lost(c))
		first, called := c.calls(c.asks("outer", `{}`))
		assert.Equal(t, pay.RunFailed, first.Run.State)
		second, again := c.calls(c.reruns(first.Run.ID, ""))
		assert.Equal(t, pay.RunFailed, second.Run.State)
		c.surround(nil)
		third, last := c.calls(c.reruns(second.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, third.Run.State, "%+v", third.Run.Failure)
		assert.Equal(t, []pay.ID{"", called.Run.ID, again.Run.ID}, []pay.ID{called.Run.Origin, again.Run.Origin, last.Run.Origin})
		assert.Equal(t, called.Steps[0].Call, last.Steps[0].Call)
		assert.Equal(t, string(first.Steps[0].Given), string(third.Steps[0].Given), "it is called with what it was called with")
		assert.Equal(t, 1, c.atStripe())

		anew, other := c.calls(c.reruns(third.Run.ID, "ask"))
		assert.Equal(t, pay.RunSucceeded, anew.Run.State)
		assert.Empty(t, other.Run.Origin)
		assert.Equal(t, 2, c.atStripe(), "whoever asks for it to be done anew gets it")
	})
}

// TestARerunKeepsWhatACalledRunHasDone fails after the called flow's charge.
func TestARerunKeepsWhatACalledRunHasDone(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(innerFlow)
		c.keeps(outerFlow)
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			return nil, pay.Invalid(pay.CodeInvalidField, "x", "refused")
		})
		first, _ := c.calls(c.asks("outer", `{}`))
		assert.Equal(t, pay.RunFailed, first.Run.State)
		c.does(nil)
		second, called := c.calls(c.reruns(first.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, second.Run.State)
		assert.Equal(t, []string{"charge succeeded", "note succeeded"}, line(called))
		assert.Equal(t, 1, c.atStripe())
	})
}

// TestARerunAdoptsWhatWasCalled finds the called run at its end, though the run
// that called it never saw it: because it was canceled, or because somebody ran
// the called one again by hand.
func TestARerunAdoptsWhatWasCalled(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps(innerFlow)
		c.keeps(outerFlow)
		canceled := c.asks("outer", `{}`)
		require.NoError(t, c.goesOn(ctx, canceled))
		_, err := c.flows.Cancel(ctx, c.owner, canceled)
		require.NoError(t, err)
		again := c.reruns(canceled, "")
		require.NoError(t, c.goesOn(ctx, again), "it waits for the one that is at work")
		assert.Equal(t, pay.RunWaiting, c.history(again).Run.State)
		child := c.ends(c.child(canceled))
		h := c.ends(again)
		assert.Equal(t, pay.RunSucceeded, h.Run.State)
		assert.Equal(t, string(child.Run.Output), string(c.history(c.child(canceled)).Run.Output))
		assert.Equal(t, 1, c.atStripe())

		c.surround(func(context.Context, engine.OperationRequest) (pay.OperationResult, error) {
			return pay.OperationResult{Final: true}, &pay.Error{Code: pay.CodeCardDeclined, Message: "declined"}
		})
		declined, called := c.calls(c.asks("outer", `{}`))
		assert.Equal(t, pay.RunFailed, declined.Run.State)
		c.surround(nil)
		assert.Equal(t, pay.RunSucceeded, c.ends(c.reruns(called.Run.ID, "")).Run.State)
		assert.Equal(t, 2, c.atStripe())
		assert.Equal(t, pay.RunSucceeded, c.ends(c.reruns(declined.Run.ID, "")).Run.State)
		assert.Equal(t, 2, c.atStripe(), "what was called was done by hand already")
	})
}

// TestACalledFlowThatIsAppliedAnewIsNotCalledAgain deletes the called flow while
// its run is under way, and applies another one of its name.
func TestACalledFlowThatIsAppliedAnewIsNotCalledAgain(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps(innerFlow)
		c.keeps(outerFlow)
		outer := c.asks("outer", `{}`)
		require.NoError(t, c.goesOn(ctx, outer))
		child := c.child(outer)
		_, err := c.flows.DeleteFlow(ctx, c.owner, "inner")
		require.NoError(t, err)
		c.ends(child)
		c.keeps(innerFlow)
		h := c.ends(outer)
		assert.Equal(t, pay.RunSucceeded, h.Run.State, "%+v", h.Run.Failure)
		runs, err := c.flows.Runs(ctx, c.owner, "inner", nil, pay.Page{Limit: 10})
		require.NoError(t, err)
		assert.Empty(t, runs.Items, "the new flow has not run")
		assert.Equal(t, 1, c.atStripe())
	})
}
