package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/scenario"
	"florin/internal/telemetry"
)

const scenarioHelp = `A scenario is a story of money in a YAML file: who has what, what happens step by
step, and what everybody must have in the end, to the cent. It is played against
a Florin of its own with a sandbox whose clock is moved, or against one that
runs.`

func (p *program) scenarioCommand() *cobra.Command {
	return group("scenario", "Play stories of money and check how they end", scenarioHelp,
		p.scenarioRunCommand(), p.scenarioListCommand(), p.scenarioShowCommand())
}

func (p *program) scenarioListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the scenarios that come with Florin",
		Long: "Lists the scenarios that come with Florin.", Example: "  florin scenario list", Args: cobra.NoArgs,
		RunE: p.run(func(context.Context, []string) error {
			stories, err := scenario.Shipped()
			if err != nil {
				return err
			}
			rows := make([][]any, len(stories))
			for i, s := range stories {
				rows[i] = []any{s.Name, s.Title, len(s.Given) + len(s.Steps)}
			}
			printTable(p.Out, []any{"name", "title", "steps"}, rows)
			return nil
		}),
	}
}

func (p *program) scenarioShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Print a scenario, to begin one of your own with",
		Long:    "Prints the file of a scenario that comes with Florin.",
		Example: "  florin scenario show ride > mine.yaml\n  florin scenario run mine.yaml", Args: cobra.ExactArgs(1),
		RunE: p.run(func(_ context.Context, args []string) error {
			text, err := scenario.Text(args[0])
			if errors.Is(err, fs.ErrNotExist) {
				return unknownStory(args[0])
			}
			if err == nil {
				_, err = p.Out.Write(text)
			}
			return err
		}),
	}
}

func unknownStory(name string) error {
	stories, err := scenario.Shipped()
	if err != nil {
		return err
	}
	return usagef("there is no file and no scenario %q; there are %s", name, strings.Join(scenario.Names(stories), ", "))
}

// scenarioFlags are what a run of scenarios can be told.
type scenarioFlags struct {
	all                          bool
	url, key, sandbox, stripeKey string
	report                       string
	asJSON                       bool
}

const scenarioRunHelp = `Plays scenarios: files, or those that come with Florin by their names, or all of
those with --all. Each gets a Florin of its own with a sandbox, and leaves
nothing behind. With --url and --key they are played against a Florin that runs:
name its sandbox with --sandbox-url, or, when a Stripe test account is behind it,
give that account's test key with --stripe-key; stories that move the clock or
make Stripe fail need a sandbox.

It prints what happened and what everybody has, and ends with 1 when a story did
not go as it says. --report writes a page with a picture of who paid whom.`

func (p *program) scenarioRunCommand() *cobra.Command {
	var f scenarioFlags
	cmd := &cobra.Command{
		Use: "run [FILE|NAME]...", Short: "Play scenarios", Long: scenarioRunHelp,
		Example: "  florin scenario run ride\n  florin scenario run --all --report scenarios.html\n" +
			"  florin scenario run mine.yaml --url http://127.0.0.1:8080 --key sk_test_flr_… --sandbox-url http://127.0.0.1:12111",
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "Play every scenario that comes with Florin.")
	flags.StringVar(&f.url, "url", "", "The `url` of a Florin that runs; a private one is started when left out.")
	flags.StringVar(&f.key, "key", "", "The API `key` for it [FLORIN_API_KEY].")
	flags.StringVar(&f.sandbox, "sandbox-url", "", "The `url` of the sandbox behind it.")
	flags.StringVar(&f.stripeKey, "stripe-key", "", "The Stripe test `key` of the account behind it, for steps that go to Stripe itself.")
	flags.StringVar(&f.report, "report", "", "Write an HTML report to this `file`.")
	flags.BoolVar(&f.asJSON, "json", false, "Print the results as JSON, one scenario on a line.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error { return p.playScenarios(ctx, f, args) })
	return cmd
}

func (p *program) playScenarios(ctx context.Context, f scenarioFlags, args []string) error {
	stories, err := storiesOf(args, f.all)
	if err != nil {
		return err
	}
	if f.key == "" {
		f.key = p.Getenv("FLORIN_API_KEY")
	}
	if f.url != "" && f.key == "" {
		return usagef("--url needs --key")
	}
	var results []scenario.Result
	failed := 0
	for _, story := range stories {
		r, err := p.playOne(ctx, f, story)
		if err != nil {
			return fmt.Errorf("%s: %w", story.Name, err)
		}
		results = append(results, r)
		if !r.OK() {
			failed++
		}
		if err := p.printStory(r, f.asJSON); err != nil {
			return err
		}
	}
	if !f.asJSON {
		fmt.Fprintf(p.Out, "%d of %d scenarios went as told.\n", len(results)-failed, len(results))
	}
	if f.report != "" {
		if err := writeReport(f.report, results); err != nil {
			return err
		}
		fmt.Fprintf(p.Err, "The report is in %s.\n", f.report)
	}
	if failed > 0 {
		return errSilent
	}
	return nil
}

// storiesOf reads files, or finds shipped stories by their names.
func storiesOf(args []string, all bool) ([]scenario.Story, error) {
	if all == (len(args) > 0) {
		return nil, usagef("name scenarios or files, or say --all")
	}
	if all {
		return scenario.Shipped()
	}
	var stories []scenario.Story
	for _, arg := range args {
		text, err := scenario.Text(arg)
		if err != nil {
			if text, err = os.ReadFile(arg); errors.Is(err, fs.ErrNotExist) {
				return nil, unknownStory(arg)
			}
		}
		if err != nil {
			return nil, err
		}
		story, err := scenario.Parse(arg, text)
		if err != nil {
			return nil, err
		}
		stories = append(stories, story)
	}
	return stories, nil
}

// playOne plays a story where the flags say, or on a stage of its own.
func (p *program) playOne(ctx context.Context, f scenarioFlags, story scenario.Story) (r scenario.Result, err error) {
	target := scenario.Target{
		URL: f.url, Key: f.key, Sandbox: f.sandbox, StripeKey: f.stripeKey,
		HTTP: &http.Client{Timeout: askTimeout}, Run: time.Now().UTC().Format("20060102T150405.000"),
	}
	if f.url == "" {
		stage, err := app.OpenStage(ctx, telemetry.Logger(p.Err, "text", slog.LevelError))
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, stage.Close()) }()
		target.URL, target.Key, target.Sandbox = stage.Server.URL(), stage.Server.Key, stage.Server.Sandbox.URL()
		target.StripeKey, target.Advance = stage.StripeKey, stage.Advance
	}
	return scenario.Play(ctx, target, story)
}

func writeReport(name string, results []scenario.Result) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { // a report is for others to read
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(scenario.WriteReport(file, results), file.Close())
}

func (p *program) printStory(r scenario.Result, asJSON bool) error {
	if asJSON {
		return printJSON(p.Out, resultView(r))
	}
	verdict := "as told"
	if !r.OK() {
		verdict = "NOT as told"
	}
	fmt.Fprintf(p.Out, "%s: %s (%s, %.1f s)\n\n", r.Story.Name, r.Story.Title, verdict, r.Took.Seconds())
	rows := make([][]any, 0, len(r.Steps))
	for _, s := range r.Steps {
		rows = append(rows, []any{s.Step.Line, s.Step.Verb, s.Step.As, strings.TrimSpace(s.Said + " " + s.Problem)})
	}
	printTable(p.Out, []any{"line", "step", "as", "what came of it"}, rows)
	fmt.Fprintln(p.Out)
	rows = nil
	for _, party := range r.Parties {
		rows = append(rows, []any{party.Name, party.Paid, party.AtStripe, party.AtBank, party.InApp, party.Total()})
	}
	printTable(p.Out, []any{"party", "paid or got", "at stripe", "at bank", "in-app", "total"}, rows)
	fmt.Fprintln(p.Out)
	for _, c := range r.Checks {
		if !c.OK {
			fmt.Fprintf(p.Out, "  %s: %s, not %s\n", c.What, c.Got, c.Want)
		}
	}
	return nil
}

// storyView is a result as JSON.
type storyView struct {
	Name    string      `json:"name"`
	OK      bool        `json:"ok"`
	Seconds float64     `json:"seconds"` // of the machine's clock; no money
	Steps   []stepView  `json:"steps"`
	Checks  []checkView `json:"checks"`
	Parties []partyView `json:"parties"`
	Flows   []flowView  `json:"flows"`
}

type stepView struct {
	Line    int    `json:"line"`
	Step    string `json:"step"`
	As      string `json:"as,omitempty"`
	Said    string `json:"said"`
	Problem string `json:"problem,omitempty"`
}

type checkView struct {
	What string `json:"what"`
	Want string `json:"want"`
	Got  string `json:"got"`
	OK   bool   `json:"ok"`
}

type partyView struct {
	Name     string `json:"name"`
	Paid     string `json:"paid"`
	AtStripe string `json:"at_stripe"`
	AtBank   string `json:"at_bank"`
	InApp    string `json:"in_app"`
	Total    string `json:"total"`
}

type flowView struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Amount string `json:"amount"`
	What   string `json:"what"`
}

func resultView(r scenario.Result) storyView {
	v := storyView{Name: r.Story.Name, OK: r.OK(), Seconds: r.Took.Seconds(), Steps: []stepView{}, Checks: []checkView{}, Parties: []partyView{}, Flows: []flowView{}}
	for _, s := range r.Steps {
		v.Steps = append(v.Steps, stepView{s.Step.Line, s.Step.Verb, s.Step.As, s.Said, s.Problem})
	}
	for _, c := range r.Checks {
		v.Checks = append(v.Checks, checkView{c.What, c.Want, c.Got, c.OK})
	}
	for _, x := range r.Parties {
		v.Parties = append(v.Parties, partyView{x.Name, x.Paid.String(), x.AtStripe.String(), x.AtBank.String(), x.InApp.String(), x.Total().String()})
	}
	for _, f := range r.Flows {
		v.Flows = append(v.Flows, flowView{f.From, f.To, f.Amount.String(), f.What})
	}
	return v
}
