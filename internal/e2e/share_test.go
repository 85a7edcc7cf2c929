package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shared makes a payment of 20 dollars that is shared with an account.
func (w *world) shared(key, account, kind, amount string, more ...string) answer {
	w.t.Helper()
	return w.pays(key, amount, "pm_card_visa", append([]string{fmt.Sprintf(`"account":%q,"charge_type":%q`, account, kind)}, more...)...)
}

// balanceAt is what an account has at Stripe in all, in cents.
func (w *world) balanceAt(key, account string) int64 {
	w.t.Helper()
	balance := w.inAccount(key, account, "GET", "/v1/balance", "")
	var sum int64
	for _, part := range []string{"available", "pending"} {
		for i := range balance.list(part) {
			var minor int64
			_, err := fmt.Sscan(fmt.Sprint(balance.at(fmt.Sprintf("%s.%d.amount", part, i))), &minor)
			require.NoError(w.t, err)
			sum += minor
		}
	}
	return sum
}

// The three ways to share the seed's ride of 20 dollars, 80 to 20: who pays
// Stripe's fee of 88 cents is what tells them apart.
func TestAPaymentIsShared(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("shared")
		direct := w.post("/v1/accounts", `{"type":"express"}`).want(201).text("data.id")
		w.onboard(direct)
		ref := w.until("/v1/accounts/"+direct, "data.status", "enabled").text("data.provider_ref")

		p := w.shared("direct", direct, "direct", "20.00", `"platform_percent":"20"`).want(201)
		assert.Equal(t, "completed", p.text("data.status"))
		assert.Equal(t, "4.00", p.text("data.application_fee"))
		assert.Equal(t, "0.88", p.text("data.fee"))
		assert.Equal(t, "15.12", p.text("data.partner_share"), "the partner pays Stripe's fee")
		assert.Equal(t, int64(400), w.balanceAt(stripe, ""))
		assert.Equal(t, int64(1512), w.balanceAt(stripe, ref))

		p = w.shared("destination", direct, "destination", "20.00", `"application_fee":4`).want(201)
		assert.Equal(t, "4.00", p.text("data.application_fee"))
		assert.Equal(t, "16.00", p.text("data.partner_share"))
		assert.Equal(t, int64(400+400-88), w.balanceAt(stripe, ""), "you pay Stripe's fee")
		assert.Equal(t, int64(1512+1600), w.balanceAt(stripe, ref))

		p = w.shared("separate", direct, "separate", "20.00", `"platform_percent":20`, `"on_behalf_of":true`).want(201)
		assert.Equal(t, "20", p.text("data.platform_percent"))
		assert.Equal(t, "16.00", p.text("data.partner_share"))
		assert.Equal(t, int64(712+2000-88), w.balanceAt(stripe, ""), "the partner's part is owed, not sent")
		assert.Equal(t, int64(3112), w.balanceAt(stripe, ref))
		intent := w.atStripe(stripe, "GET", "/v1/payment_intents/"+p.text("data.provider_ref"), "")
		assert.Equal(t, ref, intent.text("on_behalf_of"))
		assert.Equal(t, p.text("data.id"), intent.text("transfer_group"))
		assert.Len(t, w.get("/v1/payments?account="+direct).list("data"), 3)
		books := w.get("/v1/accounts/" + direct + "/balance").want(200)
		assert.Equal(t, "31.12", books.text("data.balances.0.at_stripe"), "our books are Stripe's")
		assert.Equal(t, "16.00", books.text("data.balances.0.pending"))
		w.ledgerIsRight()
	})
}

// The ride: authorised for more than it costs in the end, in each way.
func TestARideIsCapturedForLess(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("ride")
		driver := w.post("/v1/accounts", `{"type":"express"}`).want(201).text("data.id")
		w.onboard(driver)
		w.until("/v1/accounts/"+driver, "data.status", "enabled")
		for _, kind := range []string{"direct", "destination", "separate"} {
			held := w.shared(kind, driver, kind, "30.00", `"platform_percent":"20"`, `"capture":"manual"`).want(201)
			assert.Equal(t, "authorized", held.text("data.status"))
			assert.Equal(t, "6.00", held.text("data.application_fee"))
			assert.Nil(t, held.at("data.partner_share"))
			assert.NotEmpty(t, held.text("data.authorization_expires_at"))
			ride := w.post("/v1/payments/"+held.text("data.id")+"/capture", `{"amount":"20.00"}`, "Idempotency-Key", kind+"-end").want(200)
			assert.Equal(t, "completed", ride.text("data.status"))
			assert.Equal(t, "4.00", ride.text("data.application_fee"), kind)
			assert.Equal(t, map[string]string{"direct": "15.12", "destination": "16.00", "separate": "16.00"}[kind], ride.text("data.partner_share"))
			assert.Nil(t, ride.at("data.authorization_expires_at"))
		}
		assert.Equal(t, int64(400+(2000-88-1600)+(2000-88)), w.balanceAt(stripe, ""))

		// Another fee than was agreed, and one that is more than the ride.
		held := w.shared("other", driver, "destination", "30.00", `"platform_percent":"20"`, `"capture":"manual"`).want(201).text("data.id")
		much := w.post("/v1/payments/"+held+"/capture", `{"amount":"20.00","application_fee":"20.01"}`, "Idempotency-Key", "much").want(400)
		assert.Equal(t, "application_fee", much.text("error.field"))
		ride := w.post("/v1/payments/"+held+"/capture", `{"amount":"20.00","application_fee":"5"}`, "Idempotency-Key", "less").want(200)
		assert.Equal(t, "5.00", ride.text("data.application_fee"))
		assert.Nil(t, ride.at("data.platform_percent"))
		assert.Equal(t, "15.00", ride.text("data.partner_share"))
		w.ledgerIsRight()
	})
}

// What lives in a partner's account is canceled, refunded and looked up there.
func TestADirectChargeIsUndone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("undone")
		shop := w.post("/v1/accounts", `{"type":"express"}`).want(201).text("data.id")
		w.onboard(shop)
		ref := w.until("/v1/accounts/"+shop, "data.status", "enabled").text("data.provider_ref")
		held := w.shared("held", shop, "direct", "20.00", `"capture":"manual"`).want(201).text("data.id")
		assert.Equal(t, "canceled", w.post("/v1/payments/"+held+"/cancel", "").want(200).text("data.status"))
		paid := w.shared("paid", shop, "direct", "20.00", `"application_fee":"4"`).want(201)
		refund := w.post("/v1/refunds", `{"payment_id":"`+paid.text("data.id")+`","amount":"5.00"}`, "Idempotency-Key", "back").want(201)
		assert.Equal(t, "completed", refund.text("data.status"))
		assert.Equal(t, int64(2000-88-400-500), w.balanceAt(stripe, ref))
		assert.Equal(t, int64(400), w.balanceAt(stripe, ""))

		// A refund made in the partner's dashboard is heard of.
		form := "payment_intent=" + paid.text("data.provider_ref") + "&amount=300"
		w.inAccount(stripe, ref, "POST", "/v1/refunds", form).want(200)
		w.until("/v1/payments/"+paid.text("data.id"), "data.amount_refunded", "8.00")
		w.until("/v1/accounts/"+shop+"/balance", "data.balances.0.at_stripe", "7.12")
		assert.Equal(t, int64(712), w.balanceAt(stripe, ref))
		w.ledgerIsRight()
	})
}

// A partner can write anything into objects of its own account, our ids too:
// what happens there says nothing of payments that live elsewhere.
func TestAPartnerCannotSpeakOfOurPayments(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("liar")
		shop := w.post("/v1/accounts", `{"type":"express"}`).want(201).text("data.id")
		w.onboard(shop)
		ref := w.until("/v1/accounts/"+shop, "data.status", "enabled").text("data.provider_ref")
		held := w.pays("held", "20.00", "pm_card_threeDSecure2Required", `"return_url":"https://shop.example/back"`).want(201)
		lie := "amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card&metadata[florin_payment]=" + held.text("data.id")
		w.inAccount(stripe, ref, "POST", "/v1/payment_intents", lie).want(200)
		// What came after it has been heard of.
		paid := w.shared("paid", shop, "direct", "10.00").want(201)
		w.inAccount(stripe, ref, "POST", "/v1/refunds", "payment_intent="+paid.text("data.provider_ref")+"&amount=100").want(200)
		w.until("/v1/payments/"+paid.text("data.id"), "data.amount_refunded", "1.00")
		still := w.get("/v1/payments/" + held.text("data.id"))
		assert.Equal(t, "pending", still.text("data.status"))
		assert.Equal(t, held.text("data.provider_ref"), still.text("data.provider_ref"))
	})
}

func TestSharesThatAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("refused")
		driver := w.partner()
		card := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa"}`).want(201)
		for body, want := range map[string]string{
			`"account":"` + driver + `"`:                        "missing_field charge_type",
			`"charge_type":"direct"`:                            "missing_field account",
			`"platform_percent":"20"`:                           "missing_field account",
			`"account":"` + driver + `","charge_type":"direct"`: "account_disabled account",
			`"account":"` + driver + `","charge_type":"separate","platform_percent":"20","application_fee":"1"`:       "invalid_field platform_percent",
			`"account":"` + driver + `","charge_type":"separate","platform_percent":"120"`:                            "invalid_field platform_percent",
			`"account":"` + driver + `","charge_type":"separate","application_fee":"20.01"`:                           "amount_exceeds_remaining application_fee",
			`"account":"` + driver + `","charge_type":"separate","application_fee":"-1"`:                              "invalid_amount application_fee",
			`"account":"` + driver + `","charge_type":"direct","customer_id":"` + card.text("data.customer_id") + `"`: "invalid_field customer_id",
			`"account":"018f0000-0000-7000-8000-000000000009","charge_type":"separate"`:                               "not_found account",
		} {
			a := w.pays("no "+body, "20.00", "pm_card_visa", body)
			assert.Equal(t, want, a.text("error.code")+" "+a.text("error.field"), "%s: %s", body, a.body)
		}
		saved := w.post("/v1/payments", `{"amount":"20.00","currency":"USD","saved_card_id":"`+card.text("data.id")+`","account":"`+driver+`","charge_type":"direct"}`,
			"Idempotency-Key", "saved").want(400)
		assert.Equal(t, "saved_card_id", saved.text("error.field"))
		w.post("/v1/accounts/"+driver+"/reject", `{"reason":"other"}`).want(200)
		late := w.shared("late", driver, "separate", "20.00").want(409)
		assert.Equal(t, "account_disabled", late.text("error.code"))
		assert.Empty(t, w.get("/v1/payments").list("data"), "nothing was written down")
	})
}

// Stripe's clock may be ahead of ours, in the sandbox by weeks: that funds are
// available is Stripe's to say.
func TestAShareIsAvailableWhenStripeSaysSo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("ahead")
		driver := w.partner()
		w.shared("ride", driver, "separate", "20.00", `"platform_percent":"20"`).want(201)
		before := w.get("/v1/accounts/" + driver + "/balance").want(200)
		assert.Equal(t, "16.00", before.text("data.balances.0.pending"), "%s", before.body)
		assert.Equal(t, "0.00", before.text("data.balances.0.available"))
		w.atStripe(stripe, "POST", "/_sandbox/clock/advance", `{"seconds":1209600}`).want(200)
		w.atStripe(stripe, "GET", "/v1/balance", "").want(200) // the account catches up with its clock
		after := w.until("/v1/accounts/"+driver+"/balance", "data.balances.0.available", "16.00")
		assert.Equal(t, "0.00", after.text("data.balances.0.pending"))
		w.ledgerIsRight()
	})
}
