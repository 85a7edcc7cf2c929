package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A renewal that fails, by the sandbox's clock: the customer is told, the
// schedule of the merchant's own is kept, and another card pays at once.
func TestFailedRenewalByTheSandboxClock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("dunning")
		wrong := w.request("PUT", "/v1/merchant/billing", `{"dunning":{"retry_days":[0],"end":"leave"}}`).want(400)
		assert.Equal(t, "dunning.retry_days", wrong.text("error.field"))
		w.request("PUT", "/v1/merchant/billing", `{"dunning":{"retry_days":[2,2],"end":"leave"}}`).want(200)
		plan := w.plan()
		customer, _ := w.reader("pm_card_visa")
		id := w.subscribes("s", customer, plan).want(201).text("data.id")
		w.paid(id, 1)
		bad := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_chargeCustomerFail","customer_id":"`+customer+`"}`).want(201).text("data.id")
		w.request("PATCH", "/v1/subscriptions/"+id, `{"card_id":"`+bad+`"}`).want(200)
		w.passes(32)
		w.until("/v1/subscriptions/"+id, "data.status", "past_due")
		open := w.until("/v1/invoices?status=open&subscription_id="+id, "data.0.dunning.tries", "0")
		invoice := open.text("data.0.id")
		assert.NotEmpty(t, open.text("data.0.dunning.next_retry_at"))
		notice := w.until("/v1/mails?object_id="+invoice, "data.0.status", "kept")
		assert.Equal(t, []any{"payment_failed", "reader@example.com"}, []any{notice.at("data.0.template"), notice.at("data.0.to")})
		assert.Contains(t, notice.text("data.0.text"), "$10.00")

		w.passes(3)
		w.until("/v1/invoices/"+invoice, "data.dunning.tries", "1")
		w.passes(2)
		w.until("/v1/invoices/"+invoice, "data.dunning.stopped", "exhausted")
		w.until("/v1/subscriptions/"+id, "data.status", "past_due")

		good := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_id":"`+customer+`"}`).want(201).text("data.id")
		w.request("PATCH", "/v1/subscriptions/"+id, `{"card_id":"`+good+`"}`).want(200)
		w.until("/v1/invoices/"+invoice, "data.status", "paid")
		w.until("/v1/subscriptions/"+id, "data.status", "active")
		w.ledgerIsRight()
	})
}
