package client_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

func askForAccounts(t *testing.T, c *client.Client) {
	ctx := t.Context()
	made, err := c.CreateAccount(ctx, client.NewAccount{Type: "express", Email: "driver@example.com", Metadata: map[string]string{"driver": "17"}})
	require.NoError(t, err)
	assert.Equal(t, "pending", made.Status)
	assert.NotEmpty(t, made.Requirements.CurrentlyDue)
	name := "Jenny"
	changed, err := c.UpdateAccount(ctx, made.ID, client.AccountChange{Name: &name})
	require.NoError(t, err)
	assert.Equal(t, name, changed.Name)
	again, err := c.Account(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, name, again.Name)
	list, err := client.Collect(c.Accounts(ctx, "pending"))
	require.NoError(t, err)
	require.Len(t, list, 1)
	link, err := c.CreateOnboardingLink(ctx, made.ID, "https://shop.example/back", "")
	require.NoError(t, err)
	assert.Contains(t, link.URL, made.ProviderRef)
	bank, err := c.AddExternalAccount(ctx, made.ID, "btok_us_verified", false)
	require.NoError(t, err)
	assert.True(t, bank.IsDefault)
	banks, err := c.ExternalAccounts(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, []client.BankAccount{bank}, banks)
	_, err = c.RemoveExternalAccount(ctx, made.ID, bank.ProviderRef)
	require.ErrorContains(t, err, "default external account")
	rejected, err := c.RejectAccount(ctx, made.ID, "other")
	require.NoError(t, err)
	assert.Equal(t, "rejected", rejected.Status)
	other, err := c.CreateAccount(ctx, client.NewAccount{Type: "custom"})
	require.NoError(t, err)
	gone, err := c.DeleteAccount(ctx, other.ID)
	require.NoError(t, err)
	assert.Equal(t, "removed", gone.Status)
}
