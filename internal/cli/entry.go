package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) ledgerBalancesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "balances", Short: "Show what stands on each ledger account",
		Long:    "What you have is positive, what you earned or owe is negative: all accounts of a\ncurrency sum to zero." + apiHelp,
		Example: "  florin ledger balances", Args: cobra.NoArgs,
	}
	o := api(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := c.LedgerBalances(ctx)
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(p.Out, found)
			case len(found) == 0:
				fmt.Fprintln(p.Out, "Nothing was booked yet.")
				return nil
			}
			rows := make([][]any, len(found))
			for i, b := range found {
				rows[i] = []any{b.LedgerAccount, b.Balance, b.Currency}
			}
			printTable(p.Out, []any{"ledger account", "balance", "currency"}, rows)
			return nil
		})
	})
	return cmd
}

// ledgerFilter adds the flags that entries and statements have in common; the
// function reads the dates once the flags are parsed.
func ledgerFilter(cmd *cobra.Command, f *client.LedgerFilter) func() error {
	var since, until string
	flags := cmd.Flags()
	flags.StringVar(&f.AccountID, "account", "", "Only of the partner of this `id`.")
	flags.StringVar(&f.LedgerAccount, "ledger-account", "", "Only of this ledger account: stripe, sales, partner:<id>:available, …")
	flags.StringVar(&f.Currency, "currency", "", "Only of this `currency`.")
	flags.StringVar(&since, "since", "", "From this `date` on.")
	flags.StringVar(&until, "until", "", "Until this `date`, which is included.")
	return func() (err error) {
		f.Since, f.Until, err = dates(since, until)
		return err
	}
}

func (p *program) ledgerEntriesCommand() *cobra.Command {
	var f client.LedgerFilter
	cmd := &cobra.Command{
		Use: "entries", Short: "List ledger entries, newest first",
		Long:    "Lists a page of entries, newest first; every page with --all." + apiHelp,
		Example: "  florin ledger entries --ledger-account stripe\n  florin ledger entries --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --since 2026-11-01 --all --json",
		Args:    cobra.NoArgs,
	}
	o := api(cmd)
	read, flags := ledgerFilter(cmd, &f), cmd.Flags()
	flags.StringVar(&f.Kind, "kind", "", "Only of this `kind`: capture, fee, refund, share, transfer, debit, …")
	flags.StringVar(&f.PaymentID, "payment", "", "Only those of the payment of this `id`.")
	flags.IntVar(&f.Limit, "limit", 0, "How `many` on a page.")
	flags.StringVar(&f.Cursor, "cursor", "", "Where to go on: the `cursor` that the page before ended with.")
	all := flags.Bool("all", false, "Every page.")
	asJSON := flags.Bool("json", false, "Print JSON, one entry on a line.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		if err := read(); err != nil {
			return err
		}
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			page, err := c.LedgerPage(ctx, f)
			if *all && err == nil {
				page.Items, err = client.Collect(c.LedgerEntries(ctx, f))
				page.Next = ""
			}
			if err != nil {
				return err
			}
			return p.printEntries(page, *asJSON)
		})
	})
	return cmd
}

func (p *program) printEntries(page client.Page[client.LedgerEntry], asJSON bool) error {
	rows := make([][]any, len(page.Items))
	for i, e := range page.Items {
		if asJSON {
			if err := printJSON(p.Out, e); err != nil {
				return err
			}
		}
		rows[i] = []any{moment(e.CreatedAt), e.Kind, e.LedgerAccount, e.Amount, e.Currency, deref(e.PaymentID), e.Reason}
	}
	switch {
	case asJSON:
		return nil
	case len(rows) == 0:
		fmt.Fprintln(p.Out, "There are none.")
		return nil
	}
	printTable(p.Out, []any{"booked", "kind", "ledger account", "amount", "currency", "payment", "reason"}, rows)
	if page.Next != "" {
		fmt.Fprintf(p.Out, "\nThere are more: --cursor %s, or --all.\n", page.Next)
	}
	return nil
}

func (p *program) ledgerStatementCommand() *cobra.Command {
	var f client.LedgerFilter
	cmd := &cobra.Command{
		Use: "statement", Short: "Show what accounts had, moved and have",
		Long: "Of a partner, of one ledger account, or of all your own. With --csv every entry is\na line between opening and closing balance. A partner's money is positive here." + apiHelp,
		Example: "  florin ledger statement --since 2026-11-01 --until 2026-11-30\n" +
			"  florin ledger statement --account 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --csv >november.csv",
		Args: cobra.NoArgs,
	}
	o := api(cmd)
	read := ledgerFilter(cmd, &f)
	asCSV := cmd.Flags().Bool("csv", false, "Write CSV with every entry.")
	asJSON := cmd.Flags().Bool("json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		if err := read(); err != nil {
			return err
		}
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			if *asCSV {
				return c.StatementCSV(ctx, f, p.Out)
			}
			found, err := c.Statement(ctx, f)
			switch {
			case err != nil:
				return err
			case *asJSON:
				return printJSON(p.Out, found)
			case len(found) == 0:
				fmt.Fprintln(p.Out, "Nothing was booked there until then.")
				return nil
			}
			rows := make([][]any, len(found))
			for i, l := range found {
				rows[i] = []any{l.LedgerAccount, l.Opening, l.In, l.Out, l.Closing, l.Currency}
			}
			printTable(p.Out, []any{"ledger account", "opening", "in", "out", "closing", "currency"}, rows)
			return nil
		})
	})
	return cmd
}
