package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

// maxFlowFile bounds what is read of a document, in bytes: more than the server
// takes.
const maxFlowFile = 512 << 10

func (p *program) flowCommand() *cobra.Command {
	return group("flow", "Apply, run and watch flows",
		"A flow is a document: what starts it, and the steps that follow. Each step's\nresult is kept before the next begins, so that a crash loses and repeats nothing.\nThe language is described in docs/flows.md."+apiHelp,
		p.flowApplyCommand(), p.flowListCommand(), p.flowShowCommand(), p.flowRunCommand(), p.flowTestCommand(), p.flowRunsCommand(),
		p.flowLogsCommand(), p.flowRerunCommand(), p.flowCancelCommand(), p.flowPauseCommand(), p.flowResumeCommand(), p.flowDeleteCommand())
}

// flowWork makes a command out of something that ends with a thing, which is
// shown by show, or as JSON.
func flowWork[T any](p *program, cmd *cobra.Command, work func(ctx context.Context, c *client.Client, args []string) (T, error), show func(T) error) {
	o := api(cmd)
	asJSON := cmd.Flags().Bool("json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := work(ctx, c, args)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(p.Out, found)
			}
			return show(found)
		})
	})
}

func (p *program) flowApplyCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Keep a flow, or a new version of it",
		Long:    "Checks a document and keeps it as the flow of its name. Applying what is there\nalready changes nothing. Faults are printed as compilers do: file:line:column.\nWrite - to read standard input." + apiHelp,
		Example: "  florin flow apply big-charges.yaml\n  florin flow apply big-charges.yaml --check",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&check, "check", false, "Only check it; keep nothing.")
	flowWork(p, cmd, func(ctx context.Context, c *client.Client, args []string) (client.Flow, error) {
		source, err := p.document(args[0])
		if err != nil {
			return client.Flow{}, err
		}
		if check {
			checked, err := c.CheckFlow(ctx, source)
			return client.Flow{Name: checked.Flow, Trigger: checked.Trigger}, p.faults(args[0], err)
		}
		applied, err := c.ApplyFlow(ctx, source)
		return applied, p.faults(args[0], err)
	}, func(f client.Flow) error {
		switch {
		case check:
			fmt.Fprintf(p.Out, "The flow %s has no faults.\n", f.Name)
		case !f.Changed:
			fmt.Fprintf(p.Out, "The flow %s is as it was, version %d.\n", f.Name, f.Version)
		default:
			fmt.Fprintf(p.Out, "The flow %s is kept, version %d.\n", f.Name, f.Version)
		}
		if f.CallsADay > 0 {
			fmt.Fprintf(p.Out, "Polling %s costs %d requests to Stripe a day; flows on one connection share them.\n", f.Trigger, f.CallsADay)
		}
		if f.Address != nil {
			fmt.Fprintf(p.Out, "Posts go to %s.\n", *f.Address)
		}
		if f.Secret != nil {
			fmt.Fprintf(p.Out, "They are signed with %s, which is shown this once.\n", *f.Secret)
		}
		return nil
	})
	return cmd
}

// document reads a flow's file, or standard input.
func (p *program) document(name string) (string, error) {
	if name == "-" {
		raw, err := io.ReadAll(io.LimitReader(p.In, maxFlowFile))
		return string(raw), err
	}
	raw, err := readSome(name, maxFlowFile)
	return string(raw), err
}

// faults prints what is wrong with a document, a line for each fault.
func (p *program) faults(file string, err error) error {
	var refused *client.Error
	if !errors.As(err, &refused) || len(refused.Problems) == 0 {
		return err
	}
	for _, f := range refused.Problems {
		text := f.Message
		if f.Path != "" {
			text = f.Path + ": " + text
		}
		if f.Remedy != "" {
			text += "; " + f.Remedy
		}
		fmt.Fprintf(p.Err, "%s:%d:%d: %s\n", file, f.Line, f.Column, text)
	}
	return errSilent
}

func (p *program) flowListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List flows",
		Long: "Lists flows, newest first." + apiHelp, Example: "  florin flow list\n  florin flow list --json", Args: cobra.NoArgs,
	}
	flowWork(p, cmd, func(ctx context.Context, c *client.Client, _ []string) ([]client.Flow, error) {
		found, err := client.Collect(c.Flows(ctx))
		return append([]client.Flow{}, found...), err
	}, func(found []client.Flow) error {
		if len(found) == 0 {
			fmt.Fprintln(p.Err, "There are no flows; apply one with florin flow apply FILE.")
			return nil
		}
		rows := make([][]any, len(found))
		for i, f := range found {
			rows[i] = []any{f.Name, f.State, f.Version, moment(f.UpdatedAt), f.Description}
		}
		printTable(p.Out, []any{"name", "state", "version", "changed", "description"}, rows)
		return nil
	})
	return cmd
}

// shownFlow is a flow with how its trigger stands.
type shownFlow struct {
	client.Flow
	trigger client.Trigger
}

// MarshalJSON puts the trigger where the flow has only its name.
func (f shownFlow) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		client.Flow
		Trigger client.Trigger `json:"trigger"`
	}{f.Flow, f.trigger})
}

// tellTrigger prints how a trigger stands, beside the document.
func (p *program) tellTrigger(t client.Trigger) {
	line := fmt.Sprintf("# %s is %s and has begun %d runs", t.Name, t.State, t.Found)
	if t.CallsADay.Alone > 0 {
		line += fmt.Sprintf("; it costs %d requests to Stripe a day, %d with the flows that share them", t.CallsADay.Alone, t.CallsADay.Shared)
	}
	if t.Parked > 0 {
		line += fmt.Sprintf("; %d objects could not be read and wait", t.Parked)
	}
	if t.Reason != nil {
		line += ": " + *t.Reason
	}
	fmt.Fprintln(p.Err, line)
}

func (p *program) flowShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a flow's document",
		Long: "Shows a flow's document as it was applied, and how its trigger stands; with --json\nall there is to know." + apiHelp, Example: "  florin flow show big-charges", Args: cobra.ExactArgs(1),
	}
	flowWork(p, cmd, func(ctx context.Context, c *client.Client, args []string) (shownFlow, error) {
		f, err := c.Flow(ctx, args[0])
		if err != nil {
			return shownFlow{}, err
		}
		trigger, err := c.Trigger(ctx, args[0])
		return shownFlow{f, trigger}, err
	}, func(f shownFlow) error {
		fmt.Fprintf(p.Err, "# %s, version %d, changed %s\n", f.State, f.Version, moment(f.UpdatedAt))
		p.tellTrigger(f.trigger)
		fmt.Fprint(p.Out, strings.TrimRight(f.Source, "\n")+"\n")
		return nil
	})
	return cmd
}

// changing is a command that changes a flow's state.
func (p *program) changing(cmd *cobra.Command, work func(ctx context.Context, c *client.Client, name string) (client.Flow, error)) *cobra.Command {
	cmd.Args = cobra.ExactArgs(1)
	flowWork(p, cmd, func(ctx context.Context, c *client.Client, args []string) (client.Flow, error) {
		return work(ctx, c, args[0])
	}, func(f client.Flow) error {
		fmt.Fprintf(p.Out, "The flow %s is %s.\n", f.Name, f.State)
		return nil
	})
	return cmd
}

func (p *program) flowPauseCommand() *cobra.Command {
	return p.changing(&cobra.Command{
		Use: "pause NAME", Short: "Stop a flow's trigger; runs that have begun go on",
		Long: "Stops a flow's trigger. Runs that have begun go on." + apiHelp, Example: "  florin flow pause big-charges",
	}, func(ctx context.Context, c *client.Client, name string) (client.Flow, error) {
		return c.PauseFlow(ctx, name)
	})
}

func (p *program) flowResumeCommand() *cobra.Command {
	var missed string
	cmd := &cobra.Command{
		Use: "resume NAME", Short: "Set a flow's trigger going again",
		Long: "Sets a flow's trigger going again. What came meanwhile starts runs, unless\n--missed from_now." + apiHelp, Example: "  florin flow resume big-charges --missed from_now",
	}
	cmd.Flags().StringVar(&missed, "missed", "", "What becomes of what came meanwhile: `choice` of catch_up or from_now.")
	return p.changing(cmd, func(ctx context.Context, c *client.Client, name string) (client.Flow, error) {
		return c.ResumeFlow(ctx, name, missed)
	})
}

func (p *program) flowDeleteCommand() *cobra.Command {
	return p.changing(&cobra.Command{
		Use: "delete NAME", Short: "End a flow; its runs can be read",
		Long: "Ends a flow: nothing starts it any more, and its name is free. Its runs go on to\ntheir ends and can be read." + apiHelp, Example: "  florin flow delete big-charges",
	}, func(ctx context.Context, c *client.Client, name string) (client.Flow, error) {
		return client.Flow{Name: name, State: "deleted"}, c.DeleteFlow(ctx, name)
	})
}

// inputOf is a run's input as it was given: JSON, @file, or - for standard
// input.
func (p *program) inputOf(given string) (json.RawMessage, error) {
	text, err := p.secretText(given)
	if err == nil && text != "" && !json.Valid([]byte(text)) {
		err = usagef("--input is no JSON")
	}
	return json.RawMessage(text), err
}
