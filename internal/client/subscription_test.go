package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

func askForSubscriptions(t *testing.T, c *client.Client) {
	ctx := t.Context()
	card, err := c.SaveCard(ctx, client.NewCard{PaymentMethodID: "pm_card_visa", CustomerEmail: "reader@example.com"})
	require.NoError(t, err)
	small, err := c.CreatePlan(ctx, client.NewPlan{Name: "Small", Amount: "10.00", Currency: "USD", Interval: "month"})
	require.NoError(t, err)
	large, err := c.CreatePlan(ctx, client.NewPlan{Name: "Large", Amount: "30.00", Currency: "USD", Interval: "month"})
	require.NoError(t, err)
	read, err := c.Plan(ctx, large.ID)
	require.NoError(t, err)
	assert.Equal(t, "Large", read.Name)
	plans, err := client.Collect(c.Plans(ctx, client.PlanFilter{Statuses: []string{"active"}, Limit: 1}))
	require.NoError(t, err)
	assert.Len(t, plans, 2)

	begun, err := c.CreateSubscription(ctx, client.NewSubscription{CustomerID: card.CustomerID, PlanID: small.ID}, client.IdempotencyKey("subscribe"))
	require.NoError(t, err)
	assert.Equal(t, "active", begun.Status)
	change := client.SubscriptionChange{PlanID: large.ID}
	preview, err := c.PreviewSubscription(ctx, begun.ID, change)
	require.NoError(t, err)
	assert.NotEmpty(t, preview.Lines)
	_, err = c.ChangeSubscription(ctx, begun.ID, change)
	require.NoError(t, err)
	paused, err := c.PauseSubscription(ctx, begun.ID, client.Pause{Behavior: "void"})
	require.NoError(t, err)
	assert.NotNil(t, paused.Pause)
	_, err = c.ResumeSubscription(ctx, begun.ID)
	require.NoError(t, err)
	askForInvoices(t, c, begun.ID)
	_, err = c.CancelSubscription(ctx, begun.ID, client.SubscriptionEnd{})
	require.NoError(t, err)
	again, err := c.Subscription(ctx, begun.ID)
	require.NoError(t, err)
	assert.Equal(t, "canceled", again.Status)
	all, err := client.Collect(c.Subscriptions(ctx, client.SubscriptionFilter{CustomerID: card.CustomerID}))
	require.NoError(t, err)
	assert.Len(t, all, 1)
	archived, err := c.SetPlanActive(ctx, small.ID, false)
	require.NoError(t, err)
	assert.Equal(t, "archived", archived.Status)
}

func askForInvoices(t *testing.T, c *client.Client, subscription string) {
	ctx := t.Context()
	var found []client.Invoice
	require.Eventually(t, func() (ok bool) { // Stripe's event brings it
		var err error
		found, err = client.Collect(c.Invoices(ctx, client.InvoiceFilter{SubscriptionID: subscription}))
		return err == nil && len(found) > 0 && found[len(found)-1].Status == "paid"
	}, time.Minute, 20*time.Millisecond)
	first, err := c.Invoice(ctx, found[len(found)-1].ID)
	require.NoError(t, err)
	for _, refused := range []func() error{
		func() error {
			_, err := c.PayInvoice(ctx, first.ID, "", client.IdempotencyKey("pay it twice"))
			return err
		},
		func() error { _, err := c.VoidInvoice(ctx, first.ID); return err },
	} {
		var answer *client.Error
		require.True(t, errors.As(refused(), &answer))
		assert.Equal(t, "invoice_not_open", answer.Code, "it is paid")
	}
}
