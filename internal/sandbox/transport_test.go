package sandbox_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"

	"florin/internal/sandbox"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	w := open(t)
	own := w.send("GET", "/v1/account", "").at("id")
	for _, row := range []struct {
		header, value string
		status        int
		message       string
	}{
		{"Authorization", "", 401, "You did not provide an API key."},
		{"Authorization", "Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc", 401, "Invalid API Key provided: sk_live_********************p7dc"},
		{"Authorization", "Bearer nonsense", 401, "Invalid API Key provided: ********"},
		{"Authorization", "Bearer pk_test_world", 403, "publishable"},
		{"Authorization", "Bearer rk_test_world", 200, ""},
		{"Authorization", "Basic c2tfdGVzdF93b3JsZDo=", 200, ""},
	} {
		got := w.send("GET", "/v1/account", "", row.header, row.value)
		require.Equal(t, row.status, got.status, row.value)
		if row.status == 200 {
			require.Equal(t, own, got.at("id"))
			continue
		}
		require.Contains(t, got.at("error", "message"), row.message)
		require.Equal(t, "invalid_request_error", got.at("error", "type"))
	}
	require.Equal(t, 200, w.send("GET", "/v1/accounts/"+own.(string), "").status)
	require.Equal(t, "account_invalid", w.send("GET", "/v1/balance", "", "Stripe-Account", "acct_other").at("error", "code"))
}

func TestAccountsNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	w := open(t)
	mine, err := w.stripe.V1Customers.Create(t.Context(), &stripe.CustomerCreateParams{})
	require.NoError(t, err)
	other := w.client("sk_test_other")
	_, err = other.V1Customers.Retrieve(t.Context(), mine.ID, nil)
	require.Equal(t, 404, problem(t, err).HTTPStatusCode)
	for range other.V1Customers.List(t.Context(), &stripe.CustomerListParams{}).All(t.Context()) {
		t.Fatal("a foreign customer is listed")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := open(t)
	got := w.send("POST", "/v1/customers", "", "Stripe-Version", "2026-10-28.endive", "Idempotency-Key", "k")
	require.Regexp(t, `^req_[0-9A-Za-z]{14}$`, got.header.Get("Request-Id"))
	require.Equal(t, "2026-10-28.endive", got.header.Get("Stripe-Version"))
	require.Equal(t, "k", got.header.Get("Idempotency-Key"))
	require.Equal(t, got.header.Get("Request-Id"), got.header.Get("Original-Request"))
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.Equal(t, "*", got.header.Get("Access-Control-Allow-Origin"))
	for _, version := range []string{"latest", "2026-13-45", "2026-03-25.Dahlia!"} {
		require.Equal(t, 400, w.send("GET", "/v1/balance", "", "Stripe-Version", version).status, version)
	}
	require.Equal(t, "2026-03-25.dahlia", w.send("GET", "/v1/balance", "").header.Get("Stripe-Version"))
	require.Equal(t, 204, w.send("OPTIONS", "/v1/customers", "").status)
}

// Trap T1: whatever goes wrong, the body is an error object.
func TestErrorsAreAlwaysErrorObjects(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, row := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1/foo", 404}, {"PUT", "/v1/customers", 404}, {"DELETE", "/v1/charges/ch_1", 404}, {"GET", "/", 404},
		{"GET", "/v1//customers", 404}, {"GET", "/v1/customers/", 404}, {"GET", "/v1/customers/cus_x", 404}, {"POST", "/v1/customers?a[=1", 400},
	} {
		got := w.send(row.method, row.path, "")
		require.Equal(t, row.status, got.status, row.path)
		require.Equal(t, "invalid_request_error", got.at("error", "type"), row.path)
		require.NotEmpty(t, got.at("error", "message"))
		require.Contains(t, got.at("error", "request_log_url"), got.header.Get("Request-Id"))
	}
	missing := w.send("GET", "/v1/payment_intents/pi_x", "")
	require.Equal(t, []any{"resource_missing", "intent", "No such payment_intent: 'pi_x'", "https://stripe.com/docs/error-codes/resource-missing"},
		[]any{missing.at("error", "code"), missing.at("error", "param"), missing.at("error", "message"), missing.at("error", "doc_url")})
}

// Golden vector 14, and trap T4: a decline is replayed as it was, ids and all.
func TestIdempotencyKeyReplays(t *testing.T) {
	t.Parallel()
	w := open(t)
	const form = "amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_visa"
	first := w.send("POST", "/v1/payment_intents", form, "Idempotency-Key", "a")
	again := w.send("POST", "/v1/payment_intents", "currency=usd&amount=1000&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card", "Idempotency-Key", "a")
	require.Equal(t, first.raw, again.raw)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Empty(t, first.header.Get("Idempotent-Replayed"))
	require.Equal(t, first.header.Get("Request-Id"), again.header.Get("Original-Request"))
	require.NotEqual(t, first.header.Get("Request-Id"), again.header.Get("Request-Id"))

	for _, row := range []struct{ path, form string }{{"/v1/payment_intents", form + "&description=x"}, {"/v1/customers", form}} {
		other := w.send("POST", row.path, row.form, "Idempotency-Key", "a")
		require.Equal(t, 400, other.status)
		require.Equal(t, "idempotency_error", other.at("error", "type"))
	}
	declined := w.pay("pm_card_chargeDeclined")
	require.Equal(t, 402, declined.status)
	const refused = "amount=500&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_chargeDeclined"
	one := w.send("POST", "/v1/payment_intents", refused, "Idempotency-Key", "d")
	two := w.send("POST", "/v1/payment_intents", refused, "Idempotency-Key", "d")
	require.Equal(t, []any{402, one.raw}, []any{two.status, two.raw})
}

func TestIdempotencyKeyIsFreeAfterValidationFails(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.Equal(t, 400, w.send("POST", "/v1/payment_intents", "amount=x&currency=usd", "Idempotency-Key", "v").status)
	require.Equal(t, 400, w.send("POST", "/v1/payment_intents", "amount=1&currency=usd", "Idempotency-Key", "v").status)
	require.Equal(t, 200, w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd", "Idempotency-Key", "v").status)
	// what execution met is kept
	require.Equal(t, 400, w.send("POST", "/v1/refunds", "charge=ch_x", "Idempotency-Key", "m").status)
	require.Equal(t, "true", w.send("POST", "/v1/refunds", "charge=ch_x", "Idempotency-Key", "m").header.Get("Idempotent-Replayed"))
}

func TestIdempotencyKeyRunsAgainAfterADay(t *testing.T) {
	t.Parallel()
	w := open(t)
	first := w.send("POST", "/v1/customers", "name=A", "Idempotency-Key", "day")
	w.advance(24*time.Hour - time.Second)
	require.Equal(t, first.raw, w.send("POST", "/v1/customers", "name=A", "Idempotency-Key", "day").raw)
	w.advance(time.Second)
	require.NotEqual(t, first.at("id"), w.send("POST", "/v1/customers", "name=A", "Idempotency-Key", "day").at("id"))
}

// One key, fifty requests at once: one payment, whatever each is told.
func TestIdempotencyKeyRace(t *testing.T) {
	t.Parallel()
	w := openIn(t, sandbox.Config{Dir: t.TempDir()})
	var all sync.WaitGroup
	answers := make([]reply, 50)
	for at := range answers {
		all.Go(func() {
			answers[at], _ = w.try("POST", "/v1/payment_intents",
				"amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_visa", "Idempotency-Key", "race")
		})
	}
	all.Wait()
	ids := map[any]bool{}
	for _, a := range answers {
		switch a.status {
		case http.StatusOK:
			ids[a.at("id")] = true
		case http.StatusConflict:
			require.Equal(t, "idempotency_key_in_use", a.at("error", "code"))
		default:
			t.Fatalf("%d %s", a.status, a.raw)
		}
	}
	require.Len(t, ids, 1)
	require.Len(t, w.send("GET", "/v1/charges", "").at("data"), 1)
}

// While the first request is not answered, its key is in use.
func TestIdempotencyKeyInUse(t *testing.T) {
	t.Parallel()
	w := open(t)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, _ := http.NewRequestWithContext(ctx, "POST", w.server.URL+"/v1/customers", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+w.key)
		r.Header.Set("Idempotency-Key", "slow")
		r.Header.Set("Sandbox-Fault", "latency=60000")
		if answer, err := client.Do(r); err == nil {
			answer.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return len(w.send("GET", "/v1/customers", "").at("data").([]any)) == 1 }, 5*time.Second, time.Millisecond)
	busy := w.send("POST", "/v1/customers", "", "Idempotency-Key", "slow")
	require.Equal(t, []any{409, "idempotency_key_in_use"}, []any{busy.status, busy.at("error", "code")})
	giveUp() // the client is gone, what was done is not
	<-done
	require.Eventually(t, func() bool {
		return w.send("POST", "/v1/customers", "", "Idempotency-Key", "slow").header.Get("Idempotent-Replayed") == "true"
	}, 5*time.Second, time.Millisecond)
	require.Len(t, w.send("GET", "/v1/customers", "").at("data"), 1)
}
