// Package cli is the program as people start it: one file per command, each
// with the help and the examples that it shows. Commands put parts together
// and print; what they do is decided in other rooms.
//
// The program is a value that tests start: it reads and writes through IO, and
// reports how it ended as a number instead of ending the process.
package cli

import (
	"context"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"florin/internal/app"
)

// IO is what a process has of the world, so that tests can give another one.
type IO struct {
	In     io.Reader
	Out    io.Writer // what was asked for, and nothing else: it may be piped on
	Err    io.Writer // logs, warnings and errors
	Getenv func(string) string
}

// The exit codes. Scripts tell a mistyped command from one that failed.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// program is one run of the command line.
type program struct {
	IO

	args    []string
	started bool // a command runs: what goes wrong now is no usage error
}

// Main runs one command and returns the exit code: 0 when all went well, 1
// when the command failed, 2 when it could not be understood. SIGINT and
// SIGTERM end it in good order; the second one ends it at once.
func Main(ctx context.Context, args []string, io IO) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from now on a signal kills
	p := &program{IO: io, args: args}
	root := p.rootCommand()
	root.SetArgs(args)
	called, err := root.ExecuteContextC(ctx)
	return p.report(ctx, called, err)
}

const rootHelp = `Florin takes payments through Stripe: a payments API with idempotency, signed
webhooks and a double-entry ledger, in one program. It brings a local Stripe
along, the sandbox, so that everything works without an account or a network.

Start with "florin serve": it prints an API key and a curl line that makes a
payment.`

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "florin",
		Short:         "Take payments through Stripe, or through a Stripe on your own machine",
		Long:          rootHelp,
		Example:       "  florin serve\n  florin apikey create --merchant default --mode test --scopes all\n  florin listen",
		Version:       app.Version,
		SilenceUsage:  true, // report decides what is shown
		SilenceErrors: true,
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.AddCommand(
		p.serveCommand(), p.sandboxCommand(), p.listenCommand(), p.dashboardCommand(),
		p.stripeCommand(), p.flowCommand(), p.connectionCommand(), p.approvalCommand(),
		p.customerCommand(), p.accountCommand(), p.planCommand(), p.subscriptionCommand(), p.invoiceCommand(), p.mailCommand(),
		p.transferCommand(), p.payoutCommand(), p.transactionCommand(), p.paymentCommand(), p.ledgerCommand(), p.reconcileCommand(),
		p.scenarioCommand(), p.merchantCommand(), p.apikeyCommand(),
		p.mcpCommand(), p.workerCommand(), p.docsCommand(), p.healthcheckCommand(), p.versionCommand(),
	)
	return root
}

// group is a command that only holds others. Naming none of them is a mistake
// that its help answers.
func group(use, short, long string, members ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("%s needs a command", cmd.CommandPath())
		},
	}
	g.AddCommand(members...)
	return g
}

// run makes a command's work out of a function that needs its context and
// arguments only.
func (p *program) run(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		p.started = true
		return work(cmd.Context(), args)
	}
}
