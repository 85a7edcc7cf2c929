package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/engine/automation"
	stripeops "florin/internal/operation"
	"florin/internal/pay"
)

func TestTheOpenAPIDocumentIsValidAndHasEveryRoute(t *testing.T) {
	t.Parallel()
	raw, err := OpenAPI()
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(context.Background()))
	assert.Equal(t, "3.1.0", doc.OpenAPI)
	var described []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	var served []string
	for _, route := range Routes() {
		served = append(served, route.Pattern())
	}
	assert.ElementsMatch(t, served, described)
}

func TestTheOpenAPIDocumentSaysWhatIsEnforced(t *testing.T) {
	t.Parallel()
	raw, err := OpenAPI()
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	create := doc.Paths.Find("/v1/payments").Post
	assert.Equal(t, "payments:write", create.Extensions["x-scope"])
	header := create.Parameters.GetByInAndName("header", "Idempotency-Key")
	require.NotNil(t, header)
	assert.True(t, header.Required)
	body := create.RequestBody.Value.Content["application/json"].Schema.Value
	assert.ElementsMatch(t, []string{"amount", "currency"}, body.Required)
	for _, status := range []string{"201", "202", "400", "401", "402", "403", "404", "409", "413", "415", "422", "429", "502", "503"} {
		assert.NotNil(t, create.Responses.Value(status), status)
	}
	for _, path := range []string{"/v1/webhooks/stripe", "/healthz"} {
		for _, operation := range doc.Paths.Find(path).Operations() {
			assert.Empty(t, *operation.Security, "%s needs no key", path)
		}
	}
	list := doc.Paths.Find("/v1/payments").Get
	for _, name := range []string{"provider", "status", "currency", "min_amount", "max_amount", "since", "until", "customer_id", "last4", "provider_ref",
		"idempotency_key", "metadata", "q", "sort", "limit", "cursor"} {
		assert.NotNil(t, list.Parameters.GetByInAndName("query", name), name)
	}
}

// TestEveryViewFitsTheDocument checks what the presenter writes against the
// schemas that readers are given.
func TestEveryViewFitsTheDocument(t *testing.T) {
	t.Parallel()
	raw, err := OpenAPI()
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	pending := failed()
	pending.Status, pending.RedirectURL = pay.PaymentPending, "https://a.example"
	for name, view := range map[string]any{
		"Payment": paymentView(paid()), "Refund": refundOf(pay.Refund{ID: paid().ID, Owner: merchantOne, Payment: paid().ID,
			Amount: pay.Amount(1, "USD"), Status: pay.RefundPending}, paid()),
		"Card": cardView(pay.Card{ID: paid().ID, Owner: merchantOne, Customer: paid().ID, Provider: "stripe", Status: pay.CardFailed,
			Failure: failed().Failure}),
		"Account":     accountView(pay.Account{ID: paid().ID, Owner: merchantOne, Type: pay.AccountExpress, Status: pay.AccountPending}),
		"BankAccount": bankView(paid().ID, pay.BankAccount{Ref: "ba_1", Kind: "bank_account"}),
		"Endpoint":    endpointView(pay.Endpoint{ID: paid().ID, Status: pay.EndpointDisabled, FailingSince: noon}),
		"Delivery":    deliveryView(pay.Delivery{ID: paid().ID, Event: paid().ID, Endpoint: paid().ID, Status: pay.DeliveryFailed, LastStatus: 500}),
		"Connection":  connectionView(pay.Connection{ID: paid().ID, Owner: merchantOne, Kind: pay.ConnectionSandbox}),
		"Merchant":    merchantView(pay.Merchant{ID: merchantOne.Merchant}, pay.APIKey{Owner: merchantOne}),
		"Limits":      limitsView(pay.KeyLimits{MaxAmount: map[pay.Currency]int64{"USD": 5}}),
		"Approval":    approvalView(pay.Approval{ID: paid().ID, Owner: merchantOne, Status: pay.ApprovalPending, Input: []byte("{}")}),
		"Operation":   operationView(pay.Operation{Name: "x", Parameters: []pay.Parameter{{Name: "a", Type: "string"}}}, true),
		"NamedConnection": namedConnectionView(pay.Connection{ID: paid().ID, Owner: merchantOne, Kind: pay.ConnectionHTTP,
			Checked: pay.ConnectionCheck{Rights: []pay.Right{{Area: "Customers", Level: "read"}}}}, pay.APIKey{}),
		"Moment":  momentView(engine.Moment{Source: engine.SourceLedger}),
		"Attempt": attemptView(pay.Attempt{Number: 1, Fault: pay.FaultTimeout}),
		"Meta":    Meta{}, "Problem": problem(pay.Errorf(pay.CodeInternal, "x"), "req_1"),
	} {
		checkView(t, doc, name, view)
	}
	checkView(t, doc, "Payment", paymentView(pending))
}

func checkView(t *testing.T, doc *openapi3.T, name string, view any) {
	t.Helper()
	schema := doc.Components.Schemas[name]
	require.NotNil(t, schema, name)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(encode(view), &tree))
	assert.NoError(t, schema.Value.VisitJSON(tree, openapi3.EnableJSONSchema2020()), name)
}

// page asks the real handler, which needs no engine for what is written about
// the API.
func page(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := New(Config{Engine: &engine.Engine{}, Flows: &automation.Automation{}, Clock: clock.Fixed(noon), BaseURL: "https://pay.example"})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestTheDocsNeedNoNetworkAndNoScript(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/docs", "/docs/errors"} {
		answer := page(t, path)
		require.Equal(t, http.StatusOK, answer.Code)
		body := answer.Body.String()
		assert.NotContains(t, body, "<script")
		assert.NotContains(t, body, "src=")
		assert.NotContains(t, body, "<link")
		assert.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'")
	}
	reference := page(t, "/docs").Body.String()
	for _, route := range Routes() {
		assert.Contains(t, reference, `<article id="`+route.Name+`">`)
		assert.Contains(t, reference, "<code>"+route.Pattern()+"</code>")
	}
	assert.Contains(t, reference, "https://pay.example/v1/payments")
	explained := page(t, "/docs/errors").Body.String()
	for _, info := range pay.Codes {
		assert.Contains(t, explained, `<tr id="`+string(info.Code)+`">`)
	}
}

func TestTheDocumentIsServedInBothForms(t *testing.T) {
	t.Parallel()
	raw, err := OpenAPI()
	require.NoError(t, err)
	assert.Equal(t, string(raw), page(t, "/openapi.json").Body.String())
	yaml := page(t, "/openapi.yaml")
	assert.Equal(t, http.StatusOK, yaml.Code)
	assert.Contains(t, yaml.Body.String(), "openapi: 3.1.0")
}

func TestEveryRouteSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	names, patterns := map[string]bool{}, map[string]bool{}
	for _, route := range Routes() {
		assert.False(t, names[route.Name] || patterns[route.Pattern()], "%s twice", route.Pattern())
		names[route.Name], patterns[route.Pattern()] = true, true
		assert.NotEmpty(t, route.Summary, route.Pattern())
		assert.NotNil(t, route.handle, route.Pattern())
		if route.Open {
			assert.Empty(t, route.Scope, route.Pattern())
			assert.Equal(t, KeyUnused, route.Key, route.Pattern())
			continue
		}
		assert.Contains(t, pay.Scopes, route.Scope, route.Pattern())
		assert.Equal(t, route.writes(), strings.HasSuffix(string(route.Scope), ":write"), route.Pattern())
		assert.Equal(t, route.writes(), route.Key != KeyUnused, route.Pattern())
		assert.Equal(t, route.writes(), route.takes != nil, route.Pattern())
	}
}

// TestAGeneratedClientHasGoodNames reads the document as a generator does: no
// two operations end up with one name, and a charge is one type.
func TestAGeneratedClientHasGoodNames(t *testing.T) {
	t.Parallel()
	catalogue, err := stripeops.New()
	require.NoError(t, err)
	raw, err := OpenAPI(catalogue.Operations()...)
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	names := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := strings.ToLower(strings.NewReplacer("-", "", ".", "", "_", "").Replace(op.OperationID))
			assert.Empty(t, names[name], "%s %s and another are called %s", method, path, op.OperationID)
			names[name] = path
		}
	}
	create := doc.Paths.Find("/v1/operations/create-charge").Post
	assert.Equal(t, "runCreateCharge", create.OperationID)
	assert.True(t, create.RequestBody.Value.Required)
	assert.Equal(t, []string{"input"}, create.RequestBody.Value.Content["application/json"].Schema.Value.Required)
	for _, name := range []string{"create-charge", "get-charge", "capture-charge"} {
		answer := doc.Paths.Find("/v1/operations/" + name).Post.Responses.Value("200").Value.Content["application/json"].Schema.Value
		assert.Equal(t, "#/components/schemas/StripeCharge", answer.Properties["data"].Ref, name)
	}
	balance := doc.Paths.Find("/v1/operations/get-balance").Post
	assert.False(t, balance.RequestBody.Value.Required, "nothing is required of its input")
}
