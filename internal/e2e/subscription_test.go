package e2e

import (
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

// The year of a reader: seven days for nothing, then ten dollars a month.
func TestSubscriptionForAYear(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("year")
		plan := w.plan(`"trial_days":7`)
		customer, card := w.reader("pm_card_visa")
		made := w.subscribes("s", customer, plan).want(201)
		assert.Equal(t, "trialing", made.text("data.status"))
		assert.Equal(t, card, made.text("data.card_id"))
		id := made.text("data.id")
		w.paid(id, 1) // of the trial: nothing
		w.passes(8)
		w.until("/v1/subscriptions/"+id, "data.status", "active")
		for month := 1; month <= 12; month++ {
			w.paid(id, 1+month)
			w.passes(31)
		}
		w.paid(id, 14)
		payments := w.get("/v1/payments?limit=100").list("data")
		require.Len(t, payments, 13)
		for _, p := range payments {
			assert.Equal(t, "completed", p.(map[string]any)["status"])
			assert.Equal(t, "10.00", p.(map[string]any)["amount"])
		}
	})
}
