package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/app"
	"florin/internal/client"
	"florin/internal/pay"
)

const stripeHelp = `Runs one operation at Stripe through a connection: florin stripe OPERATION --help
shows its parameters. Amounts are in minor units: 1000 is 10.00 USD.

A write is carried out once for each --idempotency-key: repeat a command whose
end you did not see with the same key.` + apiHelp

// operationNote marks commands that are made from the catalogue: docs/cli.md
// leaves them to docs/operations.md.
const operationNote = "operation"

func (p *program) stripeCommand() *cobra.Command {
	var (
		operations []pay.Operation
		asJSON     bool
	)
	cmd := &cobra.Command{
		Use:   "stripe",
		Short: "Ask Stripe for one thing: customers, charges, refunds and all else",
		Long:  stripeHelp,
		Example: "  florin stripe\n" +
			"  florin stripe create-charge --help\n" +
			"  florin stripe create-charge --amount 1000 --currency usd --source tok_visa --idempotency-key order-17\n" +
			"  florin stripe list-charges --limit 3 --json",
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the operations as a JSON array, with their schemas.")
	cmd.RunE = p.run(func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return unknownOperation(args[0])
		}
		return p.printOperations(operations, asJSON)
	})
	cmd.SetFlagErrorFunc(func(failed *cobra.Command, err error) error {
		if name := p.wordAfter(cmd.Name()); failed == cmd && name != "" { // its flags are unknown because it is
			return unknownOperation(name)
		}
		return err
	})
	if !slices.Contains(p.args, cmd.Name()) {
		return cmd // the others need not wait for a hundred commands to be made
	}
	var err error
	if operations, err = app.Operations(); err != nil {
		panic("cli: " + err.Error()) // a defect of the catalogue, which its tests find
	}
	for _, op := range p.operationsMeant(operations) {
		cmd.AddCommand(p.operationCommand(op))
	}
	return cmd
}

// operationsMeant are the operations that the command line may name: one, if it
// does, or all, for completion and for what was mistyped.
func (p *program) operationsMeant(all []pay.Operation) []pay.Operation {
	for _, word := range p.args {
		if i := slices.IndexFunc(all, func(op pay.Operation) bool { return op.Name == word }); i >= 0 {
			return all[i : i+1]
		}
	}
	return all
}

// unknownOperation names what may have been meant.
func unknownOperation(name string) error {
	_, err := app.Operation(name)
	var unknown *pay.Error
	if errors.As(err, &unknown) {
		return usagef("%s; florin stripe lists all", unknown.Message)
	}
	return err
}

// wordAfter is what follows a word of the command line; "" when that is a flag
// or nothing.
func (p *program) wordAfter(word string) string {
	at := slices.Index(p.args, word) + 1
	if at == 0 || at == len(p.args) || strings.HasPrefix(p.args[at], "-") {
		return ""
	}
	return p.args[at]
}

// operationLine is an operation as --json prints it.
type operationLine struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Summary  string          `json:"summary"`
	Resource string          `json:"resource"`
	Writes   bool            `json:"writes"`
	Input    json.RawMessage `json:"input"`  // JSON Schema
	Output   json.RawMessage `json:"output"` // JSON Schema
}

// printOperations lists the catalogue by resource.
func (p *program) printOperations(operations []pay.Operation, asJSON bool) error {
	if asJSON {
		lines := make([]operationLine, len(operations))
		for i, op := range operations {
			lines[i] = operationLine{op.Name, op.Title, op.Summary, op.Resource, op.Writes, op.Input, op.Output}
		}
		return printJSON(p.Out, lines)
	}
	sorted := slices.Clone(operations)
	slices.SortStableFunc(sorted, func(a, b pay.Operation) int { return strings.Compare(a.Resource, b.Resource) })
	rows := make([][]any, len(sorted))
	for i, op := range sorted {
		resource := op.Resource
		if i > 0 && sorted[i-1].Resource == resource {
			resource = ""
		}
		rows[i] = []any{resource, op.Name, op.Summary}
	}
	printTable(p.Out, []any{"resource", "operation", "what it does"}, rows)
	return nil
}

// operationOptions are what a person says of one operation, besides its
// parameters.
type operationOptions struct {
	api                    *apiOptions
	connection, key, input string
	dryRun, asJSON         bool
	given                  []pay.Given
}

func (p *program) operationCommand(op pay.Operation) *cobra.Command {
	o := &operationOptions{}
	cmd := &cobra.Command{
		Use: op.Name, Short: op.Summary, Long: longOf(op), Example: exampleOf(op), Args: cobra.NoArgs, Hidden: true,
		Annotations: map[string]string{operationNote: op.Name},
	}
	f := cmd.Flags()
	f.SortFlags = false
	for _, parameter := range op.Parameters {
		name := flagName(parameter.Name)
		f.Var(&parameterFlag{parameter, &o.given}, name, usageOf(parameter))
		if parameter.Type == "boolean" {
			f.Lookup(name).NoOptDefVal = "true" // --capture, --capture=false
		}
	}
	o.api = api(cmd)
	f.StringVar(&o.connection, "connection", "", "The `name` of the connection; the default one when left out.")
	f.StringVar(&o.input, "input", "", "All parameters as `JSON`, @file, or - for standard input; flags add to it.")
	f.BoolVar(&o.dryRun, "dry-run", false, "Only show the request that would be sent.")
	f.BoolVar(&o.asJSON, "json", false, "Print the output as JSON.")
	if op.Writes {
		f.StringVar(&o.key, "idempotency-key", "", "Carry this out once for each `key`, however often it is asked.")
	}
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error { return p.runOperation(ctx, op, o) })
	return cmd
}

// ownFlags are those of every operation.
var ownFlags = []string{"data-dir", "url", "key", "connection", "input", "dry-run", "json", "idempotency-key", "help"}

// flagName is the flag of a parameter; one that is called like a flag of every
// operation gets stripe- in front.
func flagName(parameter string) string {
	name := strings.ReplaceAll(parameter, "_", "-")
	if slices.Contains(ownFlags, name) {
		return "stripe-" + name
	}
	return name
}

// parameterFlag hands a parameter's text on as it was written.
type parameterFlag struct {
	parameter pay.Parameter
	given     *[]pay.Given
}

// Set takes one value; a parameter that is a list or an object takes several.
func (f *parameterFlag) Set(text string) error {
	*f.given = append(*f.given, pay.Given{Name: f.parameter.Name, Value: text})
	return nil
}

// String is the default.
func (f *parameterFlag) String() string { return "" }

// Type is shown behind the flag.
func (f *parameterFlag) Type() string {
	if len(f.parameter.Allowed) > 0 && len(f.parameter.Allowed) <= 4 {
		return strings.Join(f.parameter.Allowed, "|")
	}
	return f.parameter.Type
}

func usageOf(p pay.Parameter) string {
	usage := strings.ReplaceAll(p.Description, "`", "'") // pflag takes what is in backquotes for the type
	if p.Required {
		usage = "Required. " + usage
	}
	if len(p.Allowed) > 4 {
		usage += " One of " + strings.Join(p.Allowed, ", ") + "."
	}
	switch p.Type {
	case "array":
		usage += " Repeat it, or separate with commas."
	case "object":
		usage += " Write key=value and repeat it, or JSON."
	}
	if p.Default != "" {
		usage += " Default: " + p.Default + "."
	}
	return usage
}

func longOf(op pay.Operation) string {
	long := op.Title + ": " + op.Summary
	if len(op.Rules) > 0 {
		long += "\n\n" + strings.Join(op.Rules, "\n")
	}
	return long + "\n\nAt Stripe: " + op.Method + " " + op.Path
}

// exampleOf is the declaration's example as a command.
func exampleOf(op pay.Operation) string {
	line := "  florin stripe " + op.Name
	fields, err := fieldsOf(op.Example)
	if err != nil {
		return line // without an example there are no parameters to show
	}
	for _, f := range fields {
		text := cellOf(f.value)
		if strings.ContainsAny(text, " {[\"$&|;<>*?()") {
			text = "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
		}
		if text == "true" {
			line += " --" + flagName(f.name)
			continue
		}
		line += " --" + flagName(f.name) + "=" + text
	}
	return line
}

// runOperation asks the server for an operation. A write has a key in any case,
// so that it can be repeated when its end is not seen.
func (p *program) runOperation(ctx context.Context, op pay.Operation, o *operationOptions) error {
	input, err := p.operationInput(op, o)
	if err != nil {
		return err
	}
	var options []client.Option
	key := o.key
	if op.Writes {
		key = cmp.Or(key, rand.Text())
		options = append(options, client.IdempotencyKey(key))
	}
	return p.ask(ctx, o.api, func(ctx context.Context, c *client.Client) error {
		result, err := c.Run(ctx, client.RunOperation{Operation: op.Name, Connection: o.connection, Input: input, DryRun: o.dryRun}, options...)
		if err != nil {
			p.sayHowToRepeat(op, o, key, err)
			return err
		}
		return p.printResult(op, result, o)
	})
}

// operationInput joins --input with the flags, which win.
func (p *program) operationInput(op pay.Operation, o *operationOptions) (json.RawMessage, error) {
	flags, err := op.ParseInput(o.given)
	if err != nil || o.input == "" {
		return flags, err
	}
	text, err := p.secretText(o.input)
	if err != nil {
		return nil, err
	}
	whole := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return nil, usagef("--input is not a JSON object: %s", err)
	}
	if err := json.Unmarshal(flags, &whole); err != nil {
		return nil, err
	}
	return json.Marshal(whole)
}

// sayHowToRepeat tells how to find out what became of a write whose answer is
// not certain.
func (p *program) sayHowToRepeat(op pay.Operation, o *operationOptions, key string, err error) {
	var refused *client.Error
	if !op.Writes || o.dryRun || client.NotSent(err) || errors.As(err, &refused) && !refused.Retryable {
		return
	}
	fmt.Fprintf(p.Err, "Whether this was done is not certain. To find out without doing it twice, run it again with --idempotency-key %s\n", key)
}

func (p *program) printResult(op pay.Operation, result client.OperationResult, o *operationOptions) error {
	if result.Waits {
		var approval client.Approval
		if err := json.Unmarshal(result.Data, &approval); err != nil {
			return err
		}
		fmt.Fprintf(p.Err, "A person must approve this (florin approval approve %s). Then run it again with --idempotency-key %s\n", approval.ID, approval.IdempotencyKey)
	}
	if o.asJSON {
		return printJSON(p.Out, result.Data)
	}
	if err := p.printOutput(result.Data); err != nil || o.dryRun || result.Waits || !hasMinorUnits(op) {
		return err
	}
	fmt.Fprintln(p.Err, "Amounts are in minor units: 1000 is 10.00 USD, and 1000 JPY.")
	return nil
}

// hasMinorUnits reports whether an operation gives amounts, as its output's
// schema says.
func hasMinorUnits(op pay.Operation) bool { return bytes.Contains(op.Output, []byte("minor units")) }

// printOutput shows what an operation gave: a list as a table of its rows,
// anything else field by field.
func (p *program) printOutput(data json.RawMessage) error {
	var page struct {
		Data       []json.RawMessage `json:"data"`
		HasMore    bool              `json:"has_more"`
		NextCursor *string           `json:"next_cursor"`
	}
	if json.Unmarshal(data, &page) != nil || page.Data == nil {
		return printFields(p.Out, data, "object")
	}
	if err := printRows(p.Out, page.Data); err != nil {
		return err
	}
	if page.HasMore && page.NextCursor != nil {
		fmt.Fprintf(p.Err, "There is more: --starting-after %s\n", *page.NextCursor)
	}
	return nil
}
