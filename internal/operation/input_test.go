package operation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

// TestWrongInputsAreToldBeforeAnyCall names the parameter and the remedy.
func TestWrongInputsAreToldBeforeAnyCall(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, wrong := range []struct {
		operation, input string
		code             pay.Code
		field, says      string
	}{
		{"create-charge", `[]`, pay.CodeInvalidBody, "", "not a JSON object"},
		{"create-charge", `null`, pay.CodeInvalidBody, "", "not one JSON object"},
		{"create-charge", `{} {}`, pay.CodeInvalidBody, "", "not one JSON object"},
		{"create-charge", `{"amont": 1}`, pay.CodeUnknownField, "amont", "there is no parameter amont here; did you mean amount?"},
		{"create-charge", `{"currency": "usd"}`, pay.CodeMissingField, "amount", "amount is required"},
		{"create-charge", `{"amount": null, "currency": "usd"}`, pay.CodeMissingField, "amount", "amount is required"},
		{"create-charge", `{"amount": "1000", "currency": "usd"}`, pay.CodeInvalidAmount, "amount", "amount must be a whole number of minor units, not text"},
		{"create-charge", `{"amount": 10.5, "currency": "usd"}`, pay.CodeInvalidAmount, "amount", "amount is a whole number of the currency's minor units: 1050 stands for 10.50 USD, and 1050 for 1050 JPY"},
		{"create-charge", `{"amount": 0, "currency": "usd"}`, pay.CodeInvalidAmount, "amount", "amount is between 1 and 999999999999"},
		{"create-charge", `{"amount": 1e400, "currency": "usd"}`, pay.CodeInvalidAmount, "amount", "whole number"},
		{"create-charge", `{"amount": 1, "currency": "bananas"}`, pay.CodeInvalidCurrency, "currency", "currency is a three-letter currency code that Stripe takes, such as usd"},
		{"create-charge", `{"amount": 1, "currency": "usd", "customer": "ch_1"}`, pay.CodeInvalidID, "customer", "customer begins with cus_; it is found in the address of the customer's page in the Dashboard, after /customers/, or with list-customers"},
		{"create-charge", `{"amount": 1, "currency": "usd", "source": "pm_1"}`, pay.CodeInvalidID, "source", "source begins with tok_, card_, ba_, btok_ or src_"},
		{"get-customer", `{"customer_id": ""}`, pay.CodeMissingField, "customer_id", "customer_id is required; it is found in the address"},
		{"get-customer", `{"customer_id": "cus_../charges"}`, pay.CodeInvalidID, "customer_id", "begins with cus_"},
		{"create-refund", `{"charge_id": "ch_1", "reason": "duplicat"}`, pay.CodeInvalidField, "reason", "reason is one of duplicate, fraudulent, requested_by_customer; did you mean duplicate?"},
		{"list-customers", `{"limit": 101}`, pay.CodeInvalidField, "limit", "limit is between 1 and 100"},
		{"list-customers", `{"limit": "ten"}`, pay.CodeInvalidField, "limit", "limit must be a whole number, not text"},
		{"create-coupon", `{"id": "A", "percent_off": 101}`, pay.CodeInvalidField, "percent_off", "percent_off is between 0 and 100"},
		{"create-coupon", `{"id": "A", "percent_off": 1, "duration": "repeating", "duration_in_months": "some"}`, pay.CodeInvalidField, "duration_in_months", `duration_in_months is a whole number, as 3 or "3"`},
		{"create-customer", `{"email": "a", "name": "A", "metadata": {"k": {"deep": 1}}}`, pay.CodeInvalidMetadata, "metadata.k", "metadata.k must be text, not an object"},
		{"create-customer", `{"email": "a", "name": "A", "metadata": {"` + strings.Repeat("k", 41) + `": "v"}}`, pay.CodeInvalidMetadata, "metadata." + strings.Repeat("k", 41), "1 to 40 characters"},
		{"create-subscription", `{"customer_id": "cus_1", "items": [{"price": "price_1"}]}`, pay.CodeUnknownField, "items[0].price", "did you mean price_id?"},
		{"create-subscription", `{"customer_id": "cus_1", "items": {"price_id": "price_1"}}`, pay.CodeInvalidField, "items", "items must be a list, not an object"},
		{"get-coupon", `{"coupon_id": ".."}`, pay.CodeInvalidField, "coupon_id", "coupon_id cannot be part of a path"},
		{"create-payment-method", `{"token": "4242424242424242"}`, pay.CodeRawCardData, "token", "card data"},
		{"create-customer", `{"email": "a", "name": "A", "description": "4111 1111 1111 1111"}`, pay.CodeRawCardData, "description", "card data"},
		{"create-token", `{"test_card_number": "4111111111111111", "exp_month": 1, "exp_year": 2034}`, pay.CodeRawCardData, "test_card_number", "card data"},
		{"create-token", `{"test_card_number": 4111111111111111, "exp_month": 1, "exp_year": 2034}`, pay.CodeRawCardData, "test_card_number", "card data"},
		{"stripe.request", `{"method": "POST", "path": "/v1/tokens", "params": {"card": {"number": "4242424242424242"}}}`, pay.CodeRawCardData, "params.card.number", "card data"},
		{"stripe.request", `{"method": "POST", "path": "/v1/nowhere"}`, pay.CodeInvalidField, "path", "Stripe has no path /v1/nowhere"},
		{"stripe.request", `{"method": "POST", "path": "/v1/customer"}`, pay.CodeInvalidField, "path", "; there is /v1/customers"},
		{"stripe.request", `{"method": "DELETE", "path": "/v1/balance"}`, pay.CodeInvalidField, "method", "/v1/balance takes GET, not DELETE"},
		{"stripe.request", `{"method": "POST", "path": "/v1/customers", "params": {"emial": "a"}}`, pay.CodeUnknownField, "params.emial", "did you mean email?"},
		{"stripe.request", `{"method": "POST", "path": "/v1/prices", "params": {"currency": "usd", "unit_amount": "ten"}}`, pay.CodeInvalidField, "params.unit_amount", "params.unit_amount cannot be text"},
		{"stripe.request", `{"method": "POST", "path": "/v1/prices", "params": {"unit_amount": 10}}`, pay.CodeMissingField, "params.currency", "is required"},
		{"stripe.get", `{"path": "/v1/customers?limit=3"}`, pay.CodeInvalidField, "path", "parameters belong in params"},
	} {
		_, err := c.Compose(wrong.operation, pay.ConnectionSandbox, json.RawMessage(wrong.input))
		require.Error(t, err, wrong.input)
		message := wantRefusal(t, err, wrong.code, wrong.field)
		assert.Contains(t, message, wrong.says)
		assert.NotContains(t, message, "4111")
	}
}

// TestRequests are the bytes that inputs become.
func TestRequests(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, right := range []struct{ operation, input, path, body string }{
		{"create-charge", `{"currency": "USD", "amount": 1000.0, "source": "tok_visa", "description": null, "metadata": {"b": 2, "a": "x", "c": null}}`, "/v1/charges", "amount=1000&currency=usd&source=tok_visa&metadata[a]=x&metadata[b]=2"},
		{"create-charge", `{"amount": 1e3, "currency": "usd", "source": "tok_visa", "shipping_name": "A", "shipping_address_line1": "1"}`, "/v1/charges", "amount=1000&currency=usd&source=tok_visa&shipping[name]=A&shipping[address][line1]=1"},
		{"list-charges", `{}`, "/v1/charges?limit=10", ""},
		{"list-charges", `{"customer_id": "cus_1", "created_gte": 5, "limit": 100, "expand": ["data.customer"]}`, "/v1/charges?customer=cus_1&created[gte]=5&limit=100&expand[0]=data.customer", ""},
		{"get-coupon", `{"coupon_id": "50% / off"}`, "/v1/coupons/50%25%20%2F%20off", ""},
		{"update-customer", `{"customer_id": "cus_1", "description": ""}`, "/v1/customers/cus_1", "description="},
		{"create-coupon", `{"id": "A", "percent_off": 12.5, "duration": "repeating", "duration_in_months": "3"}`, "/v1/coupons", "id=A&percent_off=12.5&duration=repeating&duration_in_months=3"},
		{"create-meter-event", `{"event_name": "e", "customer_id": "cus_1", "value": 3}`, "/v1/billing/meter_events", "event_name=e&payload[stripe_customer_id]=cus_1&payload[value]=3"},
		{"cancel-subscription", `{"subscription_id": "sub_1", "prorate": false}`, "/v1/subscriptions/sub_1?prorate=false", ""},
		{"create-subscription", `{"customer_id": "cus_1", "items": [{"price_id": "price_1", "quantity": 2}]}`, "/v1/subscriptions", "customer=cus_1&items[0][price]=price_1&items[0][quantity]=2"},
		{"deactivate-payment-link", `{"payment_link_id": "plink_1"}`, "/v1/payment_links/plink_1", "active=false"},
		{"stripe.request", `{"method": "POST", "path": "/v1/customers", "params": {"name": "A", "metadata": {"k": "v"}, "address": {"city": "Bath"}, "preferred_locales": ["en", "de"]}}`, "/v1/customers", "address[city]=Bath&metadata[k]=v&name=A&preferred_locales[0]=en&preferred_locales[1]=de"},
		{"stripe.get", `{"path": "/v1/customers/cus_1/sources", "params": {"limit": 3}}`, "/v1/customers/cus_1/sources?limit=3", ""},
	} {
		wire, err := c.Compose(right.operation, pay.ConnectionStripe, json.RawMessage(right.input))
		require.NoError(t, err, right.input)
		plain := strings.NewReplacer("%5B", "[", "%5D", "]")
		assert.Equal(t, right.path, plain.Replace(wire.Path), right.input)
		assert.Equal(t, right.body, plain.Replace(wire.Body), right.input)
	}
	wire, err := c.Compose("get-balance", pay.ConnectionStripe, json.RawMessage(`{"stripe_account": "acct_1"}`))
	require.NoError(t, err)
	assert.Equal(t, "acct_1", wire.Account)
}

// FuzzCompose lets nothing through that the input's schema refuses, and answers
// whatever it is given with a pay.Error that names an operation's parameter.
func FuzzCompose(f *testing.F) {
	c := catalogue(f)
	for _, op := range c.Operations() {
		f.Add(op.Name, string(op.Example))
	}
	f.Add("create-charge", `{"amount": 1e400}`)
	f.Fuzz(func(t *testing.T, name, input string) {
		wire, err := c.Compose(name, pay.ConnectionStripe, json.RawMessage(input))
		if err != nil {
			var told *pay.Error
			require.ErrorAs(t, err, &told)
			assert.NotEmpty(t, told.Message)
			return
		}
		assert.True(t, strings.HasPrefix(wire.Path, "/v1/"), wire.Path)
		op, err := c.Operation(name)
		require.NoError(t, err)
		if strings.TrimSpace(input) != "" {
			assertAccepted(t, op, input)
		}
	})
}

// assertAccepted asks a JSON Schema validator that is not ours, of the input
// without what is null, which counts as not given.
func assertAccepted(t require.TestingT, op pay.Operation, input string) {
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(op.Input, &schema))
	resolved, err := schema.Resolve(nil)
	require.NoError(t, err)
	var value map[string]any
	require.NoError(t, json.Unmarshal([]byte(input), &value))
	for name, given := range value {
		if given == nil {
			delete(value, name)
		}
	}
	require.NoError(t, resolved.Validate(value), "%s", input)
}

// TestAmountsKeepTheirDigits holds the amount in the request against the one
// that was given, whichever way it is written, and refuses fractions.
func TestAmountsKeepTheirDigits(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(1, 999_999_999_999).Draw(t, "amount")
		zeros := rapid.SampledFrom([]string{"", ".0", ".00", "e0"}).Draw(t, "zeros")
		digits, err := json.Marshal(amount)
		require.NoError(t, err)
		wire, err := c.Compose("create-transfer", pay.ConnectionStripe, json.RawMessage(`{"currency": "usd", "destination": "acct_1", "amount": `+string(digits)+zeros+`}`))
		require.NoError(t, err)
		assert.Equal(t, "amount="+string(digits)+"&currency=usd&destination=acct_1", wire.Body)

		fraction := rapid.Float64Range(0.01, 0.99).Draw(t, "fraction")
		text, err := json.Marshal(float64(amount%1_000_000) + fraction)
		require.NoError(t, err)
		_, err = c.Compose("create-transfer", pay.ConnectionStripe, json.RawMessage(`{"currency": "usd", "destination": "acct_1", "amount": `+string(text)+`}`))
		require.True(t, pay.Is(err, pay.CodeInvalidAmount), "%s: %v", text, err)
	})
}
