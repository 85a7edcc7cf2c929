package client_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

func askForTriggers(t *testing.T, c *client.Client) {
	ctx := t.Context()
	all, err := c.Triggers(ctx)
	require.NoError(t, err)
	names := make([]string, len(all))
	for i, each := range all {
		names[i] = each.Name
	}
	assert.Contains(t, names, "new-charge")
	_, read := c.Trigger(ctx, "nosuchflow")
	_, caught := c.CatchUp(ctx, "nosuchflow", "from_now")
	_, retried := c.RetryParked(ctx, "nosuchflow")
	_, rotated := c.RotateHookSecret(ctx, "nosuchflow")
	for _, err := range []error{read, caught, retried, rotated} {
		assert.Equal(t, "not_found", client.CodeOf(err))
	}
}
