package automation_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine/automation"
	"florin/internal/pay"
)

const soldFlow = `
flow: sold
on: manual
steps:
  - id: charge
    do: create-charge
    with: { amount: 1000, currency: usd, source: tok_visa }
    undo: { do: create-refund, with: { charge_id: "${steps.charge.id}" }, retry: {attempts: 1} }
  - id: ship
    do: test.do
    retry: {attempts: 1}
`

// refunded is how many of the charges at Stripe were given back.
func (c *carrier) refunded() (n int) {
	c.t.Helper()
	for _, charge := range c.listed() {
		var made struct{ Refunded bool }
		require.NoError(c.t, json.Unmarshal(charge, &made))
		if made.Refunded {
			n++
		}
	}
	return n
}

// takenBackInDoubt is a run of soldFlow whose shipping failed and whose refund
// was made, though its answer was lost.
func takenBackInDoubt(c *carrier) automation.History {
	c.keeps(soldFlow)
	c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
		return nil, pay.Invalid(pay.CodeInvalidField, "x", "no parcel")
	})
	c.fault(`{"match":{"method":"POST","path":"/v1/refunds"},"count":1000,"effect":{"type":"reset_after"}}`)
	h := c.ends(c.asks("sold", `{}`))
	c.fault("")
	c.does(nil)
	assert.Contains(c.t, h.Run.Failure.Message, "not taken back: charge")
	return h
}

// TestAnUndoInDoubtIsClearedUpBeforeARerun: nothing is shipped for a charge that
// was given back.
func TestAnUndoInDoubtIsClearedUpBeforeARerun(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		failed := takenBackInDoubt(c)
		again := automation.RerunRequest{Run: failed.Run.ID}
		_, err := c.flows.Rerun(ctx, pay.APIKey{Owner: c.owner}, again)
		require.Equal(t, pay.CodeInDoubt, pay.CodeOf(err), "%v", err)
		c.pass(time.Minute)
		_, err = c.engine.CompleteOperations(ctx)
		require.NoError(t, err)
		h := c.ends(c.reruns(failed.Run.ID, ""))
		assert.Equal(t, pay.RunSucceeded, h.Run.State, "%+v", h.Run.Failure)
		assert.Equal(t, []int{2, 1}, []int{c.atStripe(), c.refunded()}, "the charge that was given back is made anew")
	})
}

// TestAnUndoThatNobodyKnowsOfIsForPeople: once Stripe has forgotten the key, only
// whoever looks there can say whether the charge stands.
func TestAnUndoThatNobodyKnowsOfIsForPeople(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		failed := takenBackInDoubt(c)
		c.pass(24 * time.Hour)
		_, err := c.flows.Rerun(context.Background(), pay.APIKey{Owner: c.owner}, automation.RerunRequest{Run: failed.Run.ID})
		require.Equal(t, pay.CodeReconcileNeeded, pay.CodeOf(err), "%v", err)
		assert.Contains(t, err.Error(), "charge")
		h := c.ends(c.reruns(failed.Run.ID, "charge"))
		assert.Equal(t, pay.RunSucceeded, h.Run.State, "whoever has looked says that it is to be charged")
		assert.Equal(t, 2, c.atStripe())
	})
}

// TestARerunFromAStepLeavesWhatRanBesideIt does one branch again, and what comes
// after both.
func TestARerunFromAStepLeavesWhatRanBesideIt(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(`
flow: beside
on: manual
steps:
  - parallel:
      - - id: left
          do: create-charge
          with: { amount: 1000, currency: usd, source: tok_visa }
        - id: left_note
          do: test.do
      - - id: right
          do: create-charge
          with: { amount: 2000, currency: usd, source: tok_visa }
  - id: after
    do: test.do
`)
		first := c.ends(c.asks("beside", `{}`))
		require.Equal(t, pay.RunSucceeded, first.Run.State, "%+v", first.Run.Failure)
		assert.Equal(t, 2, c.atStripe())
		again := c.ends(c.reruns(first.Run.ID, "left"))
		assert.Equal(t, pay.RunSucceeded, again.Run.State)
		assert.Equal(t, 3, c.atStripe(), "the right one stands")
		inputs, _ := c.works()
		assert.Len(t, inputs, 4, "both notes are written again")
	})
}
