package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) customerCommand() *cobra.Command {
	return group("customer", "See who pays, and with which cards",
		"A customer is made when a card is saved (POST /v1/payments/cards), and is\nStripe's customer too."+apiHelp,
		p.customerListCommand(), p.customerShowCommand())
}

func (p *program) customerListCommand() *cobra.Command {
	var email string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List customers, newest first", Long: "Lists customers, newest first." + apiHelp,
		Example: "  florin customer list\n  florin customer list --email user@example.com --json", Args: cobra.NoArgs,
	}
	o := api(cmd)
	cmd.Flags().StringVar(&email, "email", "", "Only of this `address`.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			list, err := client.Collect(c.Customers(ctx, email))
			switch {
			case err != nil:
				return err
			case asJSON:
				return printJSON(p.Out, append([]client.Customer{}, list...))
			case len(list) == 0:
				fmt.Fprintln(p.Out, "No customer was found. One is made when a card is saved.")
				return nil
			}
			var rows [][]any
			for _, one := range list {
				rows = append(rows, []any{one.ID, one.Email, one.Name, one.ProviderRef, orDash(one.DefaultCardID), moment(one.CreatedAt)})
			}
			printTable(p.Out, []any{"id", "e-mail", "name", "at stripe", "default card", "created"}, rows)
			return nil
		})
	})
	return cmd
}

func (p *program) customerShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a customer and their saved cards", Long: "Shows a customer and their saved cards." + apiHelp,
		Example: "  florin customer show 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON, without the cards.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			one, err := c.Customer(ctx, args[0])
			if err != nil || asJSON {
				return printedOr(err, func() error { return printJSON(p.Out, one) })
			}
			cards, err := client.Collect(c.Cards(ctx, one.ID))
			if err != nil {
				return err
			}
			p.printCustomer(one, cards)
			return nil
		})
	})
	return cmd
}

// printedOr is err, or what printing ends with when there is none.
func printedOr(err error, write func() error) error {
	if err != nil {
		return err
	}
	return write()
}

func (p *program) printCustomer(one client.Customer, cards []client.Card) {
	rows := [][]any{{"id", one.ID}, {"e-mail", one.Email}, {"name", one.Name}, {"at Stripe", one.ProviderRef}, {"since", moment(one.CreatedAt)}}
	for _, card := range cards {
		text := fmt.Sprintf("%s …%s, %02d/%d, %s", card.Brand, card.Last4, card.ExpMonth, card.ExpYear, card.ID)
		if card.IsDefault {
			text += " (default)"
		}
		rows = append(rows, []any{"card", text})
	}
	printTable(p.Out, []any{"field", "value"}, rows)
}
