package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"florin/internal/engine"
	"florin/internal/pay"
)

var (
	merchantOne = pay.Owner{Merchant: "018f0000-0000-7000-8000-000000000001", Mode: pay.Test}
	noon        = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	later       = noon.Add(1500 * time.Millisecond)
)

// paid is a completed payment with everything known.
func paid() pay.Payment {
	return pay.Payment{
		ID: "018f0000-0000-7000-8000-000000000002", Owner: merchantOne,
		Amount: pay.Amount(5000, "USD"), Captured: pay.Amount(5000, "USD"), Refunded: pay.Amount(0, "USD"), Fee: pay.Amount(175, "USD"),
		Status: pay.PaymentCompleted, Capture: pay.CaptureAutomatic, Provider: "stripe", ProviderRef: "pi_3abc", ChargeRef: "ch_3abc",
		PaymentMethod: "pm_card_visa", CardBrand: "visa", CardLast4: "4242", Description: "<shoes> & more",
		ReturnURL: "https://merchant.com/return", Metadata: map[string]string{"order": "17"},
		IdempotencyKey: "order-123", Sequence: 2, CreatedAt: noon, UpdatedAt: later, CapturedAt: later,
	}
}

const paidJSON = `{"id":"018f0000-0000-7000-8000-000000000002","merchant_id":"018f0000-0000-7000-8000-000000000001","mode":"test",` +
	`"amount":"50.00","amount_captured":"50.00","amount_refunded":"0.00","fee":"1.75","currency":"USD","provider":"stripe","status":"completed",` +
	`"provider_ref":"pi_3abc","payment_method":"pm_card_visa","card":{"brand":"visa","last4":"4242"},` +
	`"account_id":null,"charge_type":null,"application_fee":null,"platform_percent":null,"partner_share":null,"on_behalf_of":false,"saved_card_id":null,"customer_id":null,` +
	`"capture":"automatic","description":"<shoes> & more","statement_descriptor":"","receipt_email":"","return_url":"https://merchant.com/return",` +
	`"metadata":{"order":"17"},"next_action":null,"error":null,"idempotency_key":"order-123","sequence":2,` +
	`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:01.5Z","authorized_at":null,"authorization_expires_at":null,` +
	`"captured_at":"2026-11-22T12:00:01.5Z","available_on":null}`

// failed is a payment that was declined before anything was known of its card.
func failed() pay.Payment {
	p := paid()
	p.Status, p.Captured, p.Refunded, p.Fee = pay.PaymentFailed, pay.Money{}, pay.Money{}, pay.Money{}
	p.CardBrand, p.CardLast4, p.Metadata, p.CapturedAt = "", "", nil, time.Time{}
	p.Failure = pay.Failure{Code: pay.CodeCardDeclined, Message: "Your card has insufficient funds.", DeclineCode: "insufficient_funds"}
	return p
}

const failedJSON = `{"id":"018f0000-0000-7000-8000-000000000002","merchant_id":"018f0000-0000-7000-8000-000000000001","mode":"test",` +
	`"amount":"50.00","amount_captured":"0.00","amount_refunded":"0.00","fee":null,"currency":"USD","provider":"stripe","status":"failed",` +
	`"provider_ref":"pi_3abc","payment_method":"pm_card_visa","card":null,` +
	`"account_id":null,"charge_type":null,"application_fee":null,"platform_percent":null,"partner_share":null,"on_behalf_of":false,"saved_card_id":null,"customer_id":null,` +
	`"capture":"automatic","description":"<shoes> & more","statement_descriptor":"","receipt_email":"","return_url":"https://merchant.com/return",` +
	`"metadata":{},"next_action":null,"error":{"code":"card_declined","message":"Your card has insufficient funds.","decline_code":"insufficient_funds"},` +
	`"idempotency_key":"order-123","sequence":2,` +
	`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:01.5Z","authorized_at":null,"authorization_expires_at":null,"captured_at":null,"available_on":null}`

func wantReply(t *testing.T, reply engine.Reply, status int, body string) {
	t.Helper()
	assert.Equal(t, status, reply.Status)
	assert.Equal(t, body, string(reply.Body))
}

func TestAPaymentIsWrittenWhole(t *testing.T) {
	t.Parallel()
	show := Presenter{}
	reply := show.Payment(paid(), engine.StandingCreated)
	wantReply(t, reply, 201, `{"success":true,"data":`+paidJSON+`}`)
	assert.Equal(t, paid().ID, reply.Resource)
	wantReply(t, show.Payment(paid(), engine.StandingDone), 200, `{"success":true,"data":`+paidJSON+`}`)
	wantReply(t, show.Payment(paid(), engine.StandingOpen), 202, `{"success":true,"data":`+paidJSON+`}`)
	wantReply(t, show.Payment(failed(), engine.StandingDeclined), 402,
		`{"success":false,"error":{"code":"card_declined","message":"Your card has insufficient funds.","decline_code":"insufficient_funds",`+
			`"retryable":false,"doc":"/docs/errors#card_declined"},"data":`+failedJSON+`}`)
}

func TestAFailureHasTheStatusOfItsCode(t *testing.T) {
	t.Parallel()
	for code, status := range map[pay.Code]int{
		pay.CodeAuthRequired: 402, pay.CodeAuthFailed: 402, pay.CodeProviderUnreachable: 502, pay.CodeProviderBusy: 503,
		pay.CodeInvalidPaymentMeth: 400, pay.CodePaymentCanceled: 409, "made_up": 500, "": 500,
	} {
		p := failed()
		p.Failure = pay.Failure{Code: code}
		assert.Equal(t, status, Presenter{}.Payment(p, engine.StandingDeclined).Status, "%q", code)
	}
	refused := pay.Invalid(pay.CodeTooMuch, "amount", "at most 50.00 USD can be captured")
	wantReply(t, Presenter{}.Refusal(refused, paid()), 400,
		`{"success":false,"error":{"code":"amount_exceeds_remaining","message":"at most 50.00 USD can be captured","field":"amount",`+
			`"retryable":false,"doc":"/docs/errors#amount_exceeds_remaining"},"data":`+paidJSON+`}`)
}

func TestWhatTheCustomerMustDoIsShownWhilePendingOnly(t *testing.T) {
	t.Parallel()
	p := paid()
	p.Status, p.RedirectURL = pay.PaymentPending, "https://hooks.stripe.com/3ds?a=1&b=2"
	assert.Equal(t, &NextAction{Type: "redirect", RedirectURL: p.RedirectURL}, paymentView(p).NextAction)
	assert.Contains(t, string(Presenter{}.Payment(p, engine.StandingCreated).Body),
		`"next_action":{"type":"redirect","redirect_url":"https://hooks.stripe.com/3ds?a=1&b=2"}`)
	p.Status = pay.PaymentCompleted
	assert.Nil(t, paymentView(p).NextAction)
}

func TestCurrenciesKeepTheirDecimals(t *testing.T) {
	t.Parallel()
	for currency, want := range map[pay.Currency]string{"JPY": "5000 0", "USD": "50.00 0.00", "KWD": "5.000 0.000"} {
		p := failed()
		p.Amount = pay.Amount(5000, currency)
		view := paymentView(p)
		assert.Equal(t, want, view.Amount+" "+view.AmountRefunded, currency)
	}
}

func TestARefundIsWrittenWhole(t *testing.T) {
	t.Parallel()
	p := paid()
	p.Refunded, p.Status = pay.Amount(2500, "USD"), pay.PaymentPartiallyRefunded
	r := pay.Refund{
		ID: "018f0000-0000-7000-8000-000000000003", Owner: merchantOne, Payment: p.ID, Amount: pay.Amount(2500, "USD"),
		Reason: pay.RefundRequested, Status: pay.RefundCompleted, ProviderRef: "re_1abc", Sequence: 2, CreatedAt: noon, UpdatedAt: later,
	}
	const common = `{"id":"018f0000-0000-7000-8000-000000000003","merchant_id":"018f0000-0000-7000-8000-000000000001","mode":"test",` +
		`"payment_id":"018f0000-0000-7000-8000-000000000002","amount":"25.00","currency":"USD","reason":"requested_by_customer",` +
		`"status":"completed","provider_ref":"re_1abc",%s"external":false,"metadata":{},"error":null,"idempotency_key":null,"sequence":2,` +
		`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:01.5Z"}`
	data := fmt.Sprintf(common, `"payment_status":"partially_refunded","payment_amount_refunded":"25.00",`)
	wantReply(t, Presenter{}.Refund(r, p, engine.StandingCreated), 201, `{"success":true,"data":`+data+`}`)
	assert.Equal(t, fmt.Sprintf(common, ""), string(encode(refundView(r))))
	assert.Equal(t, `{"id":"018f0000-0000-7000-8000-00000000000e","type":"refund.completed","timestamp":"2026-11-22T12:00:01.5Z",`+
		`"api_version":"2026-11-22","sequence":2,"data":`+data+`}`, string(Presenter{}.RefundEvent(event(pay.EventRefundCompleted), r, p)))
}

func event(kind pay.EventType) pay.Event {
	return pay.Event{ID: "018f0000-0000-7000-8000-00000000000e", Owner: merchantOne, Type: kind, Sequence: 2, At: later}
}

func TestAnEventCarriesTheSameViewAsTheAPI(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `{"id":"018f0000-0000-7000-8000-00000000000e","type":"payment.completed","timestamp":"2026-11-22T12:00:01.5Z",`+
		`"api_version":"2026-11-22","sequence":2,"data":`+paidJSON+`}`,
		string(Presenter{}.PaymentEvent(event(pay.EventPaymentCompleted), paid())))
}

func TestACardIsWrittenWhole(t *testing.T) {
	t.Parallel()
	c := pay.Card{
		ID: "018f0000-0000-7000-8000-000000000004", Owner: merchantOne, Customer: "018f0000-0000-7000-8000-000000000005", Provider: "stripe",
		ProviderRef: "pm_1abc", Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2027, Default: true, Status: pay.CardActive,
		Sequence: 1, CreatedAt: noon, UpdatedAt: noon,
	}
	const data = `{"id":"018f0000-0000-7000-8000-000000000004","merchant_id":"018f0000-0000-7000-8000-000000000001","mode":"test",` +
		`"customer_id":"018f0000-0000-7000-8000-000000000005","provider":"stripe","provider_ref":"pm_1abc","brand":"visa","last4":"4242",` +
		`"exp_month":12,"exp_year":2027,"is_default":true,"status":"active","is_expired":false,"next_action":null,"error":null,"sequence":1,` +
		`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:00Z"}`
	wantReply(t, Presenter{}.Card(c, engine.StandingCreated), 201, `{"success":true,"data":`+data+`}`)
	assert.Contains(t, string(Presenter{}.CardEvent(event(pay.EventCardSaved), c)), `"data":`+data+`}`)
}

func TestASecretIsShownOnlyWhenItIsNew(t *testing.T) {
	t.Parallel()
	e := pay.Endpoint{
		ID: "018f0000-0000-7000-8000-000000000006", Owner: merchantOne, URL: "https://a.example/hook", Default: true,
		Status: pay.EndpointEnabled, Secret: []byte("sealed"), CreatedAt: noon, UpdatedAt: noon,
	}
	const data = `{"success":true,"data":{"id":"018f0000-0000-7000-8000-000000000006","url":"https://a.example/hook","webhook_url":"https://a.example/hook",` +
		`"events":[],"description":"","default":true,"status":"enabled","disabled_reason":null,"failing_since":null,%s"previous_secret_until":null,` +
		`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:00Z"}}`
	wantReply(t, Presenter{}.Endpoint(e, "whsec_new", engine.StandingCreated), 201, fmt.Sprintf(data, `"secret":"whsec_new",`))
	wantReply(t, Presenter{}.Endpoint(e, "", engine.StandingDone), 200, fmt.Sprintf(data, ""))

	c := pay.Connection{
		ID: "018f0000-0000-7000-8000-000000000007", Owner: merchantOne, Kind: pay.ConnectionStripe, AccountRef: "acct_1", AccountName: "Shop",
		SecretKey: []byte("sealed"), KeyHint: "sk_test_…1234", WebhookSecret: []byte("sealed"), CreatedAt: noon, UpdatedAt: noon,
	}
	wantReply(t, Presenter{}.Connection(c), 200, `{"success":true,"data":{"id":"018f0000-0000-7000-8000-000000000007","provider":"stripe","mode":"test",`+
		`"kind":"stripe","stripe":{"secret_key":"sk_test_…1234","webhook_secret_set":true,"account_id":"acct_1","account_name":"Shop"},`+
		`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:00Z"}}`)
}

func TestSmallRepliesAreWrittenWhole(t *testing.T) {
	t.Parallel()
	wantReply(t, Presenter{}.EndpointDeleted("018f0000-0000-7000-8000-000000000006"), 200,
		`{"success":true,"data":{"id":"018f0000-0000-7000-8000-000000000006","deleted":true}}`)
	wantReply(t, Presenter{}.Replayed(3), 200, `{"success":true,"data":{"scheduled":3}}`)
	d := pay.Delivery{
		ID: "018f0000-0000-7000-8000-000000000008", Event: "018f0000-0000-7000-8000-00000000000e", EventType: pay.EventPing,
		Endpoint: "018f0000-0000-7000-8000-000000000006", Status: pay.DeliveryPending, NextAt: noon, CreatedAt: noon, UpdatedAt: noon,
	}
	wantReply(t, Presenter{}.Delivery(d, engine.StandingCreated), 201, `{"success":true,"data":{"id":"018f0000-0000-7000-8000-000000000008",`+
		`"event_id":"018f0000-0000-7000-8000-00000000000e","event_type":"endpoint.ping","endpoint_id":"018f0000-0000-7000-8000-000000000006",`+
		`"status":"pending","attempts":0,"next_attempt_at":"2026-11-22T12:00:00Z","last_status":null,"last_error":null,`+
		`"created_at":"2026-11-22T12:00:00Z","updated_at":"2026-11-22T12:00:00Z"}}`)
}
