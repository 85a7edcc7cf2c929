package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// earner is a partner with so much available in-app, and its acct_….
func (w *world) earner(stripe, bank string) (account, ref string) {
	w.t.Helper()
	account = w.post("/v1/accounts", transferable).want(201).text("data.id")
	w.post("/v1/accounts/"+account+"/external-accounts", `{"external_account":"`+bank+`"}`).want(201)
	ref = w.until("/v1/accounts/"+account, "data.status", "enabled").text("data.provider_ref")
	w.until("/v1/accounts/"+account, "data.payouts_enabled", "true")
	w.atStripe(stripe, "POST", "/v1/accounts/"+ref, "settings[payouts][schedule][interval]=manual").want(200)
	w.shared("ride of "+account, account, "separate", "20.00", `"platform_percent":"20"`).want(201)
	w.days(stripe, 8)
	w.untilStanding(account, "16.00 0.00 0.00 0.00")
	return account, ref
}

// A week's earnings go to the driver's bank in two steps.
func TestAPartnerIsPaidOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("paid_out")
		driver, ref := w.earner(stripe, "btok_us_verified")
		body := `{"account":"` + driver + `","amount":"10.00","currency":"USD","metadata":{"week":"12"}}`
		sent := w.post("/v1/payouts", body, "Idempotency-Key", "week").want(201)
		id := sent.text("data.id")
		assert.Equal(t, "submitted", sent.text("data.status"))
		assert.Equal(t, string(sent.body), string(w.post("/v1/payouts", body, "Idempotency-Key", "week").want(201).body))
		assert.Equal(t, "6.00 0.00 0.00 0.00", w.standing(driver))
		assert.Equal(t, int64(0), w.balanceAt(stripe, ref))
		there := w.inAccount(stripe, ref, "GET", "/v1/payouts/"+sent.text("data.provider_ref"), "").want(200)
		assert.Equal(t, "12", there.text("metadata.week"))
		brought := w.get("/v1/transfers?payout_id=" + id)
		assert.Equal(t, "completed", brought.text("data.0.status"))
		w.days(stripe, 1)
		w.until("/v1/payouts/"+id, "data.status", "in_transit")
		fixed := w.post("/v1/payouts/"+id+"/cancel", "", "Idempotency-Key", "late").want(409)
		assert.Equal(t, "payout_not_cancelable", fixed.text("error.code"))
		assert.Equal(t, "payout_not_retryable", w.post("/v1/payouts/"+id+"/retry", "").want(409).text("error.code"))
		w.days(stripe, 6)
		w.until("/v1/payouts/"+id, "data.status", "paid")
		assert.Equal(t, "6.00 0.00 0.00 0.00", w.standing(driver))

		low := w.post("/v1/payouts", `{"account":"`+driver+`","amount":"6.01","currency":"USD"}`).want(409)
		assert.Equal(t, "insufficient_balance", low.text("error.code"))
		assert.Len(t, w.get("/v1/payouts?account="+driver).list("data"), 1, "nothing was written down")
		w.ledgerIsRight()
	})
}

// One that is canceled, and one that the bank sends back: the money is in the
// balance again, and can be paid out anew.
func TestPayoutsThatComeBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("come_back")
		driver, ref := w.earner(stripe, "btok_us_verified")
		body := `{"account":"` + driver + `","amount":"16.00","currency":"USD"}`
		id := w.post("/v1/payouts", body, "Idempotency-Key", "one").want(201).text("data.id")
		assert.Equal(t, "canceled", w.post("/v1/payouts/"+id+"/cancel", "", "Idempotency-Key", "stop").want(200).text("data.status"))
		w.untilStanding(driver, "16.00 0.00 0.00 0.00")
		assert.Equal(t, int64(0), w.balanceAt(stripe, ref))
		again := w.post("/v1/payouts/"+id+"/retry", "", "Idempotency-Key", "again").want(201)
		assert.Equal(t, id, again.text("data.retry_of"))
		w.days(stripe, 7)
		w.until("/v1/payouts/"+again.text("data.id"), "data.status", "paid")
		assert.Equal(t, "0.00 0.00 0.00 0.00", w.standing(driver))

		w.pays("mine", "50.00", "pm_card_visa").want(201)
		poor, ref := w.earner(stripe, "btok_us_verified_accountClosed")
		failed := w.post("/v1/payouts", `{"account":"`+poor+`","amount":"16.00","currency":"USD"}`, "Idempotency-Key", "closed").want(201)
		w.days(stripe, 7)
		p := w.until("/v1/payouts/"+failed.text("data.id"), "data.status", "failed")
		assert.Equal(t, "account_closed", p.text("data.error.decline_code"))
		w.untilStanding(poor, "16.00 0.00 0.00 0.00")
		assert.Equal(t, int64(0), w.balanceAt(stripe, ref))
		w.ledgerIsRight()
	})
}

// What Stripe pays out by its own schedule is seen, and entered in the books.
func TestPayoutsMadeAtStripe(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("out_there")
		driver := w.partner()
		w.until("/v1/accounts/"+driver, "data.payouts_enabled", "true")
		ref := w.get("/v1/accounts/" + driver).text("data.provider_ref")
		w.shared("meal", driver, "destination", "30.00", `"application_fee":"3"`).want(201)
		assert.Equal(t, "0.00 0.00 0.00 27.00", w.standing(driver))
		w.days(stripe, 10)
		w.until("/v1/payouts?account="+driver, "data.0.status", "paid")
		w.untilStanding(driver, "0.00 0.00 0.00 0.00")
		assert.Equal(t, int64(0), w.balanceAt(stripe, ref))
		w.ledgerIsRight()
	})
}
