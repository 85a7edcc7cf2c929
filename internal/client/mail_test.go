package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/client"
)

func askForMails(t *testing.T, c *client.Client) {
	ctx := t.Context()
	settings, err := c.Billing(ctx)
	require.NoError(t, err)
	kept, err := c.SetBilling(ctx, settings)
	require.NoError(t, err)
	assert.Equal(t, settings.Dunning, kept.Dunning)
	own := client.TemplateText{Subject: "Thank you", Text: "You paid {{.Amount}}."}
	replaced, err := c.SetTemplate(ctx, "receipt", own)
	require.NoError(t, err)
	assert.False(t, replaced.BuiltIn)
	read, err := c.Template(ctx, "receipt")
	require.NoError(t, err)
	assert.Equal(t, own.Subject, read.Subject)
	builtIn, err := c.ResetTemplate(ctx, "receipt")
	require.NoError(t, err)
	assert.True(t, builtIn.BuiltIn)
	order := visa
	order.ReceiptEmail = "jane@example.com"
	paid, err := c.CreatePayment(ctx, order, client.IdempotencyKey("with a receipt"))
	require.NoError(t, err)
	var mails []client.Mail
	require.Eventually(t, func() bool { // its job writes it
		mails, err = client.Collect(c.Mails(ctx, client.MailFilter{ObjectID: paid.ID}))
		return err == nil && len(mails) == 1
	}, time.Minute, 20*time.Millisecond)
	mail, err := c.Mail(ctx, mails[0].ID)
	require.NoError(t, err)
	assert.Equal(t, "jane@example.com", mail.To)
}
