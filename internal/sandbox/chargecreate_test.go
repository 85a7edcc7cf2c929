package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// The way of 2018 to be paid: a token, a customer, or one of their cards.
func TestChargeWithoutIntent(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	create := func(p *stripe.ChargeCreateParams) (*stripe.Charge, error) {
		p.Amount, p.Currency = stripe.Int64(10000), stripe.String("usd")
		p.AddExpand("balance_transaction")
		return w.stripe.V1Charges.Create(ctx, p)
	}
	once, err := create(&stripe.ChargeCreateParams{Source: &stripe.PaymentSourceSourceParams{Token: stripe.String("tok_visa")}, Description: stripe.String("seed"), Metadata: map[string]string{"order": "7"}})
	require.NoError(t, err)
	require.Equal(t, []any{true, true, int64(320), int64(9680), "4242", "seed", "7"}, []any{once.Paid, once.Captured, once.BalanceTransaction.Fee,
		once.BalanceTransaction.Net, once.Source.Card.Last4, once.Description, once.Metadata["order"]})
	require.Nil(t, once.PaymentIntent)
	require.Contains(t, once.PaymentMethod, "card_")

	owner := w.send("POST", "/v1/customers", "source=tok_mastercard")
	id, card := owner.at("id").(string), owner.at("default_source").(string)
	byDefault, err := create(&stripe.ChargeCreateParams{Customer: &id})
	require.NoError(t, err)
	byCard, err := create(&stripe.ChargeCreateParams{Customer: &id, Source: &stripe.PaymentSourceSourceParams{Token: &card}})
	require.NoError(t, err)
	require.Equal(t, []string{card, card}, []string{byDefault.Source.ID, byCard.Source.ID})

	_, err = create(&stripe.ChargeCreateParams{})
	require.Equal(t, stripe.ErrorCodeParameterMissing, problem(t, err).Code)
	_, err = create(&stripe.ChargeCreateParams{Customer: &id, Source: &stripe.PaymentSourceSourceParams{Token: stripe.String("card_x")}})
	require.Equal(t, stripe.ErrorCodeMissing, problem(t, err).Code)
	empty := w.send("POST", "/v1/customers", "").at("id").(string)
	_, err = create(&stripe.ChargeCreateParams{Customer: &empty})
	require.Equal(t, []any{402, stripe.ErrorCodeMissing}, []any{problem(t, err).HTTPStatusCode, problem(t, err).Code})
	token := w.send("POST", "/v1/tokens", "card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030").at("id").(string)
	_, err = create(&stripe.ChargeCreateParams{Source: &stripe.PaymentSourceSourceParams{Token: &token}})
	require.NoError(t, err)
	_, err = create(&stripe.ChargeCreateParams{Source: &stripe.PaymentSourceSourceParams{Token: &token}})
	require.Equal(t, stripe.ErrorCodeTokenAlreadyUsed, problem(t, err).Code)
}

// A declined charge is kept; a card that wants 3D Secure declines (§2.6.1).
func TestChargeWithoutIntentDeclines(t *testing.T) {
	t.Parallel()
	w := open(t)
	for token, code := range map[string]string{
		"tok_chargeDeclined": "generic_decline", "tok_chargeDeclinedInsufficientFunds": "insufficient_funds",
		"tok_authenticationRequired": "authentication_required", "tok_authenticationRequiredSetupForOffSession": "",
	} {
		got := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source="+token)
		if code == "" {
			require.Equal(t, "succeeded", got.at("status"), token)
			continue
		}
		require.Equal(t, []any{402, code}, []any{got.status, got.at("error", "decline_code")}, token)
		failed := w.send("GET", "/v1/charges/"+got.at("error", "charge").(string), "")
		require.Equal(t, []any{"failed", false, nil, "card"}, []any{failed.at("status"), failed.at("paid"), failed.at("balance_transaction"), failed.at("source", "object")})
	}
	owner := w.send("POST", "/v1/customers", "source=tok_chargeCustomerFail").at("id").(string)
	require.Equal(t, 402, w.send("POST", "/v1/charges", "amount=1000&currency=usd&customer="+owner).status)
}

func TestChargeWithoutIntentIsCaptured(t *testing.T) {
	t.Parallel()
	w := open(t)
	hold := func() string {
		held := w.send("POST", "/v1/charges", "amount=2000&currency=usd&source=tok_visa&capture=false")
		require.Equal(t, []any{false, true, nil}, []any{held.at("captured"), held.at("paid"), held.at("balance_transaction")})
		return held.at("id").(string)
	}
	code := func(id, form string) any {
		return w.send("POST", "/v1/charges/"+id+"/capture", form).at("error", "code")
	}
	first, second, third := hold(), hold(), hold()
	require.Equal(t, "amount_too_large", code(first, "amount=2001"))
	captured := w.send("POST", "/v1/charges/"+first+"/capture", "amount=500&expand[]=balance_transaction")
	require.Equal(t, []any{500.0, 45.0, 455.0}, []any{captured.at("amount_captured"), captured.at("balance_transaction", "fee"), captured.at("balance_transaction", "net")})
	require.Equal(t, "charge_already_captured", code(first, ""))
	require.Equal(t, []any{500.0, true}, func() []any {
		r := w.send("POST", "/v1/charges/"+first+"/refund", "")
		return []any{r.at("amount_refunded"), r.at("refunded")}
	}())
	require.Equal(t, "succeeded", w.send("POST", "/v1/charges/"+second+"/refunds", "").at("status")) // the hold ends, no money moves
	require.Len(t, w.send("GET", "/v1/charges/"+second+"/refunds", "").at("data"), 1)
	require.Equal(t, 2.0, float64(len(w.send("GET", "/v1/balance_transactions", "").at("data").([]any))))
	w.advance(7 * 24 * time.Hour)
	lapsed := w.send("GET", "/v1/charges/"+third, "")
	require.Equal(t, []any{true, 2000.0}, []any{lapsed.at("refunded"), lapsed.at("amount_refunded")})
	require.Equal(t, "charge_expired_for_capture", code(third, ""))
	require.Contains(t, w.eventTypes(), "charge.expired")
	intent := w.pay("pm_card_visa", "capture_method=manual").at("latest_charge").(string)
	require.Equal(t, 400, w.send("POST", "/v1/charges/"+intent+"/capture", "").status)
}

// Random declines: a share of good cards is refused, the same share every time.
func TestRandomDeclines(t *testing.T) {
	t.Parallel()
	run := func() string {
		w := open(t)
		w.send("POST", "/_sandbox/faults", `{"match":{"path":"/v1/payment_intents"},"rate":0.3,"seed":5,"effect":{"type":"decline","code":"insufficient_funds"}}`)
		out := ""
		for range 40 {
			r := w.pay("pm_card_visa")
			if r.status == 402 {
				require.Equal(t, "insufficient_funds", r.at("error", "decline_code"))
			}
			out += fmt.Sprint(r.status, " ")
		}
		return out
	}
	first := run()
	require.Equal(t, first, run())
	require.Contains(t, first, "402")
	require.Contains(t, first, "200")

	w := open(t)
	asked := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_visa", "Sandbox-Fault", "decline=lost_card")
	require.Equal(t, []any{402, "lost_card"}, []any{asked.status, asked.at("error", "decline_code")})
	require.Equal(t, 400, w.send("POST", "/_sandbox/faults", `{"effect":{"type":"decline","code":"bad_mood"}}`).status)
}

// The names of 2018 for a destination charge, and §4.4 B: 1000 with a fee of
// 123 leave 64 to the platform and 877 to the partner.
func TestChargeIsSharedByOlderNames(t *testing.T) {
	t.Parallel()
	w := open(t)
	partner := w.send("POST", "/v1/accounts", query("type", "custom", "country", "US", "business_type", "individual", "capabilities[transfers][requested]", "true",
		"business_profile[url]", "https://partner.example", "business_profile[mcc]", "5734", "external_account", "btok_us_verified", "tos_acceptance[date]", "1774905651", "tos_acceptance[ip]", "127.0.0.1",
		"individual[first_name]", "Jane", "individual[last_name]", "Austen", "individual[email]", "jane@example.org", "individual[phone]", "0000000000",
		"individual[dob][day]", "1", "individual[dob][month]", "1", "individual[dob][year]", "1901", "individual[ssn_last_4]", "0000", "individual[id_number]", "000000000",
		"individual[address][line1]", "address_full_match", "individual[address][city]", "Bath", "individual[address][state]", "CA", "individual[address][postal_code]", "94110"))
	require.Equal(t, "active", partner.at("capabilities", "transfers"), partner.raw)
	id := partner.at("id").(string)
	total := func(headers ...string) float64 {
		b := w.send("GET", "/v1/balance", "", headers...)
		sum := 0.0
		for _, name := range []string{"available", "pending"} {
			for _, f := range b.at(name).([]any) {
				sum += f.(map[string]any)["amount"].(float64)
			}
		}
		return sum
	}
	shared := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_visa&application_fee=123&destination[account]="+id)
	require.Equal(t, []any{id, id, 123.0}, []any{shared.at("destination"), shared.at("transfer_data", "destination"), shared.at("application_fee_amount")}, shared.raw)
	require.Equal(t, []float64{64, 877}, []float64{total(), total("Stripe-Account", id)})

	held := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_visa&capture=false&transfer_data[destination]="+id).at("id").(string)
	captured := w.send("POST", "/v1/charges/"+held+"/capture", "application_fee_amount=123")
	require.Equal(t, true, captured.at("captured"), captured.raw)
	require.Equal(t, []float64{128, 1754}, []float64{total(), total("Stripe-Account", id)})
	require.Equal(t, 400, w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_visa&destination=acct_x").status)
	direct := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_visa&application_fee=123", "Stripe-Account", id)
	require.Equal(t, 400, direct.status, direct.raw) // no card_payments capability
}
