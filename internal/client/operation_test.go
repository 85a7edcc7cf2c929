package client_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

func askForOperations(t *testing.T, c *client.Client) {
	ctx := t.Context()
	charges, err := c.Operations(ctx, "charges")
	require.NoError(t, err)
	require.NotEmpty(t, charges)
	one, err := c.Operation(ctx, "create-charge")
	require.NoError(t, err)
	assert.Equal(t, "charges", one.Resource)
	assert.Contains(t, charges, one)
	input := json.RawMessage(`{"amount":1000,"currency":"usd","source":"tok_visa"}`)
	dry, err := c.Run(ctx, client.RunOperation{Operation: "create-charge", Input: input, DryRun: true, Connection: "default"})
	require.NoError(t, err)
	assert.True(t, dry.Meta.DryRun)
	made, err := c.Run(ctx, client.RunOperation{Operation: "create-charge", Input: input}, client.IdempotencyKey("op-1"))
	require.NoError(t, err)
	assert.Contains(t, string(made.Data), `"amount":1000`)
	assert.False(t, made.Waits)
	_, err = c.Run(ctx, client.RunOperation{Operation: "create-charge"})
	assert.Equal(t, "missing_field", client.CodeOf(err))
}

func askForConnections(t *testing.T, c *client.Client) {
	ctx := t.Context()
	made, err := c.CreateConnection(ctx, client.NewConnection{Name: "second", Kind: "stripe", Access: client.ConnectionAccess{StripeKey: "sk_test_second"}})
	require.NoError(t, err)
	assert.True(t, made.Own && made.Check.OK)
	books, err := c.CreateConnection(ctx, client.NewConnection{Name: "books", Kind: "http", Shared: true, Access: client.ConnectionAccess{
		BaseURL: "https://books.example.com", Headers: map[string]string{"Authorization": "Bearer hidden"},
	}})
	require.NoError(t, err)
	assert.Equal(t, "https://books.example.com (Authorization)", books.Target)
	renamed, err := c.ChangeConnection(ctx, "second", client.ConnectionChange{Name: new("third"), Shared: new(true)})
	require.NoError(t, err)
	read, err := c.Connection(ctx, renamed.ID)
	require.NoError(t, err)
	assert.Equal(t, renamed, read)
	_, err = c.RotateConnection(ctx, "third", client.ConnectionAccess{StripeKey: "sk_test_other"}, false)
	assert.Equal(t, "connection_other_account", client.CodeOf(err))
	_, err = c.RotateConnection(ctx, "third", client.ConnectionAccess{StripeKey: "sk_test_other"}, true)
	require.NoError(t, err)
	tested, err := c.TestConnection(ctx, "third")
	require.NoError(t, err)
	assert.True(t, tested.Check.OK)
	all, err := client.Collect(c.Connections(ctx))
	require.NoError(t, err)
	assert.Len(t, all, 3)
	require.NoError(t, c.DeleteConnection(ctx, "third", false))
	_, err = c.Connection(ctx, "third")
	assert.Equal(t, "not_found", client.CodeOf(err))
}

func askForApprovals(t *testing.T, c, agent *client.Client) {
	ctx := t.Context()
	input := json.RawMessage(`{"amount":1000,"currency":"usd","source":"tok_visa"}`)
	asked, err := agent.Run(ctx, client.RunOperation{Operation: "create-charge", Input: input}, client.IdempotencyKey("big"))
	require.NoError(t, err)
	assert.True(t, asked.Waits)
	waiting, err := client.Collect(c.Approvals(ctx, "pending"))
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	one, err := c.Approval(ctx, waiting[0].ID)
	require.NoError(t, err)
	assert.JSONEq(t, string(input), string(one.Input))
	decided, err := c.Decide(ctx, one.ID, true, "fine")
	require.NoError(t, err)
	assert.Equal(t, "approved", decided.Status)
	assert.Contains(t, string(decided.Result), `"amount":1000`)
	assert.Nil(t, decided.Error)
}
