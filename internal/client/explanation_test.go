package client_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

// askForMoney asks where the cents of a payment are.
func askForMoney(t *testing.T, c *client.Client) {
	ctx := t.Context()
	paid, err := c.CreatePayment(ctx, visa, client.IdempotencyKey("where"))
	require.NoError(t, err)
	chain, err := c.PaymentMoney(ctx, paid.ID)
	require.NoError(t, err)
	assert.NotEmpty(t, chain)
	_, err = client.Collect(c.Transactions(ctx, client.BalanceFilter{}))
	require.NoError(t, err)
	_, err = c.Transaction(ctx, paid.ID)
	assert.Equal(t, "not_found", client.CodeOf(err), "a payment is no balance transaction")
}
