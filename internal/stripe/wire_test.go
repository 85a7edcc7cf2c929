package stripe_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/stripe"
)

// Ids of ours that the tests use throughout.
const (
	merchantID = pay.ID("018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90")
	paymentID  = pay.ID("018f3c1e-7b1a-7c5e-9d0a-000000000001")
	refundID   = pay.ID("018f3c1e-7b1a-7c5e-9d0a-000000000002")
	customerID = pay.ID("018f3c1e-7b1a-7c5e-9d0a-000000000003")
	cardID     = pay.ID("018f3c1e-7b1a-7c5e-9d0a-000000000004")
)

var (
	owner  = pay.Owner{Merchant: merchantID, Mode: pay.Test}
	access = pay.Access{Kind: pay.ConnectionStripe, Key: pay.NewSecret("sk_test_51CANARYcanary0123456789")}
)

// received is a request as it came over the wire.
type received struct {
	method, uri, body string
	header            http.Header
}

// fake is a Stripe that answers from a script and remembers what it was sent.
type fake struct {
	*httptest.Server
	mu   sync.Mutex
	seen []received
}

// newFake serves answer for every request; turn counts from 0.
func newFake(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, turn int)) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		turn := len(f.seen)
		f.seen = append(f.seen, received{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		f.mu.Unlock()
		answer(w, r, turn)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) requests() []received {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]received(nil), f.seen...)
}

// gateway points both kinds of connection at the fake.
func (f *fake) gateway() *stripe.Gateway {
	return stripe.New(stripe.Config{Base: f.URL, SandboxBase: f.URL, RetryWait: time.Millisecond, CallTimeout: 5 * time.Second})
}

// reply answers with one JSON text.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_test1")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// always answers every request alike.
func always(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, status, body) }
}

// order is a plain payment of 10.00 USD.
func order() pay.ChargeOrder {
	return pay.ChargeOrder{Payment: pay.Payment{
		ID: paymentID, Owner: owner, Amount: pay.Amount(1000, "USD"), Capture: pay.CaptureAutomatic, PaymentMethod: "pm_card_visa",
	}}
}

// chargeCall is a call as engine keeps one, ready to be sent for the first time.
func chargeCall(t *testing.T, g *stripe.Gateway, o pay.ChargeOrder) pay.Call {
	t.Helper()
	wire, err := g.Charge(o)
	require.NoError(t, err)
	return newCall(pay.ActionCharge, wire, "florin-charge-"+string(o.Payment.ID))
}

func newCall(action pay.Action, wire pay.Wire, key string) pay.Call {
	return pay.Call{Action: action, Payment: paymentID, Wire: wire, ProviderKey: key, Attempts: 1}
}

// intent is a PaymentIntent in JSON, with changes.
func intent(t *testing.T, changes map[string]any) string {
	t.Helper()
	object := map[string]any{
		"id": "pi_3Test", "object": "payment_intent", "amount": 1000, "amount_received": 1000, "amount_capturable": 0,
		"currency": "usd", "status": "succeeded", "livemode": false, "created": 1774905650,
		"metadata": map[string]any{"florin_payment": paymentID, "florin_merchant": merchantID},
		"latest_charge": map[string]any{
			"id": "ch_3Test", "object": "charge",
			"payment_method_details": map[string]any{"type": "card", "card": map[string]any{"brand": "visa", "last4": "4242"}},
			"balance_transaction":    map[string]any{"id": "txn_3Test", "object": "balance_transaction", "fee": 59, "currency": "usd"},
		},
	}
	for name, value := range changes {
		object[name] = value
	}
	text, err := json.Marshal(object)
	require.NoError(t, err)
	return string(text)
}

// stripeError is an error object in JSON.
func stripeError(fields map[string]any) string {
	text, _ := json.Marshal(map[string]any{"error": fields})
	return string(text)
}
