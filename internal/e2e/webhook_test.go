package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// receiver is a merchant's own server.
type receiver struct {
	*httptest.Server
	got    chan received
	answer atomic.Int64 // the status to answer with
}

// received is one webhook as it came.
type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{got: make(chan received, 1000)}
	r.answer.Store(http.StatusOK)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		w.WriteHeader(int(r.answer.Load()))
		r.got <- received{req.Header, body}
	}))
	t.Cleanup(r.Close)
	return r
}

// next waits for the next webhook.
func (r *receiver) next(t testing.TB) received {
	t.Helper()
	select {
	case got := <-r.got:
		return got
	case <-time.After(patience):
		require.FailNow(t, "no webhook came")
		return received{}
	}
}

func (g received) event(t testing.TB) map[string]any {
	t.Helper()
	var event map[string]any
	require.NoError(t, json.Unmarshal(g.body, &event))
	return event
}

// listens sets the merchant's webhook and returns its secret.
func (w *world) listens(r *receiver) string {
	w.t.Helper()
	return w.request("PUT", "/v1/merchant/webhook", `{"webhook_url":"`+r.URL+`"}`).want(201).text("data.secret")
}

func TestWebhooksArriveAndVerify(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		secret := w.listens(r)
		verifier, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		p := w.pays("hook", "10.00", "pm_card_visa").want(201)
		got := r.next(t)
		require.NoError(t, verifier.Verify(got.body, got.header))
		event := got.event(t)
		assert.Equal(t, "payment.completed", event["type"])
		assert.Equal(t, p.text("data.id"), event["data"].(map[string]any)["id"])
		assert.Equal(t, got.header.Get("webhook-id"), event["id"])

		w.post("/v1/refunds", `{"payment_id":"`+p.text("data.id")+`"}`).want(201)
		types := map[any]bool{r.next(t).event(t)["type"]: true, r.next(t).event(t)["type"]: true}
		assert.Equal(t, map[any]bool{"refund.completed": true, "payment.refunded": true}, types)

		w.until("/v1/events?types=payment.refunded", "data.0.type", "payment.refunded") // the feed ends before what is being written
		for _, kind := range []string{"payment.completed", "refund.completed", "payment.refunded"} {
			w.until("/v1/webhooks/deliveries?type="+kind, "data.0.status", "delivered")
		}
		assert.Len(t, w.get("/v1/events").want(200).list("data"), 3, "one event a change, although Stripe told us too")
	})
}

func TestWebhooksAreRetriedByHandAndReplayed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		r.answer.Store(http.StatusServiceUnavailable)
		w.listens(r)
		w.pays("hook", "10.00", "pm_card_visa").want(201)
		first := r.next(t)
		delivery := w.until("/v1/webhooks/deliveries", "data.0.attempts", "1").text("data.0.id")
		shown := w.get("/v1/webhooks/deliveries/" + delivery).want(200)
		assert.Equal(t, "pending", shown.text("data.status"))
		assert.Equal(t, "503", shown.at("data.history.0.status").(json.Number).String())
		r.answer.Store(http.StatusNoContent)
		w.post("/v1/webhooks/deliveries/"+delivery+"/retry", "").want(200)
		again := r.next(t)
		assert.Equal(t, first.header.Get("webhook-id"), again.header.Get("webhook-id"), "a receiver knows a repetition by its id")
		assert.Equal(t, first.body, again.body)
		w.until("/v1/webhooks/deliveries/"+delivery, "data.status", "delivered")

		late := newReceiver(t)
		endpoint := w.post("/v1/merchant/webhooks", `{"url":"`+late.URL+`","events":["payment.completed"]}`).want(201)
		missed := w.post("/v1/merchant/webhooks/"+endpoint.text("data.id")+"/replay", `{"which":"missing","since":"2020-01-01T00:00:00Z"}`).want(200)
		assert.Equal(t, "1", missed.at("data.scheduled").(json.Number).String())
		assert.Equal(t, first.body, late.next(t).body)
	})
}

// A delivery that is started again the moment it was made is made again at
// once: the job of the try before may still be ending.
func TestRetryAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		w.listens(r)
		w.pays("again", "10.00", "pm_card_visa").want(201)
		r.next(t)
		for range 3 {
			delivery := w.until("/v1/webhooks/deliveries", "data.0.status", "delivered").text("data.0.id")
			w.post("/v1/webhooks/deliveries/"+delivery+"/retry", "").want(200)
			began := time.Now()
			r.next(t)
			require.Less(t, time.Since(began), patience/4, "the sweep found it, and not the job")
		}
	})
}

func TestGoneDisablesAndRotationSignsTwice(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		old := w.listens(r)
		fresh := w.post("/v1/merchant/webhook/rotate", `{}`).want(200).text("data.secret")
		require.NotEqual(t, old, fresh)
		w.pays("a", "10.00", "pm_card_visa").want(201)
		got := r.next(t)
		for _, secret := range []string{old, fresh} {
			verifier, err := standardwebhooks.NewWebhook(secret)
			require.NoError(t, err)
			assert.NoError(t, verifier.Verify(got.body, got.header))
		}
		r.answer.Store(http.StatusGone)
		w.pays("b", "10.00", "pm_card_visa").want(201)
		r.next(t)
		w.until("/v1/merchant/webhook", "data.status", "disabled")
	})
}

func TestPrivateTargets(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]map[string]int{
		"loopback": {"http://127.0.0.1:9/x": 201, "http://10.0.0.1/x": 400, "http://169.254.169.254/latest": 400, "ftp://example.com": 400},
		"off":      {"http://127.0.0.1:9/x": 400, "http://localhost:9/": 400, "http://2130706433/": 400, "http://[::ffff:127.0.0.1]/": 400},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, databases["sqlite"](t), "--allow-private-endpoints", policy)
			for target, status := range want {
				w.post("/v1/merchant/webhooks", `{"url":"`+target+`"}`).want(status)
			}
		})
	}
}

func TestStripeEventsAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		body := `{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1,"data":{"object":{"id":"pi_1","object":"payment_intent"}}}`
		for _, signature := range []string{"", "t=1,v1=00", "nonsense", "t=99999999999,v1=" + strings.Repeat("0", 64)} {
			for _, path := range []string{"/v1/webhooks/stripe", "/v1/webhooks/stripe/" + w.get("/v1/merchant").text("data.id")} {
				a := w.post(path, body, "Stripe-Signature", signature)
				assert.Contains(t, []int{400, 401}, a.status)
			}
		}
		w.post("/v1/webhooks/stripe/018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", body, "Stripe-Signature", "t=1,v1=00").want(404)
		w.post("/v1/webhooks/stripe", strings.Repeat("x", 1<<20), "Stripe-Signature", "t=1,v1=00").want(413)
	})
}
