package cli

import (
	"context"
	"errors"
	"io"
	"net/url"
	"text/template"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/app"
	"florin/internal/config"
	"florin/internal/telemetry"
)

const sandboxHelp = `Serves the sandbox alone: a Stripe on your own machine, for any program that
speaks to Stripe. Any secret key that begins with sk_test_ is an account of its
own. State is kept in the data folder; --ephemeral keeps none.

The commands below it steer a sandbox that runs, also the one of florin serve.`

func (p *program) sandboxCommand() *cobra.Command {
	var (
		listen            string
		ephemeral, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the sandbox alone, or steer one that runs",
		Long:  sandboxHelp,
		Example: "  florin sandbox\n" +
			"  florin sandbox --listen 127.0.0.1:12111 --ephemeral\n" +
			"  florin sandbox clock advance 30d\n" +
			"  florin sandbox faults add reset_after --method POST --path /v1/payment_intents --nth 1",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, "data-dir", "log-format", "log-level")
	cmd.Flags().StringVar(&listen, "listen", "", "The `address` (host:port) to listen on [FLORIN_SANDBOX_LISTEN] (default 127.0.0.1:12111)")
	cmd.Flags().BoolVar(&ephemeral, "ephemeral", false, "Keep nothing: all is forgotten at the end.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the address as one line of JSON.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		c, err := p.localStripe(flags, listen, ephemeral)
		if err != nil {
			return err
		}
		return p.serveSandbox(ctx, c, asJSON)
	})
	cmd.AddCommand(p.clockCommand(), p.resetCommand(), p.faultsCommand())
	return cmd
}

// localStripe is where the sandbox listens and what it keeps.
func (p *program) localStripe(flags *pflag.FlagSet, listen string, ephemeral bool) (app.LocalStripeConfig, error) {
	cfg, err := config.Load(flags, p.Getenv)
	if err != nil {
		return app.LocalStripeConfig{}, err
	}
	if listen == "" {
		listen = cfg.SandboxListen
	}
	if listen == config.Off {
		return app.LocalStripeConfig{}, usagef("the sandbox is switched off by FLORIN_SANDBOX_LISTEN; say where with --listen")
	}
	c := app.LocalStripeConfig{Listen: listen, Logger: telemetry.Logger(p.Err, string(cfg.LogFormat), cfg.LogLevel)}
	if !ephemeral {
		c.Dir = cfg.DataDir
	}
	return c, nil
}

func (p *program) serveSandbox(ctx context.Context, c app.LocalStripeConfig, asJSON bool) (err error) {
	box, err := app.OpenSandbox(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	w := sandboxWhere{URL: box.URL(), Data: c.Dir}
	if asJSON {
		err = printJSON(p.Out, w)
	} else {
		err = w.print(p.Out)
	}
	if err != nil {
		return err
	}
	return box.Run(ctx)
}

// sandboxWhere is what a person needs to know of a sandbox.
type sandboxWhere struct {
	URL  string `json:"url"`
	Data string `json:"data,omitempty"`
}

// Host and Port are what clients want that take no URL.
func (w sandboxWhere) Host() string { return w.parsed().Hostname() }

// Port is the port of the sandbox's address.
func (w sandboxWhere) Port() string { return w.parsed().Port() }

func (w sandboxWhere) parsed() *url.URL {
	if parsed, err := url.Parse(w.URL); err == nil {
		return parsed
	}
	return &url.URL{} // never: the URL was made from an address that is listened on
}

func (w sandboxWhere) print(out io.Writer) error { return sandboxBanner.Execute(out, w) }

var sandboxBanner = template.Must(template.New("sandbox").Parse(`
The sandbox is ready, and answers like Stripe.

  Address     {{.URL}}
  Data        {{if .Data}}{{.Data}}{{else}}kept nowhere{{end}}

  curl        curl -sS {{.URL}}/v1/payment_intents -u sk_test_anything: \
                -d amount=1000 -d currency=usd -d payment_method=pm_card_visa -d confirm=true \
                -d 'automatic_payment_methods[enabled]=true' -d 'automatic_payment_methods[allow_redirects]=never'
  Go          stripe.SetBackend(stripe.APIBackend, stripe.GetBackendWithConfig(
                stripe.APIBackend, &stripe.BackendConfig{URL: stripe.String("{{.URL}}")}))
  Node        new Stripe("sk_test_anything", {protocol: "http", host: "{{.Host}}", port: {{.Port}}})
  Florin      FLORIN_STRIPE_API_BASE={{.URL}} florin serve --sandbox-listen off

Move its clock:   florin sandbox clock advance 7d --url {{.URL}}
Make it fail:     florin sandbox faults add error_after --url {{.URL}}

Stop with Ctrl-C.

`))
