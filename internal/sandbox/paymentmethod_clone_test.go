package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A card that a customer of the platform has saved is copied to a connected
// account, which charges it there.
func TestCardIsCloned(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	owner, saved := w.save("visa")
	copied := w.ask("POST", "/v1/payment_methods", "customer="+owner+"&payment_method="+saved+"&metadata[a]=b", "Stripe-Account", account)
	require.Equal(t, []any{200, nil, "4242", "b"}, []any{copied.status, copied.at("customer"), copied.at("card", "last4"), copied.at("metadata", "a")}, copied.raw)
	require.NotEqual(t, saved, copied.at("id"))
	paid := w.ask("POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method="+copied.at("id").(string), "Stripe-Account", account)
	require.Equal(t, "succeeded", paid.at("status"), paid.raw)
	require.Equal(t, owner, w.send("GET", "/v1/payment_methods/"+saved, "").at("customer"), "the original stays")
	for _, row := range []struct{ form, account, param string }{
		{"customer=" + owner + "&payment_method=" + saved, "", "payment_method"},
		{"customer=" + owner, account, "payment_method"},
		{"customer=" + owner + "&payment_method=pm_x", account, "payment_method"},
		{"customer=cus_x&payment_method=" + saved, account, "customer"},
		{"card[number]=4242424242424242", "", "type"},
	} {
		var headers []string
		if row.account != "" {
			headers = []string{"Stripe-Account", row.account}
		}
		require.Equal(t, row.param, w.ask("POST", "/v1/payment_methods", row.form, headers...).at("error", "param"), row.form)
	}
}
