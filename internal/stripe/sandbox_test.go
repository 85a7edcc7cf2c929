package stripe_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/sandbox"
	"florin/internal/stripe"
)

// world is the real gateway before a real sandbox, over HTTP.
type world struct {
	*stripe.Gateway
	t      *testing.T
	base   string
	access pay.Access
	keys   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := sandbox.Open(sandbox.Config{})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		cancel()
		assert.NoError(t, <-done)
		assert.NoError(t, s.Close())
	})
	return &world{
		t: t, base: server.URL, access: pay.Access{Kind: pay.ConnectionSandbox, Key: pay.NewSecret("sk_test_florinsandbox")},
		Gateway: stripe.New(stripe.Config{Base: "http://127.0.0.1:1", SandboxBase: server.URL, RetryWait: time.Millisecond, CallTimeout: 10 * time.Second}),
	}
}

func (w *world) send(action pay.Action, wire pay.Wire, err error) pay.Answer {
	w.t.Helper()
	require.NoError(w.t, err)
	w.keys++
	return w.Send(w.t.Context(), w.access, newCall(action, wire, string(action)+"-"+strings.Repeat("i", w.keys)))
}

// charge sends an order, which must be carried out, and returns the payment as
// engine would keep it.
func (w *world) charge(o pay.ChargeOrder) (pay.Payment, pay.Report) {
	w.t.Helper()
	wire, err := w.Charge(o)
	got := w.send(pay.ActionCharge, wire, err)
	require.Equal(w.t, pay.OutcomeDone, got.Outcome, got.Err)
	p := o.Payment
	p.ProviderRef = got.Payment.ProviderRef
	return p, *got.Payment
}

// fault asks the sandbox for one, at the next POSTs to a path.
func (w *world) fault(path, effect string, times int) {
	w.t.Helper()
	rule := `{"match":{"method":"POST","path":"` + path + `"},"count":` + strconv.Itoa(times) + `,"effect":{"type":"` + effect + `"}}`
	resp, err := http.Post(w.base+"/_sandbox/faults", "application/json", strings.NewReader(rule))
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	require.Equal(w.t, 200, resp.StatusCode, string(body))
}

func TestSandboxPaymentAndRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, report := w.charge(order())
	assert.True(t, strings.HasPrefix(report.ProviderRef, "pi_"))
	assert.True(t, strings.HasPrefix(report.ChargeRef, "ch_"))
	want := pay.Report{
		Status: pay.PaymentCompleted, ProviderRef: report.ProviderRef, ChargeRef: report.ChargeRef, PaymentID: paymentID,
		Captured: pay.Amount(1000, "USD"), Fee: pay.Amount(59, "USD"), Net: pay.Amount(941, "USD"), CardBrand: "visa", CardLast4: "4242",
		AvailableOn: report.AvailableOn,
	}
	assert.Equal(t, want, report)
	assert.True(t, report.AvailableOn.After(time.Now()), report.AvailableOn)

	part := pay.Refund{ID: refundID, Owner: owner, Amount: pay.Amount(400, "USD"), Reason: pay.RefundRequested}
	wire, err := w.Refund(p, part)
	got := w.send(pay.ActionRefund, wire, err)
	require.Equal(t, pay.OutcomeDone, got.Outcome, got.Err)
	assert.Equal(t, pay.RefundCompleted, got.Refund.Status)
	assert.Equal(t, refundID, got.Refund.RefundID)
	assert.Equal(t, p.ProviderRef, got.Refund.PaymentRef)

	part.Amount.Minor = 700
	wire, err = w.Refund(p, part)
	got = w.send(pay.ActionRefund, wire, err)
	assert.Equal(t, pay.OutcomeRefused, got.Outcome)
	assert.Equal(t, pay.CodeTooMuch, got.Err.Code, got.Err)

	all, err := w.FindRefunds(t.Context(), w.access, p.ProviderRef)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, pay.Amount(400, "USD"), all[0].Amount)
}

func TestSandboxDeclines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for method, want := range map[string]pay.Failure{
		"pm_card_declined": {Code: pay.CodeCardDeclined, DeclineCode: "generic_decline"},
		"pm_card_visa_chargeDeclinedInsufficientFunds":     {Code: pay.CodeCardDeclined, DeclineCode: "insufficient_funds"},
		"pm_card_chargeDeclinedExpiredCard":                {Code: pay.CodeCardDeclined, DeclineCode: "expired_card"},
		"pm_card_authenticationRequired":                   {Code: pay.CodeAuthRequired, DeclineCode: "authentication_required"}, // no return_url: nobody could be asked
		"pm_card_chargeDeclinedProcessingError":            {Code: pay.CodeCardDeclined, DeclineCode: "processing_error"},
		"pm_card_visa_chargeDeclinedLostCard":              {Code: pay.CodeCardDeclined, DeclineCode: "lost_card"},
		"pm_card_chargeDeclinedInsufficientFunds":          {Code: pay.CodeCardDeclined, DeclineCode: "insufficient_funds"},
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": {Code: pay.CodeCardDeclined, DeclineCode: "card_velocity_exceeded"},
	} {
		o := order()
		o.Payment.PaymentMethod = method
		wire, err := w.Charge(o)
		got := w.send(pay.ActionCharge, wire, err)
		require.Equal(t, pay.OutcomeRefused, got.Outcome, "%s: %v", method, got.Err)
		assert.Equal(t, want.Code, got.Err.Code, method)
		assert.Equal(t, want.DeclineCode, got.Err.DeclineCode, method)
		require.NotNil(t, got.Payment, method)
		assert.Equal(t, pay.PaymentFailed, got.Payment.Status, method)
		assert.Equal(t, want.Code, got.Payment.Failure.Code, method)
		assert.True(t, strings.HasPrefix(got.Payment.ProviderRef, "pi_"), method)
		assert.Equal(t, paymentID, got.Payment.PaymentID, method)
	}
}

func TestSandboxAuthoriseCaptureCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := order()
	o.Payment.Capture = pay.CaptureManual
	p, report := w.charge(o)
	assert.Equal(t, pay.PaymentAuthorized, report.Status)
	assert.Equal(t, "4242", report.CardLast4)

	wire, err := w.Capture(p, pay.Amount(1001, "USD"), pay.Money{})
	got := w.send(pay.ActionCapture, wire, err)
	assert.Equal(t, pay.CodeTooMuch, got.Err.Code, got.Err)

	wire, err = w.Capture(p, pay.Amount(600, "USD"), pay.Money{})
	got = w.send(pay.ActionCapture, wire, err)
	require.Equal(t, pay.OutcomeDone, got.Outcome, got.Err)
	assert.Equal(t, pay.PaymentCompleted, got.Payment.Status)
	assert.Equal(t, pay.Amount(600, "USD"), got.Payment.Captured)
	assert.Positive(t, got.Payment.Fee.Minor)

	wire, err = w.Cancel(p)
	got = w.send(pay.ActionCancel, wire, err)
	assert.Equal(t, pay.OutcomeRefused, got.Outcome)
	assert.Equal(t, pay.CodeNotCancelable, got.Err.Code, got.Err)
	require.NotNil(t, got.Payment)
	assert.Equal(t, pay.PaymentCompleted, got.Payment.Status, "the refusal tells how it stands")

	p, _ = w.charge(o)
	wire, err = w.Cancel(p)
	got = w.send(pay.ActionCancel, wire, err)
	require.Equal(t, pay.OutcomeDone, got.Outcome, got.Err)
	assert.Equal(t, pay.PaymentCanceled, got.Payment.Status)
	assert.Equal(t, pay.CodePaymentCanceled, got.Payment.Failure.Code)
}

// The customer authenticates on the sandbox's page; a look-up tells the rest.
func TestSandboxAuthentication(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]pay.PaymentStatus{"complete": pay.PaymentCompleted, "fail": pay.PaymentFailed} {
		w := newWorld(t)
		o := order()
		o.Payment.PaymentMethod, o.Payment.ReturnURL = "pm_card_authenticationRequired", "https://merchant.example/return"
		p, report := w.charge(o)
		assert.Equal(t, pay.PaymentPending, report.Status)
		require.True(t, strings.HasPrefix(report.RedirectURL, w.base), report.RedirectURL)

		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.PostForm(report.RedirectURL, url.Values{"outcome": {outcome}})
		require.NoError(t, err)
		resp.Body.Close()

		got, err := w.FindPayment(t.Context(), w.access, pay.PaymentSought{Ref: p.ProviderRef})
		require.NoError(t, err)
		assert.Equal(t, want, got.Status)
		if want == pay.PaymentFailed {
			assert.Equal(t, pay.CodeAuthFailed, got.Failure.Code)
		}
	}
}

func TestSandboxSavedCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := time.Now()
	customer := pay.Customer{ID: customerID, Owner: owner, Email: "jane@example.com", Name: "Jane Doe"}
	wire, err := w.CreateCustomer(customer)
	got := w.send(pay.ActionCreateCustomer, wire, err)
	require.Equal(t, pay.OutcomeDone, got.Outcome, got.Err)
	customer.ProviderRef = got.Customer

	found, err := w.FindCustomer(t.Context(), w.access, customerID, started)
	require.NoError(t, err)
	assert.Equal(t, customer.ProviderRef, found)

	card := pay.Card{ID: cardID, Owner: owner, ProviderRef: "pm_card_visa"}
	wire, err = w.AttachCard(card, customer)
	got = w.send(pay.ActionAttachCard, wire, err)
	require.Equal(t, pay.OutcomeDone, got.Outcome, got.Err)
	assert.Equal(t, "4242", got.Card.Last4)
	card.ProviderRef = got.Card.ProviderRef

	seen, err := w.FindCard(t.Context(), w.access, card.ProviderRef)
	require.NoError(t, err)
	assert.Equal(t, pay.CardFound{CardReport: *got.Card, CustomerRef: customer.ProviderRef}, seen)

	o := order()
	o.Payment.PaymentMethod, o.CustomerRef, o.OffSession = card.ProviderRef, customer.ProviderRef, true
	_, report := w.charge(o)
	assert.Equal(t, pay.PaymentCompleted, report.Status)

	wire, err = w.DetachCard(card)
	require.Equal(t, pay.OutcomeDone, w.send(pay.ActionDetachCard, wire, err).Outcome)
	wire, err = w.Charge(o)
	again := w.send(pay.ActionCharge, wire, err)
	assert.Equal(t, pay.OutcomeRefused, again.Outcome)
}

func TestSandboxRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := order()
	o.Payment.PaymentMethod = "pm_doesnotexist"
	wire, err := w.Charge(o)
	got := w.send(pay.ActionCharge, wire, err)
	assert.Equal(t, pay.CodeInvalidPaymentMeth, got.Err.Code, got.Err)
	assert.Equal(t, "payment_method", got.Err.Field)

	o = order()
	o.Payment.Amount.Minor = 1
	wire, err = w.Charge(o)
	got = w.send(pay.ActionCharge, wire, err)
	assert.Equal(t, pay.CodeAmountTooSmall, got.Err.Code, got.Err)
}

// Whatever is lost on the way, one charge is made: the same call again finds it,
// and so does a look-up.
func TestSandboxFaults(t *testing.T) {
	t.Parallel()
	for _, effect := range []string{"reset_before", "reset_after", "error", "truncate", "conflict"} {
		w := newWorld(t)
		w.fault("/v1/payment_intents", effect, 1)
		_, report := w.charge(order()) // the gateway's second try gets through
		assert.Equal(t, pay.PaymentCompleted, report.Status, effect)

		found, err := w.FindPayment(t.Context(), w.access, pay.PaymentSought{ID: paymentID, Since: time.Now()})
		require.NoError(t, err, effect)
		assert.Equal(t, report, found, effect)
	}
}

// The sandbox's clock may be days ahead of ours.
func TestSandboxAheadOfOurClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := time.Now()
	resp, err := http.Post(w.base+"/_sandbox/clock/advance", "application/json", strings.NewReader(`{"seconds":2592000}`))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	_, report := w.charge(order())
	found, err := w.FindPayment(t.Context(), w.access, pay.PaymentSought{ID: paymentID, Since: started})
	require.NoError(t, err)
	assert.Equal(t, report, found)
}

// A 500 that is replayed for ever, while the money has moved.
func TestSandboxFaultThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault("/v1/payment_intents", "error_after", 1)
	wire, err := w.Charge(order())
	got := w.send(pay.ActionCharge, wire, err)
	assert.Equal(t, pay.OutcomeInDoubt, got.Outcome)
	found, err := w.FindPayment(t.Context(), w.access, pay.PaymentSought{ID: paymentID, Since: time.Now()})
	require.NoError(t, err)
	assert.Equal(t, pay.PaymentCompleted, found.Status)

	w.fault("/v1/payment_intents", "rate_limit", 3)
	assert.Equal(t, pay.OutcomeNotSent, w.send(pay.ActionCharge, wire, nil).Outcome)
}

// The sandbox signs and sends; Verify and Read take it apart.
func TestSandboxEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type delivery struct {
		header string
		body   []byte
	}
	deliveries := make(chan delivery, 32)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		deliveries <- delivery{r.Header.Get("Stripe-Signature"), body}
	}))
	t.Cleanup(receiver.Close)
	secrets, err := w.Subscribe(t.Context(), w.access, receiver.URL)
	require.NoError(t, err)
	again, err := w.Subscribe(t.Context(), w.access, receiver.URL)
	require.NoError(t, err)
	assert.False(t, secrets[0].Equal(again[0]))

	_, report := w.charge(order())
	for {
		select {
		case d := <-deliveries:
			require.NoError(t, w.Verify(d.body, d.header, again, time.Now()))
			assert.Error(t, w.Verify(d.body, d.header, secrets, time.Now()), "the replaced endpoint sends no more")
			hint, err := w.Read(d.body)
			require.NoError(t, err)
			assert.Equal(t, pay.TopicPayment, hint.Topic, hint.Type)
			assert.Equal(t, report.ProviderRef, hint.PaymentRef)
			assert.Equal(t, paymentID, hint.PaymentID)
			assert.Equal(t, merchantID, hint.MerchantID)
			if hint.Type == "payment_intent.succeeded" {
				assert.Equal(t, pay.PaymentCompleted, hint.Payment.Status)
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no payment_intent.succeeded arrived")
		}
	}
}

func TestSandboxCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account, err := w.Check(t.Context(), w.access)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(account.Ref, "acct_"))
	account, err = w.Check(t.Context(), pay.Access{Kind: pay.ConnectionSandbox, Key: pay.NewSecret("rk_test_florinsandbox")})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(account.Ref, "acct_"))
	_, err = w.Check(t.Context(), pay.Access{Kind: pay.ConnectionSandbox, Key: pay.NewSecret("hunter2")})
	assert.True(t, pay.Is(err, pay.CodeProviderKeyInvalid), err)
}
