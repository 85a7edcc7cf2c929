package automation_test

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/pay"
	"florin/internal/store"
)

const chargeAndNote = `
flow: charge-and-note
on: manual
steps:
  - id: charge
    do: create-charge
    with: { amount: "${trigger.amount}", currency: usd, source: tok_visa }
  - id: note
    do: test.do
    with: { charged: "${steps.charge.amount}", text: "id ${steps.charge.id}" }
`

// TestARunIsCarriedOutStepByStep sees what goes in and comes out, and that the
// merchant is told once.
func TestARunIsCarriedOutStepByStep(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		assert.True(t, c.keeps(chargeAndNote).Changed)
		assert.False(t, c.keeps(chargeAndNote+"# the same\n").Changed, "what means the same changes nothing")
		ask := automation.RunRequest{Flow: "charge-and-note", Key: "order-1", Input: json.RawMessage(`{"amount":1000}`)}
		first, err := c.flows.RunFlow(context.Background(), pay.APIKey{Owner: c.owner}, ask)
		require.NoError(t, err)
		again, err := c.flows.RunFlow(context.Background(), pay.APIKey{Owner: c.owner}, ask)
		require.NoError(t, err)
		assert.Equal(t, first.ID, again.ID, "one key is one run")
		h := c.ends(first.ID)
		require.Equal(t, pay.RunSucceeded, h.Run.State, "%+v", h.Run.Failure)
		assert.Equal(t, []string{"charge succeeded", "note succeeded"}, line(h))
		assert.JSONEq(t, `{"amount":1000,"currency":"usd","source":"tok_visa"}`, string(h.Steps[0].Given))
		var charged struct{ ID string }
		require.NoError(t, json.Unmarshal(h.Steps[0].Came, &charged))
		assert.JSONEq(t, `{"charged":1000,"text":"id `+charged.ID+`"}`, string(h.Steps[1].Given), "a whole expression keeps its type")
		assert.Equal(t, 1, c.atStripe())
		c.tells(pay.EventRunSucceeded)
		require.NoError(t, c.goesOn(context.Background(), first.ID), "a job too many does nothing")
		_, keys := c.works()
		assert.Equal(t, []string{"run/" + string(first.ID) + "/note"}, keys)
	})
}

// TestWhatIsMissingIsRefusedBeforeAnyCall has the required amount be null.
func TestWhatIsMissingIsRefusedBeforeAnyCall(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(chargeAndNote)
		h := c.ends(c.asks("charge-and-note", `{}`))
		assert.Equal(t, pay.RunFailed, h.Run.State)
		assert.Equal(t, "invalid_input", h.Run.Failure.Code)
		assert.Equal(t, "charge", h.Run.Failure.Step)
		assert.Zero(t, c.atStripe())
		c.tells(pay.EventRunFailed)
	})
}

// TestStoppedBetweenStripesAnswerAndTheCheckpoint loses the answer to a charge
// that was made: the next holder gets the same one.
func TestStoppedBetweenStripesAnswerAndTheCheckpoint(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(chargeAndNote)
		id := c.asks("charge-and-note", `{"amount":1000}`)
		ctx, stop := context.WithCancel(context.Background())
		c.surround(func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
			defer stop()
			return c.engine.RunOperation(context.WithoutCancel(ctx), r)
		})
		require.Error(t, c.goesOn(ctx, id))
		assert.Equal(t, []string{"charge running"}, line(c.history(id)))
		assert.Equal(t, 1, c.atStripe())
		replayed := false
		c.surround(func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
			result, err := c.engine.RunOperation(ctx, r)
			replayed = result.Replayed
			return result, err
		})
		c.flows = c.restarted()
		assert.Equal(t, pay.RunSucceeded, c.ends(id).Run.State)
		assert.True(t, replayed)
		assert.Equal(t, 1, c.atStripe())
	})
}

// TestALeaseThatExpiresMidStep has a holder fall silent while its step goes on:
// another one asks under the same identity, and the late result is refused.
func TestALeaseThatExpiresMidStep(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: slow\non: manual\nsteps:\n  - id: one\n    do: test.do\n    with: {a: 1}\n  - id: two\n    do: test.do\n    with: {a: \"${steps.one.by}\"}\n")
		id := c.asks("slow", `{}`)
		inside, release := make(chan bool), make(chan bool)
		var called atomic.Int64
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			if called.Add(1) > 1 {
				return json.RawMessage(`{"by":"second"}`), nil
			}
			inside <- true
			<-release
			return json.RawMessage(`{"by":"first"}`), nil
		})
		silent := make(chan error)
		go func() { silent <- c.goesOn(context.Background(), id) }()
		<-inside
		require.NoError(t, c.goesOn(context.Background(), id), "as long as the lease holds, nobody takes it away")
		assert.Equal(t, []string{"one running"}, line(c.history(id)))
		c.pass(2 * time.Minute)
		revived, err := c.flows.Revive(context.Background())
		require.NoError(t, err)
		assert.Equal(t, 1, revived)
		h := c.ends(id)
		release <- true
		require.NoError(t, <-silent, "the late one gives way")
		assert.Equal(t, pay.RunSucceeded, h.Run.State)
		inputs, keys := c.works()
		assert.Equal(t, []string{`{"a":1}`, `{"a":1}`, `{"a":"second"}`}, inputs)
		assert.Equal(t, keys[0], keys[1], "receivers can tell the repetition")
		assert.Equal(t, h, c.history(id), "the late result changes nothing")
		c.tells(pay.EventRunSucceeded)
	})
}

// TestRetriesAndWaitsSurviveRestarts counts attempts over restarts, and waits
// by the row.
func TestRetriesAndWaitsSurviveRestarts(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: patient\non: manual\nsteps:\n  - id: try\n    do: test.do\n    retry: {attempts: 4, wait: 10s, factor: 2}\n  - wait: 10m\n  - id: end\n    do: test.do\n")
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			if inputs, _ := c.works(); len(inputs) < 3 {
				return nil, pay.Errorf(pay.CodeTargetUnreachable, "busy")
			}
			return json.RawMessage(`{}`), nil
		})
		id := c.asks("patient", `{}`)
		for _, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 10 * time.Minute} {
			require.NoError(t, c.goesOn(context.Background(), id))
			h := c.history(id)
			assert.Equal(t, pay.RunWaiting, h.Run.State)
			assert.Equal(t, wait, h.Run.DueAt.Sub(c.ours.Now()))
			require.NoError(t, c.goesOn(context.Background(), id), "too early")
			c.pass(wait)
			c.flows = c.restarted()
		}
		h := c.ends(id)
		assert.Equal(t, pay.RunSucceeded, h.Run.State)
		assert.Equal(t, 3, h.Steps[0].Attempts)
		_, keys := c.works()
		assert.Equal(t, keys[0], keys[2])
	})
}

// TestAFailedRunIsTakenBack undoes what was done, the last first.
func TestAFailedRunIsTakenBack(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps(`
flow: back
on: manual
steps:
  - id: charge
    do: create-charge
    with: { amount: 1000, currency: usd, source: tok_visa }
    undo: { do: create-refund, with: { charge_id: "${steps.charge.id}" } }
  - id: book
    do: test.do
    with: { book: true }
    undo: { do: test.do, with: { unbook: true } }
  - fail: no room for ${trigger.who}
`)
		h := c.ends(c.asks("back", `{"who":"you"}`))
		assert.Equal(t, pay.RunFailed, h.Run.State)
		assert.Equal(t, "no room for you", h.Run.Failure.Message)
		assert.Equal(t, []string{"charge succeeded", "book succeeded", "step-3 failed", "undo/book succeeded", "undo/charge succeeded"}, line(h))
		c.tells(pay.EventRunFailed)
	})
}

// TestFlowsCallFlows has a run wait for another one's end.
func TestFlowsCallFlows(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: inner\non: manual\nsteps:\n  - id: do\n    do: test.do\n    with: {twice: \"${trigger.n * 2}\"}\n")
		c.keeps("flow: outer\non: manual\nsteps:\n  - id: ask\n    call: inner\n    with: {n: \"${trigger.n}\"}\n  - id: end\n    do: test.do\n    with: {got: \"${steps.ask.twice}\"}\n")
		id := c.asks("outer", `{"n":21}`)
		require.NoError(t, c.goesOn(context.Background(), id))
		runs, err := c.flows.Runs(context.Background(), c.owner, "inner", nil, pay.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, runs.Items, 1)
		assert.Equal(t, id, runs.Items[0].Parent)
		c.ends(runs.Items[0].ID)
		assert.False(t, c.history(id).Run.DueAt.After(c.ours.Now()), "its end wakes the one that waits")
		h := c.ends(id)
		assert.Equal(t, pay.RunSucceeded, h.Run.State)
		assert.JSONEq(t, `{"got":42}`, string(h.Output))
	})
}

// TestCancel ends a run that waits at once, and one at work after its step.
func TestCancel(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps("flow: long\non: manual\nsteps:\n  - id: one\n    do: test.do\n  - wait: 10m\n  - id: two\n    do: test.do\n")
		waits := c.asks("long", `{}`)
		require.NoError(t, c.goesOn(ctx, waits))
		canceled, err := c.flows.Cancel(ctx, c.owner, waits)
		require.NoError(t, err)
		assert.Equal(t, pay.RunCanceled, canceled.State)
		again, err := c.flows.Cancel(ctx, c.owner, waits)
		require.NoError(t, err, "twice is no error")
		assert.Equal(t, canceled.EndedAt, again.EndedAt)

		works := c.asks("long", `{}`)
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			_, err := c.flows.Cancel(ctx, c.owner, works)
			return json.RawMessage(`{}`), err
		})
		require.NoError(t, c.goesOn(ctx, works))
		h := c.history(works)
		assert.Equal(t, pay.RunCanceled, h.Run.State)
		assert.Equal(t, []string{"one succeeded"}, line(h), "the step in hand is finished")
		done := c.asks("long", `{}`)
		c.does(nil)
		c.ends(done)
		_, err = c.flows.Cancel(ctx, c.owner, done)
		assert.Equal(t, pay.CodeRunEnded, pay.CodeOf(err))
	})
}

// TestConcurrency lets one run of a flow work at a time, and wakes the next.
func TestConcurrency(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps("flow: narrow\non: manual\nconcurrency: 1\nsteps:\n  - id: one\n    do: test.do\n    with: {n: \"${trigger.n}\"}\n")
		first, second := c.asks("narrow", `{"n":1}`), c.asks("narrow", `{"n":2}`)
		c.does(func(_ context.Context, w automation.Work) (json.RawMessage, error) {
			if string(w.Input) == `{"n":1}` {
				require.NoError(t, c.goesOn(ctx, second))
				h := c.history(second)
				assert.Equal(t, pay.RunPending, h.Run.State, "it gives way")
				assert.Empty(t, h.Steps)
			}
			return nil, nil
		})
		require.NoError(t, c.goesOn(ctx, first))
		assert.False(t, c.history(second).Run.DueAt.After(c.ours.Now()), "it is its turn")
		assert.Equal(t, pay.RunSucceeded, c.ends(second).Run.State)
	})
}

// TestTwoWorkersMoveMoneyOnce has two programs work on many runs of one
// Postgres by their jobs.
func TestTwoWorkersMoveMoneyOnce(t *testing.T) {
	t.Parallel()
	c := newCarrier(newWorld(t, databases["postgres"](t)))
	c.keeps(chargeAndNote)
	const runs = 40
	for range runs {
		c.asks("charge-and-note", `{"amount":1000}`)
	}
	var ended sync.WaitGroup
	ended.Add(runs)
	c.does(func(context.Context, automation.Work) (json.RawMessage, error) { ended.Done(); return nil, nil })
	for range 2 {
		worker := c.restarted()
		stop, err := c.store.StartJobs(context.Background(), worker.Jobs(), store.JobOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, stop(context.Background())) })
	}
	ended.Wait()
	assert.Eventually(t, func() bool {
		done, err := c.flows.Runs(context.Background(), c.owner, "", []pay.RunState{pay.RunSucceeded}, pay.Page{Limit: 100})
		return err == nil && len(done.Items) == runs
	}, time.Minute, 20*time.Millisecond)
	assert.Equal(t, runs, c.atStripe())
}
