package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSavedCards(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("cards")
		first := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_email":"user@example.com","customer_name":"Jane Doe"}`).want(201)
		assert.Equal(t, "visa", first.text("data.brand"))
		assert.Equal(t, "4242", first.text("data.last4"))
		assert.Equal(t, true, first.at("data.is_default"))
		second := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_mastercard","customer_email":"user@example.com"}`).want(201)
		assert.Equal(t, false, second.at("data.is_default"))
		assert.Equal(t, first.text("data.customer_id"), second.text("data.customer_id"), "one customer an e-mail address")
		require.Len(t, w.atStripe(stripe, "GET", "/v1/customers", "").list("data"), 1)

		charge := w.post("/v1/payments", `{"amount":29.99,"currency":"USD","provider":"stripe","saved_card_id":"`+first.text("data.id")+`"}`,
			"Idempotency-Key", "subscription-may-2025").want(201)
		assert.Equal(t, "completed", charge.text("data.status"))
		assert.Equal(t, first.text("data.id"), charge.text("data.saved_card_id"))

		w.request("PUT", "/v1/payments/cards/"+second.text("data.id")+"/default", "").want(200)
		cards := w.get("/v1/payments/cards").want(200)
		require.Len(t, cards.list("data"), 2)
		assert.Equal(t, second.text("data.id"), cards.text("data.0.id"))
		assert.Equal(t, true, cards.at("data.0.is_default"))
		assert.Equal(t, false, cards.at("data.1.is_default"))

		w.request("DELETE", "/v1/payments/cards/"+first.text("data.id"), "").want(200)
		require.Len(t, w.get("/v1/payments/cards").list("data"), 1)
		gone := w.post("/v1/payments", `{"amount":1.00,"currency":"USD","provider":"stripe","saved_card_id":"`+first.text("data.id")+`"}`,
			"Idempotency-Key", "gone").want(404)
		assert.Equal(t, "saved_card_id", gone.text("error.field"))
		w.request("DELETE", "/v1/payments/cards/"+first.text("data.id"), "").want(404)
	})
}

func TestCardsThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		declined := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_chargeDeclined"}`).want(402)
		assert.Equal(t, "card_declined", declined.text("error.code"))
		unknown := w.post("/v1/payments/cards", `{"payment_method_id":"pm_1nothing"}`).want(400)
		assert.Equal(t, "invalid_payment_method", unknown.text("error.code"))
		assert.Empty(t, w.get("/v1/payments/cards").list("data"))
	})
}

// A bank may want the customer present, who is not: the decline says so.
func TestOffSessionNeedsAuthentication(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		card := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_authenticationRequired"}`).want(201).text("data.id")
		a := w.post("/v1/payments", `{"amount":10,"currency":"USD","provider":"stripe","saved_card_id":"`+card+`"}`, "Idempotency-Key", "o").want(402)
		assert.Equal(t, "authentication_required", a.text("error.code"))
		assert.Equal(t, "failed", a.text("data.status"))
		present := w.post("/v1/payments", `{"amount":10,"currency":"USD","provider":"stripe","saved_card_id":"`+card+`","return_url":"https://shop.example/"}`,
			"Idempotency-Key", "present").want(201)
		assert.Equal(t, "pending", present.text("data.status"))
		assert.NotEmpty(t, present.text("data.next_action.redirect_url"))
	})
}
