package sandbox_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"florin/internal/sandbox"
)

// plant plants a seed file in the world's sandbox.
func (w *world) plant(text string) ([]sandbox.Planted, error) {
	file, err := sandbox.ParseSeed([]byte(text))
	if err != nil {
		return nil, err
	}
	return file.Plant(w.Context(), sandbox.SeedTarget{URL: w.server.URL, Key: w.key, Client: w.server.Client()})
}

const marketplace = `
- as: ann
  path: /v1/customers
  params:
    name: "Ann #1"
    description: |
      two
      lines
    address: {city: Zürich, line1: null}
    metadata: {level: 007, vip: true}
- {as: card, path: /v1/payment_methods/pm_card_visa/attach, params: {customer: "${ann.id}"}}
- as: partner
  path: /v1/accounts
  params:
    type: custom
    country: US
    capabilities: {card_payments: {requested: true}, transfers: {requested: true}}
- as: own
  path: /v1/customers
  account: ${partner.id}
  params: {name: "Customer of ${partner.id}"}
- {as: methods, method: get, path: "/v1/customers/${ann.id}/payment_methods"}
- path: /v1/customers/${ann.id}
  params: {description: "${methods.data.0.card.exp_month} of ${methods.data.0.card.brand}"}
- as: unknown
  method: GET
  path: /v1/customers/cus_never
  status: 404
- {path: /v1/customers, params: {name: "${unknown.error.code}"}}
`

// A seed makes what it says, for whom it says, once.
func TestSeedPlantsOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	planted, err := w.plant(marketplace)
	require.NoError(t, err)
	require.Len(t, planted, 8)
	partner := planted[2].ID
	require.Equal(t, sandbox.Planted{As: "card", Method: "POST", Path: "/v1/payment_methods/pm_card_visa/attach", Status: 200, ID: planted[1].ID}, planted[1])
	updates := w.send("GET", "/v1/events?type=customer.updated", "").raw
	require.Regexp(t, `"description":"\d+ of visa"`, updates)
	made := w.send("GET", "/v1/events?type=customer.created", "").raw
	for _, part := range []string{`"name":"Ann #1"`, `"description":"two\nlines\n"`, `"city":"Zürich"`, `"line1":null`, `"level":"007"`, `"vip":"true"`, `"name":"resource_missing"`} {
		require.Contains(t, made, part)
	}
	require.Contains(t, w.send("GET", "/v1/customers", "", "Stripe-Account", partner).raw, `"name":"Customer of `+partner+`"`)

	removed, err := w.plant("- {as: a, path: /v1/customers}\n- {method: delete, path: '/v1/customers/${a.id}'}\n")
	require.NoError(t, err)
	require.Equal(t, true, w.send("GET", "/v1/customers/"+removed[0].ID, "").at("deleted"))
	made = w.send("GET", "/v1/events?type=customer.created", "").raw
	again, err := w.plant(marketplace)
	require.NoError(t, err)
	require.Equal(t, planted, again)
	require.Equal(t, made, w.send("GET", "/v1/events?type=customer.created", "").raw)
}

// Mistakes are told with their line and column, and before any request.
func TestSeedMistakes(t *testing.T) {
	t.Parallel()
	w := open(t)
	const good = "- {as: a, path: /v1/customers}\n"
	for text, message := range map[string]string{
		"a: b":                          "1:1: a seed file is a list of requests",
		"- path: [":                     "1:9: ",
		"- hello":                       "1:3: a mapping is expected here",
		"- as: b":                       "1:3: a request needs a path",
		"- path: {}":                    "1:9: path must be a plain value",
		"- path: /v2/core":              `1:9: "/v2/core" is no path of Stripe's`,
		"- path: /v1/customers?limit=1": "1:9: ",
		good + "- path: /v1/customers\n  verb: GET": `3:3: unknown field "verb"`,
		"- {path: /v1/customers, method: PATCH}":    `1:33: "PATCH" is no method`,
		"- {path: /v1/customers, status: fine}":     `1:33: "fine" is no HTTP status`,
		"- {path: /v1/customers, as: 1a}":           `1:29: "1a" is no name`,
		good + good:                                 `2:4: another request is called "a" already`,
		"- path: /v1/customers/${b.id}":             `1:9: ${b.id}: no earlier request is called "b"`,
		good + "- path: /v1/x/${a}":                 `2:9: "/v1/x/${a}": a reference is ${name.field}`,
		"- {path: /v1/x, params: plain}":            "1:25: a mapping is expected here",
		"- {path: /v1/x, params: {a: &b c}}":        "1:29: a mapping is expected here",
		good + "- {path: /v1/x, account: '${a.b':}": "2:34: ",
		"- {path: /v1/x, params: " + strings.Repeat("{a: ", 20) + "1" + strings.Repeat("}", 21): "parameters may be nested 12 deep",
	} {
		_, err := w.plant(text)
		require.ErrorContains(t, err, message, text)
	}
	require.Empty(t, w.send("GET", "/v1/customers", "").at("data"))
	_, err := w.plant(good + "- {path: /v1/customers, params: {name: \"${a.nothing.here}\"}}")
	require.ErrorContains(t, err, "2:40: ${a.nothing.here}: the answer has no such plain value")
	planted, err := w.plant(good + "- {path: /v1/refunds}")
	require.ErrorContains(t, err, "2:4: POST /v1/refunds was answered with 400 Bad Request, not 200: ")
	require.Len(t, planted, 1, "what was done before is told")
	_, err = w.plant(strings.Repeat("#", 1<<20+1))
	require.ErrorContains(t, err, "up to 1048576 bytes")
}
