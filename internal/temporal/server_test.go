//go:build temporal

package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"

	"florin/internal/app"
	"florin/internal/temporal"
)

const ride = `
flow: ride
on: manual
steps:
  - id: charge
    do: create-charge
    with: { amount: "${trigger.amount}", currency: usd, source: tok_visa }
    undo: { do: create-refund, with: { charge_id: "${steps.charge.id}" } }
  - wait: 2s
  - id: tip
    do: create-charge
    with: { amount: 100, currency: usd, source: "${trigger.tip_source}" }
output: { charge: "${steps.charge.id}", tip: "${steps.tip.id}" }
`

// TestOnAServer runs operations and flows on the Temporal server that
// TEMPORAL_ADDRESS names; make test-temporal brings one along.
func TestOnAServer(t *testing.T) {
	address, namespace := os.Getenv("TEMPORAL_ADDRESS"), os.Getenv("TEMPORAL_NAMESPACE")
	require.NotEmpty(t, address, "run make test-temporal, or name a server with TEMPORAL_ADDRESS")
	s := newStage(t)
	s.apply(ride)
	queue := "florin-" + uuid.NewString()
	worker, err := s.florin.TemporalWorker(app.TemporalConfig{
		Address: address, Namespace: namespace, TaskQueue: queue, Owner: s.key.Owner, Key: s.key,
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	t.Cleanup(func() { stop(); assert.NoError(t, <-done) })
	cluster, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	start := func(input string) client.WorkflowRun {
		run, err := cluster.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: "ride-" + uuid.NewString(), TaskQueue: queue, WorkflowExecutionTimeout: time.Minute,
		}, temporal.WorkflowName("ride"), json.RawMessage(input))
		require.NoError(t, err)
		return run
	}

	var output map[string]string
	require.NoError(t, start(`{"amount":1000,"tip_source":"tok_visa"}`).Get(t.Context(), &output))
	assert.True(t, strings.HasPrefix(output["charge"], "ch_") && strings.HasPrefix(output["tip"], "ch_"), "%v", output)
	assert.Equal(t, 2, s.charges())

	var failed *sdk.ApplicationError
	err = start(`{"amount":1000,"tip_source":"tok_chargeDeclined"}`).Get(t.Context(), nil)
	require.True(t, errors.As(err, &failed), "%v", err)
	assert.Equal(t, "card_declined", failed.Type())
	t.Logf("on %s: a ride %v, and one whose tip was declined and whose charge was given back: %v", address, output, err)
}
