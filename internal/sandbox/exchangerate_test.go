package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const euroForm = "amount=1000&currency=eur&confirm=true&payment_method_types[]=card&expand[]=latest_charge.balance_transaction&payment_method="

// entryOf is the money of a payment's charge.
func entryOf(paid reply) map[string]any {
	entry, _ := paid.at("latest_charge", "balance_transaction").(map[string]any)
	return entry
}

// A charge in a currency that the account does not keep is converted (§2.9),
// and what is given back is what came.
func TestChargeIsConverted(t *testing.T) {
	t.Parallel()
	w := open(t)
	paid := w.ask("POST", "/v1/payment_intents", euroForm+"pm_card_visa")
	entry := entryOf(paid)
	// 1 ÷ 0.86 less 1 % is 1.15116279: 11.51 USD, of which 2.9 % and 30 c are 63.
	require.Equal(t, []any{"usd", 1.15116279, 1151.0, 63.0, 1088.0}, []any{entry["currency"], entry["exchange_rate"], entry["amount"], entry["fee"], entry["net"]})
	require.Equal(t, []any{"eur", 1000.0}, []any{paid.at("latest_charge", "currency"), paid.at("latest_charge", "amount")})
	back := w.ask("POST", "/v1/refunds", "expand[]=balance_transaction&payment_intent="+paid.at("id").(string))
	require.Equal(t, []any{"eur", -1151.0, "usd"}, []any{back.at("currency"), back.at("balance_transaction", "amount"), back.at("balance_transaction", "currency")})
	yen := entryOf(w.ask("POST", "/v1/payment_intents", strings.NewReplacer("eur", "jpy").Replace(euroForm)+"pm_card_visa"))
	require.Equal(t, []any{0.66, 660.0}, []any{yen["exchange_rate"], yen["amount"]}, "1,000 yen are 6.60 USD")
	w.ask("POST", "/v1/payment_intents", euroForm+"pm_card_createDispute")
	entries, sum := w.movements("")
	require.Equal(t, movement{"adjustment", -1151, 1500, -2651}, entries[len(entries)-1], "the fee of a dispute is 15.00 USD")
	require.EqualValues(t, 1088-1151+660-49+1088-2651, sum)
	w.advance(8 * 24 * time.Hour)
	available := w.ask("GET", "/v1/balance", "").at("available").([]any)
	require.Len(t, available, 1)
	require.EqualValues(t, sum, available[0].(map[string]any)["amount"])
}

// With a bank account in euros, euros stay euros, and can be paid out.
func TestBankAccountKeepsItsCurrency(t *testing.T) {
	t.Parallel()
	w := open(t)
	own := w.send("GET", "/v1/account", "").at("id").(string)
	require.Equal(t, 400, w.send("POST", "/v1/payouts", "amount=1&currency=eur").status)
	w.ask("POST", "/v1/accounts/"+own+"/external_accounts", "external_account[object]=bank_account&external_account[country]=DE&external_account[currency]=eur&external_account[account_number]=DE89370400440532013000")
	entry := entryOf(w.ask("POST", "/v1/payment_intents", euroForm+"pm_card_bypassPending"))
	require.Equal(t, []any{"eur", nil, 1000.0, 59.0}, []any{entry["currency"], entry["exchange_rate"], entry["amount"], entry["fee"]})
	require.Equal(t, 200, w.send("POST", "/v1/payouts", "amount=941&currency=eur").status)
}

// Of a converted charge the partner and the platform get what was converted.
func TestSharesAreConverted(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	paid := w.ask("POST", "/v1/payment_intents", euroForm+"pm_card_visa&application_fee_amount=200&transfer_data[destination]="+account)
	require.Equal(t, 200, paid.status, paid.raw)
	theirs, _ := w.movements(account)
	require.Equal(t, []movement{{"payment", 1151, 230, 921}}, theirs)
	ours, _ := w.movements("")
	require.ElementsMatch(t, []movement{{"charge", 1151, 63, 1088}, {"transfer", -1151, 0, -1151}, {"application_fee", 230, 0, 230}}, ours)
	back := w.send("POST", "/v1/refunds", "reverse_transfer=true&refund_application_fee=true&payment_intent="+paid.at("id").(string))
	require.Equal(t, 200, back.status, back.raw)
	_, left := w.movements(account)
	require.Zero(t, left)
	_, cost := w.movements("")
	require.EqualValues(t, -63, cost, "Stripe keeps its fee")

	direct := w.ask("POST", "/v1/payment_intents", euroForm+"pm_card_visa&application_fee_amount=200", "Stripe-Account", account)
	require.Equal(t, []any{"usd", 1151.0, 293.0}, []any{entryOf(direct)["currency"], entryOf(direct)["amount"], entryOf(direct)["fee"]})
	w.send("POST", "/v1/refunds", "refund_application_fee=true&payment_intent="+direct.at("id").(string), "Stripe-Account", account)
	_, left = w.movements(account)
	require.EqualValues(t, -63, left)
	_, cost = w.movements("")
	require.EqualValues(t, -63, cost)
}

func TestExchangeRates(t *testing.T) {
	t.Parallel()
	w := open(t)
	require.InDelta(t, 0.86, w.ask("GET", "/v1/exchange_rates/usd", "").at("rates", "eur"), 0)
	require.Len(t, w.ask("GET", "/v1/exchange_rates?limit=3", "").at("data"), 3)
	require.Equal(t, 404, w.ask("GET", "/v1/exchange_rates/xyz", "").status)
}
