package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"
)

// received is one delivery as the endpoint saw it.
type received struct {
	header http.Header
	body   []byte
	event  stripe.Event
}

// receiver is a merchant's endpoint; status is what it answers.
type receiver struct {
	t      *testing.T
	server *httptest.Server
	status atomic.Int64
	came   chan received
	secret string
	id     string
}

func listen(w *world, enabled ...string) *receiver {
	w.Helper()
	r := &receiver{t: w.T, came: make(chan received, 100)}
	r.status.Store(200)
	r.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		body, _ := io.ReadAll(in.Body)
		out.WriteHeader(int(r.status.Load()))
		got := received{header: in.Header.Clone(), body: body}
		_ = json.Unmarshal(body, &got.event)
		r.came <- got
	}))
	w.Cleanup(func() { w.stop(); r.server.Close() })
	p := &stripe.WebhookEndpointCreateParams{URL: stripe.String(r.server.URL + "/hook")}
	for _, name := range enabled {
		p.EnabledEvents = append(p.EnabledEvents, stripe.String(name))
	}
	made, err := w.stripe.V1WebhookEndpoints.Create(w.Context(), p)
	require.NoError(w, err)
	require.Regexp(w, `^whsec_[0-9A-Za-z]{32}$`, made.Secret)
	r.secret, r.id = made.Secret, made.ID
	return r
}

// next waits for a delivery of this type.
func (r *receiver) next(name string) received {
	r.t.Helper()
	for {
		select {
		case got := <-r.came:
			if string(got.event.Type) == name {
				return got
			}
		case <-time.After(10 * time.Second):
			r.t.Fatalf("no %s came", name)
		}
	}
}

// silent holds that nothing came: a later event has already arrived.
func (r *receiver) silent() {
	r.t.Helper()
	select {
	case got := <-r.came:
		r.t.Fatalf("%s came", got.event.Type)
	default:
	}
}

// Trap T5: a full event, signed, only to who asked for it.
func TestWebhookIsSignedAndComplete(t *testing.T) {
	t.Parallel()
	w := open(t)
	all, some := listen(w, "*"), listen(w, "payment_intent.succeeded", "charge.failed")
	paid := w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_visa", "Idempotency-Key", "hook")

	got := all.next("payment_intent.succeeded")
	e, err := webhook.ConstructEventWithOptions(got.body, got.header.Get("Stripe-Signature"), all.secret, webhook.ConstructEventOptions{IgnoreTolerance: true})
	require.NoError(t, err)
	require.Equal(t, paid.at("id"), e.Data.Object["id"])
	require.Equal(t, paid.header.Get("Request-Id"), e.Request.ID)
	require.Equal(t, "hook", e.Request.IdempotencyKey)
	require.EqualValues(t, 2, e.PendingWebhooks)
	require.Equal(t, "2026-03-25.dahlia", e.APIVersion)
	require.EqualValues(t, start, e.Created)
	_, err = webhook.ConstructEventWithOptions(got.body, got.header.Get("Stripe-Signature"), some.secret, webhook.ConstructEventOptions{IgnoreTolerance: true})
	require.ErrorIs(t, err, webhook.ErrNoValidSignature)
	require.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))

	some.next("payment_intent.succeeded")
	some.silent()
	stored := func() any { return w.send("GET", "/v1/events/"+e.ID, "").at("pending_webhooks") }
	require.Eventually(t, func() bool { return stored() == float64(0) }, 5*time.Second, time.Millisecond)
}

func TestSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := listen(w, "*")
	require.NotContains(t, w.send("GET", "/v1/webhook_endpoints/"+r.id, "").raw, "whsec_")
	require.NotContains(t, w.send("GET", "/v1/webhook_endpoints", "").raw, "whsec_")
	require.Equal(t, "disabled", w.send("POST", "/v1/webhook_endpoints/"+r.id, "disabled=true").at("status"))
	require.Equal(t, true, w.send("DELETE", "/v1/webhook_endpoints/"+r.id, "").at("deleted"))
	require.Equal(t, 404, w.send("GET", "/v1/webhook_endpoints/"+r.id, "").status)
	require.Equal(t, "url_invalid", w.send("POST", "/v1/webhook_endpoints", "url=nowhere&enabled_events[]=*").at("error", "code"))
}

// A failing endpoint is tried three times over four hours, then given up.
func TestWebhookIsRetried(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := listen(w, "customer.created")
	r.status.Store(500)
	w.send("POST", "/v1/customers", "")
	first := r.next("customer.created")
	w.settleAttempts(r, 1)
	w.advance(time.Hour)
	second := r.next("customer.created")
	require.Equal(t, first.body, second.body)
	w.settleAttempts(r, 2)
	r.status.Store(204)
	w.advance(3 * time.Hour)
	r.next("customer.created")
	require.Eventually(t, func() bool { return len(w.undelivered()) == 0 }, 5*time.Second, time.Millisecond)
}

func (w *world) undelivered() []any {
	return w.send("GET", "/v1/events?delivery_success=false", "").at("data").([]any)
}

// settleAttempts waits until the sandbox has recorded the failed attempts: the
// next advance must find their retry planned.
func (w *world) settleAttempts(_ *receiver, attempts int) {
	w.Helper()
	require.Eventually(w, func() bool {
		health := w.send("GET", "/_sandbox/health", "")
		return health.at("failed_attempts") == float64(attempts)
	}, 5*time.Second, time.Millisecond)
}

func TestWebhookIsGivenUp(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := listen(w, "*")
	r.status.Store(302) // a redirect is a failure
	w.send("POST", "/v1/customers", "")
	for attempt, wait := range []time.Duration{time.Hour, 3 * time.Hour, 24 * time.Hour} {
		r.next("customer.created")
		w.settleAttempts(r, attempt+1)
		w.advance(wait)
	}
	r.silent()
	require.Len(t, w.undelivered(), 1)
}

func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := listen(w, "customer.created")
	w.send("POST", "/v1/customers", "name=twice", "Sandbox-Fault", "webhook_duplicate")
	require.Equal(t, r.next("customer.created").event.ID, r.next("customer.created").event.ID)
	w.send("POST", "/v1/customers", "name=never", "Sandbox-Fault", "webhook_drop")
	w.send("POST", "/_sandbox/faults", `{"match":{"event":"customer.*"},"count":1,"effect":{"type":"webhook_drop"}}`)
	w.send("POST", "/v1/customers", "name=neither")
	w.send("POST", "/v1/customers", "name=last")
	require.Equal(t, "last", r.next("customer.created").event.Data.Object["name"])
	r.silent()
}

func TestEventsAreListedByType(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pay("pm_card_visa")
	id := w.send("POST", "/v1/customers", "name=A").at("id").(string)
	w.send("POST", "/v1/customers/"+id, "name=B")
	types := func(filter string) []string {
		var out []string
		for _, e := range w.send("GET", "/v1/events?"+filter, "").at("data").([]any) {
			out = append(out, e.(map[string]any)["type"].(string))
		}
		return out
	}
	require.Equal(t, []string{"customer.updated"}, types("type=customer.updated"))
	require.Equal(t, []string{"customer.updated", "customer.created"}, types("type=customer.*"))
	require.Equal(t, []string{"customer.created", "charge.succeeded"}, types("types[]=charge.succeeded&types[]=customer.created"))
	changed := w.send("GET", "/v1/events?type=customer.updated", "").at("data").([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"name": "A"}, changed["data"].(map[string]any)["previous_attributes"])
	w.advance(30 * 24 * time.Hour)
	require.Equal(t, []string{"balance.available"}, types("limit=5"))
}
