package cli

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
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

What it keeps no state for is answered from Stripe's own examples, marked with
the header Sandbox-Fixture; --strict refuses it instead. docs/sandbox.md has the
table.

The commands below it steer a sandbox that runs, also the one of florin serve.`

func (p *program) sandboxCommand() *cobra.Command {
	var (
		c                 app.LocalStripeConfig
		ephemeral, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the sandbox alone, or steer one that runs",
		Long:  sandboxHelp,
		Example: "  florin sandbox\n" +
			"  florin sandbox --listen 127.0.0.1:12111 --ephemeral\n" +
			"  florin sandbox --strict\n" +
			"  florin sandbox clock advance 30d\n" +
			"  florin sandbox faults add reset_after --method POST --path /v1/payment_intents --nth 1",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, "data-dir", "log-format", "log-level")
	cmd.Flags().StringVar(&c.Listen, "listen", "", "The `address` (host:port) to listen on [FLORIN_SANDBOX_LISTEN] (default 127.0.0.1:12111)")
	cmd.Flags().BoolVar(&ephemeral, "ephemeral", false, "Keep nothing: all is forgotten at the end.")
	cmd.Flags().BoolVar(&c.TLS, "tls", false, "Serve https and HTTP/2, with a self-signed certificate made at the start.")
	cmd.Flags().BoolVar(&c.Strict, "strict", false, "Refuse with 501 what could only be answered with an example.")
	cmd.Flags().BoolVar(&c.Phantoms, "phantoms", false, "Answer with an example what is not there, such as ids never made here; for the test suites of Stripe's libraries.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the address as one line of JSON.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		c, err := p.localStripe(flags, c, ephemeral)
		if err != nil {
			return err
		}
		return p.serveSandbox(ctx, c, asJSON)
	})
	cmd.AddCommand(p.clockCommand(), p.resetCommand(), p.faultsCommand(), p.snapshotCommand(), p.restoreCommand(), p.seedCommand())
	return cmd
}

// localStripe completes what the flags said with the settings.
func (p *program) localStripe(flags *pflag.FlagSet, c app.LocalStripeConfig, ephemeral bool) (app.LocalStripeConfig, error) {
	cfg, err := config.Load(flags, p.Getenv)
	if err != nil {
		return app.LocalStripeConfig{}, err
	}
	if c.Listen == "" {
		c.Listen = cfg.SandboxListen
	}
	if c.Listen == config.Off {
		return app.LocalStripeConfig{}, usagef("the sandbox is switched off by FLORIN_SANDBOX_LISTEN; say where with --listen")
	}
	c.Alone = true
	c.Logger = telemetry.Logger(p.Err, string(cfg.LogFormat), cfg.LogLevel)
	if !ephemeral {
		c.Dir = cfg.DataDir
	}
	return c, nil
}

func (p *program) serveSandbox(ctx context.Context, c app.LocalStripeConfig, asJSON bool) (err error) {
	if err := p.hushLibraries(); err != nil {
		return err
	}
	box, err := app.OpenSandbox(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	w := sandboxWhere{URL: box.URL(), Data: c.Dir, Certificate: box.Certificate()}
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

// hushLibraries keeps standard output for what Florin itself prints. Stripe's
// generator of examples prints every request there, which would garble --json
// and show what people send. Tests, whose output is another, keep theirs.
func (p *program) hushLibraries() error {
	if p.Out != io.Writer(os.Stdout) {
		return nil
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		os.Stdout = nowhere
	}
	return err
}

// sandboxWhere is what a person needs to know of a sandbox.
type sandboxWhere struct {
	URL         string `json:"url"`
	Data        string `json:"data,omitempty"`
	Certificate string `json:"certificate,omitempty"` // file to trust, with --tls
}

// Scheme is http or https.
func (w sandboxWhere) Scheme() string { return w.parsed().Scheme }

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
{{- with .Certificate}}
  Certificate {{.}}, which clients have to trust (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS)
{{- end}}

  curl        curl -sS {{with .Certificate}}--cacert {{.}} {{end}}{{.URL}}/v1/payment_intents -u sk_test_anything: \
                -d amount=1000 -d currency=usd -d payment_method=pm_card_visa -d confirm=true \
                -d 'automatic_payment_methods[enabled]=true' -d 'automatic_payment_methods[allow_redirects]=never'
  Go          stripe.SetBackend(stripe.APIBackend, stripe.GetBackendWithConfig(
                stripe.APIBackend, &stripe.BackendConfig{URL: stripe.String("{{.URL}}")}))
  Node        new Stripe("sk_test_anything", {protocol: "{{.Scheme}}", host: "{{.Host}}", port: {{.Port}}})
  Florin      FLORIN_STRIPE_API_BASE={{.URL}} florin serve --sandbox-listen off

Move its clock:   florin sandbox clock advance 7d --url {{.URL}}
Make it fail:     florin sandbox faults add error_after --url {{.URL}}

Stop with Ctrl-C.

`))
