package sandbox_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"
)

// stripeAPI is Stripe's own OpenAPI document, read once: it takes a second.
var stripeAPI = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(embedded.OpenAPISpec)
})

// operationOf finds what the document says about a request: a literal path
// goes before a template.
func operationOf(doc *openapi3.T, method, path string) *openapi3.Operation {
	path, _, _ = strings.Cut(path, "?")
	if item := doc.Paths.Value(path); item != nil {
		return item.GetOperation(method)
	}
	for template, item := range doc.Paths.Map() {
		if fits(template, path) && item.GetOperation(method) != nil {
			return item.GetOperation(method)
		}
	}
	return nil
}

func fits(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for at := range want {
		if !strings.HasPrefix(want[at], "{") && want[at] != have[at] {
			return false
		}
	}
	return true
}

// validAnswer holds an answer against what the document says of its operation.
func validAnswer(operation *openapi3.Operation, status int, raw []byte) error {
	answer := operation.Responses.Value(strconv.Itoa(status))
	if answer == nil {
		answer = operation.Responses.Default()
	}
	var body any
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	return answer.Value.Content["application/json"].Schema.Value.VisitJSON(body, openapi3.MultiErrors(), openapi3.VisitAsResponse())
}

// ask is send for an answer that must be what Stripe's own document says.
func (w *world) ask(method, path, form string, headers ...string) reply {
	w.Helper()
	doc, err := stripeAPI()
	require.NoError(w, err)
	got := w.send(method, path, form, headers...)
	operation := operationOf(doc, method, path)
	require.NotNil(w, operation, "%s %s is not an operation of Stripe's", method, path)
	err = validAnswer(operation, got.status, []byte(got.raw))
	require.NoError(w, err, "%s %s %s: %s", method, path, form, got.raw)
	return got
}

// Every answer is what Stripe's own document says, errors too.
func TestAnswersAreValid(t *testing.T) {
	t.Parallel()
	w := open(t)
	ask := func(method, path, form string) reply {
		t.Helper()
		return w.ask(method, path, form)
	}
	id := func(r reply) string { return r.at("id").(string) }
	customer := id(ask("POST", "/v1/customers", "name=A&email=a@example.org&shipping[name]=A&shipping[address][city]=B&address[city]=C&payment_method=pm_card_visa"))
	paid := ask("POST", "/v1/payment_intents", payForm+"&customer="+customer+"&setup_future_usage=off_session&expand[]=latest_charge.balance_transaction&expand[]=customer&expand[]=payment_method")
	charge := paid.at("latest_charge", "id").(string)
	refund := id(ask("POST", "/v1/refunds", "amount=100&charge="+charge+"&expand[]=charge&expand[]=balance_transaction"))
	declined := ask("POST", "/v1/payment_intents", strings.Replace(payForm, "pm_card_visa", "pm_card_chargeDeclined", 1))
	held := id(ask("POST", "/v1/payment_intents", payForm+"&capture_method=manual"))
	asked := id(ask("POST", "/v1/payment_intents", strings.Replace(payForm, "pm_card_visa", "pm_card_authenticationRequired&return_url=https://a.example", 1)))
	hook := id(ask("POST", "/v1/webhook_endpoints", "url=http://127.0.0.1:1/&enabled_events[]=charge.captured"))
	for _, row := range []struct{ method, path, form string }{
		{"GET", "/v1/account", ""}, {"GET", "/v1/balance", ""}, {"GET", "/v1/balance_transactions", ""},
		{"GET", "/v1/customers", ""}, {"GET", "/v1/customers/" + customer, ""}, {"POST", "/v1/customers/" + customer, "name=B"},
		{"GET", "/v1/customers/" + customer + "/payment_methods", ""}, {"GET", "/v1/payment_methods?customer=" + customer, ""},
		{"GET", "/v1/customers/search?query=name:'B'", ""}, {"GET", "/v1/payment_intents/search?query=currency:'usd'", ""},
		{"GET", "/v1/payment_methods/pm_card_visa", ""}, {"POST", "/v1/payment_methods", "type=card&card[token]=tok_visa"},
		{"GET", "/v1/payment_intents", ""}, {"GET", "/v1/payment_intents/" + asked, ""}, {"POST", "/v1/payment_intents/" + asked + "/cancel", ""},
		{"POST", "/v1/payment_intents/" + held + "/capture", "amount_to_capture=500"},
		{"GET", "/v1/payment_intents/" + declined.at("error", "payment_intent", "id").(string), ""},
		{"GET", "/v1/charges", ""}, {"GET", "/v1/charges/" + charge + "?expand[]=refunds", ""}, {"POST", "/v1/charges/" + charge, "description=x"},
		{"GET", "/v1/refunds", ""}, {"GET", "/v1/refunds/" + refund, ""}, {"POST", "/v1/refunds/" + refund, "metadata[a]=b"},
		{"GET", "/v1/events", ""}, {"GET", "/v1/webhook_endpoints", ""}, {"GET", "/v1/webhook_endpoints/" + hook, ""},
		{"DELETE", "/v1/webhook_endpoints/" + hook, ""}, {"DELETE", "/v1/customers/" + customer, ""}, {"GET", "/v1/customers/" + customer, ""},
		{"GET", "/v1/customers/cus_x", ""}, {"POST", "/v1/payment_intents", "amount=x"},
	} {
		ask(row.method, row.path, row.form)
	}
}
