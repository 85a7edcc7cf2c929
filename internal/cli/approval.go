package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) approvalCommand() *cobra.Command {
	return group("approval", "List, approve and deny writes that wait for a person",
		"A key with --approval may ask for writes that a person must approve first. Who\napproves needs another key, with the scope approvals:write."+apiHelp,
		p.approvalListCommand(), p.approvalDecideCommand("approve", "Approve a write, which carries it out", true),
		p.approvalDecideCommand("deny", "Deny a write: nothing is sent", false))
}

func (p *program) approvalListCommand() *cobra.Command {
	var (
		status string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List the writes that wait for a person",
		Long:    "Lists the writes that wait for a person, newest first, or those that were decided." + apiHelp,
		Example: "  florin approval list\n  florin approval list --status denied --json",
		Args:    cobra.NoArgs,
	}
	o := api(cmd)
	cmd.Flags().StringVar(&status, "status", "pending", "Which `ones`: pending, approved, denied, expired, or all.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := client.Collect(c.Approvals(ctx, strings.TrimSuffix(status, "all")))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, append([]client.Approval{}, found...))
			}
			p.printApprovals(found, status)
			return nil
		})
	})
	return cmd
}

func (p *program) printApprovals(found []client.Approval, status string) {
	if len(found) == 0 {
		fmt.Fprintf(p.Err, "There are no approvals (status: %s).\n", status)
		return
	}
	rows := make([][]any, len(found))
	for i, a := range found {
		rows[i] = []any{a.ID, a.Status, a.Operation, amountOf(a), a.Connection, a.Key, moment(a.ExpiresAt), cellOf(a.Input)}
	}
	printTable(p.Out, []any{"id", "status", "operation", "amount", "connection", "key", "expires", "input"}, rows)
}

// amountOf is what an approval would move, in minor units.
func amountOf(a client.Approval) string {
	switch {
	case a.Amount == nil:
		return "-"
	case a.Currency == nil:
		return strconv.FormatInt(*a.Amount, 10)
	default:
		return strconv.FormatInt(*a.Amount, 10) + " " + *a.Currency
	}
}

func (p *program) approvalDecideCommand(verb, short string, approve bool) *cobra.Command {
	var (
		note   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short,
		Long:    short + ". A decision is taken once." + apiHelp,
		Example: "  florin approval " + verb + " 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --note \"asked by phone\"",
		Args:    cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().StringVar(&note, "note", "", "Why, in a `text` that the one who asked reads.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the approval as JSON, with what came of the write.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			decided, err := c.Decide(ctx, args[0], approve, note)
			if err != nil {
				return err
			}
			if asJSON {
				return p.outcome(printJSON(p.Out, decided), decided)
			}
			fmt.Fprintf(p.Out, "The %s of %s was %s.\n", decided.Operation, decided.Key, decided.Status)
			if len(decided.Result) > 0 && string(decided.Result) != "null" {
				return p.printOutput(decided.Result)
			}
			return p.outcome(nil, decided)
		})
	})
	return cmd
}

// outcome says that an approved write did not succeed. Whatever Stripe refused of
// it, the command itself was understood: it has failed, and is no usage error.
func (p *program) outcome(err error, decided client.Approval) error {
	if err != nil || decided.Error == nil {
		return err
	}
	fmt.Fprintln(p.Err, "error: "+wording(decided.Error))
	return errSilent
}
