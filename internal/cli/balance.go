package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) accountBalanceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "balance ID", Short: "Show what you owe a partner in-app", Long: "Shows what is available to a partner, pending, held, and at Stripe, by currency." + apiHelp,
		Example: "  florin account balance 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := c.AccountBalance(ctx, args[0])
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(p.Out, found)
			}
			rows := make([][]any, len(found.Balances))
			for i, b := range found.Balances {
				rows[i] = []any{b.Currency, b.Available, b.Pending, b.Held, b.AtStripe}
			}
			printTable(p.Out, []any{"currency", "available", "pending", "held", "at stripe"}, rows)
			return nil
		})
	})
	return cmd
}

func (p *program) accountDebitCommand() *cobra.Command {
	return p.balanceChangeCommand(&cobra.Command{
		Use: "debit ID", Short: "Let a partner pay in-app",
		Long:    "Takes from what is available to the partner; nothing is asked of Stripe. More than\nthat is refused, unless the account's debt limit allows it." + apiHelp,
		Example: "  florin account debit 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --amount 5 --currency USD --reason \"priority, week 12\"",
	}, (*client.Client).DebitAccount)
}

func (p *program) accountCreditCommand() *cobra.Command {
	return p.balanceChangeCommand(&cobra.Command{
		Use: "credit ID", Short: "Give to a partner in-app",
		Long:    "Adds to what is available to the partner at once; nothing is asked of Stripe." + apiHelp,
		Example: "  florin account credit 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --amount 5 --currency USD --reason \"priority refunded\"",
	}, (*client.Client).CreditAccount)
}

// balanceChange is how the client debits or credits.
type balanceChange func(c *client.Client, ctx context.Context, id string, change client.NewBalanceChange, options ...client.Option) (client.BalanceChange, error)

func (p *program) balanceChangeCommand(cmd *cobra.Command, change balanceChange) *cobra.Command {
	var n client.NewBalanceChange
	var key string
	o, f := api(cmd), cmd.Flags()
	f.StringVar(&n.Amount, "amount", "", "How much, in whole units: 5 or 5.00.")
	f.StringVar(&n.Currency, "currency", "", "The `currency`, as USD.")
	f.StringVar(&n.Reason, "reason", "", "What for; the partner reads it on statements.")
	f.StringVar(&n.Against, "against", "", "partner_fees, or adjustments for what is put right by hand.")
	f.StringVar(&n.PaymentID, "payment", "", "The `id` of the payment that it belongs to.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`; a new one when left out.")
	asJSON := f.Bool("json", false, "Print JSON.")
	cmd.Args = cobra.ExactArgs(1)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			made, err := change(c, ctx, args[0], n, client.IdempotencyKey(cmp.Or(key, rand.Text())))
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(p.Out, made)
			}
			fmt.Fprintf(p.Out, "%s of %s %s booked; %s %s is available now.\n", made.Kind, made.Amount, made.Currency, made.Available, made.Currency)
			return nil
		})
	})
	return cmd
}
