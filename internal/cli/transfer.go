package cli

import (
	"context"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) transferCommand() *cobra.Command {
	return group("transfer", "Send money to partners' accounts at Stripe, and take it back",
		"A transfer moves money from your balance at Stripe to a partner's. It is tied to a\npayment, of whose share it is a part, or free, of the partner's in-app balance."+apiHelp,
		p.transferCreateCommand(), p.transferListCommand(), p.transferShowCommand(), p.transferReverseCommand())
}

// showingAll is showing for a thing of which every field is shown.
func showingAll[T any](p *program, cmd *cobra.Command, o *apiOptions, do work[T]) *cobra.Command {
	return showing(p, cmd, o, do, func(found T) { _ = p.printObject(found, false) }) // what cannot be printed has nobody to be told
}

func (p *program) transferCreateCommand() *cobra.Command {
	var t client.NewTransfer
	var key string
	cmd := &cobra.Command{
		Use: "create", Short: "Send money to a partner",
		Long: "Sends what is left of a payment's share, or an amount of the partner's available\nin-app balance. With --from platform it is your own money." + apiHelp,
		Example: "  florin transfer create --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --payment 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e91\n" +
			"  florin transfer create --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --amount 16.00 --currency USD",
		Args: cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	f.StringVar(&t.Account, "account", "", "The `id` of the partner's account.")
	f.StringVar(&t.PaymentID, "payment", "", "The `id` of the payment whose money it is.")
	f.StringVar(&t.Amount, "amount", "", "The `amount` in whole units, as 16.00; all that is left of the payment's share when left out.")
	f.StringVar(&t.Currency, "currency", "", "The `currency`, needed without --payment.")
	f.StringVar(&t.From, "from", "", "balance (the partner's own money) or platform (yours).")
	f.StringVar(&t.Description, "description", "", "A `text` of your own.")
	f.StringToStringVar(&t.Metadata, "metadata", nil, "Your own `key=value`; repeat it.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return showingAll(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) (client.Transfer, error) {
		return c.CreateTransfer(ctx, t, client.IdempotencyKey(key))
	})
}

func (p *program) transferListCommand() *cobra.Command {
	var filter client.TransferFilter
	var since, until string
	cmd := &cobra.Command{
		Use: "list", Short: "List transfers, newest first", Long: "Lists transfers, newest first; those that were made at Stripe are there too." + apiHelp,
		Example: "  florin transfer list\n  florin transfer list --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --status completed --json", Args: cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	f.StringVar(&filter.Account, "account", "", "Only to the account of this `id`.")
	f.StringVar(&filter.PaymentID, "payment", "", "Only of the payment of this `id`.")
	f.StringVar(&filter.PayoutID, "payout", "", "Only for the payout of this `id`.")
	f.StringSliceVar(&filter.Statuses, "status", nil, "Only of these: pending, completed, failed, partially_reversed, reversed.")
	f.StringVar(&since, "since", "", "Only those created on this `date` or later.")
	f.StringVar(&until, "until", "", "Only those created on this `date` or earlier.")
	return listing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) ([]client.Transfer, error) {
		var err error
		if filter.Since, filter.Until, err = dates(since, until); err != nil {
			return nil, err
		}
		return client.Collect(c.Transfers(ctx, filter))
	}, transferColumns)
}

var transferColumns = columns[client.Transfer]{
	heads: []any{"id", "account", "payment", "amount", "reversed", "currency", "from", "status", "at stripe", "created"},
	row: func(t client.Transfer) []any {
		return []any{t.ID, t.Account, deref(t.PaymentID), t.Amount, t.AmountReversed, t.Currency, t.From, t.Status, t.ProviderRef, moment(t.CreatedAt)}
	},
	nothing: "There are none. Next: florin transfer create --account ID --payment ID",
}

func (p *program) transferShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a transfer", Long: "Shows a transfer." + apiHelp,
		Example: "  florin transfer show 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	return showingAll(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Transfer, error) {
		return c.Transfer(ctx, args[0])
	})
}

func (p *program) transferReverseCommand() *cobra.Command {
	var r client.NewReversal
	var key string
	cmd := &cobra.Command{
		Use: "reverse ID", Short: "Take a transfer back, or part of it",
		Long:    "Takes money of a transfer back from the partner's account at Stripe. What was the\npartner's own is in its in-app balance again." + apiHelp,
		Example: "  florin transfer reverse 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --amount 5.00", Args: cobra.ExactArgs(1),
	}
	o, f := api(cmd), cmd.Flags()
	f.StringVar(&r.Amount, "amount", "", "The `amount` in whole units; all that is left when left out.")
	f.StringVar(&r.Description, "description", "", "A `text` of your own.")
	f.StringToStringVar(&r.Metadata, "metadata", nil, "Your own `key=value`; repeat it.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return showingAll(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Reversal, error) {
		return c.ReverseTransfer(ctx, args[0], r, client.IdempotencyKey(key))
	})
}
