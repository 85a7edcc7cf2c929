package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) accountBankCommand() *cobra.Command {
	return group("bank", "Say where an account's payouts go",
		"Bank accounts are named by tokens that Stripe.js makes of their numbers, which\nnever come here. In test mode there is btok_us_verified."+apiHelp,
		p.bankAddCommand(), p.bankListCommand(), p.bankRemoveCommand())
}

func (p *program) bankAddCommand() *cobra.Command {
	var isDefault, asJSON bool
	cmd := &cobra.Command{
		Use: "add ID TOKEN", Short: "Add a bank account", Long: "Adds where payouts of a currency may go; the first of a currency gets them." + apiHelp,
		Example: "  florin account bank add 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 btok_us_verified", Args: cobra.ExactArgs(2),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&isDefault, "default", false, "Send payouts of its currency here from now on.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			bank, err := c.AddExternalAccount(ctx, args[0], args[1], isDefault)
			return p.printBanks([]client.BankAccount{bank}, asJSON, err)
		})
	})
	return cmd
}

func (p *program) bankListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list ID", Short: "List an account's bank accounts", Long: "Reads from Stripe where payouts may go." + apiHelp,
		Example: "  florin account bank list 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			banks, err := c.ExternalAccounts(ctx, args[0])
			return p.printBanks(banks, asJSON, err)
		})
	})
	return cmd
}

func (p *program) bankRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove ID REF", Short: "Remove a bank account", Long: "Stripe keeps the default one until another is the default." + apiHelp,
		Example: "  florin account bank remove 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 ba_1abc", Args: cobra.ExactArgs(2),
	}
	return p.accountWork(cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Account, error) {
		return c.RemoveExternalAccount(ctx, args[0], args[1])
	})
}

func (p *program) printBanks(banks []client.BankAccount, asJSON bool, err error) error {
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSON(p.Out, append([]client.BankAccount{}, banks...))
	case len(banks) == 0:
		fmt.Fprintln(p.Out, "Payouts have nowhere to go. Next: florin account bank add ID TOKEN")
		return nil
	}
	var rows [][]any
	for _, b := range banks {
		use := ""
		if b.IsDefault {
			use = "default"
		}
		rows = append(rows, []any{b.ProviderRef, b.Bank, "…" + b.Last4, b.Currency, b.Status, use})
	}
	printTable(p.Out, []any{"id", "bank", "number", "currency", "status", "use"}, rows)
	return nil
}
