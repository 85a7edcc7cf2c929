package sandbox_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"

	"florin/internal/sandbox"
)

// What the sandbox has no state for is answered from Stripe's own examples,
// valid by Stripe's own document, marked, and logged.
func TestFixturesAnswerTheRest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := openIn(t, sandbox.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	doc, err := stripeAPI()
	require.NoError(t, err)
	for _, row := range []struct{ method, path, form string }{
		{"GET", "/v1/climate/products", ""},
		{"GET", "/v1/issuing/cards/ic_1", ""},
		{"POST", "/v1/tax/calculations", "currency=usd&line_items[0][amount]=1000&line_items[0][reference]=a"},
		{"DELETE", "/v1/terminal/readers/tmr_1", ""},
		{"POST", "/v1/identity/verification_sessions", ""},
	} {
		got := w.send(row.method, row.path, row.form)
		require.Equal(t, 200, got.status, "%s %s: %s", row.method, row.path, got.raw)
		require.Equal(t, "true", got.header.Get("Sandbox-Fixture"), row.path)
		require.True(t, strings.HasPrefix(got.header.Get("Request-Id"), "req_"))
		require.Contains(t, log.String(), `"path":"`+row.path+`"`)
		schema := operationOf(doc, row.method, row.path).Responses.Value("200").Value.Content["application/json"].Schema.Value
		var body any
		require.NoError(t, json.Unmarshal([]byte(got.raw), &body))
		require.NoError(t, schema.VisitJSON(body, openapi3.MultiErrors(), openapi3.VisitAsResponse()), row.path)
	}
	require.Empty(t, w.send("GET", "/v1/customers", "").header.Get("Sandbox-Fixture"), "state is not marked")
	require.Empty(t, w.send("GET", "/v1/customers", "").header.Get("Stripe-Mock-Version"))
}

// The generator checks requests too, and its refusals are Stripe's error
// object; so is what it says to an upload that lacks its file.
func TestFixtureRequestsAreChecked(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, row := range []struct {
		method, path, form string
		status             int
		message            string
	}{
		{"POST", "/v1/climate/orders", "", 400, "product"},
		{"POST", "/v1/climate/orders", "product=p&nonsense=1", 400, "Request validation error: additional properties"},
		{"GET", "/v1/climate/products?expand[][a]=b", "", 400, "expand"},
		{"GET", "/v1/nonsense", "", 404, "Unrecognized request URL (GET: /v1/nonsense)"},
		{"GET", "//v1/climate/products", "", 404, "Unrecognized request URL"},
		{"POST", "/v1/files", "purpose=dispute_evidence", 400, "multipart/form-data"},
	} {
		got := w.send(row.method, row.path, row.form)
		require.Equal(t, row.status, got.status, "%s %s: %s", row.method, row.path, got.raw)
		require.Equal(t, "invalid_request_error", got.at("error", "type"))
		require.Contains(t, got.at("error", "message"), row.message)
		require.Empty(t, got.header.Get("Sandbox-Fixture"))
	}
	require.Equal(t, 401, w.send("GET", "/v1/climate/products", "", "Authorization", "Bearer nonsense").status)
}

// Uploads arrive whole, and downloads keep their own media type.
func TestFixtureUploadsAndDownloads(t *testing.T) {
	t.Parallel()
	w := open(t)
	file, err := w.stripe.V1Files.Create(w.Context(), &stripe.FileCreateParams{
		Purpose: stripe.String("dispute_evidence"), FileReader: strings.NewReader("a receipt"), Filename: stripe.String("receipt.txt"),
	})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(file.ID, "file_"), file.ID)
	got := w.send("GET", "/v1/quotes/qt_1/pdf", "")
	require.Equal(t, 200, got.status, got.raw)
	require.Equal(t, "application/pdf", got.header.Get("Content-Type"))
}

// A strict sandbox says 501 to what it has no state for, and 404 to what
// Stripe does not know either.
func TestStrictRefusesFixtures(t *testing.T) {
	t.Parallel()
	w := openIn(t, sandbox.Config{Strict: true})
	got := w.send("GET", "/v1/climate/products/cp_1", "")
	require.Equal(t, 501, got.status)
	require.Contains(t, got.at("error", "message"), "GET /v1/climate/products/cp_1")
	require.Equal(t, "false", got.header.Get("Stripe-Should-Retry"))
	require.Equal(t, 404, w.send("GET", "/v1/nonsense", "").status)
	require.Equal(t, 404, w.send("DELETE", "/v1/climate/products", "").status)
	require.Equal(t, 200, w.send("GET", "/v1/customers", "").status)
}

// With phantoms, what is not there is answered with a fixture of the right
// shape; what was made is answered as ever, and no phantom is kept.
func TestPhantoms(t *testing.T) {
	t.Parallel()
	w := openIn(t, sandbox.Config{Phantoms: true})
	for _, row := range []struct{ method, path, form string }{
		{"GET", "/v1/customers/cus_never", ""},
		{"POST", "/v1/customers/cus_never", "name=Ann"},
		{"DELETE", "/v1/customers/cus_never", ""},
		{"POST", "/v1/payment_intents/pi_never/confirm", "payment_method=pm_card_visa"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&customer=cus_never"},
	} {
		for _, headers := range [][]string{nil, {"Idempotency-Key", row.method + row.path}, {"Idempotency-Key", row.method + row.path}, {"Stripe-Account", "acct_never"}} {
			got := w.send(row.method, row.path, row.form, headers...)
			require.Equal(t, 200, got.status, "%s %s: %s", row.method, row.path, got.raw)
			require.Equal(t, "true", got.header.Get("Sandbox-Fixture"))
			require.Equal(t, "master", got.header.Get("Stripe-Mock-Version"))
		}
	}
	require.Equal(t, "cus_never", w.send("GET", "/v1/customers/cus_never", "").at("id"))
	require.Equal(t, "true", w.send("GET", "/v1/customers", "").header.Get("Sandbox-Fixture"), "an empty list is a phantom too")
	require.Equal(t, "true", w.send("POST", "/v1/payment_intents", payForm+"&expand[]=nonsense").header.Get("Sandbox-Fixture"))
	made := w.send("POST", "/v1/customers", "name=Ann")
	require.Empty(t, made.header.Get("Sandbox-Fixture"))
	require.Len(t, w.send("GET", "/v1/customers", "").at("data"), 1, "a phantom is not kept")
	require.Equal(t, "Ann", w.send("GET", "/v1/customers/"+made.at("id").(string), "").at("name"))
	wrong := w.send("POST", "/v1/payment_intents", "amount=x&currency=usd")
	require.Equal(t, "parameter_invalid_integer", wrong.at("error", "code"), "mistakes stay mistakes")
	require.Equal(t, 402, w.pay("pm_card_chargeDeclined").status)
	require.Equal(t, 401, w.send("GET", "/v1/customers/cus_never", "", "Authorization", "Bearer nonsense").status)
}
