package sandbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

func TestPaymentSucceedsAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	p := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("USD"), Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String("pm_card_visa"), PaymentMethodTypes: []*string{stripe.String("card")},
		Metadata: map[string]string{"order": "7"},
	}
	p.AddExpand("latest_charge.balance_transaction")
	p.AddExpand("payment_method")
	made, err := w.stripe.V1PaymentIntents.Create(t.Context(), p)
	require.NoError(t, err)

	require.Equal(t, stripe.PaymentIntentStatusSucceeded, made.Status)
	require.EqualValues(t, 1000, made.AmountReceived)
	require.Equal(t, stripe.CurrencyUSD, made.Currency)
	require.Regexp(t, `^pi_3[0-9A-Za-z]{23}$`, made.ID)
	require.Regexp(t, "^"+made.ID+`_secret_[0-9A-Za-z]{25}$`, made.ClientSecret)
	ch := made.LatestCharge
	require.True(t, ch.Captured && ch.Paid)
	require.Equal(t, map[string]string{"order": "7"}, ch.Metadata)
	require.Equal(t, made.ID, ch.PaymentIntent.ID)
	require.EqualValues(t, 59, ch.BalanceTransaction.Fee)
	require.EqualValues(t, 941, ch.BalanceTransaction.Net)
	require.EqualValues(t, 1775433600, ch.BalanceTransaction.AvailableOn)
	require.Equal(t, "4242", made.PaymentMethod.Card.Last4)
	require.Equal(t, []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}, w.eventTypes())
}

func TestDeclineKeepsTheIntent(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, row := range []struct{ card, code, decline, param string }{
		{"pm_card_chargeDeclined", "card_declined", "generic_decline", ""},
		{"pm_card_visa_chargeDeclined", "card_declined", "generic_decline", ""},
		{"pm_card_declined", "card_declined", "generic_decline", ""},
		{"pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", ""},
		{"pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", ""},
		{"pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", ""},
		{"pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "exp_month"},
		{"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "cvc"},
		{"pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error", ""},
		{"pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded", ""},
		{"pm_card_radarBlock", "card_declined", "fraudulent", ""},
		{"pm_card_chargeCustomerFail", "card_declined", "generic_decline", ""},
	} {
		_, err := w.stripe.V1PaymentIntents.Create(t.Context(), &stripe.PaymentIntentCreateParams{
			Amount: stripe.Int64(1000), Currency: stripe.String("usd"), Confirm: stripe.Bool(true),
			PaymentMethod: stripe.String(row.card), PaymentMethodTypes: []*string{stripe.String("card")},
		})
		e := problem(t, err)
		require.Equal(t, 402, e.HTTPStatusCode, row.card)
		require.Equal(t, stripe.ErrorTypeCard, e.Type)
		require.Equal(t, []string{row.code, row.decline, row.param}, []string{string(e.Code), string(e.DeclineCode), e.Param}, row.card)
		require.NotEmpty(t, e.PaymentMethod.ID)

		kept, err := w.stripe.V1PaymentIntents.Retrieve(t.Context(), e.PaymentIntent.ID, nil)
		require.NoError(t, err)
		require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, kept.Status)
		require.Nil(t, kept.PaymentMethod)
		require.Equal(t, e.ChargeID, kept.LatestCharge.ID)
		require.Equal(t, row.code, string(kept.LastPaymentError.Code))
		failed, err := w.stripe.V1Charges.Retrieve(t.Context(), e.ChargeID, nil)
		require.NoError(t, err)
		require.Equal(t, stripe.ChargeStatusFailed, failed.Status)
		require.Nil(t, failed.BalanceTransaction)
	}
}

func TestManualCapture(t *testing.T) {
	t.Parallel()
	w := open(t)
	held := w.pay("pm_card_visa", "capture_method=manual")
	require.Equal(t, "requires_capture", held.at("status"))
	require.EqualValues(t, 1000, held.at("amount_capturable"))
	id := held.at("id").(string)

	over := w.send("POST", "/v1/payment_intents/"+id+"/capture", "amount_to_capture=1001")
	require.Equal(t, 400, over.status)
	require.Equal(t, "amount_too_large", over.at("error", "code"))

	part, err := w.stripe.V1PaymentIntents.Capture(t.Context(), id, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(600)})
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, part.Status)
	require.EqualValues(t, 600, part.AmountReceived)
	ch, err := w.stripe.V1Charges.Retrieve(t.Context(), part.LatestCharge.ID, nil)
	require.NoError(t, err)
	require.EqualValues(t, 600, ch.AmountCaptured)
	require.EqualValues(t, 1000, ch.Amount)

	twice := w.send("POST", "/v1/payment_intents/"+id+"/capture", "")
	require.Equal(t, "payment_intent_unexpected_state", twice.at("error", "code"))
	require.Equal(t, []string{"payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated", "charge.captured",
		"payment_intent.succeeded"}, w.eventTypes())
}

func TestAuthorisationExpiresAfterSevenDays(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.pay("pm_card_visa", "capture_method=manual").at("id").(string)
	w.advance(7*24*time.Hour - time.Second)
	require.Equal(t, "requires_capture", w.send("GET", "/v1/payment_intents/"+id, "").at("status"))
	w.advance(time.Second)
	over := w.send("GET", "/v1/payment_intents/"+id, "")
	require.Equal(t, "canceled", over.at("status"))
	require.Equal(t, "automatic", over.at("cancellation_reason"))
	require.Equal(t, []string{"charge.expired", "payment_intent.canceled"}, w.eventTypes()[3:])
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.pay("pm_card_visa", "capture_method=manual").at("id").(string)
	off := w.send("POST", "/v1/payment_intents/"+id+"/cancel", "cancellation_reason=abandoned")
	require.Equal(t, []any{"canceled", "abandoned", float64(0)}, []any{off.at("status"), off.at("cancellation_reason"), off.at("amount_capturable")})
	ch := w.send("GET", "/v1/charges/"+off.at("latest_charge").(string), "")
	require.Equal(t, true, ch.at("refunded"))
	require.Nil(t, ch.at("balance_transaction"))

	done := w.pay("pm_card_visa")
	refused := w.send("POST", "/v1/payment_intents/"+done.at("id").(string)+"/cancel", "")
	require.Equal(t, 400, refused.status)
	require.Equal(t, "payment_intent_unexpected_state", refused.at("error", "code"))
	require.Equal(t, done.at("id"), refused.at("error", "payment_intent", "id"))
}

func TestCreateThenUpdateThenConfirm(t *testing.T) {
	t.Parallel()
	w := open(t)
	made := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd")
	require.Equal(t, "requires_payment_method", made.at("status"))
	require.Equal(t, map[string]any{"allow_redirects": "always", "enabled": true}, made.at("automatic_payment_methods"))
	path := "/v1/payment_intents/" + made.at("id").(string)

	require.Equal(t, "payment_intent_unexpected_state", w.send("POST", path+"/confirm", "").at("error", "code"))
	changed := w.send("POST", path, "amount=1900&description=Two&payment_method=pm_card_mastercard&metadata[a]=1&metadata[b]=2")
	require.Equal(t, "requires_confirmation", changed.at("status"))
	require.Equal(t, map[string]any{"a": "1"}, w.send("POST", path, "metadata[b]=").at("metadata"))
	require.Nil(t, w.send("POST", path, "description=").at("description"))
	require.Equal(t, "return_url", w.send("POST", path+"/confirm", "").at("error", "param"))
	require.Equal(t, "url_invalid", w.send("POST", path+"/confirm", "return_url=nowhere").at("error", "code"))
	paid := w.send("POST", path+"/confirm", "return_url=https://shop.example/back")
	require.Equal(t, "succeeded", paid.at("status"))
	require.EqualValues(t, 1900, paid.at("amount_received"))
	require.Equal(t, "payment_intent_unexpected_state", w.send("POST", path+"/confirm", "return_url=https://a.example").at("error", "code"))
	require.Equal(t, "payment_intent_unexpected_state", w.send("POST", path, "amount=5000").at("error", "code"))
}

func TestAmountsAndCurrenciesAreChecked(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, row := range []struct{ form, code, param string }{
		{"amount=0&currency=usd", "parameter_invalid_integer", "amount"},
		{"amount=49&currency=usd", "amount_too_small", "amount"},
		{"amount=29&currency=gbp", "amount_too_small", "amount"},
		{"amount=100000000&currency=usd", "amount_too_large", "amount"},
		{"amount=10.5&currency=usd", "parameter_invalid_integer", "amount"},
		{"amount=1000", "parameter_missing", "currency"},
		{"amount=&currency=usd", "parameter_invalid_empty", "amount"},
		{"amount=1000&currency=usd&foo=1", "parameter_unknown", "foo"},
		{"amount=1000&currency=usd&shipping[name]=A", "parameter_missing", "shipping[address]"},
		{"amount=1000&currency=usd&customer=cus_x", "resource_missing", "customer"},
		{"amount=1000&currency=usd&payment_method_types[]=card&automatic_payment_methods[enabled]=true", "parameters_exclusive", "payment_method_types"},
	} {
		got := w.send("POST", "/v1/payment_intents", row.form)
		require.Equal(t, 400, got.status, row.form)
		require.Equal(t, []any{row.code, row.param}, []any{got.at("error", "code"), got.at("error", "param")}, row.form)
	}
	require.Equal(t, "Invalid capture_method: must be one of automatic, automatic_async, or manual",
		w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&capture_method=x").at("error", "message"))
	require.Empty(t, w.eventTypes())
}

func TestSearchFindsByMetadata(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pay("pm_card_visa", "metadata[florin_payment]=a")
	want := w.pay("pm_card_visa", "metadata[florin_payment]=b").at("id")
	w.pay("pm_card_chargeDeclined", "metadata[florin_payment]=b")
	for _, search := range []string{`metadata['florin_payment']:'b' AND status:'succeeded'`, `metadata["florin_payment"]:"b" amount>999 -status:"requires_payment_method"`} {
		got := w.send("GET", "/v1/payment_intents/search?"+query("query", search), "")
		require.Equal(t, 200, got.status, got.raw)
		require.Len(t, got.at("data"), 1)
		require.Equal(t, want, got.at("data").([]any)[0].(map[string]any)["id"])
	}
	both := w.stripe.V1PaymentIntents.Search(t.Context(), &stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Query: `metadata["florin_payment"]:"b"`, Limit: stripe.Int64(1)}})
	found := 0
	for _, err := range both.All(t.Context()) {
		require.NoError(t, err)
		found++
	}
	require.Equal(t, 2, found)
	require.Equal(t, 400, w.send("GET", "/v1/payment_intents/search?"+query("query", "nonsense"), "").status)
	require.Equal(t, 400, w.send("GET", "/v1/payment_intents/search?"+query("query", `shoe:"x"`), "").status)
}
