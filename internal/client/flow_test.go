package client_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

const hooked = `
flow: hooked
on: webhook
steps:
  - id: line
    do: csv.append
    with: { file: posts.csv, values: { id: "${trigger.id}" } }
  - fail: no more
`

// askForFlows asks every route about flows, their triggers and their runs.
func askForFlows(t *testing.T, c *client.Client) {
	ctx := t.Context()
	checked, err := c.CheckFlow(ctx, hooked)
	require.NoError(t, err)
	assert.Equal(t, client.CheckedFlow{Flow: "hooked", Trigger: "webhook", Connections: []string{"default"}, Writes: true}, checked)
	_, err = c.ApplyFlow(ctx, "flow: hooked\non: webhook\nsteps:\n  - do: csv.apend\n")
	var refused *client.Error
	require.True(t, errors.As(err, &refused), "%v", err)
	require.Equal(t, "flow_invalid", refused.Code)
	require.NotEmpty(t, refused.Problems)
	assert.Equal(t, 4, refused.Problems[0].Line)
	assert.Contains(t, refused.Problems[0].Remedy, "csv.append")
	applied, err := c.ApplyFlow(ctx, hooked)
	require.NoError(t, err)
	assert.True(t, applied.Changed)
	require.NotNil(t, applied.Address)
	shown, err := c.Flow(ctx, "hooked")
	require.NoError(t, err)
	assert.Equal(t, hooked, shown.Source)
	all, err := client.Collect(c.Flows(ctx, "active"))
	require.NoError(t, err)
	assert.Len(t, all, 1)
	secret, err := c.RotateHookSecret(ctx, "hooked")
	require.NoError(t, err)
	posted, err := c.PostToFlow(ctx, *applied.Address, secret, map[string]string{"id": "x"}, client.IdempotencyKey("x"))
	require.NoError(t, err)
	again, err := c.PostToFlow(ctx, *applied.Address, secret, map[string]string{"id": "x"}, client.IdempotencyKey("x"))
	require.NoError(t, err)
	assert.True(t, again.Duplicate)
	require.NotNil(t, posted.Run)
	failed := untilEnded(t, c, *posted.Run)
	assert.Equal(t, "failed", failed.State)
	assert.Equal(t, "no more", failed.Error.Message)
	assert.JSONEq(t, `{"file":"posts.csv","appended":true}`, string(failed.Steps[0].Output))
	anew, err := c.Rerun(ctx, failed.ID, client.RerunOptions{From: "line"})
	require.NoError(t, err)
	assert.Equal(t, 2, untilEnded(t, c, anew.ID).Attempt)
	askForFlowTriggers(t, c)
	askForRuns(t, c)
}

func askForFlowTriggers(t *testing.T, c *client.Client) {
	ctx := t.Context()
	declared, err := c.Triggers(ctx)
	require.NoError(t, err)
	assert.NotEmpty(t, declared)
	state, err := c.Trigger(ctx, "hooked")
	require.NoError(t, err)
	assert.Equal(t, int64(1), state.Found)
	retried, err := c.RetryParked(ctx, "hooked")
	require.NoError(t, err)
	assert.Zero(t, retried.Retried)
	_, err = c.CatchUp(ctx, "hooked", "")
	require.NoError(t, err)
}

func askForRuns(t *testing.T, c *client.Client) {
	ctx := t.Context()
	paused, err := c.PauseFlow(ctx, "hooked")
	require.NoError(t, err)
	assert.Equal(t, "paused", paused.State)
	resumed, err := c.ResumeFlow(ctx, "hooked", "from_now")
	require.NoError(t, err)
	assert.Equal(t, "active", resumed.State)
	run, err := c.RunFlow(ctx, "hooked", json.RawMessage(`{"id":"y"}`), client.IdempotencyKey("y"))
	require.NoError(t, err)
	tried, err := c.TestFlow(ctx, "hooked", nil)
	require.NoError(t, err)
	assert.Equal(t, "test", tried.Cause)
	untilEnded(t, c, run.ID)
	untilEnded(t, c, tried.ID)
	_, err = c.CancelRun(ctx, run.ID)
	assert.Equal(t, "run_has_ended", client.CodeOf(err))
	runs, err := client.Collect(c.Runs(ctx, "hooked", "failed"))
	require.NoError(t, err)
	assert.Len(t, runs, 4)
	require.NoError(t, c.DeleteFlow(ctx, "hooked"))
	_, err = c.Flow(ctx, "hooked")
	assert.Equal(t, "not_found", client.CodeOf(err))
}

func untilEnded(t *testing.T, c *client.Client, id string) (run client.Run) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		run, err = c.FlowRun(t.Context(), id)
		return assert.NoError(t, err) && run.Ended()
	}, time.Minute, 10*time.Millisecond)
	return run
}
