package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Stripe's events come twice, as twins, late, before the answer, or never: the
// books are the same, and merchants are told once of each fact.
func TestSubscriptionEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("order")
		for event, fault := range map[string]string{
			"customer.subscription.created": "webhook_early", "customer.subscription.updated": "webhook_twin", "invoice.created": "webhook_reorder",
			"invoice.finalized": "webhook_duplicate", "invoice.paid": "webhook_twin", "payment_intent.succeeded": "webhook_drop",
		} {
			w.atStripe(stripe, "POST", "/_sandbox/faults", fmt.Sprintf(`{"match":{"event":%q},"count":1000,"effect":{"type":%q}}`, event, fault)).want(200)
		}
		plan := w.plan()
		customer, _ := w.reader("pm_card_visa")
		id := w.subscribes("s", customer, plan).want(201).text("data.id")
		for month := 1; month <= 3; month++ {
			w.paid(id, month)
			w.passes(32)
		}
		w.paid(id, 4)
		w.until("/v1/subscriptions/"+id, "data.status", "active")
		require.Len(t, w.get("/v1/payments?limit=100").list("data"), 4)
		w.stands(map[string]string{"stripe": "37.64", "sales": "-40.00", "fees": "2.36"})
		w.ledgerIsRight()

		var told map[string]int
		require.EventuallyWithT(t, func(c *assert.CollectT) { // the feed ends before what may still be overtaken
			told = map[string]int{}
			for _, one := range w.get("/v1/events?limit=100").list("data") {
				told[fmt.Sprint(one.(map[string]any)["type"])]++
			}
			assert.Equal(c, []int{4, 4}, []int{told["invoice.paid"], told["payment.completed"]}, "%v", told)
		}, patience, 50*time.Millisecond)
		assert.Equal(t, 1, told["subscription.activated"], "%v", told)
		assert.LessOrEqual(t, told["subscription.renewed"], 3, "%v", told)
	})
}
