package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

func names(r reply) []string {
	var out []string
	for _, o := range r.at("data").([]any) {
		out = append(out, o.(map[string]any)["name"].(string))
	}
	return out
}

// Trap T2: objects of one second are ordered by insertion, in both directions.
func TestListsWalkBothWays(t *testing.T) {
	t.Parallel()
	w := open(t)
	ids := map[string]string{}
	for at := range 25 {
		name := fmt.Sprintf("n%02d", at)
		ids[name] = w.send("POST", "/v1/customers", "name="+name).at("id").(string)
	}
	first := w.send("GET", "/v1/customers?limit=3", "")
	require.Equal(t, []string{"n24", "n23", "n22"}, names(first))
	require.Equal(t, []any{true, "/v1/customers", "list"}, []any{first.at("has_more"), first.at("url"), first.at("object")})
	require.Equal(t, []string{"n21", "n20"}, names(w.send("GET", "/v1/customers?limit=2&starting_after="+ids["n22"], "")))
	back := w.send("GET", "/v1/customers?limit=2&ending_before="+ids["n21"], "")
	require.Equal(t, []string{"n23", "n22"}, names(back))
	require.Equal(t, true, back.at("has_more"))
	last := w.send("GET", "/v1/customers?limit=5&starting_after="+ids["n02"], "")
	require.Equal(t, []string{"n01", "n00"}, names(last))
	require.Equal(t, false, last.at("has_more"))
	require.Len(t, w.send("GET", "/v1/customers", "").at("data"), 10)

	seen := 0
	for c, err := range w.stripe.V1Customers.List(t.Context(), &stripe.CustomerListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(4)}}).All(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("n%02d", 24-seen), c.Name)
		seen++
	}
	require.Equal(t, 25, seen)
}

func TestListsFilter(t *testing.T) {
	t.Parallel()
	w := open(t)
	for at := range 4 {
		w.send("POST", "/v1/customers", fmt.Sprintf("name=n%d&email=%d@example.org", at, at%2))
		w.advance(10 * time.Second)
	}
	require.Equal(t, []string{"n3", "n1"}, names(w.send("GET", "/v1/customers?email=1@example.org", "")))
	require.Equal(t, []string{"n3", "n2"}, names(w.send("GET", fmt.Sprintf("/v1/customers?created[gte]=%d", start+20), "")))
	require.Equal(t, []string{"n2", "n1"}, names(w.send("GET", fmt.Sprintf("/v1/customers?created[gt]=%d&created[lte]=%d", start, start+20), "")))
	require.Equal(t, []string{"n1"}, names(w.send("GET", fmt.Sprintf("/v1/customers?created=%d", start+10), "")))
	require.Equal(t, []string{"n0"}, names(w.send("GET", fmt.Sprintf("/v1/customers?created[lt]=%d", start+10), "")))
}

func TestListsRefuseBadCursors(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.send("POST", "/v1/customers", "").at("id").(string)
	for _, row := range []struct{ query, code, param string }{
		{"limit=0", "parameter_invalid_integer", "limit"}, {"limit=101", "parameter_invalid_integer", "limit"},
		{"starting_after=cus_x", "resource_missing", "starting_after"},
		{"starting_after=" + id + "&ending_before=" + id, "parameters_exclusive", "ending_before"},
		{"foo=1", "parameter_unknown", "foo"},
		{"created[around]=1", "parameter_unknown", "created[around]"},
		{"created=yesterday", "parameter_invalid_integer", "created"},
	} {
		got := w.send("GET", "/v1/customers?"+row.query, "")
		require.Equal(t, []any{400, row.code, row.param}, []any{got.status, got.at("error", "code"), got.at("error", "param")}, row.query)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	w := open(t)
	customer := w.send("POST", "/v1/customers", "name=A&payment_method=pm_card_visa").at("id").(string)
	method := w.send("GET", "/v1/customers/"+customer+"/payment_methods", "").at("data").([]any)[0].(map[string]any)["id"].(string)
	paid := w.pay(method, "customer="+customer, "expand[0]=latest_charge.balance_transaction.source", "expand[]=customer")
	require.Equal(t, "A", paid.at("customer", "name"))
	require.Equal(t, paid.at("latest_charge", "id"), paid.at("latest_charge", "balance_transaction", "source", "id"))

	charge := w.send("GET", "/v1/charges/"+paid.at("latest_charge", "id").(string)+"?expand[]=refunds", "")
	require.Equal(t, "list", charge.at("refunds", "object"))
	listed := w.send("GET", "/v1/payment_intents?expand[]=data.customer", "")
	require.Equal(t, "A", listed.at("data").([]any)[0].(map[string]any)["customer"].(map[string]any)["name"])
	unpaid := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&expand[]=latest_charge.balance_transaction")
	require.Equal(t, []any{200, nil}, []any{unpaid.status, unpaid.at("latest_charge")})

	for _, wish := range []string{"nothing", "amount", "latest_charge.nothing", "data.customer", "latest_charge.payment_intent.latest_charge.payment_intent.latest_charge"} {
		got := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&expand[]="+wish)
		require.Equal(t, []any{400, "expand[0]"}, []any{got.status, got.at("error", "param")}, wish)
	}
	require.Equal(t, 400, w.send("GET", "/v1/payment_intents?expand[]=customer", "").status)
}
