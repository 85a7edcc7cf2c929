package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85/webhook"
)

// hookSecret signs the Stripe events that these tests send themselves.
const hookSecret = "whsec_hostile_events"

// post is what a hostile network makes of one Stripe event.
type post struct {
	body   []byte
	status int
}

// accepted is a body that Florin must take in.
func accepted(body []byte) post { return post{body, 200} }

// stripeKeyWithHook is stripeKey with a signing secret that the test knows.
func (w *world) stripeKeyWithHook(name string) string {
	w.t.Helper()
	key := "sk_test_" + name
	w.request("PUT", "/v1/merchant/providers",
		`{"provider":"stripe","stripe":{"secret_key":"`+key+`","webhook_secret":"`+hookSecret+`"}}`).want(200)
	return key
}

// sends posts a Stripe event as Stripe would.
func (w *world) sends(p post) {
	w.t.Helper()
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: p.body, Secret: hookSecret})
	w.post("/v1/webhooks/stripe", string(p.body), "Stripe-Signature", signed.Header).want(p.status)
}

// stripeEvents is what Stripe has to say of an intent, oldest first, as it
// would be delivered.
func (w *world) stripeEvents(key, intent string) (events [][]byte) {
	w.t.Helper()
	var page struct{ Data []json.RawMessage }
	require.NoError(w.t, json.Unmarshal(w.atStripe(key, "GET", "/v1/events?limit=100", "").want(200).body, &page))
	for _, event := range page.Data {
		if strings.Contains(string(event), intent) {
			events = append(events, event)
		}
	}
	slices.Reverse(events)
	require.NotEmpty(w.t, events)
	return events
}

// edited is an event with some members changed; "" in a path means the event.
func edited(t testing.TB, event []byte, change func(e, object map[string]any)) []byte {
	t.Helper()
	var e map[string]any
	require.NoError(t, json.Unmarshal(event, &e))
	change(e, e["data"].(map[string]any)["object"].(map[string]any))
	out, err := json.Marshal(e)
	require.NoError(t, err)
	return out
}

// each makes one post of every event.
func each(events [][]byte, change func([]byte) []byte) []post {
	posts := make([]post, len(events))
	for i, event := range events {
		posts[i] = accepted(change(event))
	}
	return posts
}

func same(event []byte) []byte { return event }

// floods are what may become of the events of one payment on their way.
var floods = map[string]func(t testing.TB, events [][]byte) []post{
	"in order": func(_ testing.TB, events [][]byte) []post { return each(events, same) },
	"five times each": func(_ testing.TB, events [][]byte) []post {
		return each(slices.Concat(events, events, events, events, events), same)
	},
	"backwards": func(_ testing.TB, events [][]byte) []post {
		backwards := slices.Clone(events)
		slices.Reverse(backwards)
		return each(backwards, same)
	},
	"twins": func(t testing.TB, events [][]byte) []post {
		return append(each(events, same), each(events, func(event []byte) []byte {
			return edited(t, event, func(e, _ map[string]any) { e["id"] = "evt_twin" + e["id"].(string)[4:] })
		})...)
	},
	"another API version": func(t testing.TB, events [][]byte) []post {
		return each(events, func(event []byte) []byte {
			return edited(t, event, func(e, object map[string]any) {
				e["api_version"] = "2015-10-16"
				delete(object, "latest_charge") // came with 2022-11-15
				delete(object, "payment_method_types")
				object["allowed_source_types"] = []string{"card"}
			})
		})
	},
	"an object of a single id": func(t testing.TB, events [][]byte) []post {
		return each(events, func(event []byte) []byte {
			return edited(t, event, func(_, object map[string]any) {
				for name := range object {
					if name != "id" && name != "object" && name != "payment_intent" {
						delete(object, name)
					}
				}
			})
		})
	},
	"huge": func(t testing.TB, events [][]byte) []post {
		padded := func(bytes int) func([]byte) []byte {
			return func(event []byte) []byte {
				return edited(t, event, func(_, object map[string]any) { object["padding"] = strings.Repeat("x", bytes) })
			}
		}
		tooLarge := post{padded(600_000)(events[0]), 413}
		return append([]post{tooLarge}, each(events, padded(400_000))...)
	},
	"lies and strangers": func(t testing.TB, events [][]byte) []post {
		last := events[len(events)-1]
		orphan := edited(t, last, func(e, object map[string]any) {
			e["id"], e["type"] = "evt_orphan", "payment_intent.succeeded"
			object["id"], object["object"], object["payment_intent"] = "pi_of_somebody_else", "payment_intent", nil
			object["metadata"] = map[string]any{}
		})
		lie := edited(t, events[0], func(e, object map[string]any) {
			e["id"], e["type"] = "evt_lie", "payment_intent.canceled"
			object["status"] = "canceled" // a hint, never the truth: Stripe is asked
		})
		unknown := edited(t, last, func(e, _ map[string]any) { e["id"], e["type"] = "evt_unknown", "payment_intent.teleported" })
		return append([]post{accepted(orphan), accepted(lie), accepted(unknown)}, each(events, same)...)
	},
}

// TestHostileStripeEvents has one payment for each way in which events can
// come. The customer has paid, Florin does not know it, and only the events
// can tell it; all payments must end alike, each told once.
func TestHostileStripeEvents(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.noStripeEvents()
		stripe := w.stripeKeyWithHook("hostile")
		ends := map[string]string{}
		for name, flood := range floods {
			p := w.paidBehindOurBack(name)
			events := w.stripeEvents(stripe, p.text("data.provider_ref"))
			require.GreaterOrEqual(t, len(events), 3, "created, requires_action, succeeded")
			for _, sent := range flood(t, events) {
				w.sends(sent)
			}
			ends[name] = w.end(p.text("data.id"), name)
		}
		for name, end := range ends {
			assert.Equal(t, ends["in order"], end, name)
		}
		w.ledgerIsRight()
	})
}

// paidBehindOurBack is a payment that is pending here and paid at Stripe.
func (w *world) paidBehindOurBack(key string) answer {
	w.t.Helper()
	p := w.pays(key, "10.00", "pm_card_threeDSecure2Required", `"return_url":"https://shop.example/back"`).want(201)
	w.submit(p.text("data.next_action.redirect_url"), url.Values{"outcome": {"complete"}})
	require.Equal(w.t, "pending", w.get("/v1/payments/"+p.text("data.id")).text("data.status"))
	return p
}

// end waits until all is done about a payment's Stripe events, and says how it
// ended: the payment, what was told of it, and what was booked.
func (w *world) end(id, key string) string {
	w.t.Helper()
	path := "/v1/payments/" + id
	w.until(path, "data.status", "completed")
	var kinds []string
	require.Eventually(w.t, func() bool {
		kinds = w.kinds(path + "/timeline")
		return !slices.Contains(kinds, "stripe_event.new")
	}, patience, 20*time.Millisecond, "a Stripe event was never looked into")
	kinds = slices.DeleteFunc(kinds, func(kind string) bool { return strings.HasPrefix(kind, "stripe_event.") })
	return steady(strings.ReplaceAll(string(w.get(path).body), key, "KEY")) + fmt.Sprint(kinds)
}

// kinds is the kinds of a timeline's moments, in order.
func (w *world) kinds(path string) (kinds []string) {
	w.t.Helper()
	for _, moment := range w.get(path).want(200).list("data") {
		kinds = append(kinds, moment.(map[string]any)["kind"].(string))
	}
	return kinds
}

// told waits for the last of the events and proves that there are no others.
// The feed ends before what is being written.
func (w *world) told(types ...string) {
	w.t.Helper()
	last := types[len(types)-1]
	w.until("/v1/events?types="+last, "data.0.type", last)
	var all []string
	for _, event := range w.get("/v1/events?limit=100").want(200).list("data") {
		all = append(all, event.(map[string]any)["type"].(string))
	}
	assert.Equal(w.t, types, all)
}

// count is how many moments of a kind a payment has.
func (w *world) count(id, kind string) (n int) {
	w.t.Helper()
	for _, found := range w.kinds("/v1/payments/" + id + "/timeline") {
		if found == kind {
			n++
		}
	}
	return n
}

// When no event comes at all, Florin asks by itself after half a minute.
func TestDroppedEventsAreFoundByLookUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.noStripeEvents()
		w.stripeKey("dropped")
		id := w.paidBehindOurBack("dropped").text("data.id")
		w.until("/v1/payments/"+id, "data.status", "completed")
		w.told("payment.action_required", "payment.completed")
		assert.Equal(t, 1, w.count(id, "ledger.capture"))
		w.ledgerIsRight()
	})
}

// Stripe's event may be here before Stripe's answer. The payment settles by
// the event, and the answer then finds nothing left to do.
func TestEventBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("early")
		end := w.fault(`{"match":{"method":"POST","path":"/v1/payment_intents"},"nth":1,"effect":{"type":"latency","value":5000}}`)
		defer end()
		answered := w.later(func() answer { return w.post("/v1/payments", tenDollars, "Idempotency-Key", "early") })
		w.until("/v1/payments", "data.0.status", "completed")
		select {
		case <-answered:
			require.FailNow(t, "the answer came before the event")
		default:
		}
		a := w.now(answered).want(201)
		assert.Equal(t, "completed", a.text("data.status"))
		assert.Equal(t, string(a.body), string(w.get("/v1/payments/"+a.text("data.id")).body), "the answer changed nothing")
		w.told("payment.completed")
		assert.Equal(t, 1, w.count(a.text("data.id"), "ledger.capture"))
		w.ledgerIsRight()
	})
}

// The sandbox sends everything twice; the merchant is told everything once.
func TestEverythingTwice(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.fault(`{"match":{"event":"*"},"effect":{"type":"webhook_duplicate"}}`)
		w.stripeKey("twice")
		r := newReceiver(t)
		w.listens(r)
		p := w.pays("3ds", "10.00", "pm_card_threeDSecure2Required", `"return_url":"https://shop.example/"`).want(201)
		w.submit(p.text("data.next_action.redirect_url"), url.Values{"outcome": {"complete"}})
		w.until("/v1/payments/"+p.text("data.id"), "data.status", "completed")
		for _, kind := range []string{"payment.action_required", "payment.completed"} {
			w.until("/v1/webhooks/deliveries?type="+kind, "data.0.status", "delivered")
		}
		w.told("payment.action_required", "payment.completed")
		assert.Len(t, r.got, 2)
		w.ledgerIsRight()
	})
}

// A hold that nobody takes ends by itself after seven days: Stripe lets the
// money go, and the merchant is told.
func TestHoldsExpire(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		w.listens(r)
		held := w.pays("held", "10.00", "pm_card_visa", `"capture":"manual"`).want(201)
		require.Equal(t, "payment.authorized", r.next(t).event(t)["type"])
		w.atStripe("sk_test_clock", "POST", "/_sandbox/clock/advance", `{"seconds":691200}`).want(200) // eight days
		path := "/v1/payments/" + held.text("data.id")
		gone := w.until(path, "data.status", "canceled")
		assert.Equal(t, "0.00", gone.text("data.amount_captured"))
		assert.Equal(t, "payment_canceled", gone.text("data.error.code"))
		assert.Equal(t, "payment.canceled", r.next(t).event(t)["type"])
		late := w.post(path+"/capture", `{}`, "Idempotency-Key", "late").want(409)
		assert.Equal(t, "payment_not_authorized", late.text("error.code"))
		w.ledgerIsRight()
	})
}
