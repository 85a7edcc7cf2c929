package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Up and down within a period: the preview is the invoice that then comes.
func TestSubscriptionMovesToAnotherPlan(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("change")
		small := w.plan()
		big := w.post("/v1/plans", `{"name":"Scholar","amount":"30.00","currency":"USD","interval":"month"}`).want(201).text("data.id")
		customer, _ := w.reader("pm_card_visa")
		id := w.subscribes("s", customer, small).want(201).text("data.id")
		path := "/v1/subscriptions/" + id
		w.paid(id, 1)
		w.passes(10)

		up := fmt.Sprintf(`{"plan_id":%q,"proration":"now"}`, big)
		preview := w.post(path+"/preview", up).want(200)
		assert.Equal(t, true, preview.at("data.immediate"))
		assert.Len(t, preview.list("data.lines"), 2)
		assert.Equal(t, small, w.get(path).text("data.plan_id"), "nothing was changed")
		assert.Equal(t, big, w.request("PATCH", path, up).want(200).text("data.plan_id"))
		invoice := w.paid(id, 2)[0].(map[string]any)
		assert.Equal(t, preview.text("data.amount_due"), invoice["amount_due"])
		assert.Equal(t, "subscription_update", invoice["reason"])

		down := fmt.Sprintf(`{"plan_id":%q}`, small)
		later := w.post(path+"/preview", down).want(200)
		assert.Equal(t, false, later.at("data.immediate"))
		assert.Equal(t, byte('-'), later.text("data.proration")[0], "time that was paid for is credited")
		w.request("PATCH", path, down).want(200)
		w.paid(id, 2)
		w.request("PATCH", "/v1/plans/"+big, `{"active":false}`).want(200)
		gone := w.request("PATCH", path, up).want(409)
		assert.Equal(t, "plan_archived", gone.text("error.code"))
		assert.Equal(t, "plan_id", w.post(path+"/preview", `{}`).want(400).text("error.field"))
		w.ledgerIsRight()
	})
}

func TestSubscriptionPausesAndEnds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("pause")
		plan := w.plan()
		customer, _ := w.reader("pm_card_visa")
		id := w.subscribes("s", customer, plan).want(201).text("data.id")
		path := "/v1/subscriptions/" + id
		w.paid(id, 1)
		paused := w.post(path+"/pause", `{}`).want(200)
		assert.Equal(t, []any{"paused", "void"}, []any{paused.at("data.status"), paused.at("data.pause.behavior")})
		w.passes(32)
		w.until("/v1/invoices?limit=1&subscription_id="+id, "data.0.status", "void")
		assert.Equal(t, "active", w.post(path+"/resume", "").want(200).text("data.status"))
		w.post(path+"/resume", "").want(400)
		w.passes(32)
		w.paid(id, 2)

		ending := w.request("DELETE", path, `{"at_period_end":true}`).want(200)
		assert.Equal(t, []any{"active", true}, []any{ending.at("data.status"), ending.at("data.cancel_at_period_end")})
		again := w.request("PATCH", path, `{"cancel_at_period_end":false}`).want(200)
		assert.Equal(t, []any{false, nil}, []any{again.at("data.cancel_at_period_end"), again.at("data.cancel_at")})
		w.request("PATCH", path, `{"cancel_at_period_end":true}`).want(200)
		w.passes(32)
		w.until(path, "data.status", "canceled")
		assert.Equal(t, "subscription_ended", w.request("DELETE", path, "").want(409).text("error.code"))

		now := w.subscribes("now", customer, plan).want(201).text("data.id")
		canceled := w.request("DELETE", "/v1/subscriptions/"+now, `{"prorate":true}`, "Idempotency-Key", "end").want(200)
		assert.Equal(t, "canceled", canceled.text("data.status"))
		assert.NotEmpty(t, canceled.text("data.ended_at"))
		w.ledgerIsRight()
	})
}

// A first payment that is declined leaves a subscription whose invoice another
// card can pay.
func TestSubscriptionThatBeginsWithADecline(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("incomplete")
		plan := w.plan()
		customer, bad := w.reader("pm_card_chargeCustomerFail")
		made := w.subscribes("s", customer, plan).want(201)
		id := made.text("data.id")
		assert.Equal(t, "incomplete", made.text("data.status"))
		invoice := w.until("/v1/invoices?subscription_id="+id, "data.0.status", "open").text("data.0.id")
		declined := w.post("/v1/invoices/"+invoice+"/pay", `{"card_id":"`+bad+`"}`, "Idempotency-Key", "one").want(402)
		assert.Equal(t, []any{"card_declined", "open"}, []any{declined.at("error.code"), declined.at("data.status")})
		good := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_id":"`+customer+`"}`).want(201).text("data.id")
		paid := w.post("/v1/invoices/"+invoice+"/pay", `{"card_id":"`+good+`"}`, "Idempotency-Key", "two").want(200)
		assert.Equal(t, "paid", paid.text("data.status"))
		payment := w.until("/v1/payments/"+paid.text("data.payment_id"), "data.status", "completed")
		assert.Equal(t, "10.00", payment.text("data.amount"))
		w.until("/v1/subscriptions/"+id, "data.status", "active")
		assert.Equal(t, "invoice_not_open", w.post("/v1/invoices/"+invoice+"/void", "").want(409).text("error.code"))

		empty := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_email":"other@example.com"}`).want(201)
		w.request("DELETE", "/v1/payments/cards/"+empty.text("data.id"), "").want(200)
		refused := w.subscribes("none", empty.text("data.customer_id"), plan).want(400)
		assert.Equal(t, "card_id", refused.text("error.field"))
		require.Equal(t, "idempotency_key_missing", w.post("/v1/subscriptions", `{"customer_id":"x","plan_id":"y"}`).want(400).text("error.code"))
		w.ledgerIsRight()
	})
}
