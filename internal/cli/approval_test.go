package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app/apptest"
	"florin/internal/client"
	"florin/internal/pay"
)

// TestARefusalAfterApprovalIsNoUsageError tells a script that the command was
// understood, whatever Stripe thinks of the write.
func TestARefusalAfterApprovalIsNoUsageError(t *testing.T) {
	t.Parallel()
	c := newCaller(t, apptest.Start(t))
	person, err := c.server.Engine.Authenticate(t.Context(), c.key)
	require.NoError(t, err)
	_, agent, err := c.server.Engine.CreateAPIKey(t.Context(), person.Owner, pay.Scopes, pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAlways}})
	require.NoError(t, err)
	for _, format := range [][]string{nil, {"--json"}} {
		asked, err := client.New(c.server.URL(), agent, nil).Run(t.Context(), client.RunOperation{
			Operation: "create-charge", Input: json.RawMessage(`{"amount": 1, "currency": "usd", "source": "tok_visa"}`),
		})
		require.NoError(t, err)
		var approval client.Approval
		require.NoError(t, json.Unmarshal(asked.Data, &approval))
		at := []string{"--url", c.server.URL(), "--key", c.key}
		code, _, said := runCLI(append(append([]string{"approval", "approve", approval.ID}, format...), at...)...)
		assert.Equal(t, 1, code)
		assert.Contains(t, said, "error: amount_too_small: ")
		assert.NotContains(t, said, "--help")
	}
	code, _, said := runCLI("approval", "approve")
	assert.Equal(t, 2, code)
	assert.Contains(t, said, "--help")
}
