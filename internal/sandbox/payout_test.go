package sandbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

func TestPayoutReachesTheBank(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.funded()
	p := &stripe.PayoutCreateParams{Amount: stripe.Int64(900), Currency: stripe.String("usd")}
	p.AddExpand("destination")
	p.AddExpand("balance_transaction")
	paid, err := w.stripe.V1Payouts.Create(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, []any{stripe.PayoutStatusPending, int64(-900), "6789"}, []any{paid.Status, paid.BalanceTransaction.Net, paid.Destination.BankAccount.Last4})
	// 30 March 2026 is a Monday: the second business day is Wednesday, 1 April.
	require.EqualValues(t, 1775001600, paid.ArrivalDate)
	path := "/v1/payouts/" + paid.ID
	w.advance(3 * time.Hour)
	require.Equal(t, "in_transit", w.send("GET", path, "").at("status"))
	require.Equal(t, 400, w.send("POST", path+"/cancel", "").status)
	w.advance(48 * time.Hour)
	require.Equal(t, "paid", w.send("GET", path, "").at("status"))
	require.Equal(t, []string{"payout.created", "payout.updated", "payout.paid"}, tail(w.eventTypes(), 3))
	_, sum := w.movements("")
	require.EqualValues(t, 41, sum)
	require.Len(t, w.send("GET", "/v1/payouts?status=paid&arrival_date[gte]=1775001600", "").at("data"), 1)
	require.Empty(t, w.send("GET", "/v1/payouts?arrival_date[gt]=1775001600", "").at("data"))
}

func TestPayoutsRefusedAndCanceled(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pay("pm_card_visa")
	require.Equal(t, "balance_insufficient", w.send("POST", "/v1/payouts", "amount=1&currency=usd").at("error", "code"), "pending money cannot be paid out")
	w.funded()
	for _, form := range []string{"amount=942&currency=usd", "amount=0&currency=usd", "amount=1&currency=usd&destination=ba_x", "amount=1&currency=xyz"} {
		require.Equal(t, 400, w.send("POST", "/v1/payouts", form).status, form)
	}
	made := w.send("POST", "/v1/payouts", "amount=941&currency=usd").at("id").(string)
	back := w.send("POST", "/v1/payouts/"+made+"/cancel", "")
	require.Equal(t, "canceled", back.at("status"))
	require.Equal(t, "payout_cancel", w.send("GET", "/v1/balance_transactions/"+back.at("failure_balance_transaction").(string), "").at("type"))
	w.advance(5 * 24 * time.Hour)
	require.Equal(t, "canceled", w.send("GET", "/v1/payouts/"+made, "").at("status"))
	require.Equal(t, 200, w.send("POST", "/v1/payouts", "amount=800&currency=usd&method=instant").status)
	entries, _ := w.movements("")
	require.Equal(t, movement{"payout", -800, 50, -850}, entries[len(entries)-1])
}

// A bank account that refuses money gives it back, and is not used again.
func TestPayoutFails(t *testing.T) {
	t.Parallel()
	for token, code := range map[string]string{"btok_us_verified_noAccount": "no_account", "btok_us_verified_accountClosed": "account_closed"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			account := w.connect("external_account=" + token)
			w.funded()
			w.send("POST", "/v1/transfers", "amount=700&currency=usd&destination="+account)
			made := w.send("POST", "/v1/payouts", "amount=700&currency=usd", "Stripe-Account", account).at("id").(string)
			w.advance(4 * 24 * time.Hour)
			failed := w.send("GET", "/v1/payouts/"+made+"?expand[]=failure_balance_transaction", "", "Stripe-Account", account)
			require.Equal(t, []any{"failed", code, 700.0, "payout_failure"}, []any{failed.at("status"), failed.at("failure_code"),
				failed.at("failure_balance_transaction", "net"), failed.at("failure_balance_transaction", "type")})
			bank := w.send("GET", "/v1/accounts/"+account, "").at("external_accounts", "data").([]any)[0].(map[string]any)
			require.Equal(t, "errored", bank["status"])
			_, sum := w.movements(account)
			require.EqualValues(t, 700, sum)
			require.Equal(t, "bank_account_unusable", w.send("POST", "/v1/payouts", "amount=700&currency=usd", "Stripe-Account", account).at("error", "code"))
		})
	}
}

// A daily schedule pays out all that became available, and says of what it is made.
func TestScheduledPayouts(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect("settings[payouts][schedule][interval]=daily")
	w.shared("", "Stripe-Account", account)
	w.shared("", "Stripe-Account", account)
	w.advance(6 * 24 * time.Hour)
	list := func(query string) []any {
		return w.send("GET", query, "", "Stripe-Account", account).at("data").([]any)
	}
	require.Empty(t, list("/v1/payouts"), "nothing is available yet")
	w.advance(24 * time.Hour)
	made := list("/v1/payouts")
	require.Len(t, made, 1)
	first := made[0].(map[string]any)
	require.Equal(t, []any{1882.0, true, "STRIPE PAYOUT", 1775433600.0}, []any{first["amount"], first["automatic"], first["description"], first["created"]})
	parts := list("/v1/balance_transactions?payout=" + first["id"].(string))
	require.Len(t, parts, 2, "its parts add up to it (§4.6)")
	w.advance(7 * 24 * time.Hour)
	require.Equal(t, []any{"paid", "completed"}, []any{w.send("GET", "/v1/payouts/"+first["id"].(string), "", "Stripe-Account", account).at("status"),
		w.send("GET", "/v1/payouts/"+first["id"].(string), "", "Stripe-Account", account).at("reconciliation_status")})
	require.Len(t, list("/v1/payouts"), 1, "an empty balance is not paid out")
	_, sum := w.movements(account)
	require.EqualValues(t, 0, sum)
	require.Equal(t, []string{"payout.paid", "payout.reconciliation_completed"}, tail(w.typesOf(account), 2))
	manually := w.send("GET", "/v1/balance_transactions?payout=po_x", "", "Stripe-Account", account)
	require.Equal(t, 400, manually.status)
}

// "Once a week as Uber does", and once a month (§4.3).
func TestPayoutDays(t *testing.T) {
	t.Parallel()
	for schedule, day := range map[string]string{
		"settings[payouts][schedule][interval]=weekly&settings[payouts][schedule][weekly_anchor]=friday":        "2026-04-10",
		"settings[payouts][schedule][interval]=monthly&settings[payouts][schedule][monthly_anchor]=31":          "2026-04-30",
		"settings[payouts][schedule][interval]=monthly&settings[payouts][schedule][monthly_anchor]=6":           "2026-04-06",
		"settings[payouts][schedule][interval]=daily&settings[payouts][schedule][delay_days]=minimum":           "2026-04-06",
		"settings[payouts][schedule][interval]=weekly&settings[payouts][schedule][weekly_anchor]=monday&email=": "2026-04-06",
	} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			account := w.connect(schedule)
			w.shared("", "Stripe-Account", account)
			w.advance(40 * 24 * time.Hour)
			made := w.send("GET", "/v1/payouts", "", "Stripe-Account", account).at("data").([]any)
			require.Len(t, made, 1)
			require.Equal(t, day, time.Unix(int64(made[0].(map[string]any)["created"].(float64)), 0).UTC().Format(time.DateOnly))
		})
	}
}

func TestPayoutReversed(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	w.funded()
	w.send("POST", "/v1/transfers", "amount=700&currency=usd&destination="+account)
	path := "/v1/payouts/" + w.send("POST", "/v1/payouts", "amount=700&currency=usd", "Stripe-Account", account).at("id").(string)
	require.Equal(t, 400, w.send("POST", path+"/reverse", "", "Stripe-Account", account).status, "it is not paid yet")
	w.advance(4 * 24 * time.Hour)
	back := w.send("POST", path+"/reverse", "", "Stripe-Account", account)
	require.Equal(t, []any{200, -700.0}, []any{back.status, back.at("amount")}, back.raw)
	require.Equal(t, back.at("id"), w.send("GET", path, "", "Stripe-Account", account).at("reversed_by"))
	_, sum := w.movements(account)
	require.EqualValues(t, 700, sum)
}

func TestTopups(t *testing.T) {
	t.Parallel()
	w := open(t)
	made, err := w.stripe.V1Topups.Create(t.Context(), &stripe.TopupCreateParams{Amount: stripe.Int64(5000), Currency: stripe.String("usd"), Description: stripe.String("more")})
	require.NoError(t, err)
	require.Equal(t, stripe.TopupStatusPending, made.Status)
	failing := w.send("POST", "/v1/topups", "amount=10&currency=usd&source=btok_us_verified_insufficientFunds").at("id").(string)
	dropped := w.send("POST", "/v1/topups", "amount=10&currency=usd").at("id").(string)
	require.Equal(t, "canceled", w.send("POST", "/v1/topups/"+dropped+"/cancel", "").at("status"))
	entries, _ := w.movements("")
	require.Empty(t, entries)
	w.advance(24 * time.Hour)
	done, err := w.stripe.V1Topups.Retrieve(t.Context(), made.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.TopupStatusSucceeded, done.Status)
	require.Equal(t, "insufficient_funds", w.send("GET", "/v1/topups/"+failing, "").at("failure_code"))
	entries, sum := w.movements("")
	require.Equal(t, []movement{{"topup", 5000, 0, 5000}}, entries)
	require.EqualValues(t, 5000, sum)
	require.Equal(t, 400, w.send("POST", "/v1/topups/"+made.ID+"/cancel", "").status)
	require.Len(t, w.send("GET", "/v1/topups?status=failed", "").at("data"), 1)
	require.Empty(t, w.send("GET", "/v1/topups?amount[gt]=5000", "").at("data"))
	require.Equal(t, 400, w.send("POST", "/v1/topups", "amount=10&currency=usd&source=btok_nobody").status)
	require.Equal(t, "platform_account_required", w.send("POST", "/v1/topups", "amount=10&currency=usd", "Stripe-Account", w.connect()).at("error", "code"))
}

// Money that waited for a schedule, or for a bank that works, goes out at the
// next midnight after there is one.
func TestPayoutsGoOnAfterAChange(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect("external_account=btok_us_verified_accountClosed")
	w.funded()
	w.send("POST", "/v1/transfers", "amount=700&currency=usd&destination="+account)
	payouts := func() (out []any) {
		for _, one := range w.send("GET", "/v1/payouts", "", "Stripe-Account", account).at("data").([]any) {
			out = append(out, one.(map[string]any)["status"])
		}
		return out
	}
	w.advance(3 * 24 * time.Hour)
	require.Empty(t, payouts(), "a manual schedule pays nothing out by itself")
	w.send("POST", "/v1/accounts/"+account, "settings[payouts][schedule][interval]=daily")
	w.advance(6 * 24 * time.Hour)
	require.Equal(t, []any{"failed"}, payouts(), "nothing more is sent to a bank that refused")
	w.send("POST", "/v1/accounts/"+account+"/external_accounts", "external_account=btok_us_verified&default_for_currency=true")
	w.advance(6 * 24 * time.Hour)
	require.Equal(t, []any{"paid", "failed"}, payouts())
	_, sum := w.movements(account)
	require.EqualValues(t, 0, sum)
}

// A bank may send a payout back days after it was paid (§2.12).
func TestPayoutFailsLate(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect("external_account=btok_us_verified_lateFailure")
	w.funded()
	w.send("POST", "/v1/transfers", "amount=700&currency=usd&destination="+account)
	made := w.send("POST", "/v1/payouts", "amount=700&currency=usd", "Stripe-Account", account).at("id").(string)
	w.advance(3 * 24 * time.Hour)
	require.Equal(t, "paid", w.ask("GET", "/v1/payouts/"+made, "", "Stripe-Account", account).at("status"))
	_, sum := w.movements(account)
	require.Zero(t, sum)
	w.advance(5 * 24 * time.Hour)
	failed := w.ask("GET", "/v1/payouts/"+made+"?expand[]=failure_balance_transaction", "", "Stripe-Account", account)
	require.Equal(t, []any{"failed", "could_not_process", 700.0}, []any{failed.at("status"), failed.at("failure_code"), failed.at("failure_balance_transaction", "net")})
	require.Equal(t, []string{"payout.paid", "payout.failed"}, only(w.typesOf(account), "payout.paid", "payout.failed"))
	_, sum = w.movements(account)
	require.EqualValues(t, 700, sum)
}

// only keeps some types of events.
func only(all []string, kept ...string) (out []string) {
	for _, one := range all {
		if slices.Contains(kept, one) {
			out = append(out, one)
		}
	}
	return out
}
