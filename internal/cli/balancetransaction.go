package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

const transactionHelp = `Balance transactions are what Stripe itself lists of every movement of your
balance and of your partners': with what fee, what for, and when the money can
be spent.`

func (p *program) transactionCommand() *cobra.Command {
	return group("transaction", "Look at balance transactions at Stripe", transactionHelp, p.transactionListCommand(), p.transactionShowCommand())
}

func (p *program) transactionListCommand() *cobra.Command {
	var f client.BalanceFilter
	var since, until string
	var asJSON, all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List balance transactions, newest first",
		Long: "Lists a page of balance transactions, newest first; every page with --all." + apiHelp,
		Example: "  florin transaction list\n  florin transaction list --type payout,transfer --account acct_1abc\n" +
			"  florin transaction list --since 2026-11-01 --until 2026-11-30 --all --json",
		Args: cobra.NoArgs,
	}
	o := api(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.Types, "type", nil, "Only of these `types`: charge, refund, transfer, payout, …")
	flags.StringVar(&f.Status, "status", "", "Only `pending` or available ones.")
	flags.StringVar(&f.Currency, "currency", "", "Only of this `currency`.")
	flags.StringVar(&f.Source, "source", "", "Only those that an `id` of Stripe's caused.")
	flags.StringVar(&f.Payout, "payout", "", "Only those that this `payout` (po_…) paid out.")
	flags.StringVar(&f.PaymentID, "payment", "", "Only those of the payment of this `id`.")
	flags.StringVar(&f.Account, "account", "", "Only of this partner's `account` (acct_…), or self.")
	flags.StringVar(&since, "since", "", "Only those created on this `date` or later.")
	flags.StringVar(&until, "until", "", "Only those created on this `date` or earlier.")
	flags.IntVar(&f.Limit, "limit", 0, "How `many` on a page.")
	flags.StringVar(&f.Cursor, "cursor", "", "Where to go on: the `cursor` that the page before ended with.")
	flags.BoolVar(&all, "all", false, "Every page.")
	flags.BoolVar(&asJSON, "json", false, "Print JSON, one transaction on a line.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		var err error
		if f.Since, f.Until, err = dates(since, until); err != nil {
			return err
		}
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := transactionPages(ctx, c, f, all)
			if err != nil {
				return err
			}
			return p.printTransactions(found, asJSON)
		})
	})
	return cmd
}

// dates are the ends of a span of days, both included.
func dates(since, until string) (from, to time.Time, err error) {
	for _, end := range []struct {
		text, flag string
		at         *time.Time
	}{{since, "--since", &from}, {until, "--until", &to}} {
		if end.text == "" {
			continue
		}
		if *end.at, err = time.Parse(time.DateOnly, end.text); err != nil {
			return from, to, usagef("%s is a date such as 2026-11-30, not %q", end.flag, end.text)
		}
	}
	if !to.IsZero() {
		to = to.AddDate(0, 0, 1)
	}
	return from, to, nil
}

func transactionPages(ctx context.Context, c *client.Client, f client.BalanceFilter, all bool) (client.Page[client.BalanceTransaction], error) {
	if !all {
		return c.TransactionPage(ctx, f)
	}
	items, err := client.Collect(c.Transactions(ctx, f))
	return client.Page[client.BalanceTransaction]{Items: items}, err
}

func (p *program) printTransactions(page client.Page[client.BalanceTransaction], asJSON bool) error {
	if asJSON {
		for _, t := range page.Items {
			if err := printJSON(p.Out, t); err != nil {
				return err
			}
		}
		return nil
	}
	if len(page.Items) == 0 {
		fmt.Fprintln(p.Out, "There are none.")
		return nil
	}
	rows := make([][]any, len(page.Items))
	for i, t := range page.Items {
		rows[i] = []any{moment(t.CreatedAt), t.Type, t.Amount, t.Fee, t.Net, t.Currency, t.Status, deref(t.Source), deref(t.Account)}
	}
	printTable(p.Out, []any{"created", "type", "amount", "fee", "net", "currency", "status", "source", "account"}, rows)
	if page.Next != "" {
		fmt.Fprintf(p.Out, "\nThere are more: --cursor %s, or --all.\n", page.Next)
	}
	return nil
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (p *program) transactionShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show one balance transaction",
		Long:    "Shows one balance transaction." + apiHelp,
		Example: "  florin transaction show 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90",
		Args:    cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := c.Transaction(ctx, args[0])
			if err != nil {
				return err
			}
			return p.printObject(found, asJSON)
		})
	})
	return cmd
}

// printObject shows one thing, as JSON or as a table of its fields.
func (p *program) printObject(object any, asJSON bool) error {
	if asJSON {
		return printJSON(p.Out, object)
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return printFields(p.Out, raw)
}
