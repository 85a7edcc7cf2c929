package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) planCommand() *cobra.Command {
	return group("plan", "Make plans that customers can subscribe to",
		"A plan is an amount at every interval, and who gets what of it. Amount and\ninterval never change; make a new plan, and move subscriptions to it."+apiHelp,
		p.planCreateCommand(), p.planListCommand(), p.planShowCommand(),
		p.planActiveCommand("archive", "Let a plan take no new subscriptions", false), p.planActiveCommand("restore", "Let an archived plan take subscriptions again", true))
}

// work is what a command asks the server, with its arguments.
type work[T any] func(ctx context.Context, c *client.Client, args []string) (T, error)

// showing makes a command out of work that ends with one thing, which is shown.
func showing[T any](p *program, cmd *cobra.Command, o *apiOptions, do work[T], show func(T)) *cobra.Command {
	asJSON := cmd.Flags().Bool("json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := do(ctx, c, args)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(p.Out, found)
			}
			show(found)
			return nil
		})
	})
	return cmd
}

// columns is how a list is shown: as a table, or as what to do next when there
// is nothing in it.
type columns[T any] struct {
	heads   []any
	row     func(T) []any
	nothing string
}

// listing makes a command out of work that ends with a list, which is shown.
func listing[T any](p *program, cmd *cobra.Command, o *apiOptions, do work[[]T], in columns[T]) *cobra.Command {
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, args []string) ([]T, error) {
		found, err := do(ctx, c, args)
		return append([]T{}, found...), err
	}, func(found []T) {
		if len(found) == 0 {
			fmt.Fprintln(p.Out, in.nothing)
			return
		}
		rows := make([][]any, len(found))
		for i, one := range found {
			rows[i] = in.row(one)
		}
		printTable(p.Out, in.heads, rows)
	})
}

func (p *program) planCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Make a plan",
		Long:    "Makes a plan. With --account a partner gets each invoice but for --platform-percent\nof it; Stripe's fee is yours." + apiHelp,
		Example: "  florin plan create --name Reader --amount 10 --currency USD --interval month --trial-days 7\n  florin plan create --name Reader --amount 10 --currency USD --interval month --account ID --platform-percent 20",
		Args:    cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	var n client.NewPlan
	var key string
	f.StringVar(&n.Name, "name", "", "What customers read on their invoices.")
	f.StringVar(&n.Amount, "amount", "", "A `decimal` in whole units, for each interval.")
	f.StringVar(&n.Currency, "currency", "", "The `currency`, as USD.")
	f.StringVar(&n.Interval, "interval", "month", "day, week, month or year.")
	f.IntVar(&n.IntervalCount, "interval-count", 1, "Intervals between two invoices.")
	f.IntVar(&n.TrialDays, "trial-days", 0, "`Days` that each new subscription costs nothing.")
	f.StringVar(&n.AccountID, "account", "", "The `id` of the partner's account that gets the rest.")
	f.StringVar(&n.PlatformPercent, "platform-percent", "", "What you keep of each invoice, as 20 or 17.5.")
	f.StringToStringVar(&n.Metadata, "metadata", nil, "Your own `key=value`; repeat it.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return showing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) (client.Plan, error) {
		return c.CreatePlan(ctx, n, client.IdempotencyKey(key))
	}, p.printPlan)
}

func (p *program) printPlan(plan client.Plan) {
	rows := [][]any{
		{"id", plan.ID}, {"name", plan.Name}, {"price", priceOf(plan)}, {"trial", fmt.Sprint(plan.TrialDays, " days")}, {"status", plan.Status},
		{"at Stripe", plan.ProviderRef},
	}
	if plan.AccountID != nil {
		rows = append(rows, []any{"shared with", *plan.AccountID}, []any{"you keep", *plan.PlatformPercent + " %"})
	}
	printTable(p.Out, []any{"field", "value"}, rows)
}

// priceOf is what a plan costs, in words.
func priceOf(plan client.Plan) string {
	if plan.IntervalCount == 1 {
		return fmt.Sprintf("%s %s a %s", plan.Amount, plan.Currency, plan.Interval)
	}
	return fmt.Sprintf("%s %s every %d %ss", plan.Amount, plan.Currency, plan.IntervalCount, plan.Interval)
}

func (p *program) planListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List plans, newest first", Long: "Lists plans, newest first." + apiHelp,
		Example: "  florin plan list\n  florin plan list --status active --json", Args: cobra.NoArgs,
	}
	var f client.PlanFilter
	o := api(cmd)
	cmd.Flags().StringSliceVar(&f.Statuses, "status", nil, "Only of these: pending, active, archived, failed.")
	cmd.Flags().StringVar(&f.AccountID, "account", "", "Only those that are shared with the account of this `id`.")
	return listing(p, cmd, o, func(ctx context.Context, c *client.Client, _ []string) ([]client.Plan, error) {
		return client.Collect(c.Plans(ctx, f))
	}, columns[client.Plan]{heads: []any{"id", "name", "price", "trial days", "status"}, nothing: "There is no plan. Next: florin plan create --name Reader --amount 10 --currency USD", row: func(plan client.Plan) []any {
		return []any{plan.ID, plan.Name, priceOf(plan), plan.TrialDays, plan.Status}
	}})
}

func (p *program) planShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a plan", Long: "Shows a plan." + apiHelp,
		Example: "  florin plan show 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Plan, error) {
		return c.Plan(ctx, args[0])
	}, p.printPlan)
}

func (p *program) planActiveCommand(verb, short string, active bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short, Long: short + ". Subscriptions that are there go on." + apiHelp,
		Example: "  florin plan " + verb + " 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	return showing(p, cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Plan, error) {
		return c.SetPlanActive(ctx, args[0], active)
	}, p.printPlan)
}
