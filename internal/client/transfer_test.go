package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

// enabledPartner is an account that takes transfers and payouts.
func enabledPartner(t *testing.T, c *client.Client) client.Account {
	t.Helper()
	ctx := t.Context()
	made, err := c.CreateAccount(ctx, client.NewAccount{
		Type: "custom", Country: "US", BusinessType: "individual", Capabilities: []string{"transfers"},
		Details: map[string]any{
			"business_profile": map[string]any{"url": "https://accessible.stripe.com"},
			"tos_acceptance":   map[string]any{"date": 1609798905, "ip": "8.8.8.8"},
			"individual": map[string]any{
				"first_name": "Jenny", "last_name": "Rosen", "dob": map[string]any{"day": 1, "month": 1, "year": 1902},
			},
		},
	})
	require.NoError(t, err)
	_, err = c.AddExternalAccount(ctx, made.ID, "btok_us_verified", true)
	require.NoError(t, err)
	require.Eventually(t, func() bool { // Stripe's event says so
		made, err = c.Account(ctx, made.ID)
		return err == nil && made.Status == "enabled"
	}, time.Minute, 20*time.Millisecond)
	return made
}

func askForTransfers(t *testing.T, c *client.Client) {
	ctx := t.Context()
	partner := enabledPartner(t, c)
	ride := visa
	ride.Account, ride.ChargeType, ride.PlatformPercent = partner.ID, "separate", "20"
	paid, err := c.CreatePayment(ctx, ride, client.IdempotencyKey("ride"))
	require.NoError(t, err)
	made, err := c.CreateTransfer(ctx, client.NewTransfer{Account: partner.ID, PaymentID: paid.ID}, client.IdempotencyKey("driver"))
	require.NoError(t, err)
	assert.Equal(t, "8.00", made.Amount, "80 % of the ride")
	_, err = c.ReverseTransfer(ctx, made.ID, client.NewReversal{Amount: "3.00"}, client.IdempotencyKey("back"))
	require.NoError(t, err)
	reversals, err := c.Reversals(ctx, made.ID)
	require.NoError(t, err)
	assert.Len(t, reversals, 1)
	read, err := c.Transfer(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, made.ID, read.ID)
	all, err := client.Collect(c.Transfers(ctx, client.TransferFilter{}))
	require.NoError(t, err)
	assert.Len(t, all, 1)
}

func askForPayouts(t *testing.T, c *client.Client) {
	ctx := t.Context()
	partner := enabledPartner(t, c)
	own := visa
	own.PaymentMethod = "pm_card_bypassPending"
	_, err := c.CreatePayment(ctx, own, client.IdempotencyKey("available at once"))
	require.NoError(t, err)
	_, err = c.CreateTransfer(ctx, client.NewTransfer{Account: partner.ID, Amount: "5.00", Currency: "USD", From: "platform"}, client.IdempotencyKey("bonus"))
	require.NoError(t, err)
	_, err = c.CreatePayout(ctx, client.NewPayout{Account: partner.ID, Amount: "5.00", Currency: "USD"}, client.IdempotencyKey("nothing in-app"))
	require.ErrorContains(t, err, "available balance")
	made, err := c.CreatePayout(ctx, client.NewPayout{Account: partner.ID, Amount: "5.00", Currency: "USD", From: "stripe"}, client.IdempotencyKey("bank"))
	require.NoError(t, err)
	assert.Equal(t, "submitted", made.Status)
	gone, err := c.CancelPayout(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, "canceled", gone.Status)
	again, err := c.RetryPayout(ctx, made.ID, client.IdempotencyKey("again"))
	require.NoError(t, err)
	read, err := c.Payout(ctx, again.ID)
	require.NoError(t, err)
	assert.Equal(t, &made.ID, read.RetryOf)
	all, err := client.Collect(c.Payouts(ctx, client.PayoutFilter{Account: partner.ID}))
	require.NoError(t, err)
	assert.Len(t, all, 2)
}
