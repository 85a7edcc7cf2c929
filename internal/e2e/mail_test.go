package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A receipt and a refund's notice are written for whoever asked for a receipt;
// in the sandbox they are kept and shown, by the merchant's own template when
// there is one.
func TestReceiptsAreKeptInTheSandbox(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		paid := w.pays("mail", `"1234.50"`, "pm_card_visa", `"receipt_email":"jane@example.com","description":"Order 17","metadata":{"locale":"de-DE"}`).want(201)
		id := paid.text("data.id")
		w.pays("quiet", "5.00", "pm_card_visa").want(201)
		w.pays("declined", "5.00", "pm_card_chargeDeclined", `"receipt_email":"jane@example.com"`).want(402)
		receipt := w.until("/v1/mails?object_id="+id, "data.0.status", "kept")
		assert.Equal(t, "jane@example.com", receipt.text("data.0.to"))
		assert.Equal(t, "receipt", receipt.text("data.0.template"))
		assert.Contains(t, receipt.text("data.0.subject"), "1.234,50\u00a0$")
		for _, part := range []string{"data.0.text", "data.0.html"} {
			for _, fact := range []string{"Order 17", "visa •••• 4242", "1.234,50\u00a0$", id, "This is a test"} {
				assert.Contains(t, receipt.text(part), fact, part)
			}
		}
		require.Len(t, w.get("/v1/mails").list("data"), 1, "no receipt was asked for, or nothing was paid")

		wrong := w.request("PUT", "/v1/merchant/templates/refund", `{"subject":"{{.Nothing}}","text":"x"}`).want(400)
		assert.Equal(t, "subject", wrong.text("error.field"))
		w.request("PUT", "/v1/merchant/templates/nothing", `{"subject":"a","text":"x"}`).want(404)
		w.request("PUT", "/v1/merchant/templates/refund", `{"subject":"Back: {{.Amount}}","text":"You get {{.Amount}}."}`).want(200)
		w.post("/v1/refunds", `{"payment_id":"`+id+`","amount":"34.50"}`).want(201)
		refund := w.until("/v1/mails?limit=1", "data.0.template", "refund")
		refund = w.until("/v1/mails/"+refund.text("data.0.id"), "data.status", "kept")
		assert.Equal(t, "Back: 34,50\u00a0$", refund.text("data.subject"))
		assert.Equal(t, "You get 34,50\u00a0$.", refund.text("data.text"))
		assert.Empty(t, refund.text("data.html"))
		w.request("DELETE", "/v1/merchant/templates/refund", "").want(200)
		assert.Equal(t, true, w.get("/v1/merchant/templates/refund").want(200).at("data.built_in"))

		w.request("PUT", "/v1/merchant/billing", `{"mail":{"send":false,"locale":"en-US"}}`).want(200)
		again := w.pays("off", "5.00", "pm_card_visa", `"receipt_email":"jane@example.com"`).want(201).text("data.id")
		assert.Empty(t, w.get("/v1/mails?object_id="+again).list("data"))
	})
}
