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
	"florin/internal/store"
)

// TestATestRunEndsAfterTenMinutes whether it waits or an action hangs.
func TestATestRunEndsAfterTenMinutes(t *testing.T) {
	for name, step := range map[string]string{"waits": "wait: 1d", "hangs": "do: test.do\n    timeout: 1h"} {
		t.Run(name, func(t *testing.T) {
			carriers(t, func(t *testing.T, c *carrier) {
				c.keeps("flow: long\non: manual\nsteps:\n  - id: one\n    " + step + "\n")
				run, err := c.flows.TestFlow(context.Background(), pay.APIKey{Owner: c.owner}, automation.RunRequest{Flow: "long"})
				require.NoError(t, err)
				if name == "hangs" {
					c.does(func(ctx context.Context, _ automation.Work) (json.RawMessage, error) {
						<-ctx.Done()
						return nil, ctx.Err()
					})
					c.pass(pay.MaxTestRun - 50*time.Millisecond) // all that the attempt gets
				}
				h := c.ends(run.ID)
				assert.Equal(t, pay.RunFailed, h.Run.State)
				assert.Equal(t, pay.RunFailure{
					Code: "test_run_timed_out", Message: "a test run takes at most 10m0s; what waits longer is tried by running the flow itself",
				}, h.Run.Failure)
				if name == "waits" {
					assert.Equal(t, pay.MaxTestRun, h.Run.EndedAt.Sub(h.Run.CreatedAt))
				}
			})
		})
	}
}

// TestOldRunsAreDropped keeps what has not ended, what is in doubt, and what
// another run goes on from; and what a trigger came upon starts nothing twice.
func TestOldRunsAreDropped(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: plain\non: { new-charge: { start: now } }\nsteps:\n  - id: one\n    do: test.do\n")
		c.keeps("flow: child\non: manual\nsteps:\n  - id: one\n    do: test.do\n")
		c.keeps("flow: parent\non: manual\nsteps:\n  - id: go\n    call: child\n")
		c.keeps("flow: doubt\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    retry: {attempts: 1}\n    with: {amount: 1000, currency: usd, source: tok_visa}\n")
		c.keeps("flow: long\non: manual\nsteps:\n  - wait: 365d\n")
		starts := func() (id pay.ID, fresh bool) {
			shown, err := c.flows.Flow(context.Background(), c.owner, "plain")
			require.NoError(t, err)
			require.NoError(t, c.store.Write(context.Background(), func(tx *store.Tx) (err error) {
				id, fresh, err = c.flows.Start(tx, shown.Watch, automation.Starting{Key: "ch_1", Input: json.RawMessage(`{}`)})
				return err
			}))
			return id, fresh
		}
		found, fresh := starts()
		require.True(t, fresh)
		c.ends(found)
		origin := c.ends(c.asks("child", `{}`)).Run.ID
		parent := c.asks("parent", `{}`)
		require.NoError(t, c.goesOn(context.Background(), parent))
		c.ends(c.runsOf("child")[0])
		c.ends(parent)
		waits := c.asks("long", `{}`)
		require.NoError(t, c.goesOn(context.Background(), waits))
		c.fault(`{"match":{"method":"POST","path":"/v1/charges"},"count":1000,"effect":{"type":"reset_after"}}`)
		doubt := c.ends(c.asks("doubt", `{}`)).Run.ID
		c.fault("")
		reap := func() {
			_, err := c.flows.ReapRuns(context.Background())
			require.NoError(t, err)
		}
		c.pass(pay.RunRetention - time.Hour)
		rerun := c.ends(c.reruns(origin, "one")).Run.ID
		reap()
		assert.Len(t, c.runsOf("child"), 3, "nothing is old")
		c.pass(2 * time.Hour)
		reap()
		assert.Empty(t, c.runsOf("plain"))
		assert.Empty(t, c.runsOf("parent"))
		assert.Equal(t, []pay.ID{rerun, origin}, c.runsOf("child"), "a rerun keeps its origin")
		assert.Equal(t, []pay.ID{doubt}, c.runsOf("doubt"))
		assert.Equal(t, []pay.ID{waits}, c.runsOf("long"))
		_, err := c.flows.Run(context.Background(), c.owner, parent)
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		_, fresh = starts()
		assert.False(t, fresh, "it had its run")

		require.NoError(t, c.store.Write(context.Background(), func(tx *store.Tx) error { // somebody looked into it
			steps, err := tx.RunSteps(c.owner, doubt)
			require.NoError(t, err)
			call, _, err := tx.LockOperationCall(c.owner, steps[0].Call)
			call.State, call.AnsweredAt = pay.OperationAnswered, tx.Now()
			require.NoError(t, err)
			return tx.TakeOperationCall(call)
		}))
		c.pass(pay.RunRetention)
		reap()
		assert.Empty(t, c.runsOf("doubt"))
		assert.Empty(t, c.runsOf("child"))
		assert.Equal(t, []pay.ID{waits}, c.runsOf("long"))
	})
}

// runsOf are the runs of a flow that are kept, newest first.
func (c *carrier) runsOf(flow string) (ids []pay.ID) {
	c.t.Helper()
	runs, err := c.flows.Runs(context.Background(), c.owner, flow, nil, pay.Page{})
	require.NoError(c.t, err)
	for _, r := range runs.Items {
		ids = append(ids, r.ID)
	}
	return ids
}
