package e2e

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The requests of the getting-started guide, from credentials to a refund.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.request("PUT", "/v1/merchant/providers", `{
  "provider": "stripe",
  "stripe": {
    "secret_key": "sk_test_your_stripe_secret_key",
    "webhook_secret": "whsec_your_webhook_signing_secret"
  }
}`).want(200)
		hook := w.request("PUT", "/v1/merchant/webhook", `{"webhook_url": "`+newReceiver(t).URL+`/webhooks/payments"}`).want(201)
		assert.True(t, strings.HasPrefix(hook.text("data.secret"), "whsec_"))

		first := w.post("/v1/payments", `{
  "amount": 10.00,
  "currency": "USD",
  "provider": "stripe",
  "payment_method": "pm_card_visa"
}`, "Idempotency-Key", "test-stripe-001").want(201)
		assert.Equal(t, "completed", first.text("data.status"))
		assert.Equal(t, "10.00", first.text("data.amount"))
		assert.Equal(t, "test-stripe-001", first.text("data.idempotency_key"))
		assert.True(t, strings.HasPrefix(first.text("data.provider_ref"), "pi_"))

		second := w.post("/v1/payments", `{
  "amount": 50.00,
  "currency": "USD",
  "provider": "stripe",
  "payment_method": "pm_card_visa",
  "return_url": "https://merchant.com/return"
}`, "Idempotency-Key", "order-123").want(201)
		refund := w.post("/v1/refunds", `{"payment_id": "`+second.text("data.id")+`", "amount": 25.00}`).want(201)
		assert.Equal(t, "completed", refund.text("data.status"))
		assert.Equal(t, "25.00", refund.text("data.amount"))
		assert.True(t, strings.HasPrefix(refund.text("data.provider_ref"), "re_"))

		for query, want := range map[string]int{
			"provider=stripe&status=completed":                1,
			"provider=stripe&min_amount=20&currency=USD":      1,
			"provider=stripe&since=2025-06-01T00:00:00Z":      2,
			"status=completed&status=partially_refunded":      2,
			"status=completed,partially_refunded&last4=4242":  2,
			"provider_ref=" + first.text("data.provider_ref"): 1,
			"idempotency_key=order-123":                       1,
			"q=order-1":                                       1,
			"min_amount=10&max_amount=10":                     1,
			"until=2025-06-01T00:00:00Z":                      0,
			"currency=EUR":                                    0,
		} {
			assert.Len(t, w.get("/v1/payments?"+query).want(200).list("data"), want, query)
		}
	})
}

func TestDeclines(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for method, want := range map[string]string{
			"pm_card_declined":                             "generic_decline",
			"pm_card_chargeDeclined":                       "generic_decline",
			"pm_card_chargeDeclinedInsufficientFunds":      "insufficient_funds",
			"pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
		} {
			a := w.pays("decline-"+method, "10.00", method).want(402)
			assert.Equal(t, false, a.at("success"))
			assert.Equal(t, "card_declined", a.text("error.code"))
			assert.Equal(t, want, a.text("error.decline_code"), method)
			assert.Equal(t, "failed", a.text("data.status"))
			again := w.get("/v1/payments/" + a.text("data.id")).want(200)
			assert.Equal(t, "failed", again.text("data.status"))
			assert.Equal(t, want, again.text("data.error.decline_code"))
		}
	})
}

func TestCaptureAndCancel(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		held := w.pays("held", "50.00", "pm_card_visa", `"capture":"manual"`).want(201)
		assert.Equal(t, "authorized", held.text("data.status"))
		path := "/v1/payments/" + held.text("data.id")
		w.post("/v1/refunds", `{"payment_id":"`+held.text("data.id")+`"}`).want(409)
		assert.Equal(t, "idempotency_key_missing", w.post(path+"/capture", "").want(400).text("error.code"))
		tooMuch := w.post(path+"/capture", `{"amount":"50.01"}`, "Idempotency-Key", "c0").want(400)
		assert.Equal(t, "amount_exceeds_remaining", tooMuch.text("error.code"))
		taken := w.post(path+"/capture", `{"amount":"30.00"}`, "Idempotency-Key", "c1").want(200)
		assert.Equal(t, "completed", taken.text("data.status"))
		assert.Equal(t, "30.00", taken.text("data.amount_captured"))
		assert.Equal(t, "payment_not_authorized", w.post(path+"/capture", `{}`, "Idempotency-Key", "c2").want(409).text("error.code"))
		assert.Equal(t, "payment_not_cancelable", w.post(path+"/cancel", "").want(409).text("error.code"))
		rest := w.post("/v1/refunds", `{"payment_id":"`+held.text("data.id")+`"}`).want(201)
		assert.Equal(t, "30.00", rest.text("data.amount"))
		assert.Equal(t, "refunded", w.get(path).text("data.status"))

		other := w.pays("other", "20.00", "pm_card_visa", `"capture":"manual"`).want(201)
		gone := w.post("/v1/payments/"+other.text("data.id")+"/cancel", "").want(200)
		assert.Equal(t, "canceled", gone.text("data.status"))
		w.ledgerIsRight()
	})
}

// ledgerIsRight runs what `florin ledger verify` runs.
func (w *world) ledgerIsRight() {
	w.t.Helper()
	report, err := w.server.Store.VerifyLedger(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, report.Problems)
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for outcome, want := range map[string]string{"complete": "completed", "fail": "failed"} {
			a := w.pays("3ds-"+outcome, "10.00", "pm_card_threeDSecure2Required", `"return_url":"https://shop.example/back?order=1"`).want(201)
			assert.Equal(t, "pending", a.text("data.status"))
			page := a.text("data.next_action.redirect_url")
			back := w.submit(page, url.Values{"outcome": {outcome}})
			assert.Equal(t, "shop.example", back.Host)
			assert.Equal(t, "1", back.Query().Get("order"))
			assert.Equal(t, a.text("data.provider_ref"), back.Query().Get("payment_intent"))
			settled := w.until("/v1/payments/"+a.text("data.id"), "data.status", want)
			if want == "failed" {
				assert.Equal(t, "authentication_failed", settled.text("data.error.code"))
			}
			assert.Nil(t, settled.at("data.next_action"))
		}
		w.ledgerIsRight()
	})
}

// submit sends a hosted page's form as a browser would, and returns where it
// leads.
func (w *world) submit(page string, form url.Values) *url.URL {
	w.t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := stay.PostForm(page, form)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(w.t, http.StatusSeeOther, res.StatusCode)
	to, err := res.Location()
	require.NoError(w.t, err)
	return to
}

func TestPagesAndOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for i, amount := range []string{"3.00", "1.00", "2.00", "5.00", "4.00", "7.00", "6.00"} {
			w.pays("p"+string(rune('a'+i)), amount, "pm_card_visa", `"metadata":{"order":"o`+amount+`"}`).want(201)
		}
		for order, want := range map[string]string{
			"amount": "1.00 2.00 3.00 4.00 5.00 6.00 7.00", "-amount": "7.00 6.00 5.00 4.00 3.00 2.00 1.00",
			"created_at": "3.00 1.00 2.00 5.00 4.00 7.00 6.00", "-created_at": "6.00 7.00 4.00 5.00 2.00 1.00 3.00",
		} {
			assert.Equal(t, want, strings.Join(w.amounts("/v1/payments?limit=2&sort="+order), " "), order)
		}
		assert.Equal(t, []string{"2.00"}, w.amounts("/v1/payments?metadata[order]=o2.00"))
		assert.Equal(t, "invalid_cursor", w.get("/v1/payments?cursor=nonsense").want(400).text("error.code"))
		unknown := w.get("/v1/payments?colour=red").want(400)
		assert.Equal(t, "unknown_field", unknown.text("error.code"))
		assert.Equal(t, "colour", unknown.text("error.field"))

		sheet := w.request("GET", "/v1/payments?limit=2", "", "Accept", "text/csv").want(200)
		rows, err := csv.NewReader(strings.NewReader(string(sheet.body))).ReadAll()
		require.NoError(t, err)
		assert.Len(t, rows, 8)
	})
}

// amounts walks all pages of a list.
func (w *world) amounts(path string) []string {
	w.t.Helper()
	var all []string
	for next := path; next != ""; {
		page := w.get(next).want(200)
		for i := range page.list("data") {
			item := page.list("data")[i].(map[string]any)
			all = append(all, item["amount"].(string))
		}
		next = ""
		if page.at("meta.has_more") == true {
			next = path + "&cursor=" + url.QueryEscape(page.text("meta.next_cursor"))
		}
	}
	return all
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("currencies")
		for currency, c := range map[string][3]string{
			"JPY": {"500", "500", "500"}, "KWD": {"5.120", "5.120", "5120"}, "KES": {"100", "100.00", "10000"},
			"isk": {"5", "5", "500"}, "EUR": {`"19.99"`, "19.99", "1999"},
		} {
			a := w.post("/v1/payments", `{"amount":`+c[0]+`,"currency":"`+currency+`","provider":"stripe","payment_method":"pm_card_visa"}`,
				"Idempotency-Key", "cur-"+currency).want(201)
			assert.Equal(t, c[1], a.text("data.amount"))
			assert.Equal(t, strings.ToUpper(currency), a.text("data.currency"))
			intent := w.atStripe(key, "GET", "/v1/payment_intents/"+a.text("data.provider_ref"), "").want(200)
			assert.Equal(t, c[2], intent.at("amount").(interface{ String() string }).String(), currency)
		}
		w.ledgerIsRight()
	})
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		a := w.pays("timeline", "10.00", "pm_card_visa").want(201)
		w.post("/v1/refunds", `{"payment_id":"`+a.text("data.id")+`","amount":"4.00"}`).want(201)
		var kinds []string
		for _, m := range w.get("/v1/payments/" + a.text("data.id") + "/timeline").want(200).list("data") {
			kinds = append(kinds, m.(map[string]any)["kind"].(string))
		}
		for _, want := range []string{
			"payment.created", "call.sent", "call.answered", "payment.completed", "ledger.capture", "ledger.fee",
			"refund.created", "refund.completed", "payment.refunded", "ledger.refund",
		} {
			assert.Contains(t, kinds, want)
		}
		assert.Equal(t, "payment.created", kinds[0])
	})
}
