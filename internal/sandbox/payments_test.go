package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/sandbox"
)

// charge is a random charge without an intent.
func (b *bookkeeper) charge(t *rapid.T) {
	key := rapid.SampledFrom(b.keys).Draw(t, "key")
	token := rapid.SampledFrom([]string{"visa", "bypassPending", "chargeDeclined", "refundFail", "createDispute", "createDisputeInquiry"}).Draw(t, "token")
	r := b.post(key, "/v1/charges", fmt.Sprintf("amount=%d&currency=%s&capture=%t&source=tok_%s", rapid.IntRange(50, 100000).Draw(t, "amount"),
		rapid.SampledFrom([]string{"usd", "eur"}).Draw(t, "currency"), rapid.Bool().Draw(t, "capture"), token))
	if id, ok := r.at("id").(string); ok {
		b.charges = append(b.charges, payment{key, id})
	}
}

// chargeLater captures or refunds such a charge, in part.
func (b *bookkeeper) chargeLater(t *rapid.T) {
	if len(b.charges) == 0 {
		t.Skip("nothing was charged yet")
	}
	one := rapid.SampledFrom(b.charges).Draw(t, "charge")
	verb := rapid.SampledFrom([]string{"capture", "refunds"}).Draw(t, "verb")
	b.post(one.key, "/v1/charges/"+one.id+"/"+verb, fmt.Sprintf("amount=%d", rapid.IntRange(1, 50000).Draw(t, "amount")))
}

// answer says something to the newest dispute of an account, or gives up.
func (b *bookkeeper) answer(t *rapid.T) {
	key := rapid.SampledFrom(b.keys).Draw(t, "key")
	r, err := b.try("GET", "/v1/disputes?limit=1", "", "Authorization", "Bearer "+key)
	require.NoError(b.rt, err)
	newest, _ := r.at("data").([]any)
	if len(newest) == 0 {
		t.Skip("nobody has complained")
	}
	path := "/v1/disputes/" + newest[0].(map[string]any)["id"].(string)
	switch text := rapid.SampledFrom([]string{"winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "other", ""}).Draw(t, "text"); text {
	case "":
		b.post(key, path+"/close", "")
	default:
		b.post(key, path, "evidence[uncategorized_text]="+text)
	}
}

// What the payments family answers is what Stripe's document says.
func TestPaymentFamilyIsValid(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := func(r reply) string { return r.at("id").(string) }
	const card = "card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030&card[cvc]=123&card[name]=A"
	const bank = "bank_account[country]=US&bank_account[routing_number]=110000000&bank_account[account_number]=000123456789"
	token, bankToken := id(w.ask("POST", "/v1/tokens", card)), id(w.ask("POST", "/v1/tokens", bank))
	customer := id(w.ask("POST", "/v1/customers", "source="+token+"&expand[]=sources&expand[]=default_source"))
	sources := "/v1/customers/" + customer + "/sources"
	added, account := id(w.ask("POST", sources, "source=tok_amex")), id(w.ask("POST", sources, "source="+bankToken))
	source := id(w.ask("POST", "/v1/sources", "type=card&token=tok_visa"))
	setup := id(w.ask("POST", "/v1/setup_intents", "confirm=true&payment_method_types[]=card&payment_method=pm_card_visa&customer="+customer+"&expand[]=latest_attempt"))
	asked := id(w.ask("POST", "/v1/setup_intents", "confirm=true&payment_method_types[]=card&payment_method=pm_card_authenticationRequired&return_url=https://a.example"))
	w.ask("POST", "/v1/setup_intents", "confirm=true&payment_method_types[]=card&payment_method=pm_card_chargeDeclined")
	charge := id(w.ask("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_createDispute&expand[]=balance_transaction"))
	dispute := w.ask("GET", "/v1/disputes?charge="+charge, "").at("data").([]any)[0].(map[string]any)["id"].(string)
	held := id(w.ask("POST", "/v1/charges", "amount=1000&currency=usd&capture=false&customer="+customer))
	w.ask("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_createIssuerFraudRecord")
	w.ask("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_createCe3EligibleDispute")
	for _, row := range []struct{ method, path, form string }{
		{"GET", "/v1/tokens/" + token, ""}, {"GET", "/v1/tokens/tok_visa", ""}, {"GET", "/v1/tokens/tok_x", ""}, {"POST", "/v1/tokens", "pii[id_number]=1"},
		{"GET", sources, ""}, {"GET", sources + "/" + added, ""}, {"POST", sources + "/" + added, "exp_month=2"}, {"POST", sources + "/" + account + "/verify", "amounts[]=32&amounts[]=45"},
		{"POST", sources, "source=" + source}, {"GET", "/v1/sources/" + source, ""}, {"POST", "/v1/sources/" + source, "metadata[a]=b"},
		{"DELETE", sources + "/" + added, ""}, {"DELETE", sources + "/" + account, ""}, {"DELETE", sources + "/" + source, ""},
		{"GET", "/v1/setup_intents", ""}, {"GET", "/v1/setup_intents/" + setup, ""}, {"POST", "/v1/setup_intents/" + asked + "/cancel", ""},
		{"GET", "/v1/setup_attempts?setup_intent=" + setup, ""}, {"POST", "/v1/setup_intents/" + asked, "description=x"},
		{"POST", "/v1/charges/" + held + "/capture", "amount=500&expand[]=customer"}, {"POST", "/v1/charges/" + held + "/refund", ""}, {"GET", "/v1/charges/" + held + "/refunds", ""},
		{"GET", "/v1/disputes/" + dispute + "?expand[]=charge", ""}, {"POST", "/v1/disputes/" + dispute, "evidence[uncategorized_text]=x"}, {"GET", "/v1/charges/" + charge + "/dispute", ""},
		{"POST", "/v1/disputes/" + dispute + "/close", ""}, {"GET", "/v1/radar/early_fraud_warnings", ""}, {"GET", "/v1/disputes", ""}, {"GET", "/v1/charges", ""},
		{"GET", "/v1/balance_transactions?expand[]=data.source", ""}, {"GET", "/v1/events?limit=100", ""}, {"GET", "/v1/customers/" + customer + "?expand[]=sources", ""},
	} {
		w.ask(row.method, row.path, row.form)
	}
}

// What the payments family keeps is there after a restart, and goes on.
func TestPaymentFamilyIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	token := w.send("POST", "/v1/tokens", "card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030").at("id").(string)
	bank := w.send("POST", "/v1/tokens", "bank_account[country]=US&bank_account[routing_number]=110000000&bank_account[account_number]=000123456789").at("id").(string)
	customer := w.send("POST", "/v1/customers", "source=tok_visa").at("id").(string)
	asked, _ := w.setUp("authenticationRequired", "")
	dispute := w.disputed("createDispute").ID
	w.send("POST", "/v1/disputes/"+dispute, "submit=false&evidence[uncategorized_text]=winning_evidence")
	held := w.send("POST", "/v1/charges", "amount=1000&currency=usd&capture=false&customer="+customer).at("id").(string)
	paths := []string{"/v1/tokens/" + token, "/v1/customers/" + customer + "?expand[]=sources", "/v1/setup_intents", "/v1/disputes", "/v1/charges", "/v1/events?limit=100"}
	before := map[string]string{}
	for _, path := range paths {
		before[path] = w.send("GET", path, "").raw
	}
	w.stop()

	again := openIn(t, sandbox.Config{Dir: dir})
	for _, path := range paths {
		require.Equal(t, before[path], again.send("GET", path, "").raw, path)
	}
	require.Equal(t, 200, again.send("POST", "/v1/customers/"+customer+"/sources", "source="+token).status)
	path := "/v1/customers/" + customer + "/sources/" + again.send("POST", "/v1/customers/"+customer+"/sources", "source="+bank).at("id").(string)
	require.Equal(t, "verified", again.send("POST", path+"/verify", "amounts[]=45&amounts[]=32").at("status"))
	again.send("POST", "/v1/disputes/"+dispute, "submit=true")
	again.send("POST", "/v1/setup_intents/"+asked.at("id").(string)+"/confirm", "payment_method=pm_card_visa")
	again.advance(7 * 24 * time.Hour)
	require.Equal(t, "won", again.send("GET", "/v1/disputes/"+dispute, "").at("status"))
	require.Equal(t, "succeeded", again.send("GET", "/v1/setup_intents/"+asked.at("id").(string), "").at("status"))
	require.Equal(t, true, again.send("GET", "/v1/charges/"+held, "").at("refunded"))
}
