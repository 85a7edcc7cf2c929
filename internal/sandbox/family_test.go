package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
	"pgregory.net/rapid"
)

// Whatever a platform and its accounts do, in any order: every balance is the
// sum of its entries, and money is neither made nor lost between them (§4.6).
func TestMoneyOfAFamilyAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := open(t)
		defer w.stop()
		f := &familyBook{world: w, client: w.client(w.key)}
		f.open(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"pay": f.pay, "capture": f.capture, "refund": f.refund, "transfer": f.transfer, "reverse": f.reverse, "fee": f.giveFeeBack,
			"payout": f.payout, "topup": f.topup, "wait": f.wait, "": f.checkSometimes,
		})
		f.check(rt)
	})
}

// familyBook makes random calls as a platform and as its accounts.
type familyBook struct {
	*world
	client   *stripe.Client
	accounts []string // the first is the platform, which needs no header
	held     []payment
	charges  []payment
	sent     []string
	fees     []string
	steps    int
}

// checkSometimes looks at all books after every few steps, and at the end:
// reading them is most of the test's time.
func (f *familyBook) checkSometimes(rt *rapid.T) {
	if f.steps++; f.steps%checkEvery == 0 {
		f.check(rt)
	}
}

// checkEvery is how many steps lie between two looks at the books.
const checkEvery = 8

func (f *familyBook) open(rt *rapid.T) {
	f.accounts = []string{""}
	for _, interval := range []string{"manual", "daily"} {
		bank := rapid.SampledFrom([]string{"btok_us_verified", "btok_us_verified_noAccount"}).Draw(rt, "bank")
		form := strings.Replace(readyForm, "btok_us_verified", bank, 1) + "&settings[payouts][schedule][interval]=" + interval
		f.accounts = append(f.accounts, f.post(rt, "", "/v1/accounts", form).at("id").(string))
	}
}

func (f *familyBook) post(rt *rapid.T, account, path, form string) reply {
	var headers []string
	if account != "" {
		headers = []string{"Stripe-Account", account}
	}
	r, err := f.try("POST", path, form, headers...)
	require.NoError(rt, err)
	require.Less(rt, r.status, 500, r.raw)
	return r
}

func (f *familyBook) account(rt *rapid.T) string {
	return rapid.SampledFrom(f.accounts).Draw(rt, "account")
}

func (f *familyBook) partner(rt *rapid.T) string {
	return rapid.SampledFrom(f.accounts[1:]).Draw(rt, "partner")
}

func (f *familyBook) pay(rt *rapid.T) {
	account := f.account(rt)
	amount := rapid.IntRange(50, 5000).Draw(rt, "amount")
	form := url.Values{"amount": {fmt.Sprint(amount)}, "currency": {"usd"}, "confirm": {"true"}, "payment_method_types[]": {"card"},
		"payment_method": {"pm_card_" + rapid.SampledFrom([]string{"visa", "bypassPending"}).Draw(rt, "card")},
		"capture_method": {rapid.SampledFrom([]string{"automatic", "manual"}).Draw(rt, "capture")}}
	share := fmt.Sprint(rapid.IntRange(1, amount).Draw(rt, "share"))
	how := rapid.SampledFrom([]string{"alone", "fee", "amount", "all"}).Draw(rt, "how")
	if account == "" && how != "alone" {
		form.Set("transfer_data[destination]", f.partner(rt))
	}
	switch {
	case how == "fee":
		form.Set("application_fee_amount", share)
	case how == "amount" && account == "":
		form.Set("transfer_data[amount]", share)
	}
	r := f.post(rt, account, "/v1/payment_intents", form.Encode())
	if r.at("status") == "requires_capture" {
		f.held = append(f.held, payment{account, r.at("id").(string)})
	}
	f.keep(account, r)
}

// keep notes what a payment left that can be refunded.
func (f *familyBook) keep(account string, r reply) {
	if id, ok := r.at("latest_charge").(string); ok && r.at("status") == "succeeded" {
		f.charges = append(f.charges, payment{account, id})
	}
}

func some[T any](rt *rapid.T, of []T) T {
	if len(of) == 0 {
		rt.Skip("there is none yet")
	}
	return rapid.SampledFrom(of).Draw(rt, "one")
}

func (f *familyBook) capture(rt *rapid.T) {
	p := some(rt, f.held)
	f.keep(p.key, f.post(rt, p.key, "/v1/payment_intents/"+p.id+"/capture", fmt.Sprintf("amount_to_capture=%d", rapid.IntRange(1, 5000).Draw(rt, "amount"))))
}

func (f *familyBook) refund(rt *rapid.T) {
	p := some(rt, f.charges)
	form := fmt.Sprintf("charge=%s&amount=%d", p.id, rapid.IntRange(1, 3000).Draw(rt, "amount"))
	for _, flag := range []string{"reverse_transfer", "refund_application_fee"} {
		if rapid.Bool().Draw(rt, flag) {
			form += "&" + flag + "=true"
		}
	}
	f.post(rt, p.key, "/v1/refunds", form)
}

func (f *familyBook) transfer(rt *rapid.T) {
	form := fmt.Sprintf("amount=%d&currency=usd&destination=%s", rapid.IntRange(1, 3000).Draw(rt, "amount"), f.partner(rt))
	if p := some(rt, append([]payment{{}}, f.charges...)); p.id != "" && p.key == "" {
		form += "&source_transaction=" + p.id
	}
	if id, ok := f.post(rt, "", "/v1/transfers", form).at("id").(string); ok {
		f.sent = append(f.sent, id)
	}
}

func (f *familyBook) reverse(rt *rapid.T) {
	f.post(rt, "", "/v1/transfers/"+some(rt, f.sent)+"/reversals", fmt.Sprintf("amount=%d&refund_application_fee=%t", rapid.IntRange(1, 2000).Draw(rt, "amount"), rapid.Bool().Draw(rt, "fee")))
}

func (f *familyBook) giveFeeBack(rt *rapid.T) {
	f.fees = nil
	for fee, err := range f.client.V1ApplicationFees.List(f.Context(), &stripe.ApplicationFeeListParams{}).All(f.Context()) {
		require.NoError(rt, err)
		f.fees = append(f.fees, fee.ID)
	}
	f.post(rt, "", "/v1/application_fees/"+some(rt, f.fees)+"/refunds", fmt.Sprintf("amount=%d", rapid.IntRange(1, 500).Draw(rt, "amount")))
}

func (f *familyBook) payout(rt *rapid.T) {
	f.post(rt, f.account(rt), "/v1/payouts", fmt.Sprintf("amount=%d&currency=usd&method=%s", rapid.IntRange(1, 2000).Draw(rt, "amount"), rapid.SampledFrom([]string{"standard", "instant"}).Draw(rt, "method")))
}

func (f *familyBook) topup(rt *rapid.T) {
	f.post(rt, "", "/v1/topups", fmt.Sprintf("amount=%d&currency=usd", rapid.IntRange(1, 2000).Draw(rt, "amount")))
}

func (f *familyBook) wait(rt *rapid.T) {
	f.advance(time.Duration(rapid.IntRange(1, 5*24*3600).Draw(rt, "seconds")) * time.Second)
}

// between are the entries that move money inside a family: their sum is zero.
var between = map[stripe.BalanceTransactionType]bool{"transfer": true, "transfer_refund": true, "application_fee": true, "application_fee_refund": true,
	"payment": true, "payment_refund": true, "adjustment": true}

func (f *familyBook) check(rt *rapid.T) {
	var inside int64
	for _, account := range f.accounts {
		sums, p := map[stripe.BalanceTransactionStatus]int64{}, &stripe.BalanceTransactionListParams{}
		paid := map[string]int64{}
		balance := &stripe.BalanceRetrieveParams{}
		if account != "" {
			p.SetStripeAccount(account)
			balance.SetStripeAccount(account)
		}
		for entry, err := range f.client.V1BalanceTransactions.List(f.Context(), p).All(f.Context()) {
			require.NoError(rt, err)
			require.Equal(rt, entry.Amount-entry.Fee, entry.Net)
			sums[entry.Status] += entry.Net
			if between[entry.Type] {
				inside += entry.Amount
			}
			for _, detail := range entry.FeeDetails {
				if detail.Type == "application_fee" {
					inside -= detail.Amount
				}
			}
		}
		got, err := f.client.V1Balance.Retrieve(f.Context(), balance)
		require.NoError(rt, err)
		require.Equal(rt, []int64{sums["available"], sums["pending"]}, []int64{got.Available[0].Amount, got.Pending[0].Amount}, account)
		f.checkPayouts(rt, account, paid)
	}
	require.Zero(rt, inside, "what leaves one account of a family arrives in another")
}

// checkPayouts holds each automatic payout against the entries that it pays out.
func (f *familyBook) checkPayouts(rt *rapid.T, account string, paid map[string]int64) {
	p := &stripe.PayoutListParams{}
	if account != "" {
		p.SetStripeAccount(account)
	}
	for one, err := range f.client.V1Payouts.List(f.Context(), p).All(f.Context()) {
		require.NoError(rt, err)
		if !one.Automatic {
			continue
		}
		parts := &stripe.BalanceTransactionListParams{Payout: stripe.String(one.ID)}
		parts.SetStripeAccount(account)
		for entry, err := range f.client.V1BalanceTransactions.List(f.Context(), parts).All(f.Context()) {
			require.NoError(rt, err)
			paid[one.ID] += entry.Net
		}
		require.Equal(rt, one.Amount, paid[one.ID], "a payout is the sum of its parts (§4.6)")
	}
}

// A Connect endpoint is told what happens in connected accounts, with the
// account's name; an ordinary one is not (§2.23).
func TestConnectEndpoints(t *testing.T) {
	t.Parallel()
	w := open(t)
	type told struct{ path, kind, account string }
	arrived := make(chan told, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e struct{ Type, Account string }
		_ = json.NewDecoder(r.Body).Decode(&e)
		arrived <- told{r.URL.Path, e.Type, e.Account}
	}))
	t.Cleanup(receiver.Close)
	account := w.connect()
	for path, connect := range map[string]string{"/own": "false", "/connect": "true"} {
		made := w.send("POST", "/v1/webhook_endpoints", "enabled_events[]=charge.succeeded&connect="+connect+"&url="+url.QueryEscape(receiver.URL+path))
		require.Equal(t, connect == "true", made.at("application") != nil)
	}
	w.shared("", "Stripe-Account", account)
	require.Equal(t, told{"/connect", "charge.succeeded", account}, <-arrived)
	w.shared("")
	require.Equal(t, told{"/own", "charge.succeeded", ""}, <-arrived)
}

// Every answer about connected accounts and their money is what Stripe's own
// document says.
func TestConnectAnswersAreValid(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.funded()
	account := w.ask("POST", "/v1/accounts", readyForm+manual).at("id").(string)
	path := "/v1/accounts/" + account
	id := func(r reply) string { return r.at("id").(string) }
	someone := id(w.ask("POST", path+"/persons", "first_name=A&relationship[owner]=true&relationship[percent_ownership]=12.5&address[city]=B"))
	bank := id(w.ask("POST", path+"/external_accounts", "external_account=btok_us_verified"))
	charge := w.ask("POST", "/v1/payment_intents", payForm+"&application_fee_amount=123&transfer_data[destination]="+account+"&expand[]=latest_charge.transfer.destination_payment&expand[]=latest_charge.application_fee").at("latest_charge").(map[string]any)
	fee := charge["application_fee"].(map[string]any)["id"].(string)
	refund := w.ask("POST", "/v1/refunds", "amount=100&reverse_transfer=true&refund_application_fee=true&expand[]=transfer_reversal&charge="+charge["id"].(string))
	sent := id(w.ask("POST", "/v1/transfers", "amount=100&currency=usd&destination="+account))
	back := id(w.ask("POST", "/v1/transfers/"+sent+"/reversals", "amount=10&expand[]=destination_payment_refund&expand[]=transfer"))
	given := id(w.ask("POST", "/v1/application_fees/"+fee+"/refunds", "amount=5&expand[]=fee"))
	paid := id(w.ask("POST", "/v1/payouts", "amount=10&currency=usd&expand[]=destination&expand[]=balance_transaction"))
	topped := id(w.ask("POST", "/v1/topups", "amount=10&currency=usd"))
	express := id(w.ask("POST", "/v1/accounts", "type=express"))
	for _, row := range []struct{ method, path, form string }{
		{"GET", "/v1/accounts", ""}, {"GET", path, ""}, {"POST", path, "business_profile[name]=N"}, {"GET", path + "/capabilities", ""},
		{"GET", path + "/capabilities/transfers", ""}, {"POST", path + "/capabilities/card_payments", "requested=false"},
		{"GET", path + "/persons", ""}, {"GET", path + "/persons/" + someone, ""}, {"DELETE", path + "/persons/" + someone, ""},
		{"GET", path + "/external_accounts", ""}, {"GET", path + "/external_accounts/" + bank, ""}, {"DELETE", path + "/external_accounts/" + bank, ""},
		{"POST", "/v1/account_links", "account=" + account + "&type=account_onboarding&refresh_url=https://a.example&return_url=https://a.example"},
		{"POST", "/v1/accounts/" + express + "/login_links", ""}, {"POST", "/v1/accounts/" + express + "/reject", "reason=other"},
		{"GET", "/v1/transfers", ""}, {"GET", "/v1/transfers/" + sent, ""}, {"GET", "/v1/transfers/" + sent + "/reversals", ""},
		{"GET", "/v1/transfers/" + sent + "/reversals/" + back, ""}, {"GET", "/v1/refunds/" + id(refund), ""},
		{"GET", "/v1/application_fees", ""}, {"GET", "/v1/application_fees/" + fee, ""}, {"GET", "/v1/application_fees/" + fee + "/refunds/" + given, ""},
		{"GET", "/v1/balance_transactions?expand[]=data.source", ""}, {"GET", "/v1/payouts", ""}, {"GET", "/v1/payouts/" + paid, ""},
		{"POST", "/v1/payouts/" + paid + "/cancel", ""}, {"GET", "/v1/topups", ""}, {"POST", "/v1/topups/" + topped + "/cancel", ""},
		{"GET", "/v1/events", ""}, {"DELETE", "/v1/accounts/" + express, ""}, {"GET", "/v1/accounts/acct_x", ""},
	} {
		w.ask(row.method, row.path, row.form)
	}
	w.T.Run("as the account", func(t *testing.T) {
		for _, path := range []string{"/v1/account", "/v1/balance", "/v1/balance_transactions?expand[]=data.source", "/v1/charges", "/v1/refunds", "/v1/events"} {
			require.Equal(t, 200, w.send("GET", path, "", "Stripe-Account", account).status, path)
		}
	})
}
