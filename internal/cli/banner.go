package cli

import (
	"io"
	"text/template"
	"time"

	"florin/internal/app"
	"florin/internal/config"
)

// stripeItself is where live keys go, and test keys without a sandbox.
const stripeItself = "https://api.stripe.com"

// where is what a person needs to know of a server that has just started.
type where struct {
	URL      string      `json:"url"`
	Docs     string      `json:"docs"`
	Sandbox  string      `json:"sandbox,omitempty"`
	Data     string      `json:"data"`
	Database string      `json:"database"` // the SQLite file, or "postgres": its URL holds a password
	Stripe   string      `json:"stripe"`   // who answers for connections with credentials of their own in test mode
	Live     string      `json:"stripe_live"`
	Key      string      `json:"api_key,omitempty"`
	SignIn   string      `json:"sign_in,omitempty"` // a link to the dashboard, used once
	Role     config.Role `json:"role"`

	Order string `json:"-"` // a fresh idempotency key for the curl line
}

func whereabouts(s *app.Server) where {
	cfg := s.Config
	w := where{
		URL: s.URL(), Docs: s.URL() + "/docs", Data: cfg.DataDir, Database: "postgres", Key: s.Key, SignIn: s.SignIn, Role: cfg.Role,
		Stripe: cfg.StripeAPIBase, Order: "order-" + time.Now().UTC().Format("20060102-150405"),
	}
	if file, ok := cfg.SQLiteFile(); ok {
		w.Database = file
	}
	if w.Live = w.Stripe; w.Live == "" {
		w.Live = stripeItself
	}
	if s.Sandbox != nil {
		w.Sandbox = s.Sandbox.URL()
	}
	switch {
	case w.Stripe != "":
	case w.Sandbox != "":
		w.Stripe = w.Sandbox
	default:
		w.Stripe = stripeItself
	}
	return w
}

// print writes the banner. Its lines can be pasted as they are.
func (w where) print(out io.Writer) error { return banner.Execute(out, w) }

var banner = template.Must(template.New("banner").Parse(`
Florin is ready.
{{if eq .Role "worker"}}
  Role      worker: it runs jobs, and answers no requests
{{- else}}
  API       {{.URL}}
  Docs      {{.Docs}}
  Dashboard {{if .SignIn}}{{.SignIn}}  (signs you in, once){{else}}{{.URL}}{{end}}
{{- end}}
{{- if .Sandbox}}
  Sandbox   {{.Sandbox}}  (a Stripe on this machine: no account, no network)
{{- end}}
  Data      {{.Data}}
  Database  {{.Database}}
  Stripe    test mode: {{if eq .Stripe .Sandbox}}the sandbox{{else}}{{.Stripe}}{{if .Sandbox}} (the sandbox for merchants without credentials){{end}}{{end}}; live mode: {{.Live}}
{{- if .Key}}
  API key   {{.Key}}  (test mode, merchant default)

Make a payment:

  curl -sS {{.URL}}/v1/payments \
    -H 'X-API-Key: {{.Key}}' \
    -H 'Idempotency-Key: {{.Order}}' -H 'Content-Type: application/json' \
    -d '{"amount": 10.00, "currency": "USD", "provider": "stripe", "payment_method": "pm_card_visa"}'

Give it back (put in the "id" that the payment has):

  curl -sS {{.URL}}/v1/refunds \
    -H 'X-API-Key: {{.Key}}' -H 'Content-Type: application/json' \
    -d '{"payment_id": "PAYMENT_ID"}'

Watch the events, and send them to your own server:

  florin listen --url {{.URL}} --key {{.Key}} --forward http://127.0.0.1:3000/webhooks

Use Stripe's own test mode instead of the sandbox:

  florin serve --stripe-api-base https://api.stripe.com --sandbox-listen off
  then PUT /v1/merchant/providers with your sk_test_… key
{{- else if ne .Role "worker"}}

Make an API key:   florin apikey create --mode test --scopes all
Give it Stripe's:  PUT {{.URL}}/v1/merchant/providers
Watch the events:  florin listen --url {{.URL}} --key sk_test_flr_…
{{- end}}

Stop with Ctrl-C.

`))
