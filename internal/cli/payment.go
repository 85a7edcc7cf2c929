package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) paymentCommand() *cobra.Command {
	return group("payment", "Look at payments", "Looks at single payments.", p.paymentMoneyCommand())
}

func (p *program) paymentMoneyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "money ID", Short: "Show where every cent of a payment is",
		Long: "Puts your books beside Stripe's for one payment: its bookings, Stripe's balance\n" +
			"transactions of it and of what came of it, what each balance got, and what is\nnot explained yet. Ends with 1 when something is not." + apiHelp,
		Example: "  florin payment money 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90",
		Args:    cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := c.PaymentMoney(ctx, args[0])
			if err != nil {
				return err
			}
			return p.printMoney(found, asJSON)
		})
	})
	return cmd
}

func (p *program) printMoney(e client.Explanation, asJSON bool) error {
	if asJSON {
		if err := printJSON(p.Out, e); err != nil {
			return err
		}
	} else {
		p.printExplanation(e)
	}
	if !e.Explained {
		return errSilent
	}
	return nil
}

func (p *program) printExplanation(e client.Explanation) {
	fmt.Fprintf(p.Out, "%s %s, %s: %s captured, %s refunded\n\nYour books\n", e.Amount, e.Currency, e.Status, e.AmountCaptured, e.AmountRefunded)
	var rows [][]any
	for _, b := range e.Bookings {
		for _, entry := range b.Entries {
			rows = append(rows, []any{moment(b.At), b.Kind, entry.Account, entry.Amount, entry.Currency})
		}
	}
	printTable(p.Out, []any{"at", "kind", "account", "amount", "currency"}, rows)
	fmt.Fprintln(p.Out, "\nStripe's books")
	rows = nil
	for _, t := range e.Transactions {
		rows = append(rows, []any{moment(t.CreatedAt), t.Type, deref(t.Source), deref(t.Account), t.Amount, t.Fee, t.Net, t.Currency, t.Status, deref(t.Payout)})
	}
	printTable(p.Out, []any{"created", "type", "source", "account", "amount", "fee", "net", "currency", "status", "payout"}, rows)
	fmt.Fprintln(p.Out, "\nWhat each balance at Stripe got")
	rows = nil
	for _, b := range e.Balances {
		rows = append(rows, []any{deref(b.Account), b.Net, b.Pending, b.PaidOut, b.Currency, moment(b.AvailableOn)})
	}
	printTable(p.Out, []any{"account", "net", "pending", "paid out", "currency", "available on"}, rows)
	if e.Explained {
		fmt.Fprintln(p.Out, "\nEvery cent is explained.")
	}
	for _, g := range e.Gaps {
		fmt.Fprintf(p.Out, "\nNot explained: %s%s by your books, %s by Stripe's, %s: %s\n", g.Ours, of(g.Account), g.Theirs, g.Currency, g.Why)
	}
}

// of names a partner's balance; your own needs no name.
func of(account *string) string {
	if account == nil {
		return ""
	}
	return " of " + *account
}
