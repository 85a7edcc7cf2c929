package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// has holds that an object shows these fields.
func (r reply) has(w *world, names ...string) {
	w.Helper()
	for _, name := range names {
		require.Contains(w, r.body, name)
	}
}

// The shapes of 2018, in the version of that time
// (§6.4, F.11), and today's for everybody else.
func TestShapesOf2018(t *testing.T) {
	t.Parallel()
	w := open(t)
	old := func(method, path, form string) reply {
		return w.send(method, path, form, "Stripe-Version", "2018-01-23")
	}
	owner := old("POST", "/v1/customers", "source=tok_visa&metadata[object]=customer")
	owner.has(w, "account_balance", "default_source", "sources", "subscriptions")
	require.NotContains(t, owner.body, "balance")
	require.Equal(t, []any{1.0, owner.at("default_source"), map[string]any{"object": "customer"}}, []any{owner.at("sources", "total_count"),
		owner.at("sources", "data").([]any)[0].(map[string]any)["id"], owner.at("metadata")})
	id := owner.at("id").(string)
	listed := old("GET", "/v1/customers", "").at("data").([]any)[0].(map[string]any)
	require.Equal(t, owner.body, listed)
	now := w.send("GET", "/v1/customers/"+id, "")
	require.NotContains(t, now.body, "sources")
	require.NotContains(t, now.body, "account_balance")

	paid := old("POST", "/v1/charges", "amount=999&currency=usd&customer="+id)
	paid.has(w, "destination", "source", "source_transfer", "transfer_group", "status")
	w.send("POST", "/v1/refunds", "amount=99&charge="+paid.at("id").(string))
	again := old("GET", "/v1/charges/"+paid.at("id").(string), "")
	require.Equal(t, []any{1.0, 99.0}, []any{again.at("refunds", "total_count"), again.at("refunds", "data").([]any)[0].(map[string]any)["amount"]})

	product := w.send("POST", "/v1/products", "name=Ivory Express").at("id").(string)
	plan := old("POST", "/v1/plans", "id=ivory-express-917&amount=999&currency=usd&interval=month&product="+product)
	require.Equal(t, "Ivory Express", plan.at("name"), plan.raw)
	sub := old("POST", "/v1/subscriptions", "customer="+id+"&items[0][plan]=ivory-express-917")
	sub.has(w, "billing", "start", "plan", "quantity", "current_period_start", "current_period_end", "discount", "tax_percent")
	require.Equal(t, []any{"charge_automatically", "ivory-express-917", "Ivory Express", 1.0}, []any{sub.at("billing"), sub.at("plan", "id"), sub.at("plan", "name"), sub.at("quantity")}, sub.raw)
	require.Equal(t, sub.at("created"), sub.at("current_period_start"))
	require.NotContains(t, sub.at("items", "data").([]any)[0], "current_period_end")
	require.Equal(t, 1.0, old("GET", "/v1/customers/"+id, "").at("subscriptions", "total_count"))
	today := w.send("GET", "/v1/subscriptions/"+sub.at("id").(string), "")
	require.NotContains(t, today.body, "current_period_end")
	require.Contains(t, today.at("items", "data").([]any)[0], "current_period_end")
}

// Each step applies from its date on, and not to newer versions (trap T7).
func TestVersionsInBetween(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.pay("pm_card_visa").at("id").(string)
	at := func(version string, path ...string) any {
		return w.send("GET", "/v1/payment_intents/"+id, "", "Stripe-Version", version).at(path...)
	}
	require.Nil(t, at("2022-11-15", "charges"))
	require.Equal(t, 1.0, at("2022-08-01", "charges", "total_count"))
	require.Equal(t, []any{"automatic", "automatic_async"}, []any{at("2023-10-16", "capture_method"), at("2024-04-10", "capture_method")})
	made := func(version string) reply {
		return w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd", "Stripe-Version", version)
	}
	require.Equal(t, []any{"requires_source", nil}, []any{made("2018-11-08").at("status"), made("2018-11-08").at("automatic_payment_methods")})
	require.Equal(t, []any{"requires_payment_method", true}, []any{made("2023-08-16").at("status"), made("2023-08-16").at("automatic_payment_methods", "enabled")})
	declined := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method=pm_card_chargeDeclined", "Stripe-Version", "2018-11-08")
	require.Equal(t, []any{402, "requires_source"}, []any{declined.status, declined.at("error", "payment_intent", "status")})
	entry := func(version string) any {
		return w.send("GET", "/v1/balance_transactions", "", "Stripe-Version", version).at("data").([]any)[0].(map[string]any)["balance_type"]
	}
	require.Equal(t, []any{nil, "payments"}, []any{entry("2025-08-27.basil"), entry("2025-09-30.clover")})
}

// An endpoint gets its events in its own version (§2.22).
func TestWebhookInItsVersion(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := listen(w, "charge.failed")
	w.send("DELETE", "/v1/webhook_endpoints/"+r.id, "")
	w.send("POST", "/v1/webhook_endpoints", query("url", r.server.URL, "enabled_events[]", "customer.created", "api_version", "2018-02-28"))
	w.send("POST", "/v1/customers", "source=tok_visa")
	told := r.next("customer.created").event
	require.Equal(t, "2018-02-28", told.APIVersion)
	require.Contains(t, told.Data.Object, "account_balance")
	require.Len(t, told.Data.Object["sources"].(map[string]any)["data"], 1)
	require.Contains(t, w.send("GET", "/v1/events/"+told.ID, "").at("data", "object"), "balance") // kept as it was made
}

// A subscription's discount and an invoice's payment, as they were before basil.
func TestBillingBeforeBasil(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.send("POST", "/v1/customers", "payment_method=pm_card_visa").at("id").(string)
	method := w.send("GET", "/v1/customers/"+id+"/payment_methods", "").at("data").([]any)[0].(map[string]any)["id"].(string)
	w.send("POST", "/v1/coupons", "id=ten&percent_off=10&duration=forever")
	product := w.send("POST", "/v1/products", "name=A").at("id").(string)
	price := w.send("POST", "/v1/prices", "currency=usd&unit_amount=1000&recurring[interval]=month&product="+product).at("id").(string)
	made := w.send("POST", "/v1/subscriptions", "discounts[0][coupon]=ten&customer="+id+"&items[0][price]="+price+"&default_payment_method="+method)
	require.Equal(t, 200, made.status, made.raw)
	sub := w.send("GET", "/v1/subscriptions/"+made.at("id").(string), "", "Stripe-Version", "2024-06-20")
	require.Equal(t, 10.0, sub.at("discount", "coupon", "percent_off"), sub.raw)
	invoice := w.send("GET", "/v1/invoices/"+made.at("latest_invoice").(string), "", "Stripe-Version", "2024-06-20")
	require.Equal(t, []any{made.at("id"), true}, []any{invoice.at("subscription"), invoice.at("paid")}, invoice.raw)
	paid := w.send("GET", "/v1/payment_intents/"+invoice.at("payment_intent").(string), "")
	require.Equal(t, paid.at("latest_charge"), invoice.at("charge"))
}
