package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPartialRefundsNeverExceed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("refunds")
		id := w.pays("p", "10.00", "pm_card_visa").want(201).text("data.id")
		var (
			group    sync.WaitGroup
			statuses = make([]int, 20)
		)
		for i := range statuses {
			group.Go(func() {
				statuses[i] = w.post("/v1/refunds", `{"payment_id":"`+id+`","amount":"1.50"}`, "Idempotency-Key", fmt.Sprint("r", i)).status
			})
		}
		group.Wait()
		done := 0
		for _, status := range statuses {
			if status == http.StatusCreated {
				done++
				continue
			}
			assert.Equal(t, http.StatusBadRequest, status)
		}
		assert.Equal(t, 6, done, "six times 1.50 fit into 10.00")
		p := w.get("/v1/payments/" + id).want(200)
		assert.Equal(t, "partially_refunded", p.text("data.status"))
		assert.Equal(t, "9.00", p.text("data.amount_refunded"))
		rest := w.post("/v1/refunds", `{"payment_id":"`+id+`"}`).want(201)
		assert.Equal(t, "1.00", rest.text("data.amount"))
		assert.Equal(t, "refunded", w.get("/v1/payments/"+id).text("data.status"))
		assert.Equal(t, "amount_exceeds_remaining", w.post("/v1/refunds", `{"payment_id":"`+id+`"}`).want(400).text("error.code"))

		assert.Len(t, w.get("/v1/refunds?payment_id="+id+"&limit=100").list("data"), 7)
		charge := w.atStripe(stripe, "GET", "/v1/charges", "").at("data.0.amount_refunded")
		assert.Equal(t, "1000", fmt.Sprint(charge))
		w.ledgerIsRight()
	})
}

// A refund that the bank takes days over, and one that it returns.
func TestRefundsPendingAndFailing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		late := w.pays("late", "10.00", "pm_card_pendingRefund").want(201).text("data.id")
		pending := w.post("/v1/refunds", `{"payment_id":"`+late+`"}`).want(201)
		assert.Equal(t, "pending", pending.text("data.status"))
		assert.Equal(t, "completed", w.get("/v1/payments/"+late).text("data.status"))

		bad := w.pays("bad", "10.00", "pm_card_refundFail").want(201).text("data.id")
		failing := w.post("/v1/refunds", `{"payment_id":"`+bad+`"}`).want(201)
		assert.Equal(t, "completed", failing.text("data.status"))

		w.atStripe("sk_test_clock", "POST", "/_sandbox/clock/advance", `{"seconds":864000}`).want(200)
		w.until("/v1/refunds/"+pending.text("data.id"), "data.status", "completed")
		w.until("/v1/payments/"+late, "data.status", "refunded")
		w.until("/v1/refunds/"+failing.text("data.id"), "data.status", "failed")
		back := w.until("/v1/payments/"+bad, "data.status", "completed")
		assert.Equal(t, "0.00", back.text("data.amount_refunded"))
		w.ledgerIsRight()
	})
}

// A refund made at Stripe, past Florin, is found out and counted.
func TestRefundMadeAtStripe(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("dashboard")
		p := w.pays("p", "10.00", "pm_card_visa").want(201)
		w.atStripe(stripe, "POST", "/v1/refunds", "payment_intent="+p.text("data.provider_ref")+"&amount=300").want(200)
		w.until("/v1/payments/"+p.text("data.id"), "data.amount_refunded", "3.00")
		refunds := w.get("/v1/refunds?payment_id=" + p.text("data.id")).want(200)
		require.Len(t, refunds.list("data"), 1)
		assert.Equal(t, true, refunds.at("data.0.external"))
		left := w.post("/v1/refunds", `{"payment_id":"`+p.text("data.id")+`"}`).want(201)
		assert.Equal(t, "7.00", left.text("data.amount"))
		w.ledgerIsRight()
	})
}
