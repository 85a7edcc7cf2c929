package sandbox_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"florin/internal/clock"
	"florin/internal/sandbox"
)

// The traps are what every local Stripe that was examined got wrong. Each has
// one test here, over all objects at once; finer tests stand with the objects.

// T1: a 404 without an error object is a success to Stripe's library for node.
// So whatever is wrong, and however early it is noticed, the answer has one.
// A handler that panics is proved in TestPanicsAreErrors.
func TestTrap1ErrorsAreErrorObjects(t *testing.T) {
	t.Parallel()
	w := open(t)
	huge := strings.Repeat("x", 2<<20)
	for _, row := range []struct{ method, path, form string }{
		{"GET", "/", ""}, {"GET", "/v1", ""}, {"GET", "/v1/", ""}, {"GET", "/v1/nothing", ""}, {"GET", "/v2/nothing", ""},
		{"GET", "//v1/customers", ""}, {"GET", "/v1/customers/", ""}, {"GET", "/v1/customers/cus_x/nothing", ""}, {"GET", "/v1/customers/%2e%2e", ""},
		{"PUT", "/v1/customers", ""}, {"PATCH", "/v1/customers", ""}, {"DELETE", "/v1/customers", ""}, {"TRACE", "/v1/customers", ""},
		{"DELETE", "/v1/charges/ch_x", ""}, {"POST", "/v1/balance", ""}, {"GET", "/v1/customers/cus_x", ""},
		{"POST", "/v1/customers", "description=" + huge}, {"POST", "/v1/customers", "name=%zz"}, {"POST", "/v1/customers", "a[b=1"},
		{"POST", "/v1/customers", `{"name":"json"}`}, {"POST", "/v1/customers", "\x00\xff"}, {"POST", "/v1/customers", strings.Repeat("a[]=1&", 5000)},
		{"GET", "/v1/customers?limit=-1", ""}, {"GET", "/v1/customers?expand[]=nothing", ""}, {"GET", "/v1/customers?limit[a]=1", ""},
	} {
		got := w.send(row.method, row.path, row.form)
		short := row.form[:min(len(row.form), 20)]
		assert.True(t, got.status >= 400 && got.status < 500, "%s %s %q: %d", row.method, row.path, short, got.status)
		assert.Equal(t, "invalid_request_error", got.at("error", "type"), "%s %s %q: %s", row.method, row.path, short, got.raw)
		assert.NotEmpty(t, got.at("error", "message"), row.path)
		assert.Equal(t, "application/json", got.header.Get("Content-Type"), row.path)
	}
	for _, key := range []string{"", "Bearer", "Bearer sk_live_x", "Basic !", "Digest x", "Bearer pk_test_world"} {
		got := w.send("GET", "/v1/nothing", "", "Authorization", key)
		assert.Equal(t, "invalid_request_error", got.at("error", "type"), "%q: %s", key, got.raw)
	}
}

// T2: objects of one second are ordered by insertion, or starting_after skips
// and repeats. Here all objects are of one second, and every list is walked.
func TestTrap2ListsOrderByInsertion(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.send("POST", "/v1/customers", "").at("id").(string)
	for range 12 {
		w.send("POST", "/v1/customers", "")
		w.send("POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+owner)
		w.send("POST", "/v1/setup_intents", "payment_method_types[]=card&customer="+owner)
		w.send("POST", "/v1/refunds", "amount=10&charge="+w.pay("pm_card_visa").at("latest_charge").(string))
		w.send("POST", "/v1/webhook_endpoints", "enabled_events[]=payout.paid&url=http://127.0.0.1:1/")
		w.send("POST", "/v1/accounts", "type=custom&country=US")
	}
	for _, path := range []string{"/v1/customers", "/v1/payment_methods?customer=" + owner, "/v1/setup_intents", "/v1/payment_intents", "/v1/charges", "/v1/refunds",
		"/v1/balance_transactions", "/v1/events", "/v1/webhook_endpoints", "/v1/accounts", "/v1/setup_intents?customer=" + owner} {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
		all := idsOf(w.send("GET", path+"limit=100", ""))
		require.GreaterOrEqual(t, len(all), 12, path)
		require.Equal(t, all, w.walk(path, "starting_after", len(all)), path)
		back := w.walk(path, "ending_before", len(all))
		require.Equal(t, all[:len(all)-1], back, path) // what is before the oldest
	}
}

// walk reads a list in pages of 5: from the newest on, or back from the oldest.
func (w *world) walk(path, cursor string, most int) []string {
	w.Helper()
	var out []string
	at := ""
	if cursor == "ending_before" {
		all := idsOf(w.send("GET", path+"limit=100", ""))
		at = "&ending_before=" + all[len(all)-1]
	}
	for range most {
		page := w.send("GET", path+"limit=5"+at, "")
		ids := idsOf(page)
		if cursor == "starting_after" {
			out = append(out, ids...)
		} else {
			out = append(slices.Clone(ids), out...)
		}
		if page.at("has_more") != true {
			break
		}
		next := ids[len(ids)-1]
		if cursor == "ending_before" {
			next = ids[0]
		}
		at = "&" + cursor + "=" + next
	}
	return out
}

func idsOf(list reply) []string {
	out := []string{}
	rows, _ := list.at("data").([]any)
	for _, o := range rows {
		out = append(out, o.(map[string]any)["id"].(string))
	}
	return out
}

// T3: confirm=true on create confirms, metadata[k]= unsets one key, and a
// deleted object answers 200 with deleted:true.
func TestTrap3CreateUnsetDelete(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.Equal(t, "succeeded", w.pay("pm_card_visa").at("status"))
	require.Equal(t, "succeeded", w.send("POST", "/v1/setup_intents", "confirm=true&payment_method=pm_card_visa&payment_method_types[]=card").at("status"))

	const tags = "&metadata[keep]=1&metadata[drop]=2"
	charge := w.pay("pm_card_visa").at("latest_charge").(string)
	for _, row := range []struct{ path, form string }{
		{"/v1/customers", "name=A"}, {"/v1/payment_intents", "amount=1000&currency=usd"}, {"/v1/setup_intents", "payment_method_types[]=card"},
		{"/v1/payment_methods", "type=card&card[token]=tok_visa"}, {"/v1/charges", "amount=1000&currency=usd&source=tok_visa"},
		{"/v1/refunds", "amount=100&charge=" + charge}, {"/v1/accounts", "type=custom&country=US"},
		{"/v1/webhook_endpoints", "enabled_events[]=payout.paid&url=http://127.0.0.1:1/"},
	} {
		made := w.send("POST", row.path, row.form+tags)
		require.Equal(t, 200, made.status, made.raw)
		path := row.path + "/" + made.at("id").(string)
		if row.path == "/v1/payment_methods" { // only a customer's card can be changed
			w.send("POST", path+"/attach", "customer="+w.send("POST", "/v1/customers", "").at("id").(string))
		}
		changed := w.send("POST", path, "metadata[drop]=&metadata[more]=3")
		require.Equal(t, map[string]any{"keep": "1", "more": "3"}, changed.at("metadata"), "%s: %s", row.path, changed.raw)
		require.Equal(t, changed.at("metadata"), w.send("GET", path, "").at("metadata"), row.path)
		require.Equal(t, map[string]any{}, w.send("POST", path, "metadata=").at("metadata"), row.path)
	}
	id := w.send("POST", "/v1/customers", "").at("id").(string)
	gone := map[string]any{"id": id, "object": "customer", "deleted": true}
	require.Equal(t, gone, w.send("DELETE", "/v1/customers/"+id, "").body)
	after := w.send("GET", "/v1/customers/"+id, "")
	require.Equal(t, []any{200, gone}, []any{after.status, any(after.body)})
	require.Equal(t, 404, w.send("DELETE", "/v1/customers/"+id, "").status)
	require.NotContains(t, idsOf(w.send("GET", "/v1/customers?limit=100", "")), id)
}

// T4: a key on a decline replays the decline with the same ids, and one key
// sent many times at once makes one object. See TestIdempotencyKeyReplays too.
func TestTrap4DeclinesReplayWithTheirIDs(t *testing.T) {
	t.Parallel()
	w := open(t)
	for at, row := range []struct{ path, form string }{
		{"/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_chargeDeclinedLostCard"},
		{"/v1/charges", "amount=1000&currency=usd&source=tok_chargeDeclined"},
		{"/v1/setup_intents", "confirm=true&payment_method_types[]=card&payment_method=pm_card_chargeDeclined"},
		{"/v1/customers", "source=tok_chargeDeclined"},
	} {
		key := fmt.Sprint("declined-", at)
		first := w.send("POST", row.path, row.form, "Idempotency-Key", key)
		before := w.send("GET", "/v1/events?limit=100", "").raw
		again := w.send("POST", row.path, row.form, "Idempotency-Key", key)
		require.Equal(t, []any{402, "card_error"}, []any{first.status, first.at("error", "type")}, first.raw)
		require.Equal(t, []any{402, first.raw, "true"}, []any{again.status, again.raw, again.header.Get("Idempotent-Replayed")}, row.path)
		require.Equal(t, before, w.send("GET", "/v1/events?limit=100", "").raw, "%s: the replay did something", row.path)
	}
	for _, row := range []struct{ path, form string }{
		{"/v1/charges", "amount=700&currency=usd&source=tok_visa"}, {"/v1/customers", "name=once"},
		{"/v1/payment_intents", "amount=700&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_chargeDeclined"},
	} {
		before := len(idsOf(w.send("GET", row.path+"?limit=100", "")))
		w.together(40, row.path, row.form, "at once "+row.path)
		require.Len(t, idsOf(w.send("GET", row.path+"?limit=100", "")), before+1, row.path)
	}
}

// together sends one request many times at once with one key.
func (w *world) together(times int, path, form, key string) {
	w.Helper()
	var all sync.WaitGroup
	answers := make([]reply, times)
	for at := range answers {
		all.Go(func() { answers[at], _ = w.try("POST", path, form, "Idempotency-Key", key) })
	}
	all.Wait()
	said := map[string]bool{}
	for _, a := range answers {
		if a.status != http.StatusConflict {
			said[a.raw] = true
		}
	}
	require.Len(w, said, 1, "one key was answered in several ways")
}

// T5: a delivery is a full event, signed anew for each attempt, sent only to
// who enabled it, and repeated after a 5xx.
func TestTrap5DeliveriesAreWholeEvents(t *testing.T) {
	t.Parallel()
	hands := &hands{}
	hands.Store(start)
	s, err := sandbox.Open(sandbox.Config{Clock: clock.NewMovable(hands, 0)})
	require.NoError(t, err)
	w := serve(t, s)
	wanted, other := listen(w, "customer.created"), listen(w, "customer.deleted")
	wanted.status.Store(503)
	id := w.send("POST", "/v1/customers", "name=A", "Idempotency-Key", "five").at("id").(string)
	first := wanted.next("customer.created")
	w.settleAttempts(wanted, 1)
	wanted.status.Store(200)
	hands.Add(7) // a receiver's clock goes on, and is not moved by the sandbox's
	w.advance(2 * time.Hour)
	second := wanted.next("customer.created")
	require.Equal(t, string(first.body), string(second.body))
	require.Contains(t, first.header.Get("Stripe-Signature"), fmt.Sprintf("t=%d,", start))
	require.Contains(t, second.header.Get("Stripe-Signature"), fmt.Sprintf("t=%d,", start+7))
	for _, got := range []received{first, second} {
		e, err := webhook.ConstructEventWithOptions(got.body, got.header.Get("Stripe-Signature"), wanted.secret, webhook.ConstructEventOptions{IgnoreTolerance: true})
		require.NoError(t, err)
		require.Equal(t, []any{"event", "2026-03-25.dahlia", int64(start), int64(1), "five", id, false},
			[]any{e.Object, e.APIVersion, e.Created, e.PendingWebhooks, e.Request.IdempotencyKey, e.Data.Object["id"], e.Livemode})
		require.Regexp(t, `^evt_`, e.ID)
		require.Regexp(t, `^req_`, e.Request.ID)
	}
	w.send("DELETE", "/v1/customers/"+id, "")
	other.next("customer.deleted")
	other.silent()
	wanted.silent()
}

// hands is a machine's clock that a test sets, in Unix seconds.
type hands struct{ atomic.Int64 }

func (h *hands) Now() time.Time { return time.Unix(h.Load(), 0) }

// T8: a documented test id does what is documented. The table is Stripe's
// page on testing, written out again: it must not come from the sandbox.
func TestTrap8TestIDsDoWhatTheyDocument(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, row := range strings.Split(strings.TrimSpace(documented), "\n") {
		words := strings.Fields(row)
		want := words[0]
		for _, name := range words[1:] {
			intent := w.pay("pm_card_"+name, "return_url=https://shop.example/")
			require.Equal(t, want, ending(intent), "pm_card_%s: %s", name, intent.raw)
			if want != "requires_action" {
				charge := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_"+name)
				require.Equal(t, want, ending(charge), "tok_%s: %s", name, charge.raw)
			}
		}
	}
}

// documented is how a payment of 10.00 USD by each pm_card_… and tok_… ends.
const documented = `
succeeded visa visa_debit mastercard mastercard_debit mastercard_prepaid amex discover diners jcb unionpay us br ca mx gb de fr jp
succeeded riskLevelElevated bypassPending domesticPricing cvcCheckFail avsFail avsZipFail avsLine1Fail avsUnchecked pendingRefund refundFail
succeeded createDispute createDisputeProductNotReceived createDisputeInquiry
generic_decline chargeDeclined visa_chargeDeclined chargeCustomerFail
insufficient_funds chargeDeclinedInsufficientFunds visa_chargeDeclinedInsufficientFunds
lost_card chargeDeclinedLostCard visa_chargeDeclinedLostCard
stolen_card chargeDeclinedStolenCard visa_chargeDeclinedStolenCard
expired_card chargeDeclinedExpiredCard visa_chargeDeclinedExpiredCard
incorrect_cvc chargeDeclinedIncorrectCvc visa_chargeDeclinedIncorrectCvc
processing_error chargeDeclinedProcessingError visa_chargeDeclinedProcessingError
card_velocity_exceeded chargeDeclinedVelocityLimitExceeded visa_chargeDeclinedVelocityLimitExceeded
fraudulent chargeDeclinedFraudulent radarBlock
requires_action authenticationRequired authenticationRequiredOnSetup threeDSecure2Required threeDSecureRequired
`

// T9: Stripe's libraries repeat a 409 and a 5xx with growing waits, so a
// sandbox that answers its own mistakes with them costs minutes. What is the
// caller's fault is asked once. (The library for Go repeats no error object at
// all; the one for node, which does, is held to the same in TestNodeJourneys.)
func TestTrap9LibrariesDoNotRetry(t *testing.T) {
	t.Parallel()
	w := open(t)
	var asked atomic.Int64
	counted := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		asked.Add(1)
		w.sandbox.ServeHTTP(out, in)
	}))
	t.Cleanup(counted.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	patient := stripe.NewClient(w.key, stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL: stripe.String(counted.URL), HTTPClient: &http.Client{Transport: transport}, LeveledLogger: &stripe.LeveledLogger{},
	}))) // with the library's own two retries
	calls := []func() error{
		func() error {
			_, err := patient.V1Customers.Retrieve(t.Context(), "cus_x", nil)
			return err
		},
		func() error {
			_, err := patient.V1Customers.Update(t.Context(), "cus_x", &stripe.CustomerUpdateParams{Name: stripe.String("A")})
			return err
		},
		func() error {
			_, err := patient.V1Charges.Create(t.Context(), &stripe.ChargeCreateParams{Amount: stripe.Int64(1), Currency: stripe.String("usd"), Source: &stripe.PaymentSourceSourceParams{Token: stripe.String("tok_visa")}})
			return err
		},
		func() error {
			_, err := patient.V1Charges.Create(t.Context(), &stripe.ChargeCreateParams{Amount: stripe.Int64(1000), Currency: stripe.String("usd"), Source: &stripe.PaymentSourceSourceParams{Token: stripe.String("tok_chargeDeclined")}})
			return err
		},
		func() error {
			_, err := patient.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{Charge: stripe.String("ch_x")})
			return err
		},
		func() error {
			_, err := patient.V1Transfers.Create(t.Context(), &stripe.TransferCreateParams{Amount: stripe.Int64(100), Currency: stripe.String("usd"), Destination: stripe.String("acct_x")})
			return err
		},
		func() error {
			_, err := patient.V1PaymentIntents.Create(t.Context(), &stripe.PaymentIntentCreateParams{Amount: stripe.Int64(1000)})
			return err
		},
	}
	for at, call := range calls {
		before := asked.Load()
		e := problem(t, call())
		require.Contains(t, []int{400, 402, 404}, e.HTTPStatusCode, "call %d: %v", at, e)
		require.EqualValues(t, 1, asked.Load()-before, "call %d was repeated: %v", at, e)
	}
	// what was done and not answered is asked again, by the same key: one object
	require.Equal(t, 200, w.send("POST", "/_sandbox/faults", `{"match":{"path":"/v1/customers"},"count":1,"effect":{"type":"reset_after"}}`).status)
	before := asked.Load()
	_, err := patient.V1Customers.Create(t.Context(), &stripe.CustomerCreateParams{Name: stripe.String("patient")})
	require.NoError(t, err)
	require.EqualValues(t, 2, asked.Load()-before)
	require.Equal(t, 1, bytes.Count([]byte(w.send("GET", "/v1/customers", "").raw), []byte(`"patient"`)))
}

// T6: an advance of more than two intervals of the shortest subscription is
// refused, and a clock is advancing before it is ready.
func TestTrap6TestClocksKeepTheirPace(t *testing.T) {
	t.Parallel()
	w := open(t)
	const day = 24 * 60 * 60
	clock := w.send("POST", "/v1/test_helpers/test_clocks", fmt.Sprintf("frozen_time=%d", start)).at("id").(string)
	path := "/v1/test_helpers/test_clocks/" + clock
	advance := func(days int) reply {
		return w.send("POST", path+"/advance", fmt.Sprintf("frozen_time=%d", start+days*day))
	}
	customer := w.send("POST", "/v1/customers", "payment_method=pm_card_visa&test_clock="+clock).at("id").(string)
	card := idsOf(w.send("GET", "/v1/customers/"+customer+"/payment_methods", ""))[0]
	for _, interval := range []string{"month", "week"} {
		price := w.send("POST", "/v1/prices", "unit_amount=500&currency=usd&product_data[name]=A&recurring[interval]="+interval).at("id").(string)
		made := w.send("POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price+"&default_payment_method="+card)
		require.Equal(t, "active", made.at("status"), made.raw)
	}
	far := advance(15)
	require.Equal(t, []any{400, "frozen_time"}, []any{far.status, far.at("error", "param")}, far.raw)
	require.EqualValues(t, start, w.send("GET", path, "").at("frozen_time"))
	moved := advance(14)
	require.Equal(t, "advancing", moved.at("status"), moved.raw)
	require.Eventually(t, func() bool { return w.send("GET", path, "").at("status") == "ready" }, 5*time.Second, time.Millisecond)
	require.EqualValues(t, start+14*day, w.send("GET", path, "").at("frozen_time"))
	require.Len(t, idsOf(w.send("GET", "/v1/invoices?customer="+customer, "")), 4, "one of the month, three of the weeks")
	require.Equal(t, 400, advance(13).status, "time does not run back")
	types := w.eventTypes()
	require.Less(t, slices.Index(types, "test_helpers.test_clock.advancing"), slices.Index(types, "test_helpers.test_clock.ready"), types)
}

// T7: since 2025-03-31.basil the current period is that of each item, and the
// subscription has none; promotion codes say promotion[…] since later.
func TestTrap7ShapesOfToday(t *testing.T) {
	t.Parallel()
	w := open(t)
	customer := w.send("POST", "/v1/customers", "payment_method=pm_card_visa").at("id").(string)
	card := idsOf(w.send("GET", "/v1/customers/"+customer+"/payment_methods", ""))[0]
	price := w.send("POST", "/v1/prices", "unit_amount=500&currency=usd&product_data[name]=A&recurring[interval]=month").at("id").(string)
	made := w.send("POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price+"&default_payment_method="+card)
	require.NotContains(t, made.body, "current_period_end")
	require.NotContains(t, made.body, "current_period_start")
	item := made.at("items", "data").([]any)[0].(map[string]any)
	require.EqualValues(t, start, item["current_period_start"])
	require.Greater(t, item["current_period_end"], item["current_period_start"])

	coupon := w.send("POST", "/v1/coupons", "percent_off=10&duration=once").at("id").(string)
	code := w.send("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]="+coupon)
	require.Equal(t, map[string]any{"type": "coupon", "coupon": coupon}, code.at("promotion"), code.raw)
	require.NotContains(t, code.body, "coupon")
}
