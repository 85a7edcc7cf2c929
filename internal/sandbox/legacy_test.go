package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// The way of 2018 to save cards: a browser makes a token, the server gives it
// to a customer, the first one is the default, and the default moves on.
func TestCardsOfACustomer(t *testing.T) {
	t.Parallel()
	w := open(t)
	browser := w.client("pk_test_world")
	token, err := browser.V1Tokens.Create(t.Context(), &stripe.TokenCreateParams{Card: &stripe.CardParams{
		Number: stripe.String("4242424242424242"), ExpMonth: stripe.String("4"), ExpYear: stripe.String("2030"), CVC: stripe.String("123"),
		Name: stripe.String("Jane"), AddressZip: stripe.String("10115"),
	}})
	require.NoError(t, err)
	require.Equal(t, []any{"card", false, "Visa", "4242", int64(4), "Jane"},
		[]any{string(token.Type), token.Used, string(token.Card.Brand), token.Card.Last4, token.Card.ExpMonth, token.Card.Name})

	owner, err := w.stripe.V1Customers.Create(t.Context(), &stripe.CustomerCreateParams{Source: &token.ID})
	require.NoError(t, err)
	require.Equal(t, token.Card.ID, owner.DefaultSource.ID)
	_, err = w.stripe.V1PaymentSources.Create(t.Context(), &stripe.PaymentSourceCreateParams{Customer: &owner.ID, Source: &stripe.PaymentSourceSourceParams{Token: &token.ID}})
	require.Equal(t, stripe.ErrorCodeTokenAlreadyUsed, problem(t, err).Code)

	second, err := w.stripe.V1PaymentSources.Create(t.Context(), &stripe.PaymentSourceCreateParams{Customer: &owner.ID, Source: &stripe.PaymentSourceSourceParams{Token: stripe.String("tok_mastercard")}})
	require.NoError(t, err)
	require.Equal(t, "MasterCard", string(second.Card.Brand))
	shown := w.send("GET", "/v1/customers/"+owner.ID+"?expand[]=sources&expand[]=default_source", "")
	require.Equal(t, []any{token.Card.ID, second.ID}, []any{shown.at("default_source", "id"), shown.at("sources", "data").([]any)[0].(map[string]any)["id"]})
	require.Len(t, shown.at("sources", "data"), 2)

	renamed := w.send("POST", "/v1/customers/"+owner.ID+"/sources/"+second.ID, "name=Joe&exp_month=7&exp_year=2031&metadata[a]=b")
	require.Equal(t, []any{"Joe", 7.0, 2031.0, map[string]any{"a": "b"}}, []any{renamed.at("name"), renamed.at("exp_month"), renamed.at("exp_year"), renamed.at("metadata")})
	require.Equal(t, 400, w.send("POST", "/v1/customers/"+owner.ID+"/sources/"+second.ID, "exp_month=x").status)

	require.Equal(t, true, w.send("DELETE", "/v1/customers/"+owner.ID+"/sources/"+token.Card.ID, "").at("deleted"))
	require.Equal(t, second.ID, w.send("GET", "/v1/customers/"+owner.ID, "").at("default_source"))
	require.Equal(t, 404, w.send("GET", "/v1/customers/"+owner.ID+"/sources/"+token.Card.ID, "").status)
	require.Equal(t, []string{"customer.created", "customer.source.created", "customer.source.created", "customer.source.updated",
		"customer.source.deleted", "customer.updated"}, w.eventTypes())
}

// source= on a customer takes the place of the default card (§2.1); others stay.
func TestSourceReplacesTheDefaultCard(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.send("POST", "/v1/customers", "source=tok_visa&metadata[a]=b")
	id, first := owner.at("id").(string), owner.at("default_source").(string)
	other := w.send("POST", "/v1/customers/"+id+"/sources", "source=tok_jcb").at("id").(string)
	next := w.send("POST", "/v1/customers/"+id, "source=tok_discover").at("default_source").(string)
	require.NotContains(t, []string{first, other}, next)
	listed := w.send("GET", "/v1/customers/"+id+"/sources?object=card", "").at("data").([]any)
	require.Equal(t, []any{next, other}, []any{listed[0].(map[string]any)["id"], listed[1].(map[string]any)["id"]})
	require.Equal(t, other, w.send("POST", "/v1/customers/"+id, "default_source="+other).at("default_source"))
	require.Equal(t, "resource_missing", w.send("POST", "/v1/customers/"+id, "default_source="+first).at("error", "code"))
	page := w.send("GET", "/v1/customers/"+id+"/cards?limit=1", "")
	require.Equal(t, true, page.at("has_more"))
	require.Equal(t, other, w.send("GET", "/v1/customers/"+id+"/sources?starting_after="+next, "").at("data").([]any)[0].(map[string]any)["id"])

	refused := w.send("POST", "/v1/customers", "source=tok_chargeDeclined&email=no@example.org")
	require.Equal(t, []any{402, "card_declined"}, []any{refused.status, refused.at("error", "code")})
	require.Empty(t, w.send("GET", "/v1/customers?email=no@example.org", "").at("data"))
}

// Legacy ids are payment methods too (§2.2).
func TestCardsArePaymentMethods(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.send("POST", "/v1/customers", "source=tok_visa")
	id, card := owner.at("id").(string), owner.at("default_source").(string)
	require.Equal(t, "card", w.send("GET", "/v1/payment_methods/"+card, "").at("type"))
	require.Equal(t, "succeeded", w.pay(card, "customer="+id).at("status"))
	require.Nil(t, w.send("POST", "/v1/payment_methods/"+card+"/detach", "").at("customer"))
	require.Nil(t, w.send("GET", "/v1/customers/"+id, "").at("default_source"))

	source, err := w.stripe.V1Sources.Create(t.Context(), &stripe.SourceCreateParams{Type: stripe.String("card"), Token: stripe.String("tok_visa")})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.SourceStatusChargeable, "4242"}, []any{source.Status, source.Card.Last4})
	require.Equal(t, source.ID, w.send("POST", "/v1/customers/"+id+"/sources", "source="+source.ID).at("id"))
	require.Equal(t, "succeeded", w.pay(source.ID, "customer="+id).at("status"))
	require.Equal(t, "consumed", w.send("DELETE", "/v1/customers/"+id+"/sources/"+source.ID, "").at("status"))
}

func TestBankAccountsOfACustomer(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.send("POST", "/v1/customers", "").at("id").(string)
	token := w.send("POST", "/v1/tokens", "bank_account[country]=US&bank_account[currency]=usd&bank_account[routing_number]=110000000&bank_account[account_number]=000123456789&bank_account[account_holder_type]=individual")
	require.Equal(t, "6789", token.at("bank_account", "last4"))
	bank := w.send("POST", "/v1/customers/"+id+"/sources", "source="+token.at("id").(string))
	require.Equal(t, []any{token.at("bank_account", "id"), "new", id}, []any{bank.at("id"), bank.at("status"), bank.at("customer")})
	path := "/v1/customers/" + id + "/sources/" + bank.at("id").(string)
	require.Equal(t, 402, w.send("POST", path+"/verify", "amounts[]=1&amounts[]=2").status)
	require.Equal(t, "verified", w.send("POST", path+"/verify", "amounts[]=32&amounts[]=45").at("status"))
	require.Equal(t, "verified", w.send("POST", "/v1/customers/"+id+"/sources", "source=btok_us_verified").at("status"))
	require.Equal(t, true, w.send("DELETE", path, "").at("deleted"))
	for form, code := range map[string]string{
		"bank_account[country]=US&bank_account[account_number]=000123456789":                                                          "parameter_missing",
		"bank_account[country]=US&bank_account[account_number]=000123456789&bank_account[routing_number]=11":                          "routing_number_invalid",
		"bank_account[country]=US&bank_account[account_number]=00012345678x&bank_account[routing_number]=110000000":                   "account_number_invalid",
		"card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030&bank_account[account_number]=1&bank_account[country]=US": "parameters_exclusive",
		"card[number]=4242424242424241&card[exp_month]=1&card[exp_year]=2030":                                                         "incorrect_number",
	} {
		require.Equal(t, code, w.send("POST", "/v1/tokens", form).at("error", "code"), form)
	}
}
