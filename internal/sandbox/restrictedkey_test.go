package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A restricted key does what its name says, and is told which permission it lacks.
func TestRestrictedKey(t *testing.T) {
	t.Parallel()
	w := open(t)
	charge := w.pay("pm_card_visa").at("latest_charge").(string)
	key := "rk_test_world_may_charge_read_refund_write_checkout_session_read"
	as := func(method, path, form string) reply {
		return w.ask(method, path, form, "Authorization", "Bearer "+key)
	}
	require.Equal(t, charge, as("GET", "/v1/charges/"+charge, "").at("id"), "it belongs to the account of sk_test_world")
	require.Equal(t, 200, as("POST", "/v1/refunds", "charge="+charge).status)
	require.Equal(t, 200, as("GET", "/v1/refunds", "").status)
	require.Equal(t, 200, as("GET", "/v1/checkout/sessions", "").status)
	own := w.send("GET", "/v1/account", "").at("id").(string)
	for _, row := range []struct{ method, path, lacks string }{
		{"GET", "/v1/customers", "rak_customer_read"}, {"POST", "/v1/charges/" + charge, "rak_charge_write"}, {"GET", "/v1/balance", "rak_balance_read"},
		{"DELETE", "/v1/customers/cus_x", "rak_customer_write"}, {"POST", "/v1/checkout/sessions", "rak_checkout_session_write"},
	} {
		refused := as(row.method, row.path, "")
		require.Equal(t, []any{403, "invalid_request_error", "more_permissions_required"}, []any{refused.status, refused.at("error", "type"), refused.at("error", "code")}, row.path)
		require.Equal(t, "The provided key 'rk_test_****************************************************read' does not have the required permissions for this endpoint on account '"+own+
			"'. Having the '"+row.lacks+"' permission would allow this request to continue.", refused.at("error", "message"))
	}
	require.Equal(t, 200, w.send("GET", "/v1/customers", "", "Authorization", "Bearer rk_test_world").status)
	require.Equal(t, 401, w.send("GET", "/v1/customers", "", "Authorization", "Bearer rk_live_world").status)
}
