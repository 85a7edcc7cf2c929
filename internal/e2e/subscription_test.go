package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const day = 24 * 60 * 60 // seconds

// plan makes a plan of ten dollars a month, with more JSON members if given.
func (w *world) plan(more ...string) string {
	w.t.Helper()
	members := append([]string{`"name":"Reader","amount":"10.00","currency":"USD","interval":"month"`}, more...)
	return w.post("/v1/plans", "{"+strings.Join(members, ",")+"}").want(201).text("data.id")
}

// reader is a customer with a saved card.
func (w *world) reader(method string) (customer, card string) {
	w.t.Helper()
	a := w.post("/v1/payments/cards", fmt.Sprintf(`{"payment_method_id":%q,"customer_email":"reader@example.com"}`, method)).want(201)
	return a.text("data.customer_id"), a.text("data.id")
}

// subscribes subscribes a customer to a plan.
func (w *world) subscribes(key, customer, plan string, more ...string) answer {
	w.t.Helper()
	members := append([]string{fmt.Sprintf(`"customer_id":%q,"plan_id":%q`, customer, plan)}, more...)
	return w.post("/v1/subscriptions", "{"+strings.Join(members, ",")+"}", "Idempotency-Key", key)
}

// passes puts the sandbox's clock ahead by a number of days.
func (w *world) passes(days int) {
	w.t.Helper()
	w.atStripe("sk_test_any", "POST", "/_sandbox/clock/advance", fmt.Sprintf(`{"seconds":%d}`, days*day)).want(200)
}

// paid waits until so many invoices of a subscription are paid.
func (w *world) paid(subscription string, invoices int) []any {
	w.t.Helper()
	var found []any
	require.Eventually(w.t, func() bool {
		found = w.get("/v1/invoices?limit=100&status=paid&subscription_id=" + subscription).list("data")
		return len(found) >= invoices
	}, patience, 20*time.Millisecond, "%d invoices were never paid", invoices)
	require.Len(w.t, found, invoices)
	return found
}

// The year of a reader: seven days for nothing, then ten dollars a month, of
// which the author gets four fifths. Stripe keeps 2.9 % and 30 cents of each.
func TestSubscriptionForAYear(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("year")
		author := w.partner()
		plan := w.plan(`"trial_days":7`, `"account_id":"`+author+`"`, `"platform_percent":"20"`)
		customer, card := w.reader("pm_card_visa")
		made := w.subscribes("s", customer, plan).want(201)
		assert.Equal(t, "trialing", made.text("data.status"))
		assert.Equal(t, []any{card, author, "20"}, []any{made.at("data.card_id"), made.at("data.account_id"), made.at("data.platform_percent")})
		id := made.text("data.id")
		w.paid(id, 1) // of the trial: nothing
		assert.Empty(t, w.get("/v1/payments").list("data"), "a trial costs nothing")
		w.passes(8)
		w.until("/v1/subscriptions/"+id, "data.status", "active")
		for month := 1; month <= 12; month++ {
			w.paid(id, 1+month)
			w.passes(31)
		}
		w.paid(id, 14)
		payments := w.get("/v1/payments?limit=100&account=" + author).list("data")
		require.Len(t, payments, 13)
		for _, one := range payments {
			p := one.(map[string]any)
			assert.Equal(t, []any{"completed", "10.00", "2.00", "8.00", "destination"}, []any{p["status"], p["amount"], p["application_fee"], p["partner_share"], p["charge_type"]})
		}
		w.stands(map[string]string{
			"stripe": "18.33", "sales": "-130.00", "fees": "7.67", "shares": "104.00", // 13 times 10.00 - 0.59 - 8.00 = 1.41
			// The author's share was paid out by Stripe's own schedule.
			"account_stripe:" + author: "0.00", "account_owner:" + author: "0.00",
		})
		sent := 0
		for _, transfer := range w.atStripe(stripe, "GET", "/v1/transfers?limit=100", "").want(200).list("data") {
			amount, err := transfer.(map[string]any)["amount"].(json.Number).Int64()
			require.NoError(t, err)
			sent += int(amount)
		}
		assert.Equal(t, 13*1000, sent, "Stripe moves all of a destination charge, and takes the application fee back")
		w.ledgerIsRight()
	})
}

// stands waits until the ledger's accounts stand as wanted: a fee may follow
// its payment.
func (w *world) stands(want map[string]string) {
	w.t.Helper()
	var got map[string]string
	require.EventuallyWithT(w.t, func(c *assert.CollectT) {
		got = map[string]string{}
		for _, one := range w.get("/v1/ledger/balances").list("data") {
			balance := one.(map[string]any)
			got[fmt.Sprint(balance["ledger_account"])] = fmt.Sprint(balance["balance"])
		}
		assert.Equal(c, want, got)
	}, patience, 50*time.Millisecond)
}
