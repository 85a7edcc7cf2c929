package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

// followEvery is how often a run is looked at while it is followed.
const followEvery = 300 * time.Millisecond

func (p *program) flowRunCommand() *cobra.Command {
	return p.starting(&cobra.Command{
		Use: "run NAME", Short: "Run a flow now",
		Long:    "Runs a flow now, also a paused one, and follows the run to its end unless\n--detach." + apiHelp,
		Example: "  florin flow run big-charges --input '{\"id\":\"ch_1\",\"amount\":20000}'",
	}, (*client.Client).RunFlow)
}

func (p *program) flowTestCommand() *cobra.Command {
	return p.starting(&cobra.Command{
		Use: "test NAME", Short: "Try a flow with a sample of its trigger",
		Long:    "Tries a flow in test mode with a sample of its trigger, or with --input, and\nfollows the run to its end. No poll and no cursor is touched." + apiHelp,
		Example: "  florin flow test big-charges",
	}, (*client.Client).TestFlow)
}

type startRun func(c *client.Client, ctx context.Context, name string, input json.RawMessage, options ...client.Option) (client.Run, error)

// starting is a command that begins a run and follows it.
func (p *program) starting(cmd *cobra.Command, start startRun) *cobra.Command {
	var (
		input, once string
		detach      bool
		asJSON      bool
	)
	cmd.Args = cobra.ExactArgs(1)
	o := api(cmd)
	cmd.Flags().StringVar(&input, "input", "", "What trigger is in the flow, as `json`; @file, or - for standard input.")
	cmd.Flags().StringVar(&once, "once", "", "A `key`: the same one is the same run.")
	cmd.Flags().BoolVar(&detach, "detach", false, "Do not wait for the run's end.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the run as JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		given, err := p.inputOf(input)
		if err != nil {
			return err
		}
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			begun, err := start(c, ctx, args[0], given, client.IdempotencyKey(once))
			if err != nil {
				return err
			}
			if detach {
				return p.showRun(begun, asJSON)
			}
			return p.follow(ctx, c, begun.ID, asJSON)
		})
	})
	return cmd
}

// follow shows a run's steps as they end, and then how it ended. One that
// failed ends the command with an error.
func (p *program) follow(ctx context.Context, c *client.Client, id string, asJSON bool) error {
	told := map[string]string{}
	for {
		r, err := c.FlowRun(ctx, id)
		if err != nil {
			return err
		}
		for _, s := range r.Steps {
			if said := fmt.Sprint(s.State, s.Attempts); !asJSON && told[s.Path] != said {
				told[s.Path] = said
				fmt.Fprintln(p.Out, stepLine(s))
			}
		}
		if r.Ended() {
			return p.showRun(r, asJSON)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

func stepLine(s client.RunStep) string {
	at := s.BegunAt
	if s.EndedAt != nil {
		at = *s.EndedAt
	}
	line := fmt.Sprintf("%s  %-9s %s (%s)", moment(at), s.State, s.Path, s.Do)
	if s.Attempts > 1 {
		line += fmt.Sprintf(", attempt %d", s.Attempts)
	}
	if s.Error != nil {
		line += ": " + s.Error.Code + ": " + s.Error.Message
	}
	return line
}

// showRun shows how a run stands.
func (p *program) showRun(r client.Run, asJSON bool) error {
	if asJSON {
		if err := printJSON(p.Out, r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.Out, "The run %s is %s.\n", r.ID, r.State)
	}
	if r.State != "failed" {
		return nil
	}
	if r.Error != nil && !asJSON {
		fmt.Fprintf(p.Err, "error: %s: %s\n", r.Error.Code, r.Error.Message)
	}
	return errSilent
}

func (p *program) flowRunsCommand() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use: "runs [NAME]", Short: "List the runs of a flow, or of all",
		Long: "Lists runs, newest first." + apiHelp, Example: "  florin flow runs big-charges --state failed", Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&state, "state", "", "Only runs in a `state`: pending, running, waiting, succeeded, failed or canceled; several with commas.")
	limit := cmd.Flags().Int("limit", 100, "So many at the most.")
	flowWork(p, cmd, func(ctx context.Context, c *client.Client, args []string) ([]client.Run, error) {
		found := []client.Run{}
		for r, err := range c.Runs(ctx, append(args, "")[0], state) {
			if err != nil || len(found) == *limit {
				return found, err
			}
			found = append(found, r)
		}
		return found, nil
	}, func(found []client.Run) error {
		if len(found) == 0 {
			fmt.Fprintln(p.Err, "There are no runs.")
			return nil
		}
		rows := make([][]any, len(found))
		for i, r := range found {
			why := ""
			if r.Error != nil {
				why = r.Error.Message
			}
			rows[i] = []any{r.ID, r.Flow, r.State, r.Cause, orDash(r.Ref), moment(r.CreatedAt), why}
		}
		printTable(p.Out, []any{"id", "flow", "state", "cause", "ref", "begun", "error"}, rows)
		return nil
	})
	return cmd
}

func (p *program) flowLogsCommand() *cobra.Command {
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use: "logs RUN", Short: "Show what a run did: each step, what went in and came out",
		Long:    "Shows a run's history: each step with its input, output, attempts and times. With\n--follow it waits for the run's end." + apiHelp,
		Example: "  florin flow logs 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --follow", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "Wait for the run's end.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the run as JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			if follow {
				return p.follow(ctx, c, args[0], asJSON)
			}
			r, err := c.FlowRun(ctx, args[0])
			if err != nil {
				return err
			}
			if !asJSON {
				p.printHistory(r)
			}
			return p.showRun(r, asJSON)
		})
	})
	return cmd
}

func (p *program) printHistory(r client.Run) {
	for _, s := range r.Steps {
		fmt.Fprintln(p.Out, stepLine(s))
		for _, part := range []struct {
			name  string
			value json.RawMessage
		}{{"in", s.Input}, {"out", s.Output}} {
			if len(part.value) > 0 && string(part.value) != "null" {
				fmt.Fprintf(p.Out, "  %-3s %s\n", part.name, part.value)
			}
		}
	}
}

func (p *program) flowRerunCommand() *cobra.Command {
	var from, input string
	cmd := &cobra.Command{
		Use: "rerun RUN", Short: "Run again from the step that failed, or another",
		Long:    "Begins a run that takes over what an earlier one has done before a step, and goes\non from there." + apiHelp,
		Example: "  florin flow rerun 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --from post", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&from, "from", "", "The first `step` that is done anew, by its id or path.")
	cmd.Flags().StringVar(&input, "input", "", "What trigger is for the steps that are done now, as `json`; @file, or - for standard input.")
	p.runWork(cmd, func(ctx context.Context, c *client.Client, id string) (client.Run, error) {
		given, err := p.inputOf(input)
		if err != nil {
			return client.Run{}, err
		}
		return c.Rerun(ctx, id, client.RerunOptions{From: from, Input: given})
	})
	return cmd
}

func (p *program) flowCancelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cancel RUN", Short: "Call a run off",
		Long:    "Calls a run off. A step that is under way is finished; what was done stays done." + apiHelp,
		Example: "  florin flow cancel 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	p.runWork(cmd, func(ctx context.Context, c *client.Client, id string) (client.Run, error) {
		return c.CancelRun(ctx, id)
	})
	return cmd
}

func (p *program) runWork(cmd *cobra.Command, work func(ctx context.Context, c *client.Client, id string) (client.Run, error)) {
	flowWork(p, cmd, func(ctx context.Context, c *client.Client, args []string) (client.Run, error) {
		return work(ctx, c, args[0])
	}, func(r client.Run) error {
		fmt.Fprintf(p.Out, "The run %s is %s.\n", r.ID, r.State)
		return nil
	})
}
