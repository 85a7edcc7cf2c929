package sandbox_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

func TestCustomerLife(t *testing.T) {
	t.Parallel()
	w := open(t)
	made, err := w.stripe.V1Customers.Create(t.Context(), &stripe.CustomerCreateParams{
		Email: stripe.String("a@example.org"), Name: stripe.String("Ann <&>"), Metadata: map[string]string{"k": "v", "l": "w"},
		Address:       &stripe.AddressParams{City: stripe.String("Oslo"), Country: stripe.String("NO")},
		PaymentMethod: stripe.String("pm_card_visa"),
	})
	require.NoError(t, err)
	require.Regexp(t, `^cus_[0-9A-Za-z]{14}$`, made.ID)
	require.Regexp(t, `^[0-9A-Z]{8}$`, made.InvoicePrefix)
	require.Equal(t, "Oslo", made.Address.City)
	require.Contains(t, w.send("GET", "/v1/customers/"+made.ID, "").raw, `"name":"Ann <&>"`)

	changed, err := w.stripe.V1Customers.Update(t.Context(), made.ID, &stripe.CustomerUpdateParams{
		Name: stripe.String("Bo"), Metadata: map[string]string{"k": "", "m": "x"},
	})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"l": "w", "m": "x"}, changed.Metadata)
	require.Equal(t, "a@example.org", changed.Email)
	require.Equal(t, "shipping[name]", w.send("POST", "/v1/customers/"+made.ID, "shipping[address][city]=X").at("error", "param"))
	require.Equal(t, "name", w.send("POST", "/v1/customers/"+made.ID, "name="+strings.Repeat("x", 257)).at("error", "param"))

	methods := w.send("GET", "/v1/customers/"+made.ID+"/payment_methods?type=card", "").at("data").([]any)
	require.Len(t, methods, 1)
	card := methods[0].(map[string]any)["id"].(string)
	require.Equal(t, card, w.send("GET", "/v1/customers/"+made.ID+"/payment_methods/"+card, "").at("id"))
	require.Equal(t, card, w.send("POST", "/v1/customers/"+made.ID, "invoice_settings[default_payment_method]="+card).at("invoice_settings", "default_payment_method"))
	require.Equal(t, 400, w.send("POST", "/v1/customers/"+made.ID, "invoice_settings[default_payment_method]=pm_x").status)

	gone, err := w.stripe.V1Customers.Delete(t.Context(), made.ID, nil)
	require.NoError(t, err)
	require.True(t, gone.Deleted)
	after := w.send("GET", "/v1/customers/"+made.ID, "") // trap T3
	require.Equal(t, map[string]any{"id": made.ID, "object": "customer", "deleted": true}, after.body)
	require.Equal(t, 404, w.send("POST", "/v1/customers/"+made.ID, "name=C").status)
	require.Empty(t, w.send("GET", "/v1/customers", "").at("data"))
	require.Nil(t, w.send("GET", "/v1/payment_methods/"+card, "").at("customer"))
	require.Equal(t, []string{"payment_method.attached", "customer.created", "customer.updated", "customer.updated", "payment_method.detached", "customer.deleted"}, w.eventTypes())
}

// Golden vector 11: an alias makes a new card each time, with one fingerprint.
func TestTestIDsAreFactories(t *testing.T) {
	t.Parallel()
	w := open(t)
	one, err := w.stripe.V1PaymentMethods.Retrieve(t.Context(), "pm_card_visa", nil)
	require.NoError(t, err)
	two, err := w.stripe.V1PaymentMethods.Retrieve(t.Context(), "pm_card_visa", nil)
	require.NoError(t, err)
	require.NotEqual(t, one.ID, two.ID)
	require.Equal(t, one.Card.Fingerprint, two.Card.Fingerprint)
	require.EqualValues(t, []int64{3, 2027}, []int64{one.Card.ExpMonth, one.Card.ExpYear})
	require.Equal(t, one.ID, w.send("GET", "/v1/payment_methods/"+one.ID, "").at("id"))
	de := w.send("GET", "/v1/payment_methods/pm_card_de", "")
	require.Equal(t, []any{"DE", "visa", "0016"}, []any{de.at("card", "country"), de.at("card", "brand"), de.at("card", "last4")})
	unknown := w.send("GET", "/v1/payment_methods/pm_card_nothing", "")
	require.Equal(t, []any{404, "resource_missing", "payment_method"}, []any{unknown.status, unknown.at("error", "code"), unknown.at("error", "param")})
}

func TestCardNumbers(t *testing.T) {
	t.Parallel()
	w := open(t)
	const rest = "&card[exp_month]=12&card[exp_year]=2030&card[cvc]=123"
	good := w.send("POST", "/v1/payment_methods", "type=card&card[number]=4000056655665556&billing_details[name]=Ann&billing_details[address][city]=Oslo"+rest)
	require.Equal(t, []any{"debit", "5556", "Ann", "Oslo", float64(12)}, []any{good.at("card", "funding"), good.at("card", "last4"),
		good.at("billing_details", "name"), good.at("billing_details", "address", "city"), good.at("card", "exp_month")})
	require.Equal(t, "mastercard", w.send("POST", "/v1/payment_methods", "type=card&card[token]=tok_mastercard").at("card", "brand"))
	for _, row := range []struct{ form, code, param string }{
		{"card[number]=4242424242424241" + rest, "incorrect_number", "number"},
		{"card[number]=4111111111111111" + rest, "card_declined", ""},
		{"card[number]=4242424242424242&card[exp_month]=13&card[exp_year]=2030", "invalid_expiry_month", "exp_month"},
		{"card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2020", "invalid_expiry_year", "exp_year"},
		{"card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030&card[cvc]=99", "invalid_cvc", "cvc"},
	} {
		got := w.send("POST", "/v1/payment_methods", "type=card&"+row.form)
		require.Equal(t, 402, got.status, row.form)
		require.Equal(t, row.code, got.at("error", "code"), row.form)
		if row.param != "" {
			require.Equal(t, row.param, got.at("error", "param"), row.form)
		}
	}
	require.Equal(t, "card[exp_month]", w.send("POST", "/v1/payment_methods", "type=card&card[number]=4242424242424242").at("error", "param"))
}

func TestAttachAndDetach(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.send("POST", "/v1/customers", "").at("id").(string)
	other := w.send("POST", "/v1/customers", "").at("id").(string)
	card, err := w.stripe.V1PaymentMethods.Attach(t.Context(), "pm_card_visa", &stripe.PaymentMethodAttachParams{Customer: stripe.String(owner)})
	require.NoError(t, err)
	require.Equal(t, owner, card.Customer.ID)
	require.Equal(t, stripe.PaymentMethodCardChecksCVCCheckPass, card.Card.Checks.CVCCheck)
	require.Equal(t, 400, w.send("POST", "/v1/payment_methods/"+card.ID+"/attach", "customer="+owner).status)

	refused := w.send("POST", "/v1/payment_methods/pm_card_chargeDeclined/attach", "customer="+owner)
	require.Equal(t, []any{402, "card_declined"}, []any{refused.status, refused.at("error", "code")})
	require.Equal(t, 200, w.send("POST", "/v1/payment_methods/pm_card_chargeCustomerFail/attach", "customer="+owner).status)
	require.Len(t, w.send("GET", "/v1/payment_methods?type=card&customer="+owner, "").at("data"), 2)

	require.Equal(t, 400, w.pay(card.ID).status)
	require.Equal(t, 400, w.pay(card.ID, "customer="+other).status)
	require.Equal(t, 200, w.pay(card.ID, "customer="+owner, "off_session=true").status)
	require.Equal(t, 200, w.pay(card.ID, "customer="+owner, "off_session=true").status)

	loose, err := w.stripe.V1PaymentMethods.Detach(t.Context(), card.ID, nil)
	require.NoError(t, err)
	require.Nil(t, loose.Customer)
	require.Equal(t, 400, w.send("POST", "/v1/payment_methods/"+card.ID+"/attach", "customer="+owner).status)
	require.Equal(t, 400, w.pay(card.ID).status)

	once := w.send("GET", "/v1/payment_methods/pm_card_visa", "").at("id").(string)
	require.Equal(t, 200, w.pay(once).status)
	require.Equal(t, "payment_method_unexpected_state", w.pay(once).at("error", "code"))
}

func TestSavingACardWhilePaying(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.send("POST", "/v1/customers", "").at("id").(string)
	card := w.pay("pm_card_visa", "customer="+owner, "setup_future_usage=off_session").at("payment_method").(string)
	require.Equal(t, owner, w.send("GET", "/v1/payment_methods/"+card, "").at("customer"))
	require.Equal(t, "succeeded", w.pay(card, "customer="+owner, "off_session=true").at("status"))
	w.pay("pm_card_visa", "customer="+owner)
	require.Len(t, w.send("GET", "/v1/payment_methods?customer="+owner, "").at("data"), 1)
}

// A browser's key may do what Stripe.js does, with the client secret, and no more.
func TestPublishableKey(t *testing.T) {
	t.Parallel()
	w := open(t)
	intent := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&payment_method_types[]=card")
	path, secret := "/v1/payment_intents/"+intent.at("id").(string), intent.at("client_secret").(string)
	browser := []string{"Authorization", ""}
	require.Equal(t, "client_secret", w.send("GET", path+"?key=pk_test_world", "", browser...).at("error", "param"))
	require.Equal(t, 400, w.send("GET", path+"?key=pk_test_world&client_secret=x", "", browser...).status)
	require.Equal(t, 200, w.send("GET", path+"?key=pk_test_world&client_secret="+secret, "", browser...).status)
	card := w.send("POST", "/v1/payment_methods", "key=pk_test_world&type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030", browser...)
	paid := w.send("POST", path+"/confirm", "key=pk_test_world&client_secret="+secret+"&payment_method="+card.at("id").(string), browser...)
	require.Equal(t, "succeeded", paid.at("status"))
	require.Equal(t, "secret_key_required", w.send("GET", "/v1/customers?key=pk_test_world", "", browser...).at("error", "code"))
}

// A test card can be saved and made the default in one request, by its alias.
func TestDefaultByAlias(t *testing.T) {
	t.Parallel()
	w := open(t)
	made := w.ask("POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa")
	require.Equal(t, 200, made.status, made.raw)
	chosen := made.at("invoice_settings", "default_payment_method").(string)
	require.Equal(t, made.at("id"), w.ask("GET", "/v1/payment_methods/"+chosen, "").at("customer"))
	require.Equal(t, 400, w.ask("POST", "/v1/customers", "invoice_settings[default_payment_method]=pm_card_visa").status)
}
