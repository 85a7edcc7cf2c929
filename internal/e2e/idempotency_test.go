package e2e

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const tenDollars = `{"amount":"10.00","currency":"USD","provider":"stripe","payment_method":"pm_card_visa"}`

func TestReplayIsByteForByte(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for name, method := range map[string]string{"good": "pm_card_visa", "declined": "pm_card_declined", "3ds": "pm_card_threeDSecure2Required"} {
			first := w.pays(name, "10.00", method)
			assert.Empty(t, first.header.Get("Idempotent-Replayed"))
			// White space and the order of fields do not make it another request,
			// nor do the quotes of the IETF draft make it another key.
			again := w.post("/v1/payments", `{ "payment_method":"`+method+`", "provider":"stripe","currency":"USD",  "amount":10.00 }`,
				"Idempotency-Key", `"`+name+`"`)
			assert.Equal(t, first.status, again.status)
			assert.Equal(t, string(first.body), string(again.body))
			assert.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
		}
		assert.Len(t, w.get("/v1/payments").list("data"), 3)
	})
}

func TestMismatchNamesTheFields(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.post("/v1/payments", tenDollars, "Idempotency-Key", "k").want(201)
		other := w.pays("k", "11.00", "pm_card_visa", `"description":"x"`).want(422)
		assert.Equal(t, "idempotency_mismatch", other.text("error.code"))
		assert.Equal(t, []any{"amount", "description"}, other.at("error.fields"))
		elsewhere := w.post("/v1/refunds", `{"payment_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90"}`, "Idempotency-Key", "k").want(422)
		assert.Equal(t, "idempotency_mismatch", elsewhere.text("error.code"))
		assert.Len(t, w.get("/v1/payments").list("data"), 1)
	})
}

func TestKeyIsRequiredWhereMoneyIsTaken(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		assert.Equal(t, "idempotency_key_missing", w.post("/v1/payments", tenDollars).want(400).text("error.code"))
		assert.Equal(t, "idempotency_key_invalid", w.post("/v1/payments", tenDollars, "Idempotency-Key", `""`).want(400).text("error.code"))
		assert.Empty(t, w.get("/v1/payments").list("data"))
	})
}

// A refused request leaves its key free: nothing was begun.
func TestRefusalFreesTheKey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.pays("k", "0.10", "pm_card_visa").want(400)
		w.pays("k", "10.00", "pm_card_visa").want(201)
	})
}

// A merchant's keys are its own, and each mode has its own.
func TestKeysDoNotMeet(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		first := w.pays("k", "10.00", "pm_card_visa").want(201)
		second := w.merchant("other", "test").pays("k", "12.00", "pm_card_visa").want(201)
		assert.NotEqual(t, first.text("data.id"), second.text("data.id"))
	})
}

func TestFiftyAtOnceChargeOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("fifty")
		var (
			group   sync.WaitGroup
			answers = make([]answer, 50)
		)
		for i := range answers {
			group.Go(func() { answers[i] = w.post("/v1/payments", tenDollars, "Idempotency-Key", "same") })
		}
		group.Wait()
		final := w.post("/v1/payments", tenDollars, "Idempotency-Key", "same").want(201)
		assert.Equal(t, "true", final.header.Get("Idempotent-Replayed"))
		for _, a := range answers {
			if a.status == http.StatusConflict {
				assert.Equal(t, "idempotency_in_flight", a.text("error.code"))
				assert.NotEmpty(t, a.header.Get("Retry-After"))
				continue
			}
			require.Equal(t, 201, a.status, "%s", a.body)
			assert.Equal(t, string(final.body), string(a.body))
		}
		assert.Len(t, w.atStripe(stripe, "GET", "/v1/charges?limit=100", "").want(200).list("data"), 1)
		assert.Len(t, w.get("/v1/payments").list("data"), 1)
	})
}

// What Stripe did is found out, whatever became of its reply.
func TestDoubtIsSettledByTheCompleter(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("doubt")
		for _, effect := range []string{"reset_after", "truncate", "error_after", "reset_before", "conflict"} {
			w.atStripe(stripe, "POST", "/_sandbox/faults",
				`{"match":{"method":"POST","path":"/v1/payment_intents"},"count":50,"effect":{"type":"`+effect+`"}}`)
			a := w.pays(effect, "10.00", "pm_card_visa")
			if a.status != http.StatusCreated {
				a.want(202)
			}
			w.atStripe(stripe, "DELETE", "/_sandbox/faults", "")
			w.until("/v1/payments/"+a.text("data.id"), "data.status", "completed")
			again := w.pays(effect, "10.00", "pm_card_visa")
			assert.Equal(t, string(a.body), string(again.body), "the reply stays what it was")
		}
		charges := w.atStripe(stripe, "GET", "/v1/charges?limit=100", "").want(200).list("data")
		assert.Len(t, charges, 5, "one charge a payment, whatever went wrong")
		w.ledgerIsRight()
	})
}

func TestCapturesAndRefundsInDoubt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("doubt2")
		held := w.pays("held", "10.00", "pm_card_visa", `"capture":"manual"`).want(201)
		path := "/v1/payments/" + held.text("data.id")
		w.atStripe(stripe, "POST", "/_sandbox/faults", `{"match":{"method":"POST","path":"/v1/payment_intents/*/capture"},"count":50,"effect":{"type":"reset_after"}}`)
		w.post(path+"/capture", `{}`, "Idempotency-Key", "c").want(202)
		w.atStripe(stripe, "DELETE", "/_sandbox/faults", "")
		w.until(path, "data.status", "completed")
		w.atStripe(stripe, "POST", "/_sandbox/faults", `{"match":{"method":"POST","path":"/v1/refunds"},"count":50,"effect":{"type":"reset_after"}}`)
		refund := w.post("/v1/refunds", `{"payment_id":"`+held.text("data.id")+`","amount":"4.00"}`, "Idempotency-Key", "r").want(202)
		w.atStripe(stripe, "DELETE", "/_sandbox/faults", "")
		w.until("/v1/refunds/"+refund.text("data.id"), "data.status", "completed")
		assert.Equal(t, "4.00", w.get(path).text("data.amount_refunded"))
		assert.Len(t, w.atStripe(stripe, "GET", "/v1/refunds", "").list("data"), 1)
		w.ledgerIsRight()
	})
}

// What never reached Stripe is a failed payment, at once and for certain.
func TestNothingSentIsCertain(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, open(t))
			w.stripeKey("ratelimit")
			w.atStripe("sk_test_ratelimit", "POST", "/_sandbox/faults", `{"match":{"method":"POST","path":"/v1/payment_intents"},"count":9,"effect":{"type":"rate_limit","value":1}}`)
			a := w.pays("busy", "10.00", "pm_card_visa").want(503)
			assert.Equal(t, "provider_busy", a.text("error.code"))
			assert.Equal(t, "failed", a.text("data.status"))
			w.atStripe("sk_test_ratelimit", "DELETE", "/_sandbox/faults", "")
			assert.Empty(t, w.atStripe("sk_test_ratelimit", "GET", "/v1/payment_intents", "").list("data"))
		})
	}
}
