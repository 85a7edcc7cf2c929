package cli

import (
	"context"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) payoutCommand() *cobra.Command {
	return group("payout", "Send partners' money to their banks",
		"A payout brings a partner's in-app balance to its account at Stripe, and from\nthere to its bank. When a step fails the money is in the balance again."+apiHelp,
		p.payoutCreateCommand(), p.payoutListCommand(),
		p.payoutWork("show ID", "Show a payout", func(ctx context.Context, c *client.Client, args []string) (client.Payout, error) {
			return c.Payout(ctx, args[0])
		}),
		p.payoutWork("cancel ID", "Cancel a payout that the bank does not have yet", func(ctx context.Context, c *client.Client, args []string) (client.Payout, error) {
			return c.CancelPayout(ctx, args[0])
		}),
		p.payoutWork("retry ID", "Try again what a payout did not bring to the bank", func(ctx context.Context, c *client.Client, args []string) (client.Payout, error) {
			return c.RetryPayout(ctx, args[0])
		}))
}

// payoutWork makes a command out of what is asked about one payout.
func (p *program) payoutWork(use, short string, do work[client.Payout]) *cobra.Command {
	verb := use[:len(use)-len("ID")]
	cmd := &cobra.Command{
		Use: use, Short: short, Long: short + "." + apiHelp,
		Example: "  florin payout " + verb + "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	return showingAll(p, cmd, api(cmd), do)
}

func (p *program) payoutCreateCommand() *cobra.Command {
	var n client.NewPayout
	var key string
	cmd := &cobra.Command{
		Use: "create", Short: "Send a partner's money to its bank",
		Long:    "Sends an amount of a partner's in-app balance to its bank; with --from stripe, of\nwhat is in its account at Stripe already." + apiHelp,
		Example: "  florin payout create --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --amount 16.00 --currency USD", Args: cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	f.StringVar(&n.Account, "account", "", "The `id` of the partner's account.")
	f.StringVar(&n.Amount, "amount", "", "The `amount` in whole units, as 16.00.")
	f.StringVar(&n.Currency, "currency", "", "The `currency`, as USD.")
	f.StringVar(&n.From, "from", "", "balance (in-app) or stripe.")
	f.StringVar(&n.Description, "description", "", "A `text` of your own.")
	f.StringToStringVar(&n.Metadata, "metadata", nil, "Your own `key=value`; repeat it.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return showingAll(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) (client.Payout, error) {
		return c.CreatePayout(ctx, n, client.IdempotencyKey(key))
	})
}

func (p *program) payoutListCommand() *cobra.Command {
	var filter client.PayoutFilter
	var since, until string
	cmd := &cobra.Command{
		Use: "list", Short: "List payouts, newest first", Long: "Lists payouts, newest first; those that Stripe made by its own schedule too." + apiHelp,
		Example: "  florin payout list\n  florin payout list --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --status failed --json", Args: cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	f.StringVar(&filter.Account, "account", "", "Only of the account of this `id`.")
	f.StringSliceVar(&filter.Statuses, "status", nil, "Only of these: pending, submitted, in_transit, paid, failed, canceled.")
	f.StringVar(&since, "since", "", "Only those created on this `date` or later.")
	f.StringVar(&until, "until", "", "Only those created on this `date` or earlier.")
	return listing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) ([]client.Payout, error) {
		var err error
		if filter.Since, filter.Until, err = dates(since, until); err != nil {
			return nil, err
		}
		return client.Collect(c.Payouts(ctx, filter))
	}, payoutColumns)
}

var payoutColumns = columns[client.Payout]{
	heads: []any{"id", "account", "amount", "currency", "from", "status", "at stripe", "created"},
	row: func(p client.Payout) []any {
		return []any{p.ID, p.Account, p.Amount, p.Currency, p.From, p.Status, p.ProviderRef, moment(p.CreatedAt)}
	},
	nothing: "There are none. Next: florin payout create --account ID --amount 16.00 --currency USD",
}
