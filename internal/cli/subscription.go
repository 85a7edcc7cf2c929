package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) subscriptionCommand() *cobra.Command {
	return group("subscription", "Subscribe customers to plans, change and end subscriptions",
		"A subscription charges a customer's saved card for a plan at every interval."+apiHelp,
		p.subscriptionCreateCommand(), p.subscriptionListCommand(), p.subscriptionShowCommand(), p.subscriptionChangeCommand(),
		p.subscriptionPreviewCommand(), p.subscriptionPauseCommand(), p.subscriptionResumeCommand(), p.subscriptionCancelCommand())
}

const anID = "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90" // in examples

func (p *program) subscriptionCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Subscribe a customer to a plan",
		Long:    "Subscribes a customer to a plan. What is left out is the plan's." + apiHelp,
		Example: "  florin subscription create --customer ID --plan ID\n  florin subscription create --customer ID --plan ID --trial-days 0 --account ID --platform-percent 20",
		Args:    cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	var n client.NewSubscription
	var key string
	var trial int
	f.StringVar(&n.CustomerID, "customer", "", "The `id` of the customer whose saved card is charged.")
	f.StringVar(&n.PlanID, "plan", "", "The plan's `id`.")
	f.StringVar(&n.CardID, "card", "", "The saved card's `id`; the customer's default when left out.")
	f.IntVar(&trial, "trial-days", 0, "`Days` that cost nothing.")
	f.StringVar(&n.AccountID, "account", "", "The `id` of the partner's account that gets the rest.")
	f.StringVar(&n.PlatformPercent, "platform-percent", "", "What you keep of each invoice, as 20 or 17.5.")
	f.StringToStringVar(&n.Metadata, "metadata", nil, "Your own `key=value`; repeat it.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) (client.Subscription, error) {
		if f.Changed("trial-days") {
			n.TrialDays = &trial
		}
		return c.CreateSubscription(ctx, n, client.IdempotencyKey(cmp.Or(key, rand.Text())))
	}, p.printSubscription)
}

func (p *program) printSubscription(s client.Subscription) {
	rows := [][]any{{"id", s.ID}, {"customer", s.CustomerID}, {"plan", s.PlanID}, {"status", s.Status}, {"at Stripe", s.ProviderRef}}
	for _, row := range []struct {
		what string
		at   *time.Time
	}{{"period began", s.CurrentPeriodStart}, {"next invoice", s.CurrentPeriodEnd}, {"trial ends", s.TrialEnd}, {"ends", s.CancelAt}, {"ended", s.EndedAt}} {
		if row.at != nil {
			rows = append(rows, []any{row.what, moment(*row.at)})
		}
	}
	if s.AccountID != nil {
		rows = append(rows, []any{"shared with", *s.AccountID}, []any{"you keep", *s.PlatformPercent + " %"})
	}
	if s.Pause != nil {
		rows = append(rows, []any{"paused", s.Pause.Behavior})
	}
	if s.Error != nil {
		rows = append(rows, []any{"error", s.Error.Message})
	}
	printTable(p.Out, []any{"field", "value"}, rows)
}

func (p *program) subscriptionListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List subscriptions, newest first", Long: "Lists subscriptions, newest first, those that ended too." + apiHelp,
		Example: "  florin subscription list --status past_due\n  florin subscription list --customer ID --json", Args: cobra.NoArgs,
	}
	var f client.SubscriptionFilter
	o := api(cmd)
	cmd.Flags().StringSliceVar(&f.Statuses, "status", nil, "Only of these: pending, incomplete, trialing, active, past_due, unpaid, paused, canceled, expired, failed.")
	cmd.Flags().StringVar(&f.CustomerID, "customer", "", "Only those of the customer of this `id`.")
	cmd.Flags().StringVar(&f.PlanID, "plan", "", "Only those of the plan of this `id`.")
	cmd.Flags().StringVar(&f.AccountID, "account", "", "Only those that are shared with the account of this `id`.")
	return listing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) ([]client.Subscription, error) {
		return client.Collect(c.Subscriptions(ctx, f))
	}, columns[client.Subscription]{heads: []any{"id", "status", "customer", "plan", "next invoice"}, nothing: "There is no such subscription. Next: florin subscription create --customer ID --plan ID", row: func(s client.Subscription) []any {
		return []any{s.ID, s.Status, s.CustomerID, s.PlanID, momentOr(s.CurrentPeriodEnd)}
	}})
}

// momentOr is a time in a table; a dash when there is none.
func momentOr(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return moment(*at)
}

func (p *program) subscriptionShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a subscription", Long: "Shows a subscription." + apiHelp,
		Example: "  florin subscription show " + anID, Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Subscription, error) {
		return c.Subscription(ctx, args[0])
	}, p.printSubscription)
}

// changeFlags adds the flags of a change to another plan.
func changeFlags(cmd *cobra.Command) *client.SubscriptionChange {
	var change client.SubscriptionChange
	cmd.Flags().StringVar(&change.PlanID, "plan", "", "The `id` of the plan to change to.")
	cmd.Flags().StringVar(&change.Proration, "proration", "", "When the difference is paid or credited: next_invoice (default), now or none.")
	return &change
}

func (p *program) subscriptionChangeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "change ID", Short: "Move a subscription to another plan or card",
		Long:    "Changes a subscription. Another card pays at once what is owed." + apiHelp,
		Example: "  florin subscription change " + anID + " --plan ID --proration now\n  florin subscription change " + anID + " --card ID", Args: cobra.ExactArgs(1),
	}
	o, change := api(cmd), changeFlags(cmd)
	cmd.Flags().StringVar(&change.CardID, "card", "", "The `id` of the saved card to charge from now on.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Subscription, error) {
		return c.ChangeSubscription(ctx, args[0], *change)
	}, p.printSubscription)
}

func (p *program) subscriptionPreviewCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "preview ID", Short: "See what a change to another plan would cost",
		Long:    "Shows the invoice that a change would bring, to the cent. Nothing is changed." + apiHelp,
		Example: "  florin subscription preview " + anID + " --plan ID --proration now", Args: cobra.ExactArgs(1),
	}
	o, change := api(cmd), changeFlags(cmd)
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.InvoicePreview, error) {
		return c.PreviewSubscription(ctx, args[0], *change)
	}, p.printPreview)
}

func (p *program) printPreview(preview client.InvoicePreview) {
	when := "with the renewal of " + momentOr(preview.ComesAt)
	if preview.Immediate {
		when = "at once"
	}
	var rows [][]any
	for _, line := range preview.Lines {
		rows = append(rows, []any{line.Description, line.Amount})
	}
	rows = append(rows, []any{"due " + when, preview.AmountDue + " " + preview.Currency})
	printTable(p.Out, []any{"line", "amount"}, rows)
}

func (p *program) subscriptionPauseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pause ID", Short: "Collect nothing for a while",
		Long:    "Pauses a subscription. Periods go on; what comes due meanwhile is void, kept as a\ndraft, or given away." + apiHelp,
		Example: "  florin subscription pause " + anID + " --until 2027-01-01T00:00:00Z", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	var pause client.Pause
	var until string
	cmd.Flags().StringVar(&pause.Behavior, "behavior", "void", "What becomes of invoices: void, keep_as_draft or mark_uncollectible.")
	cmd.Flags().StringVar(&until, "until", "", "The `time` when it is resumed by itself.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Subscription, error) {
		if until != "" {
			at, err := time.Parse(time.RFC3339, until)
			if err != nil {
				return client.Subscription{}, fmt.Errorf("--until: %q is no time; write 2027-01-01T00:00:00Z", until)
			}
			pause.ResumesAt = &at
		}
		return c.PauseSubscription(ctx, args[0], pause)
	}, p.printSubscription)
}

func (p *program) subscriptionResumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resume ID", Short: "Collect again", Long: "Resumes a paused subscription." + apiHelp,
		Example: "  florin subscription resume " + anID, Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Subscription, error) {
		return c.ResumeSubscription(ctx, args[0])
	}, p.printSubscription)
}

func (p *program) subscriptionCancelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cancel ID", Short: "End a subscription", Long: "Ends a subscription, now or when what is paid for is over." + apiHelp,
		Example: "  florin subscription cancel " + anID + " --at-period-end", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	var end client.SubscriptionEnd
	cmd.Flags().BoolVar(&end.AtPeriodEnd, "at-period-end", false, "End it when what is paid for is over.")
	cmd.Flags().BoolVar(&end.Prorate, "prorate", false, "Credit the time that was paid for and is left.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Subscription, error) {
		return c.CancelSubscription(ctx, args[0], end)
	}, p.printSubscription)
}
