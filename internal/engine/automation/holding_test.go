package automation_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine/automation"
	"florin/internal/pay"
	"florin/internal/store"
)

// TestACanceledRunBeginsNothing calls a run off that has two steps in the air, a
// third that is to be tried again, and a fourth that could begin.
func TestACanceledRunBeginsNothing(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps(`
flow: wide
on: manual
steps:
  - parallel:
      - - { id: a, do: test.do, with: { name: a } }
      - - { id: b, do: test.do, with: { name: b } }
        - { id: after, do: test.do, with: { name: after } }
      - - { id: again, do: test.do, with: { name: again }, retry: { attempts: 5, wait: 1s } }
`)
		inside, release := make(chan bool, 100), map[string]chan bool{"a": make(chan bool), "b": make(chan bool)}
		c.does(func(_ context.Context, w automation.Work) (json.RawMessage, error) {
			var in struct{ Name string }
			require.NoError(t, json.Unmarshal(w.Input, &in))
			inside <- true
			if wait := release[in.Name]; wait != nil {
				<-wait
				return nil, nil
			}
			return nil, pay.Errorf(pay.CodeTargetUnreachable, "busy")
		})
		id := c.asks("wide", `{}`)
		ended := make(chan error)
		go func() { ended <- c.goesOn(ctx, id) }()
		for range 3 {
			<-inside
		}
		require.Eventually(t, func() bool { return c.stepOf(id, "again").State == pay.StepWaiting }, time.Minute, time.Millisecond)
		_, err := c.flows.Cancel(ctx, c.owner, id)
		require.NoError(t, err)
		c.pass(2 * time.Second)
		release["b"] <- true
		require.Eventually(t, func() bool { return c.stepOf(id, "b").State == pay.StepSucceeded }, time.Minute, time.Millisecond)
		before := c.asked.Load()
		const looks = 100
		for range looks {
			c.history(id)
		}
		assert.Less(t, c.asked.Load()-before, int64(looks+20), "nothing is looked for while the last step is in the air")
		release["a"] <- true
		require.NoError(t, <-ended)
		h := c.history(id)
		assert.Equal(t, pay.RunCanceled, h.Run.State)
		assert.ElementsMatch(t, []string{"a succeeded", "b succeeded", "again waiting"}, line(h))
		inputs, _ := c.works()
		assert.Len(t, inputs, 3)
	})
}

func (c *carrier) stepOf(run pay.ID, path string) automation.StepHistory {
	for _, s := range c.history(run).Steps {
		if s.Path == path {
			return s
		}
	}
	return automation.StepHistory{}
}

// TestAStepThatBecomesDueWhileItIsPlannedIsNotLeft has time pass between the
// plan and the transaction that keeps it.
func TestAStepThatBecomesDueWhileItIsPlannedIsNotLeft(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: brief\non: manual\nsteps:\n  - id: one\n    do: test.do\n    retry: {attempts: 2, wait: 10s}\n")
		id := c.asks("brief", `{}`)
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			if inputs, _ := c.works(); len(inputs) == 1 {
				return nil, pay.Errorf(pay.CodeTargetUnreachable, "busy")
			}
			return nil, nil
		})
		c.tick.Store(int64(6 * time.Second))
		require.NoError(t, c.goesOn(context.Background(), id))
		c.tick.Store(0)
		assert.Equal(t, pay.RunSucceeded, c.history(id).Run.State)
	})
}

// TestALongQueueHidesNoLostRun has hundreds of runs of one flow be due, and one
// of another flow whose job is lost.
func TestALongQueueHidesNoLostRun(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: narrow\non: manual\nconcurrency: 1\nsteps:\n  - id: one\n    do: test.do\n")
		c.keeps("flow: lost\non: manual\nsteps:\n  - id: one\n    do: test.do\n")
		for i := range 250 {
			c.asks("narrow", fmt.Sprintf(`{"n":%d}`, i))
		}
		c.pass(time.Second)
		lost := c.asks("lost", `{}`)
		before := c.history(lost).Run.Fence
		c.pass(time.Minute)
		_, err := c.flows.Revive(context.Background())
		require.NoError(t, err)
		assert.Equal(t, before+1, c.history(lost).Run.Fence, "it has another job")
	})
}

// TestAQueueAsksEverMoreSeldom has a run give way again and again while another
// one of its flow is at work.
func TestAQueueAsksEverMoreSeldom(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps("flow: narrow\non: manual\nconcurrency: 1\nsteps:\n  - id: one\n    do: test.do\n")
		first, second := c.asks("narrow", `{}`), c.asks("narrow", `{}`)
		var waits []time.Duration
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			for range 6 {
				require.NoError(t, c.goesOn(ctx, second))
				wait := c.history(second).Run.DueAt.Sub(c.ours.Now())
				waits = append(waits, wait)
				require.NoError(t, c.store.Write(ctx, func(tx *store.Tx) error { // its time has come, and no other run has ended
					run, err := tx.LockRun(c.owner, second)
					run.DueAt = tx.Now()
					return cmp.Or(err, tx.UpdateRun(run))
				}))
			}
			return nil, nil
		})
		require.NoError(t, c.goesOn(ctx, first))
		minutes := []time.Duration{1, 2, 4, 8, 16, 16}
		for i := range minutes {
			minutes[i] *= time.Minute
		}
		assert.Equal(t, minutes, waits)
		assert.Equal(t, pay.RunSucceeded, c.ends(second).Run.State)
	})
}

// TestMoreRoomIsTakenAtOnce raises a flow's concurrency while a run is at work
// and others wait for their turn.
func TestMoreRoomIsTakenAtOnce(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		narrow := "flow: narrow\non: manual\nconcurrency: %d\nsteps:\n  - id: one\n    do: test.do\n"
		c.keeps(fmt.Sprintf(narrow, 1))
		runs := []pay.ID{c.asks("narrow", `{}`), c.asks("narrow", `{}`), c.asks("narrow", `{}`), c.asks("narrow", `{}`)}
		due := func() (due []bool) {
			for _, id := range runs[1:] {
				due = append(due, !c.history(id).Run.DueAt.After(c.ours.Now()))
			}
			return due
		}
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			for _, id := range runs[1:] {
				require.NoError(t, c.goesOn(ctx, id))
			}
			assert.Equal(t, []bool{false, false, false}, due())
			c.keeps(fmt.Sprintf(narrow, 3))
			assert.Equal(t, []bool{true, true, false}, due())
			return nil, nil
		})
		require.NoError(t, c.goesOn(ctx, runs[0]))
		assert.Equal(t, []bool{true, true, true}, due(), "whose turn it is already is not woken again instead of the next")
	})
}
