package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/config"
)

const (
	// controlTimeout is long enough for a sandbox that catches up on years of
	// its clock.
	controlTimeout = time.Minute
	// maxControlAnswer bounds an answer in bytes: a hundred rules are 50 KiB.
	maxControlAnswer = 1 << 20
)

// control speaks to a running sandbox.
type control struct {
	p      *program
	url    string
	asJSON bool
}

// controlFlags adds what every steering command takes.
func (p *program) controlFlags(cmd *cobra.Command) *control {
	c := &control{p: p}
	cmd.Flags().StringVar(&c.url, "url", "", "The `url` of the sandbox; from FLORIN_SANDBOX_LISTEN when left out.")
	cmd.Flags().BoolVar(&c.asJSON, "json", false, "Print the sandbox's answer as JSON.")
	return c
}

func (c *control) base() (string, error) {
	if c.url != "" {
		return webAddress("--url", c.url)
	}
	cfg, err := config.Load(nil, c.p.Getenv)
	if err != nil {
		return "", err
	}
	if !cfg.ServesSandbox() {
		return "", usagef("the sandbox is switched off by FLORIN_SANDBOX_LISTEN; say where one runs with --url")
	}
	return config.PublicURLFor(cfg.SandboxListen), nil
}

// ask sends a request and reads the answer into one of its own shape. With
// --json the answer is printed as it came, and printed says so.
//
// Errors: a sandbox that does not answer, or its own words.
func (c *control) ask(ctx context.Context, method, path string, body, into any) (printed bool, err error) {
	base, err := c.base()
	if err != nil {
		return false, err
	}
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return false, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, base+path, &sent)
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, fmt.Errorf("the sandbox does not answer: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxControlAnswer))
	if err != nil {
		return false, err
	}
	if answer.StatusCode != http.StatusOK {
		return false, refusal(answer.Status, text)
	}
	if c.asJSON {
		_, err = c.p.Out.Write(text)
		return true, err
	}
	return false, json.Unmarshal(text, into)
}

// refusal is the sandbox's own reason, or the status of an answer without one.
func refusal(status string, text []byte) error {
	var said struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &said) != nil || said.Error.Message == "" {
		return fmt.Errorf("this is no sandbox: it answered %s", status)
	}
	return fmt.Errorf("the sandbox refused: %s", said.Error.Message)
}

// sandboxClock is the sandbox's time.
type sandboxClock struct {
	Now   int64 `json:"now"`           // Unix seconds
	Ahead int64 `json:"ahead_seconds"` // of the machine's clock
}

func (c *control) printClock(at sandboxClock) {
	fmt.Fprintf(c.p.Out, "%s, %s ahead of this machine\n", time.Unix(at.Now, 0).UTC().Format(time.RFC3339), time.Duration(at.Ahead)*time.Second)
}

func (p *program) clockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Show the sandbox's time",
		Long: "Shows the sandbox's time. It can be moved forward, never back: holds expire,\n" +
			"funds become available and webhooks are tried again as if the time had passed.",
		Example: "  florin sandbox clock\n  florin sandbox clock advance 30d",
		Args:    cobra.NoArgs,
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		var at sandboxClock
		printed, err := c.ask(ctx, http.MethodGet, "/_sandbox/clock", nil, &at)
		if err == nil && !printed {
			c.printClock(at)
		}
		return err
	})
	cmd.AddCommand(p.advanceCommand())
	return cmd
}

func (p *program) advanceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "advance SPAN",
		Short: "Move the sandbox's time forward",
		Long: "Moves the time of every account of the sandbox forward. Florin's own clock stays:\n" +
			"what Florin waits for is not hastened.",
		Example: "  florin sandbox clock advance 8d      authorisations expire\n  florin sandbox clock advance 1h30m",
		Args:    cobra.ExactArgs(1),
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		span, err := parseSpan(args[0])
		if err != nil {
			return usagef("%s", err)
		}
		var at sandboxClock
		printed, err := c.ask(ctx, http.MethodPost, "/_sandbox/clock/advance", map[string]int64{"seconds": int64(span / time.Second)}, &at)
		if err == nil && !printed {
			c.printClock(at)
		}
		return err
	})
	return cmd
}

func (p *program) resetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Make the sandbox forget everything",
		Long: "Makes the sandbox forget every account, fault and request. Payments that Florin\n" +
			"made there are gone from the sandbox, but not from Florin.",
		Example: "  florin sandbox reset",
		Args:    cobra.NoArgs,
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		printed, err := c.ask(ctx, http.MethodPost, "/_sandbox/reset", nil, &struct{}{})
		if err == nil && !printed {
			fmt.Fprintln(p.Out, "The sandbox is empty.")
		}
		return err
	})
	return cmd
}

// sandboxFault is a rule that makes requests to the sandbox fail.
type sandboxFault struct {
	ID    string `json:"id,omitempty"`
	Match struct {
		Method string `json:"method,omitempty"`
		Path   string `json:"path,omitempty"`
		Event  string `json:"event,omitempty"`
	} `json:"match"`
	Nth    int64   `json:"nth,omitempty"`
	Count  int64   `json:"count,omitempty"`
	Rate   float64 `json:"rate,omitempty"` // a share of requests from 0 to 1; no money
	Seed   uint64  `json:"seed,omitempty"`
	Effect struct {
		Type  string `json:"type"`
		Value int64  `json:"value,omitempty"`
	} `json:"effect"`
	Seen   int64 `json:"seen,omitempty"`
	Struck int64 `json:"struck,omitempty"`
}

type sandboxFaults struct {
	Data []sandboxFault `json:"data"`
}

func (p *program) faultsCommand() *cobra.Command {
	return group("faults", "Make the sandbox fail on demand",
		"Rules that make requests to the sandbox fail, so that you can see what your\nprogram does then. A single request can ask for a fault with the header\nSandbox-Fault, such as \"Sandbox-Fault: reset_after\".",
		p.faultsListCommand(), p.faultsAddCommand(), p.faultsClearCommand())
}

func (c *control) printFaults(ctx context.Context, method, path string, body any) error {
	var rules sandboxFaults
	printed, err := c.ask(ctx, method, path, body, &rules)
	if err != nil || printed {
		return err
	}
	rows := make([][]any, len(rules.Data))
	for i, r := range rules.Data {
		rows[i] = []any{r.ID, r.Effect.Type, r.Effect.Value, strings.TrimSpace(r.Match.Method + " " + r.Match.Path + r.Match.Event), r.Seen, r.Struck}
	}
	printTable(c.p.Out, []any{"id", "effect", "value", "match", "seen", "struck"}, rows)
	return nil
}

func (p *program) faultsListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the rules, with how often each has struck", Long: "Lists the rules in force, in the order in which they are tried.",
		Example: "  florin sandbox faults list", Args: cobra.NoArgs,
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return c.printFaults(ctx, http.MethodGet, "/_sandbox/faults", nil)
	})
	return cmd
}

const faultsAddHelp = `Adds a rule. EFFECT is one of:

  latency       answer late; --value is in milliseconds
  hang          never answer; nothing was done
  reset_before  close the connection; nothing was done
  reset_after   close the connection; all was done
  error         500; nothing was done
  error_after   500; all was done
  rate_limit    429; --value is Retry-After in seconds
  rate_limit_stop   429 that asks not to be tried again
  conflict      409; nothing was done
  truncate      half an answer; all was done
  late          all was done, and what it made is in lists --value seconds later
  webhook_drop, webhook_duplicate, webhook_twin, webhook_reorder, webhook_early   for the events of --event`

func (p *program) faultsAddCommand() *cobra.Command {
	var rule sandboxFault
	cmd := &cobra.Command{
		Use: "add EFFECT", Short: "Add a rule", Long: faultsAddHelp,
		Example: "  florin sandbox faults add error_after --method POST --path /v1/payment_intents --nth 1\n" +
			"  florin sandbox faults add latency --value 3000 --rate 0.1 --seed 7\n" +
			"  florin sandbox faults add webhook_drop --event payment_intent.succeeded",
		Args: cobra.ExactArgs(1),
	}
	c := p.controlFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&rule.Match.Method, "method", "", "Only requests of this HTTP `method`.")
	f.StringVar(&rule.Match.Path, "path", "", "Only requests of this `path`; * stands for any text without a slash.")
	f.StringVar(&rule.Match.Event, "event", "", "Only events of this `type`, for the webhook effects.")
	f.Int64Var(&rule.Nth, "nth", 0, "Strike the `nth` match only, or from it on with --count.")
	f.Int64Var(&rule.Count, "count", 0, "Strike this `many` matches.")
	f.Float64Var(&rule.Rate, "rate", 0, "Strike this `share` of matches, from 0 to 1.")
	f.Uint64Var(&rule.Seed, "seed", 0, "The `number` that decides which of them: the same seed, the same choice.")
	f.Int64Var(&rule.Effect.Value, "value", 0, "The `number` that the effect needs.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		rule.Effect.Type = args[0]
		return c.printFaults(ctx, http.MethodPost, "/_sandbox/faults", rule)
	})
	return cmd
}

func (p *program) faultsClearCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "clear [ID]", Short: "Remove one rule, or all", Long: "Removes the rule of an id, or every rule without one.",
		Example: "  florin sandbox faults clear\n  florin sandbox faults clear fault_1", Args: cobra.MaximumNArgs(1),
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		path := "/_sandbox/faults"
		if len(args) == 1 {
			path += "/" + url.PathEscape(args[0])
		}
		return c.printFaults(ctx, http.MethodDelete, path, nil)
	})
	return cmd
}
