package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// readyForm is all that a custom account must tell before it may take cards,
// transfers and payouts.
const readyForm = "type=custom&country=US&email=a@example.org&business_type=individual&business_profile[url]=https://a.example&business_profile[mcc]=5734" +
	"&capabilities[card_payments][requested]=true&capabilities[transfers][requested]=true&external_account=btok_us_verified" +
	"&tos_acceptance[date]=1774905600&tos_acceptance[ip]=127.0.0.1&individual[first_name]=Jenny&individual[last_name]=Rosen" +
	"&individual[dob][day]=1&individual[dob][month]=1&individual[dob][year]=1901&individual[email]=a@example.org&individual[phone]=%2B10000000000" +
	"&individual[address][line1]=address_full_match&individual[address][city]=B&individual[address][state]=CA&individual[address][postal_code]=94111" +
	"&individual[ssn_last_4]=0000"

// manual keeps a connected account's money where it is, so that sums can be read.
const manual = "&settings[payouts][schedule][interval]=manual"

// connect opens a connected account that may do everything, and is paid out
// only when asked.
func (w *world) connect(more ...string) string {
	w.Helper()
	form := readyForm + manual
	for _, one := range more {
		form += "&" + one
	}
	made := w.send("POST", "/v1/accounts", form)
	require.Equal(w, []any{200, true, true}, []any{made.status, made.at("charges_enabled"), made.at("payouts_enabled")}, made.raw)
	return made.at("id").(string)
}

// movement is an entry of a balance as the tables of §4.4 write it.
type movement struct {
	Type             string
	Amount, Fee, Net int64
}

// movements are an account's entries, oldest first, and the sum of their nets;
// the platform's for an empty id.
func (w *world) movements(account string) (out []movement, sum int64) {
	w.Helper()
	p := &stripe.BalanceTransactionListParams{}
	if account != "" {
		p.SetStripeAccount(account)
	}
	for entry, err := range w.stripe.V1BalanceTransactions.List(w.Context(), p).All(w.Context()) {
		require.NoError(w, err)
		var fees int64
		for _, detail := range entry.FeeDetails {
			fees += detail.Amount
		}
		require.Equal(w, entry.Fee, fees)
		out = append([]movement{{string(entry.Type), entry.Amount, entry.Fee, entry.Net}}, out...)
		sum += entry.Net
	}
	return out, sum
}

// shared pays 10.00 USD with more parameters, and asks for the charge.
func (w *world) shared(more string, headers ...string) reply {
	w.Helper()
	paid := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card&expand[]=latest_charge&"+more, headers...)
	require.Equal(w, 200, paid.status, paid.raw)
	return paid
}

// §4.4 A: a direct charge lives in the connected account and pays the platform.
func TestDirectCharge(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	paid := w.shared("application_fee_amount=123", "Stripe-Account", account)
	require.Equal(t, account, paid.header.Get("Stripe-Account"))
	charge := paid.at("latest_charge").(map[string]any)
	require.Regexp(t, `^ca_[0-9A-Za-z]{32}$`, charge["application"])

	entries, sum := w.movements(account)
	require.Equal(t, []movement{{"charge", 1000, 182, 818}}, entries)
	require.EqualValues(t, 818, sum)
	entries, _ = w.movements("")
	require.Equal(t, []movement{{"application_fee", 123, 0, 123}}, entries)

	fee, err := w.stripe.V1ApplicationFees.Retrieve(t.Context(), charge["application_fee"].(string), nil)
	require.NoError(t, err)
	require.Equal(t, []any{account, charge["id"], int64(123)}, []any{fee.Account.ID, fee.Charge.ID, fee.Amount})
	require.Equal(t, []string{"application_fee.created"}, w.eventTypes())
	require.Equal(t, []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}, tail(w.typesOf(account), 3))
	require.Equal(t, 404, w.send("GET", "/v1/payment_intents/"+paid.at("id").(string), "").status, "it is the connected account's alone")

	refund := w.send("POST", "/v1/refunds", "refund_application_fee=true&charge="+charge["id"].(string), "Stripe-Account", account)
	require.Equal(t, 200, refund.status, refund.raw)
	_, sum = w.movements(account)
	require.EqualValues(t, 818-1000+123, sum)
	_, sum = w.movements("")
	require.EqualValues(t, 0, sum)
}

func tail(of []string, n int) []string { return of[max(0, len(of)-n):] }

// typesOf are the types of a connected account's events, oldest first.
func (w *world) typesOf(account string) []string {
	w.Helper()
	p := &stripe.EventListParams{}
	p.SetStripeAccount(account)
	var out []string
	for e, err := range w.stripe.V1Events.List(w.Context(), p).All(w.Context()) {
		require.NoError(w, err)
		require.Equal(w, account, e.Account)
		out = append([]string{string(e.Type)}, out...)
	}
	return out
}

// The platform may pay Stripe's fee for its accounts (§4.4 G).
func TestPlatformPaysFees(t *testing.T) {
	t.Parallel()
	w := open(t)
	made := w.send("POST", "/v1/accounts", "controller[fees][payer]=application&controller[losses][payments]=application&controller[requirement_collection]=application&controller[stripe_dashboard][type]=none&"+
		readyForm[len("type=custom&"):]+manual)
	require.Equal(t, "custom", made.at("type"), made.raw)
	account := made.at("id").(string)
	w.shared("application_fee_amount=123", "Stripe-Account", account)
	entries, _ := w.movements(account)
	require.Equal(t, []movement{{"charge", 1000, 123, 877}}, entries)
	entries, _ = w.movements("")
	require.Equal(t, []movement{{"stripe_fee", -59, 0, -59}, {"application_fee", 123, 0, 123}}, entries)
	require.Nil(t, w.send("GET", "/v1/balance_transactions?type=stripe_fee", "").at("data").([]any)[0].(map[string]any)["source"])
}

// §4.4 B, C, D: three ways to share a destination charge, to the cent.
func TestDestinationCharges(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, form          string
		platform, connected []movement
		sum, theirs         int64
	}{
		{"B: fee", "application_fee_amount=123", []movement{{"charge", 1000, 59, 941}, {"transfer", -1000, 0, -1000}, {"application_fee", 123, 0, 123}},
			[]movement{{"payment", 1000, 123, 877}}, 64, 877},
		{"C: amount", "transfer_data[amount]=877", []movement{{"charge", 1000, 59, 941}, {"transfer", -877, 0, -877}},
			[]movement{{"payment", 877, 0, 877}}, 64, 877},
		{"D: all", "", []movement{{"charge", 1000, 59, 941}, {"transfer", -1000, 0, -1000}}, []movement{{"payment", 1000, 0, 1000}}, -59, 1000},
		{"F: on behalf of", "on_behalf_of=%s", []movement{{"charge", 1000, 59, 941}, {"transfer", -1000, 0, -1000}}, []movement{{"payment", 1000, 0, 1000}}, -59, 1000},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			account := w.connect()
			form := row.form
			if row.name[0] == 'F' {
				form = fmt.Sprintf(form, account)
			}
			paid := w.shared("transfer_data[destination]=" + account + "&" + form)
			entries, sum := w.movements("")
			require.Equal(t, row.platform, entries)
			require.Equal(t, row.sum, sum)
			entries, sum = w.movements(account)
			require.Equal(t, row.connected, entries)
			require.Equal(t, row.theirs, sum)
			charge := paid.at("latest_charge").(map[string]any)
			require.Equal(t, []any{account, "group_" + paid.at("id").(string)}, []any{charge["destination"], charge["transfer_group"]})
			require.Equal(t, w.send("GET", "/v1/transfers/"+charge["transfer"].(string), "").at("source_transaction"), charge["id"])
		})
	}
}

// The objects of §4.4 B name each other, and events come in Stripe's order (§5.4).
func TestDestinationChargeObjects(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	charge := w.shared("application_fee_amount=123&transfer_data[destination]=" + account).at("latest_charge").(map[string]any)
	p := &stripe.TransferRetrieveParams{}
	p.AddExpand("destination_payment")
	p.AddExpand("destination")
	sent, err := w.stripe.V1Transfers.Retrieve(t.Context(), charge["transfer"].(string), p)
	require.NoError(t, err)
	require.Equal(t, []any{account, "a@example.org", int64(1000)}, []any{sent.Destination.ID, sent.Destination.Email, sent.DestinationPayment.Amount})
	fee, err := w.stripe.V1ApplicationFees.Retrieve(t.Context(), charge["application_fee"].(string), nil)
	require.NoError(t, err)
	require.Equal(t, []any{account, sent.DestinationPayment.ID, charge["id"]}, []any{fee.Account.ID, fee.Charge.ID, fee.OriginatingTransaction.ID})
	own := &stripe.ChargeRetrieveParams{}
	own.SetStripeAccount(account)
	payment, err := w.stripe.V1Charges.Retrieve(t.Context(), sent.DestinationPayment.ID, own)
	require.NoError(t, err)
	require.Equal(t, []any{sent.ID, fee.ID, int64(123)}, []any{payment.SourceTransfer.ID, payment.ApplicationFee.ID, payment.ApplicationFeeAmount})
	require.Equal(t, []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "transfer.created", "application_fee.created"}, w.eventTypes())
}

// §4.4 H: who pays for a refund of a destination charge, by its flags.
func TestRefundOfDestinationCharge(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		flags               string
		platform, connected int64
	}{
		{"", 64 - 1000, 877},
		{"&reverse_transfer=true", 64, 877 - 1000},
		{"&reverse_transfer=true&refund_application_fee=true", -59, 0},
	} {
		t.Run(row.flags, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			account := w.connect()
			charge := w.shared("application_fee_amount=123&transfer_data[destination]="+account).at("latest_charge", "id").(string)
			back := w.send("POST", "/v1/refunds", "charge="+charge+row.flags+"&expand[]=transfer_reversal")
			require.Equal(t, 200, back.status, back.raw)
			_, sum := w.movements("")
			require.Equal(t, row.platform, sum)
			_, sum = w.movements(account)
			require.Equal(t, row.connected, sum)
			if row.flags != "" {
				require.Equal(t, back.at("id"), back.at("transfer_reversal", "source_refund"))
			}
		})
	}
}

// Parts are rounded half up, and several refunds together take back all (§9.4).
func TestRefundsInPartsAddUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	charge := w.shared("application_fee_amount=123&transfer_data[destination]=" + account).at("latest_charge").(map[string]any)
	fee := "/v1/application_fees/" + charge["application_fee"].(string)
	for _, row := range []struct{ amount, reversed, given int }{{500, 500, 62}, {333, 833, 102}, {167, 1000, 123}} {
		back := w.send("POST", "/v1/refunds", fmt.Sprintf("amount=%d&reverse_transfer=true&refund_application_fee=true&charge=%s", row.amount, charge["id"]))
		require.Equal(t, 200, back.status, back.raw)
		require.EqualValues(t, row.reversed, w.send("GET", "/v1/transfers/"+charge["transfer"].(string), "").at("amount_reversed"))
		require.EqualValues(t, row.given, w.send("GET", fee, "").at("amount_refunded"))
	}
	_, sum := w.movements(account)
	require.EqualValues(t, 0, sum)
	require.Equal(t, true, w.send("GET", fee, "").at("refunded"))
}

func TestRefundFlagsRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	alone := w.shared("").at("latest_charge", "id").(string)
	shared := w.shared("application_fee_amount=123&transfer_data[destination]="+account).at("latest_charge", "id").(string)
	for _, row := range []struct{ form, param string }{
		{"reverse_transfer=true&charge=" + alone, "reverse_transfer"},
		{"refund_application_fee=true&charge=" + alone, "refund_application_fee"},
		{"refund_application_fee=true&charge=" + shared, "refund_application_fee"},
	} {
		got := w.send("POST", "/v1/refunds", row.form)
		require.Equal(t, []any{400, row.param}, []any{got.status, got.at("error", "param")}, row.form)
	}
	_, sum := w.movements("")
	require.EqualValues(t, 941+64, sum, "a refused refund moves nothing")
}

func TestSharingRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	bare := w.send("POST", "/v1/accounts", "type=express").at("id").(string)
	for _, row := range []struct{ form, code, param string }{
		{"application_fee_amount=10", "", "application_fee_amount"},
		{"application_fee_amount=10&transfer_data[amount]=5&transfer_data[destination]=" + account, "parameters_exclusive", "application_fee_amount"},
		{"application_fee_amount=1001&transfer_data[destination]=" + account, "parameter_invalid_integer", "application_fee_amount"},
		{"transfer_data[amount]=1001&transfer_data[destination]=" + account, "", "transfer_data[amount]"},
		{"transfer_data[destination]=acct_x", "resource_missing", "transfer_data[destination]"},
		{"transfer_data[amount]=5", "parameter_missing", "transfer_data[destination]"},
		{"transfer_data[destination]=" + bare, "insufficient_capabilities_for_transfer", ""},
		{"on_behalf_of=" + bare, "", "on_behalf_of"},
	} {
		got := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&"+row.form)
		code, _ := got.at("error", "code").(string)
		param, _ := got.at("error", "param").(string)
		require.Equal(t, []any{400, row.code, row.param}, []any{got.status, code, param}, row.form)
	}
	refused := w.send("POST", "/v1/payment_intents", payForm, "Stripe-Account", bare)
	require.Equal(t, []any{400, "account_invalid"}, []any{refused.status, refused.at("error", "code")})
	require.Equal(t, 403, w.client403("acct_nobody"))
}

func (w *world) client403(account string) int {
	return w.send("GET", "/v1/balance", "", "Stripe-Account", account).status
}

// A marketplace's usual cases, to the cent (§4.4 I).
func TestMarketplaceScenarios(t *testing.T) {
	t.Parallel()
	w := open(t)
	driver := w.connect()
	ride := w.send("POST", "/v1/payment_intents", "amount=2000&currency=usd&confirm=true&capture_method=manual&payment_method=pm_card_visa&payment_method_types[]=card").at("id").(string)
	ended := w.send("POST", "/v1/payment_intents/"+ride+"/capture", "")
	sent := w.send("POST", "/v1/transfers", "amount=1600&currency=usd&destination="+driver+"&source_transaction="+ended.at("latest_charge").(string))
	require.Equal(t, []any{200, "group_" + ride}, []any{sent.status, sent.at("transfer_group")}, sent.raw)
	_, sum := w.movements("")
	require.EqualValues(t, 2000-88-1600, sum)
	_, sum = w.movements(driver)
	require.EqualValues(t, 1600, sum)
	w.send("POST", "/v1/payment_intents", "amount=500&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card")
	_, sum = w.movements("")
	require.EqualValues(t, 312+455, sum)

	author := w.connect()
	w.shared("application_fee_amount=200", "Stripe-Account", author)
	_, sum = w.movements(author)
	require.EqualValues(t, 741, sum)
	other := w.connect()
	w.shared("transfer_data[amount]=800&transfer_data[destination]=" + other)
	_, sum = w.movements(other)
	require.EqualValues(t, 800, sum)
	_, sum = w.movements("")
	require.EqualValues(t, 767+200+141, sum)
}

// A capture of a part may name another fee; what is shared follows the capture.
func TestCaptureSharesWhatWasCaptured(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	held := w.shared("capture_method=manual&application_fee_amount=300&transfer_data[destination]=" + account).at("id").(string)
	entries, _ := w.movements("")
	require.Empty(t, entries, "nothing moves before the capture")
	w.advance(time.Hour)
	done := w.send("POST", "/v1/payment_intents/"+held+"/capture", "amount_to_capture=600&application_fee_amount=100")
	require.Equal(t, 200, done.status, done.raw)
	entries, _ = w.movements("")
	require.Equal(t, []movement{{"charge", 600, 47, 553}, {"transfer", -600, 0, -600}, {"application_fee", 100, 0, 100}}, entries)
	entries, _ = w.movements(account)
	require.Equal(t, []movement{{"payment", 600, 100, 500}}, entries)
}

// What was taken back by hand is not taken back again by a refund.
func TestRefundTakesBackOnlyWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	charge := w.shared("application_fee_amount=123&transfer_data[destination]=" + account).at("latest_charge").(map[string]any)
	transfer := "/v1/transfers/" + charge["transfer"].(string)
	require.Equal(t, 200, w.send("POST", transfer+"/reversals", "amount=700").status)
	require.Equal(t, 200, w.send("POST", "/v1/application_fees/"+charge["application_fee"].(string)+"/refunds", "amount=100").status)
	back := w.send("POST", "/v1/refunds", "reverse_transfer=true&refund_application_fee=true&charge="+charge["id"].(string))
	require.Equal(t, 200, back.status, back.raw)
	require.Equal(t, true, w.send("GET", transfer, "").at("reversed"))
	_, sum := w.movements(account)
	require.EqualValues(t, 0, sum)
	_, sum = w.movements("")
	require.EqualValues(t, -59, sum)
}
