package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) mailCommand() *cobra.Command {
	return group("mail", "See the mails that customers got, and change how they read",
		"Customers get receipts, refunds' notices, invoices, and word of renewals that\nfailed. In the sandbox mails are kept and shown, not sent."+apiHelp,
		p.mailListCommand(), p.mailShowCommand(), p.mailTemplateCommand(), p.mailSetCommand(), p.mailResetCommand())
}

func (p *program) mailListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List mails, newest first", Long: "Lists mails to customers, newest first." + apiHelp,
		Example: "  florin mail list\n  florin mail list --status failed --json", Args: cobra.NoArgs,
	}
	var f client.MailFilter
	o := api(cmd)
	cmd.Flags().StringSliceVar(&f.Statuses, "status", nil, "Only of these: pending, sent, kept, failed.")
	cmd.Flags().StringVar(&f.ObjectID, "object", "", "Only those about the payment, refund or invoice of this `id`.")
	return listing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) ([]client.Mail, error) {
		return client.Collect(c.Mails(ctx, f))
	}, columns[client.Mail]{heads: []any{"id", "status", "template", "to", "subject", "created"}, row: func(m client.Mail) []any {
		return []any{m.ID, m.Status, m.Template, m.To, m.Subject, moment(m.CreatedAt)}
	}, nothing: "No customer got mail. A payment with receipt_email brings a receipt."})
}

func (p *program) mailShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a mail as the customer reads it", Long: "Shows a mail to a customer." + apiHelp,
		Example: "  florin mail show " + anID, Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Mail, error) {
		return c.Mail(ctx, args[0])
	}, func(m client.Mail) {
		fmt.Fprintf(p.Out, "To: %s\nSubject: %s\nStatus: %s\n", m.To, m.Subject, m.Status)
		if m.Problem != nil {
			fmt.Fprintf(p.Out, "Problem: %s\n", *m.Problem)
		}
		fmt.Fprintf(p.Out, "\n%s", m.Text)
	})
}

const templateNames = "receipt, refund, invoice or payment_failed"

func (p *program) printTemplate(t client.Template) {
	fmt.Fprintf(p.Out, "Subject: %s\n\n%s", t.Subject, t.Text)
}

func (p *program) mailTemplateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "template NAME", Short: "Show a mail's template", Long: "Shows a mail's template: " + templateNames + "." + apiHelp,
		Example: "  florin mail template receipt --json", Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Template, error) {
		return c.Template(ctx, args[0])
	}, p.printTemplate)
}

func (p *program) mailSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set-template NAME", Short: "Replace a mail's template by your own",
		Long:    "Replaces a mail's template: " + templateNames + ".\nIt is in the language of Go's text/template; it is tried before it is kept." + apiHelp,
		Example: "  florin mail set-template receipt --subject \"Thank you from {{.Merchant}}\" --text @receipt.txt --html @receipt.html", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	var t client.TemplateText
	cmd.Flags().StringVar(&t.Subject, "subject", "", "The subject's `template`.")
	cmd.Flags().StringVar(&t.Text, "text", "", "The text's `template`; @file or - for standard input.")
	cmd.Flags().StringVar(&t.HTML, "html", "", "The HTML's `template`; @file. Left out, the mail has no HTML.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Template, error) {
		for _, part := range []*string{&t.Text, &t.HTML} {
			text, err := p.secretText(*part)
			if err != nil {
				return client.Template{}, err
			}
			*part = text
		}
		return c.SetTemplate(ctx, args[0], t)
	}, p.printTemplate)
}

func (p *program) mailResetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reset-template NAME", Short: "Bring a mail's built-in template back", Long: "Brings a mail's built-in template back." + apiHelp,
		Example: "  florin mail reset-template receipt", Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Template, error) {
		return c.ResetTemplate(ctx, args[0])
	}, p.printTemplate)
}
