package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

const payForm = "amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_visa"

// charged is how many charges the account has.
func (w *world) charged() int {
	w.Helper()
	return len(w.send("GET", "/v1/charges", "").at("data").([]any))
}

// Each effect either did all or did nothing, and says what it should.
func TestFaultsByHeader(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, row := range []struct {
		fault   string
		status  int // 0: no answer
		code    any
		charges int // made by the faulty request
		retry   int // made by one more with the same key, without the fault
	}{
		{"error", 500, nil, 0, 1},
		{"rate_limit=3", 429, "rate_limit", 0, 1},
		{"conflict", 409, "lock_timeout", 0, 1},
		{"reset_before", 0, nil, 0, 1},
		{"error_after", 500, nil, 1, 0},
		{"reset_after", 0, nil, 1, 0},
		{"truncate", 0, nil, 1, 0},
		{"latency=1", 200, nil, 1, 0},
	} {
		key, before := "key "+row.fault, w.charged()
		got, err := w.try("POST", "/v1/payment_intents", payForm, "Idempotency-Key", key, "Sandbox-Fault", row.fault)
		require.Equal(t, row.status == 0, err != nil, row.fault)
		require.Equal(t, row.status, got.status, row.fault)
		require.Equal(t, row.code, got.at("error", "code"), row.fault)
		require.Equal(t, before+row.charges, w.charged(), row.fault)
		again := w.send("POST", "/v1/payment_intents", payForm, "Idempotency-Key", key)
		require.Equal(t, before+row.charges+row.retry, w.charged(), row.fault)
		if row.fault == "error_after" { // Stripe keeps a 500, whatever was done
			require.Equal(t, []any{500, "true"}, []any{again.status, again.header.Get("Idempotent-Replayed")})
		} else {
			require.Equal(t, 200, again.status, row.fault)
		}
	}
	limited := w.send("GET", "/v1/balance", "", "Sandbox-Fault", "rate_limit=3")
	require.Equal(t, []string{"3", "global-rate"}, []string{limited.header.Get("Retry-After"), limited.header.Get("Stripe-Rate-Limited-Reason")})
	require.Equal(t, 400, w.send("GET", "/v1/balance", "", "Sandbox-Fault", "earthquake").status)
}

func TestHangLastsUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "POST", w.server.URL+"/v1/payment_intents", strings.NewReader(payForm))
	require.NoError(t, err)
	request.Header.Set("Sandbox-Fault", "hang")
	request.Header.Set("Authorization", "Bearer "+w.key)
	answer, err := w.server.Client().Do(request)
	if err == nil {
		answer.Body.Close()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, w.charged())
}

func TestFaultsByRule(t *testing.T) {
	t.Parallel()
	w := open(t)
	add := func(rule string) reply { return w.send("POST", "/_sandbox/faults", rule) }
	statuses := func(n int) (out []int) {
		for range n {
			out = append(out, w.send("POST", "/v1/customers", "").status)
		}
		return out
	}
	require.Equal(t, 200, add(`{"match":{"method":"POST","path":"/v1/cust*"},"nth":2,"effect":{"type":"error"}}`).status)
	require.Equal(t, []int{200, 500, 200}, statuses(3))
	require.Equal(t, 200, w.send("GET", "/v1/customers", "").status)
	shown := w.send("GET", "/_sandbox/faults", "").at("data").([]any)[0].(map[string]any)
	require.Equal(t, []any{float64(3), float64(1)}, []any{shown["seen"], shown["struck"]})
	require.Equal(t, 200, w.send("DELETE", "/_sandbox/faults/"+shown["id"].(string), "").status)

	add(`{"match":{"path":"/v1/customers"},"count":2,"effect":{"type":"rate_limit","value":1}}`)
	require.Equal(t, []int{429, 429, 200}, statuses(3))
	w.send("DELETE", "/_sandbox/faults", "")

	var runs [2][]int
	for at := range runs {
		add(`{"match":{"path":"/v1/customers"},"rate":0.5,"seed":7,"effect":{"type":"error"}}`)
		runs[at] = statuses(20)
		w.send("DELETE", "/_sandbox/faults", "")
	}
	require.Equal(t, runs[0], runs[1])
	require.Contains(t, runs[0], 500)
	require.Contains(t, runs[0], 200)

	for _, bad := range []string{`{"effect":{"type":"nothing"}}`, `{"rate":2,"effect":{"type":"error"}}`, `{"nth":-1,"effect":{"type":"error"}}`, `{"what":1}`, `{"match":{"path":"["},"effect":{"type":"error"}}`, `nonsense`} {
		require.Equal(t, 400, add(bad).status, bad)
	}
	require.Equal(t, "{\"data\":[]}\n", w.send("GET", "/_sandbox/faults", "").raw)
}

// Golden vector 15: stripe-go does not repeat a JSON 500.
func TestStripeGoSeesAFailureOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.send("POST", "/_sandbox/faults", `{"match":{"path":"/v1/balance"},"effect":{"type":"error"}}`)
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{URL: stripe.String(w.server.URL), HTTPClient: w.server.Client(),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}})
	_, err := stripe.NewClient(w.key, stripe.WithBackends(backends)).V1Balance.Retrieve(t.Context(), nil)
	require.Equal(t, 500, problem(t, err).HTTPStatusCode)
	require.Len(t, w.send("GET", "/_sandbox/requests", "").at("data"), 1)
}

func TestRequestsAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.send("POST", "/v1/payment_methods", "type=card&card[number]=4242424242424242&card[cvc]=987&card[exp_month]=1&card[exp_year]=2030")
	w.send("GET", "/v1/payment_intents/pi_x?client_secret=pi_x_secret_y", "")
	log := w.send("GET", "/_sandbox/requests", "")
	for _, secret := range []string{"4242424242424242", "987", "secret_y", w.key} {
		require.NotContains(t, log.raw, secret)
	}
	rows := log.at("data").([]any)
	require.Len(t, rows, 2)
	newest, oldest := rows[0].(map[string]any), rows[1].(map[string]any)
	require.Equal(t, []any{"/v1/payment_intents/pi_x", float64(404)}, []any{newest["path"], newest["status"]})
	require.Equal(t, "type=card&card[number]=[redacted]&card[cvc]=[redacted]&card[exp_month]=1&card[exp_year]=2030", oldest["params"])
	require.Len(t, w.send("GET", "/_sandbox/requests?limit=1", "").at("data"), 1)
}

func TestResetForgetsEverything(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pay("pm_card_visa")
	w.send("POST", "/_sandbox/faults", `{"effect":{"type":"error"}}`)
	w.advance(time.Hour)
	require.Equal(t, 200, w.send("POST", "/_sandbox/reset", "").status)
	require.Empty(t, w.send("GET", "/v1/payment_intents", "").at("data"))
	require.Empty(t, w.eventTypes())
	clock := w.send("GET", "/_sandbox/clock", "")
	require.Equal(t, []any{float64(start + 3600), float64(3600)}, []any{clock.at("now"), clock.at("ahead_seconds")})
	require.Equal(t, "ok", w.send("GET", "/_sandbox/health", "").at("status"))
	for _, bad := range []string{`{"seconds":0}`, `{"seconds":-5}`, `{"seconds":99999999999}`, `{"minutes":1}`} {
		require.Equal(t, 400, w.send("POST", "/_sandbox/clock/advance", bad).status, bad)
	}
}
