package cli

import (
	"cmp"
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) invoiceCommand() *cobra.Command {
	return group("invoice", "See what subscriptions asked for, collect it, or make it void",
		"An invoice is what a subscription asks for one period, or for a change. What it is\npaid with is a payment."+apiHelp,
		p.invoiceListCommand(), p.invoiceShowCommand(), p.invoicePayCommand(), p.invoiceVoidCommand())
}

func (p *program) invoiceListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List invoices, newest first", Long: "Lists invoices, newest first." + apiHelp,
		Example: "  florin invoice list --status open\n  florin invoice list --subscription ID --json", Args: cobra.NoArgs,
	}
	var f client.InvoiceFilter
	o := api(cmd)
	cmd.Flags().StringSliceVar(&f.Statuses, "status", nil, "Only of these: draft, open, paid, void, uncollectible.")
	cmd.Flags().StringVar(&f.SubscriptionID, "subscription", "", "Only those of the subscription of this `id`.")
	cmd.Flags().StringVar(&f.CustomerID, "customer", "", "Only those of the customer of this `id`.")
	cmd.Flags().StringVar(&f.AccountID, "account", "", "Only those that are shared with the account of this `id`.")
	return listing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) ([]client.Invoice, error) {
		return client.Collect(c.Invoices(ctx, f))
	}, columns[client.Invoice]{heads: []any{"id", "number", "status", "due", "paid", "finalized", "next try"}, nothing: "There is no such invoice. Subscriptions make them: florin subscription create", row: func(i client.Invoice) []any {
		return []any{i.ID, i.Number, i.Status, i.AmountDue + " " + i.Currency, i.AmountPaid, momentOr(i.FinalizedAt), nextTry(i)}
	}})
}

// nextTry is what comes next of collecting an invoice, in words.
func nextTry(i client.Invoice) string {
	switch {
	case i.Status != "open" || i.Dunning == nil:
		return "-"
	case i.Dunning.Stopped != nil:
		return "none: " + *i.Dunning.Stopped
	}
	return momentOr(i.Dunning.NextAt)
}

func (p *program) printInvoice(i client.Invoice) {
	rows := [][]any{
		{"id", i.ID}, {"number", i.Number}, {"subscription", i.SubscriptionID}, {"status", i.Status}, {"due", i.AmountDue + " " + i.Currency},
		{"paid", i.AmountPaid + " " + i.Currency}, {"at Stripe", i.ProviderRef}, {"finalized", momentOr(i.FinalizedAt)}, {"next try", nextTry(i)},
	}
	if i.PaymentID != nil {
		rows = append(rows, []any{"payment", *i.PaymentID})
	}
	if i.Error != nil {
		rows = append(rows, []any{"error", i.Error.Message})
	}
	for _, line := range i.Lines {
		rows = append(rows, []any{line.Amount, line.Description})
	}
	printTable(p.Out, []any{"field", "value"}, rows)
}

func (p *program) invoiceShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show an invoice with its lines", Long: "Shows an invoice." + apiHelp,
		Example: "  florin invoice show " + anID, Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Invoice, error) {
		return c.Invoice(ctx, args[0])
	}, p.printInvoice)
}

func (p *program) invoicePayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pay ID", Short: "Collect an invoice now", Long: "Collects an open invoice, with the subscription's card or another." + apiHelp,
		Example: "  florin invoice pay " + anID + " --card ID", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	var card, key string
	cmd.Flags().StringVar(&card, "card", "", "The saved card's `id`; the subscription's when left out.")
	cmd.Flags().StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Invoice, error) {
		return c.PayInvoice(ctx, args[0], card, client.IdempotencyKey(cmp.Or(key, rand.Text())))
	}, p.printInvoice)
}

func (p *program) invoiceVoidCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "void ID", Short: "Make an invoice void", Long: "Makes an open invoice as if it had never been." + apiHelp,
		Example: "  florin invoice void " + anID, Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Invoice, error) {
		return c.VoidInvoice(ctx, args[0])
	}, p.printInvoice)
}
