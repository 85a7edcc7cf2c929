package client_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

func askForLedger(t *testing.T, c *client.Client) {
	ctx := t.Context()
	partner, err := c.CreateAccount(ctx, client.NewAccount{Type: "express", Email: "driver@example.com"})
	require.NoError(t, err)
	change := client.NewBalanceChange{Amount: "8.00", Currency: "USD", Reason: "welcome", Against: "adjustments"}
	given, err := c.CreditAccount(ctx, partner.ID, change, client.IdempotencyKey("ledger-1"))
	require.NoError(t, err)
	assert.Equal(t, "8.00", given.Available)
	change.Amount, change.Against = "3.00", ""
	taken, err := c.DebitAccount(ctx, partner.ID, change, client.IdempotencyKey("ledger-2"))
	require.NoError(t, err)
	assert.Equal(t, "5.00", taken.Available)
	balance, err := c.AccountBalance(ctx, partner.ID)
	require.NoError(t, err)
	assert.Equal(t, []client.Balance{{Currency: "USD", Available: "5.00", Pending: "0.00", Held: "0.00", AtStripe: "0.00"}}, balance.Balances)
	balances, err := c.LedgerBalances(ctx)
	require.NoError(t, err)
	assert.Contains(t, balances, client.LedgerBalance{LedgerAccount: "adjustments", Balance: "8.00", Currency: "USD"})
	filter := client.LedgerFilter{AccountID: partner.ID, Sort: "created_at", Limit: 1}
	entries, err := client.Collect(c.LedgerEntries(ctx, filter))
	require.NoError(t, err)
	require.Len(t, entries, 2, "two pages")
	assert.Equal(t, []string{given.ID, taken.ID}, []string{entries[0].TransactionID, entries[1].TransactionID})
	page, err := c.LedgerPage(ctx, filter)
	require.NoError(t, err)
	assert.NotEmpty(t, page.Next)
	whose := client.LedgerFilter{AccountID: partner.ID}
	lines, err := c.Statement(ctx, whose)
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Equal(t, []string{"0.00", "8.00", "3.00", "5.00"}, []string{lines[0].Opening, lines[0].In, lines[0].Out, lines[0].Closing})
	var sheet strings.Builder
	require.NoError(t, c.StatementCSV(ctx, whose, &sheet))
	assert.Equal(t, 1+1+2+1, strings.Count(sheet.String(), "\n"))
	err = c.StatementCSV(ctx, client.LedgerFilter{AccountID: "none"}, &sheet)
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "account_id", refused.Field)
}
