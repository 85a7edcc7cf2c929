package stripe_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"

	"florin/internal/pay"
	"florin/internal/stripe"
)

// judge is Stripe's own mock, which checks parameters against Stripe's OpenAPI
// document. Reading that takes seconds, so all tests share one.
var judge = sync.OnceValues(func() (*server.StubServer, error) {
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, err
	}
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, err
	}
	return server.NewStubServer(fixtures, spec, false, false)
})

// requireAccepted sends a request as it stands to the judge.
func requireAccepted(t *testing.T, wire pay.Wire) {
	t.Helper()
	status, body := judgement(t, wire)
	require.Equal(t, http.StatusOK, status, "%s %s: %s", wire.Path, wire.Body, body)
}

func judgement(t *testing.T, wire pay.Wire) (status int, body string) {
	t.Helper()
	stub, err := judge()
	require.NoError(t, err)
	r := httptest.NewRequest(wire.Method, wire.Path, strings.NewReader(wire.Body))
	r.Header.Set("Authorization", "Bearer sk_test_123")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	stub.HandleRequest(w, r)
	return w.Code, w.Body.String()
}

// A judge that lets everything pass would prove nothing.
func TestTheJudgeRefuses(t *testing.T) {
	t.Parallel()
	good, err := stripe.New(stripe.Config{}).Charge(full())
	require.NoError(t, err)
	for _, fault := range []string{"&florin=1", "&capture_method=later", "&automatic_payment_methods[enabled]=maybe"} {
		bad := good
		bad.Body += fault
		status, _ := judgement(t, bad)
		assert.Equal(t, http.StatusBadRequest, status, fault)
	}
}

// full is an order with everything in it.
func full() pay.ChargeOrder {
	o := order()
	o.CustomerRef = "cus_1"
	o.Payment.Capture = pay.CaptureManual
	o.Payment.Description = "order & invoice=1"
	o.Payment.StatementDescriptor = "ORDER 1"
	o.Payment.ReceiptEmail = "jane+x@example.com"
	o.Payment.ReturnURL = "https://merchant.example/return?x=1&y=2"
	o.Payment.Metadata = map[string]string{"z": "1", "order": "a b", "florin_payment": "forged", "m": "ü"}
	return o
}

func TestChargeForms(t *testing.T) {
	t.Parallel()
	offSession := order()
	offSession.CustomerRef, offSession.OffSession = "cus_1", true
	offSession.Payment.ReturnURL = "https://merchant.example/return"
	declined := order()
	declined.Payment.PaymentMethod = "pm_card_declined"
	krona := order()
	krona.Payment.Amount = pay.Amount(1500, "ISK")

	const common = "amount=1000&capture_method=automatic&confirm=true&currency=usd"
	const ours = "metadata[florin_merchant]=018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90&metadata[florin_payment]=018f3c1e-7b1a-7c5e-9d0a-000000000001"
	forms := map[string]struct {
		order pay.ChargeOrder
		body  string
	}{
		"plain": {order(), common + "&error_on_requires_action=true&expand[0]=latest_charge.balance_transaction&" + ours +
			"&payment_method=pm_card_visa&payment_method_types[0]=card"},
		"full": {full(), "amount=1000&automatic_payment_methods[enabled]=true&capture_method=manual&confirm=true&currency=usd&customer=cus_1" +
			"&description=order+%26+invoice%3D1&expand[0]=latest_charge.balance_transaction&" + ours +
			"&metadata[m]=%C3%BC&metadata[order]=a+b&metadata[z]=1&payment_method=pm_card_visa&receipt_email=jane%2Bx%40example.com" +
			"&return_url=https%3A%2F%2Fmerchant.example%2Freturn%3Fx%3D1%26y%3D2&statement_descriptor_suffix=ORDER+1"},
		"off session": {offSession, common + "&customer=cus_1&expand[0]=latest_charge.balance_transaction&" + ours +
			"&off_session=true&payment_method=pm_card_visa&payment_method_types[0]=card"},
		"the guide's declined card": {declined, common + "&error_on_requires_action=true&expand[0]=latest_charge.balance_transaction&" + ours +
			"&payment_method=pm_card_chargeDeclined&payment_method_types[0]=card"},
		"padded currency": {krona, "amount=150000&capture_method=automatic&confirm=true&currency=isk" +
			"&error_on_requires_action=true&expand[0]=latest_charge.balance_transaction&" + ours + "&payment_method=pm_card_visa&payment_method_types[0]=card"},
	}
	for name, form := range forms {
		wire, err := stripe.New(stripe.Config{}).Charge(form.order)
		require.NoError(t, err, name)
		assert.Equal(t, pay.Wire{Method: "POST", Path: "/v1/payment_intents", Body: form.body, APIVersion: "2026-03-25.dahlia"}, wire, name)
		requireAccepted(t, wire)
	}
}

func TestEqualOrdersGiveEqualBytes(t *testing.T) {
	t.Parallel()
	first, err := stripe.New(stripe.Config{}).Charge(full())
	require.NoError(t, err)
	for range 100 { // Go walks a map in another order each time
		again, err := stripe.New(stripe.Config{}).Charge(full())
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestOtherForms(t *testing.T) {
	t.Parallel()
	g := stripe.New(stripe.Config{})
	p := order().Payment
	p.ProviderRef = "pi_1"
	refund := pay.Refund{ID: refundID, Owner: owner, Amount: pay.Amount(250, "USD"), Reason: pay.RefundRequested, Metadata: map[string]string{"a": "b"}}
	customer := pay.Customer{ID: customerID, Owner: owner, Email: "a@b.example", Name: "Jane Doe"}
	known := customer
	known.ProviderRef = "cus_1"
	card := pay.Card{ID: cardID, Owner: owner, ProviderRef: "pm_1"}

	compose := map[string]func() (pay.Wire, error){
		"/v1/payment_intents/pi_1/capture amount_to_capture=400&expand[0]=latest_charge.balance_transaction": func() (pay.Wire, error) {
			return g.Capture(p, pay.Amount(400, "USD"), pay.Money{})
		},
		"/v1/payment_intents/pi_1/cancel expand[0]=latest_charge.balance_transaction": func() (pay.Wire, error) { return g.Cancel(p) },
		"/v1/refunds amount=250&metadata[a]=b&metadata[florin_merchant]=" + string(merchantID) + "&metadata[florin_payment]=" + string(paymentID) +
			"&metadata[florin_refund]=" + string(refundID) + "&payment_intent=pi_1&reason=requested_by_customer": func() (pay.Wire, error) { return g.Refund(p, refund) },
		"/v1/customers email=a%40b.example&metadata[florin_customer]=" + string(customerID) + "&metadata[florin_merchant]=" + string(merchantID) +
			"&name=Jane+Doe": func() (pay.Wire, error) { return g.CreateCustomer(customer) },
		"/v1/payment_methods/pm_1/attach customer=cus_1": func() (pay.Wire, error) { return g.AttachCard(card, known) },
		"/v1/payment_methods/pm_1/detach ":               func() (pay.Wire, error) { return g.DetachCard(card) },
	}
	for want, write := range compose {
		wire, err := write()
		require.NoError(t, err)
		assert.Equal(t, want, wire.Path+" "+wire.Body)
		requireAccepted(t, wire)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	g := stripe.New(stripe.Config{})
	for _, method := range []string{"", "4242424242424242", "pm_", "pm_1/../customers", "pm_1?x=1", "tok_visa", "pm_" + strings.Repeat("a", 300)} {
		o := order()
		o.Payment.PaymentMethod = method
		_, err := g.Charge(o)
		assert.True(t, pay.Is(err, pay.CodeInvalidPaymentMeth), "%q: %v", method, err)
		_, err = g.AttachCard(pay.Card{Owner: owner, ProviderRef: method}, pay.Customer{ProviderRef: "cus_1"})
		assert.True(t, pay.Is(err, pay.CodeInvalidPaymentMeth), "%q: %v", method, err)
	}
	unknown := order().Payment // Stripe never said which intent it is
	_, err := g.Capture(unknown, unknown.Amount, pay.Money{})
	assert.True(t, pay.Is(err, pay.CodeNotAuthorized), err)
	_, err = g.Cancel(unknown)
	assert.True(t, pay.Is(err, pay.CodeNotCancelable), err)
	_, err = g.Refund(unknown, pay.Refund{})
	assert.True(t, pay.Is(err, pay.CodeNotCaptured), err)
}

func TestLiveModeKeepsTheAliasAsItIs(t *testing.T) {
	t.Parallel()
	o := order()
	o.Payment.Owner.Mode, o.Payment.PaymentMethod = pay.Live, "pm_card_declined"
	wire, err := stripe.New(stripe.Config{}).Charge(o)
	require.NoError(t, err)
	assert.Contains(t, wire.Body, "payment_method=pm_card_declined")
}

// A call that was kept is sent by another process, maybe of a later version:
// neither the bytes nor the API version may be made anew.
func TestKeptBytesAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	f := newFake(t, always(http.StatusOK, intent(t, nil)))
	call := chargeCall(t, f.gateway(), full())
	call.Wire.APIVersion = "2025-03-31.basil"
	call.Wire.Body += "&x[]=%41&x[]=a%20b" // spelled as no encoder of ours would

	kept, err := json.Marshal(call)
	require.NoError(t, err)
	var loaded pay.Call
	require.NoError(t, json.Unmarshal(kept, &loaded))
	for range 2 {
		require.Equal(t, pay.OutcomeDone, f.gateway().Send(t.Context(), access, loaded).Outcome)
	}
	for _, got := range f.requests() {
		assert.Equal(t, call.Wire.Body, got.body)
		assert.Equal(t, "POST /v1/payment_intents", got.method+" "+got.uri)
		assert.Equal(t, "2025-03-31.basil", got.header.Get("Stripe-Version"))
		assert.Equal(t, "florin-charge-"+string(paymentID), got.header.Get("Idempotency-Key"))
		assert.Equal(t, "Bearer "+access.Key.Reveal(), got.header.Get("Authorization"))
		assert.Equal(t, "application/x-www-form-urlencoded", got.header.Get("Content-Type"))
		assert.Empty(t, got.header.Get("X-Stripe-Client-User-Agent"))
	}
}
