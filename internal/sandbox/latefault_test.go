package sandbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A late object can be read, and is in no list and no search until its time.
func TestListedLate(t *testing.T) {
	t.Parallel()
	w := open(t)
	first := w.send("POST", "/v1/customers", "email=a@example.org").at("id")
	late := w.ask("POST", "/v1/customers", "email=a@example.org", "Sandbox-Fault", "late=30")
	last := w.send("POST", "/v1/customers", "email=a@example.org").at("id")
	require.Equal(t, late.at("created"), w.send("GET", "/v1/customers/"+late.at("id").(string), "").at("created"))
	ids := func(path string) (out []any) {
		for _, one := range w.ask("GET", path, "").at("data").([]any) {
			out = append(out, one.(map[string]any)["id"])
		}
		return out
	}
	w.advance(29 * time.Second)
	require.Equal(t, []any{last, first}, ids("/v1/customers"))
	require.Equal(t, []any{last, first}, ids("/v1/customers/search?query=email:'a@example.org'"))
	require.Len(t, ids("/v1/events"), 2, "its event is as late")
	w.advance(time.Second)
	require.Equal(t, []any{last, late.at("id"), first}, ids("/v1/customers"), "it appears in the place of its creation")
	require.Equal(t, []any{last, late.at("id"), first}, ids("/v1/customers/search?query=email:'a@example.org'"))
	require.Len(t, ids("/v1/events"), 3)
}

// A storm of 429 that asks not to be tried again.
func TestRateLimitStop(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.Equal(t, 200, w.send("POST", "/_sandbox/faults", `{"match":{"path":"/v1/charges"},"count":2,"effect":{"type":"rate_limit_stop"}}`).status)
	for range 2 {
		got := w.ask("GET", "/v1/charges", "")
		require.Equal(t, []any{429, "false", "rate_limit"}, []any{got.status, got.header.Get("Stripe-Should-Retry"), got.at("error", "code")})
	}
	require.Equal(t, 200, w.ask("GET", "/v1/charges", "").status)
}
