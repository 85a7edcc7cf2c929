package e2e

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A card is saved with its holder present: at once when the bank does not mind,
// and else when they have passed its page. Nothing is charged.
func TestACardIsSetUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("setup")
		card := w.post("/v1/payments/cards/setup", `{"payment_method_id":"pm_card_visa","customer_email":"ann@example.com"}`, "Idempotency-Key", "one").want(201)
		assert.Equal(t, "active", card.text("data.status"))
		assert.Equal(t, true, card.at("data.is_default"), "the first one is")
		assert.Equal(t, "4242", card.text("data.last4"))
		customer := w.get("/v1/customers/" + card.text("data.customer_id")).want(200)
		assert.Equal(t, "ann@example.com", customer.text("data.email"))
		assert.Equal(t, card.text("data.id"), customer.text("data.default_card_id"))
		require.Len(t, w.atStripe(stripe, "GET", "/v1/customers/"+customer.text("data.provider_ref")+"/payment_methods", "").list("data"), 1)

		body := `{"payment_method_id":"pm_card_authenticationRequiredOnSetup","customer_id":"` + customer.text("data.id") + `","return_url":"https://shop.example/back"}`
		held := w.post("/v1/payments/cards/setup", body).want(201)
		assert.Equal(t, "pending", held.text("data.status"))
		back := w.submit(held.text("data.next_action.redirect_url"), url.Values{"outcome": {"complete"}})
		assert.Equal(t, "shop.example", back.Host)
		w.until("/v1/payments/cards?customer_id="+customer.text("data.id"), "data.0.id", held.text("data.id"))
		require.Len(t, w.get("/v1/payments/cards").list("data"), 2)
		paid := w.post("/v1/payments", `{"amount":10,"currency":"USD","saved_card_id":"`+held.text("data.id")+`"}`, "Idempotency-Key", "away").want(201)
		assert.Equal(t, "completed", paid.text("data.status"), "the holder is away, and the bank knows")
		assert.Len(t, w.atStripe(stripe, "GET", "/v1/charges", "").list("data"), 1, "saving charged nothing")
	})
}

func TestACardIsNotSetUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("nosetup")
		declined := w.post("/v1/payments/cards/setup", `{"payment_method_id":"pm_card_chargeDeclined"}`).want(402)
		assert.Equal(t, "card_declined", declined.text("error.code"))
		assert.Equal(t, "failed", declined.text("data.status"))
		bad := w.post("/v1/payments/cards/setup", `{"payment_method_id":"pm_card_visa","return_url":"shop"}`).want(400)
		assert.Equal(t, "return_url", bad.text("error.field"))

		before := w.newest("card.failed")
		held := w.post("/v1/payments/cards/setup", `{"payment_method_id":"pm_card_authenticationRequiredOnSetup","customer_email":"bo@example.com"}`).want(201)
		w.submit(held.text("data.next_action.redirect_url"), url.Values{"outcome": {"fail"}})
		told := w.until("/v1/events?types=card.failed&after="+before, "data.0.data.id", held.text("data.id"))
		assert.Equal(t, "authentication_failed", told.text("data.0.data.error.code"))
		assert.Empty(t, w.get("/v1/payments/cards").list("data"))
		assert.Empty(t, w.atStripe(stripe, "GET", "/v1/charges", "").list("data"))
	})
}

// newest is the newest event of a type.
func (w *world) newest(kind string) string {
	w.t.Helper()
	events := w.until("/v1/events?types="+kind, "data.0.type", kind).list("data")
	event, ok := events[len(events)-1].(map[string]any)
	require.True(w.t, ok)
	return event["id"].(string)
}

// Banks replace cards, and people detach them, behind everybody's back.
func TestASavedCardIsReplaced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("replaced")
		card := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_email":"cy@example.com"}`).want(201)
		method := "/v1/payment_methods/" + card.text("data.provider_ref")
		w.atStripe(stripe, "POST", method, "card[exp_month]=3&card[exp_year]=2040").want(200)
		changed := w.until("/v1/payments/cards", "data.0.exp_year", "2040")
		assert.Equal(t, "3", fmt.Sprint(changed.at("data.0.exp_month")))
		told := w.until("/v1/events?types=card.updated", "data.0.type", "card.updated")
		assert.Equal(t, card.text("data.id"), told.text("data.0.data.id"))

		w.atStripe(stripe, "POST", method+"/detach", "").want(200)
		w.until("/v1/events?types=card.removed", "data.0.type", "card.removed")
		assert.Empty(t, w.get("/v1/payments/cards").list("data"))
		assert.Nil(t, w.get("/v1/customers?email=cy@example.com").at("data.0.default_card_id"))

		old := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_chargeCustomerFail","customer_email":"cy@example.com"}`).want(201)
		refused := w.post("/v1/payments", `{"amount":10,"currency":"USD","saved_card_id":"`+old.text("data.id")+`"}`, "Idempotency-Key", "old").want(402)
		assert.Equal(t, "card_declined", refused.text("error.code"))
	})
}

func TestCustomersAreListed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for _, email := range []string{"a@example.com", "b@example.com"} {
			w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_email":"`+email+`"}`).want(201)
		}
		page := w.get("/v1/customers?limit=1").want(200)
		assert.Equal(t, "b@example.com", page.text("data.0.email"))
		assert.Equal(t, "a@example.com", w.get("/v1/customers?limit=1&cursor="+page.text("meta.next_cursor")).text("data.0.email"))
		assert.Len(t, w.get("/v1/customers?email=a@example.com").list("data"), 1)
		assert.Empty(t, w.get("/v1/customers?email=A@example.com").list("data"))
		other := w.merchant("stranger", "test")
		assert.Empty(t, other.get("/v1/customers").list("data"))
		other.get("/v1/customers/" + page.text("data.0.id")).want(404)
	})
}
