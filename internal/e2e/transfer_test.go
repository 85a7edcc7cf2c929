package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// standing is what stands for a partner: available, pending, held, and at
// Stripe.
func (w *world) standing(account string) string {
	w.t.Helper()
	a := w.get("/v1/accounts/" + account + "/balance").want(200)
	if len(a.list("data.balances")) == 0 {
		return "nothing"
	}
	text := func(name string) string { return a.text("data.balances.0." + name) }
	return text("available") + " " + text("pending") + " " + text("held") + " " + text("at_stripe")
}

// untilStanding waits until a partner's money stands so.
func (w *world) untilStanding(account, want string) {
	w.t.Helper()
	at := "/v1/accounts/" + account + "/balance"
	for i, name := range []string{"available", "pending", "held", "at_stripe"} {
		var parts [4]string
		_, _ = fmt.Sscan(want, &parts[0], &parts[1], &parts[2], &parts[3])
		w.until(at, "data.balances.0."+name, parts[i])
	}
}

// days puts the sandbox's clock ahead.
func (w *world) days(key string, n int) {
	w.t.Helper()
	w.atStripe(key, "POST", "/_sandbox/clock/advance", fmt.Sprintf(`{"seconds":%d}`, n*24*60*60)).want(200)
}

// transfers makes a transfer under a key.
func (w *world) transfers(key, account, members string) answer {
	w.t.Helper()
	return w.post("/v1/transfers", `{"account":"`+account+`",`+members+`}`, "Idempotency-Key", key)
}

// The ride's 16 dollars for the driver, sent before Stripe lets go of them, in
// two parts, and taken back.
func TestAShareIsTransferred(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("share_sent")
		driver := w.partner()
		ref := w.get("/v1/accounts/" + driver).text("data.provider_ref")
		ride := w.shared("ride", driver, "separate", "20.00", `"platform_percent":"20"`).want(201).text("data.id")
		assert.Equal(t, "0.00 16.00 0.00 0.00", w.standing(driver))

		much := w.transfers("much", driver, `"payment_id":"`+ride+`","amount":"16.01"`).want(400)
		assert.Equal(t, "amount_exceeds_remaining amount", much.text("error.code")+" "+much.text("error.field"))
		low := w.transfers("low", driver, `"amount":"0.01","currency":"USD"`).want(409)
		assert.Equal(t, "insufficient_balance", low.text("error.code"), "a pending share is sent with its payment only")

		part := w.transfers("part", driver, `"payment_id":"`+ride+`","amount":"10.00","metadata":{"week":"12"}`).want(201)
		assert.Equal(t, "completed", part.text("data.status"))
		assert.Equal(t, "balance", part.text("data.from"))
		again := w.transfers("part", driver, `"payment_id":"`+ride+`","amount":"10.00","metadata":{"week":"12"}`).want(201)
		assert.Equal(t, string(part.body), string(again.body))
		made := w.atStripe(stripe, "GET", "/v1/transfers/"+part.text("data.provider_ref"), "").want(200)
		assert.Equal(t, "12", made.text("metadata.week"))
		assert.NotEmpty(t, made.text("source_transaction"))
		assert.Equal(t, "0.00 6.00 0.00 10.00", w.standing(driver))
		assert.Equal(t, int64(1000), w.balanceAt(stripe, ref))

		id := part.text("data.id")
		back := w.post("/v1/transfers/"+id+"/reversals", `{"amount":"4.00"}`, "Idempotency-Key", "back").want(201)
		assert.Equal(t, "completed", back.text("data.status"))
		assert.Equal(t, "partially_reversed", back.text("data.transfer_status"))
		assert.Equal(t, "0.00 10.00 0.00 6.00", w.standing(driver))
		over := w.post("/v1/transfers/"+id+"/reversals", `{"amount":"6.01"}`, "Idempotency-Key", "over").want(400)
		assert.Equal(t, "amount_exceeds_remaining", over.text("error.code"))

		w.days(stripe, 8)
		w.untilStanding(driver, "10.00 0.00 0.00 0.00") // Stripe has paid the 6.00 out by its own schedule
		rest := w.transfers("rest", driver, `"payment_id":"`+ride+`"`).want(201)
		assert.Equal(t, "10.00", rest.text("data.amount"))
		assert.Equal(t, "0.00 0.00 0.00 10.00", w.standing(driver))
		w.transfers("none", driver, `"payment_id":"`+ride+`"`).want(400)
		assert.Len(t, w.get("/v1/transfers?payment_id="+ride+"&status=completed,partially_reversed").list("data"), 2)
		assert.Len(t, w.get("/v1/transfers/"+id+"/reversals").list("data"), 1)
		w.ledgerIsRight()
	})
}

// Free transfers: of what is available, or of the platform's own money.
func TestABalanceIsTransferred(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("balance_sent")
		driver := w.partner()
		ref := w.get("/v1/accounts/" + driver).text("data.provider_ref")
		w.shared("ride", driver, "separate", "20.00", `"platform_percent":"20"`).want(201)
		w.pays("mine", "50.00", "pm_card_visa").want(201)
		w.days(stripe, 8)
		w.untilStanding(driver, "16.00 0.00 0.00 0.00")

		w.transfers("ten", driver, `"amount":10,"currency":"usd"`).want(201)
		assert.Equal(t, "6.00 0.00 0.00 10.00", w.standing(driver))
		assert.Equal(t, "insufficient_balance", w.transfers("more", driver, `"amount":"6.01","currency":"USD"`).want(409).text("error.code"))
		bonus := w.transfers("bonus", driver, `"amount":"5","currency":"USD","from":"platform"`).want(201)
		assert.Equal(t, "platform", bonus.text("data.from"))
		assert.Equal(t, "6.00 0.00 0.00 15.00", w.standing(driver))

		// Stripe has less than the books allow: the transfer fails and the money is back.
		w.post("/v1/accounts/"+driver+"/credits", `{"amount":"500.00","currency":"USD","reason":"gift"}`, "Idempotency-Key", "gift").want(201)
		poor := w.transfers("poor", driver, `"amount":"400.00","currency":"USD"`)
		assert.Equal(t, "failed", poor.text("data.status"), "%s", poor.body)
		assert.Equal(t, "506.00 0.00 0.00 15.00", w.standing(driver))
		assert.Equal(t, int64(1500), w.balanceAt(stripe, ref))
		w.ledgerIsRight()
	})
}

// What is sent and taken back at Stripe itself is adopted by its events.
func TestTransfersMadeAtStripe(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("sent_there")
		driver := w.partner()
		ref := w.get("/v1/accounts/" + driver).text("data.provider_ref")
		w.pays("mine", "50.00", "pm_card_visa").want(201)
		ride := w.shared("ride", driver, "separate", "20.00", `"platform_percent":"20"`).want(201)
		w.shared("meal", driver, "destination", "30.00", `"application_fee":"3"`).want(201)
		w.days(stripe, 8)
		list := "/v1/transfers?account=" + driver
		w.until(list, "data.0.from", "charge")
		w.untilStanding(driver, "16.00 0.00 0.00 0.00") // Stripe's own schedule has paid 27.00 out

		free := w.atStripe(stripe, "POST", "/v1/transfers", "amount=700&currency=usd&destination="+ref).want(200)
		w.until(list, "data.0.provider_ref", free.text("id"))
		w.untilStanding(driver, "16.00 0.00 0.00 7.00")
		intent := w.atStripe(stripe, "GET", "/v1/payment_intents/"+ride.text("data.provider_ref"), "")
		tied := w.atStripe(stripe, "POST", "/v1/transfers", "amount=900&currency=usd&destination="+ref+"&source_transaction="+intent.text("latest_charge")).want(200)
		w.until(list, "data.0.provider_ref", tied.text("id"))
		w.untilStanding(driver, "7.00 0.00 0.00 16.00")
		w.atStripe(stripe, "POST", "/v1/transfers/"+tied.text("id")+"/reversals", "amount=200").want(200)
		w.until(list, "data.0.amount_reversed", "2.00")
		w.untilStanding(driver, "9.00 0.00 0.00 14.00")
		all := w.get(list).list("data")
		assert.Len(t, all, 3)
		w.ledgerIsRight()
	})
}

func TestTransfersThatAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("not_sent")
		driver := w.partner()
		shop := w.post("/v1/accounts", `{"type":"express"}`).want(201).text("data.id")
		held := w.shared("held", driver, "separate", "20.00", `"capture":"manual"`).want(201).text("data.id")
		for body, want := range map[string]string{
			`"amount":"1"`:                                                   "missing_field currency",
			`"currency":"USD"`:                                               "missing_field amount",
			`"amount":"0","currency":"USD"`:                                  "invalid_amount amount",
			`"amount":"1","currency":"XXQ"`:                                  "invalid_currency currency",
			`"amount":"1","currency":"USD","from":"charge"`:                  "invalid_field from",
			`"payment_id":"` + held + `"`:                                    "payment_not_captured ",
			`"payment_id":"018f0000-0000-7000-8000-000000000009"`:            "not_found payment_id",
			`"payment_id":"` + held + `","amount":"1","currency":"EUR"`:      "payment_not_captured ",
			`"amount":"1","currency":"USD","metadata":{"":"no name"}`:        "invalid_metadata metadata",
			`"amount":"1","currency":"USD"`:                                  "insufficient_balance amount",
			`"amount":"1","currency":"USD","from":"platform","colour":"red"`: "unknown_field colour",
		} {
			a := w.transfers("no "+body, driver, body)
			field, _ := a.at("error").(map[string]any)["field"].(string)
			assert.Equal(t, want, a.text("error.code")+" "+field, "%s: %s", body, a.body)
		}
		assert.Equal(t, "account_disabled", w.transfers("shop", shop, `"amount":"1","currency":"USD"`).want(409).text("error.code"))
		assert.Equal(t, "not_found", w.transfers("nobody", "018f0000-0000-7000-8000-000000000009", `"amount":"1","currency":"USD"`).text("error.code"))
		assert.Empty(t, w.get("/v1/transfers").list("data"), "nothing was written down")
		w.post("/v1/transfers/018f0000-0000-7000-8000-000000000009/reversals", "{}", "Idempotency-Key", "r").want(404)
	})
}
