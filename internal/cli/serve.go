package cli

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/app"
	"florin/internal/config"
	"florin/internal/telemetry"
)

const serveHelp = `Serves the payments API, works on jobs, and serves the sandbox, until it is
stopped. With no settings at all it keeps its data in ./data, uses SQLite and
the sandbox, and prints a test API key and a curl line that makes a payment.

Where it is, and the key, go to standard output; logs go to standard error.
SIGINT and SIGTERM let open requests and jobs finish (--drain-timeout); a second
one ends the process at once, which loses nothing either.`

// gcPercent lets the heap grow fivefold between two collections instead of
// twofold: a payment leaves some 300 KiB of garbage behind and nearly nothing
// that lives, so that a server at work collected several times a second. It
// saves a fifth of the processor's time for some tens of megabytes; GOGC, when
// set, counts instead.
const gcPercent = 400

func (p *program) serveCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the payments API, and the sandbox with it",
		Long:  serveHelp,
		Example: "  florin serve\n" +
			"  florin serve --listen :9090 --data-dir /var/lib/florin\n" +
			"  florin serve --sandbox-listen off --stripe-api-base https://api.stripe.com \\\n" +
			"    --database-url postgres://florin:secret@db/florin --public-url https://pay.example.com",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print where everything is as one line of JSON.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error { return p.serve(ctx, flags, asJSON) })
	return cmd
}

func (p *program) serve(ctx context.Context, flags *pflag.FlagSet, asJSON bool) (err error) {
	cfg, err := config.Load(flags, p.Getenv)
	if err != nil {
		return err
	}
	if p.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if err := p.hushLibraries(); err != nil {
		return err
	}
	server, err := app.NewServer(ctx, cfg, telemetry.Logger(p.Err, string(cfg.LogFormat), cfg.LogLevel))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(context.WithoutCancel(ctx))) }()
	where := whereabouts(server)
	if asJSON {
		err = printJSON(p.Out, where)
	} else {
		err = where.print(p.Out)
	}
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
