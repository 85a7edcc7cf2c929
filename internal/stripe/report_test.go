package stripe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"florin/internal/pay"
)

// completed is what the plain intent of these tests means.
func completed() pay.Report {
	return pay.Report{
		Status: pay.PaymentCompleted, ProviderRef: "pi_3Test", ChargeRef: "ch_3Test", PaymentID: paymentID,
		Captured: pay.Amount(1000, "USD"), Fee: pay.Amount(59, "USD"), CardBrand: "visa", CardLast4: "4242",
	}
}

// Every row: what a PaymentIntent says besides the plain one, and what it means.
func TestPaymentsInOurWords(t *testing.T) {
	t.Parallel()
	with := func(change func(*pay.Report)) pay.Report { r := completed(); change(&r); return r }
	bare := func(status pay.PaymentStatus) pay.Report {
		return pay.Report{Status: status, ProviderRef: "pi_3Test", PaymentID: paymentID}
	}
	method := fields{"id": "pm_1", "object": "payment_method", "type": "card", "card": fields{"brand": "mastercard", "last4": "4444"}}
	declined := fields{"type": "card_error", "code": "card_declined", "decline_code": "lost_card", "message": "No.", "payment_method": method}
	rows := map[string]struct {
		changes fields
		want    pay.Report
	}{
		"succeeded":           {nil, completed()},
		"captured in part":    {fields{"amount_received": 400}, with(func(r *pay.Report) { r.Captured.Minor = 400 })},
		"charge not expanded": {fields{"latest_charge": "ch_9"}, with(func(r *pay.Report) { r.ChargeRef, r.Fee, r.CardBrand, r.CardLast4 = "ch_9", pay.Money{}, "", "" })},
		"no charge":           {fields{"latest_charge": nil, "status": "processing"}, bare(pay.PaymentPending)},
		"fee not known yet":   {fields{"latest_charge": fields{"id": "ch_9", "balance_transaction": nil}}, with(func(r *pay.Report) { r.ChargeRef, r.Fee, r.CardBrand, r.CardLast4 = "ch_9", pay.Money{}, "", "" })},
		"fee not expanded":    {fields{"latest_charge": fields{"id": "ch_9", "balance_transaction": "txn_1"}}, with(func(r *pay.Report) { r.ChargeRef, r.Fee, r.CardBrand, r.CardLast4 = "ch_9", pay.Money{}, "", "" })},
		"fee in another money": {fields{"latest_charge": fields{"id": "ch_9", "balance_transaction": fields{"id": "t", "fee": 45, "currency": "eur"}}}, with(func(r *pay.Report) {
			r.ChargeRef, r.Fee, r.CardBrand, r.CardLast4 = "ch_9", pay.Amount(45, "EUR"), "", ""
		})},
		"padded currency":       {fields{"currency": "isk", "amount_received": 150000}, with(func(r *pay.Report) { r.Captured = pay.Amount(1500, "ISK") })},
		"authorised":            {fields{"status": "requires_capture", "amount_received": 0, "latest_charge": "ch_9"}, pay.Report{Status: pay.PaymentAuthorized, ProviderRef: "pi_3Test", ChargeRef: "ch_9", PaymentID: paymentID}},
		"waits for 3DS":         {fields{"status": "requires_action", "latest_charge": nil, "next_action": fields{"type": "redirect_to_url", "redirect_to_url": fields{"url": "https://hooks.stripe.com/3ds"}}}, pay.Report{Status: pay.PaymentPending, ProviderRef: "pi_3Test", PaymentID: paymentID, RedirectURL: "https://hooks.stripe.com/3ds"}},
		"waits for Alipay":      {fields{"status": "requires_action", "latest_charge": nil, "next_action": fields{"type": "alipay_handle_redirect", "alipay_handle_redirect": fields{"url": "https://a"}}}, pay.Report{Status: pay.PaymentPending, ProviderRef: "pi_3Test", PaymentID: paymentID, RedirectURL: "https://a"}},
		"an action new to us":   {fields{"status": "requires_action", "latest_charge": nil, "next_action": fields{"type": "dance", "dance": fields{}}}, bare(pay.PaymentPending)},
		"waits for confirming":  {fields{"status": "requires_confirmation", "latest_charge": nil}, bare(pay.PaymentPending)},
		"never tried":           {fields{"status": "requires_payment_method", "latest_charge": nil}, bare(pay.PaymentPending)},
		"a status new to us":    {fields{"status": "teleported", "latest_charge": nil}, bare(pay.PaymentPending)},
		"declined":              {fields{"status": "requires_payment_method", "latest_charge": "ch_9", "last_payment_error": declined}, pay.Report{Status: pay.PaymentFailed, ProviderRef: "pi_3Test", ChargeRef: "ch_9", PaymentID: paymentID, CardBrand: "mastercard", CardLast4: "4444", Failure: pay.Failure{Code: pay.CodeCardDeclined, Message: "No.", DeclineCode: "lost_card"}}},
		"canceled":              {fields{"status": "canceled", "latest_charge": nil, "cancellation_reason": "automatic"}, pay.Report{Status: pay.PaymentCanceled, ProviderRef: "pi_3Test", PaymentID: paymentID, Failure: pay.Failure{Code: pay.CodePaymentCanceled, Message: "the payment was canceled (automatic)"}}},
		"canceled, no reason":   {fields{"status": "canceled", "latest_charge": nil, "cancellation_reason": nil}, pay.Report{Status: pay.PaymentCanceled, ProviderRef: "pi_3Test", PaymentID: paymentID, Failure: pay.Failure{Code: pay.CodePaymentCanceled, Message: "the payment was canceled"}}},
		"not ours":              {fields{"metadata": fields{}}, with(func(r *pay.Report) { r.PaymentID = "" })},
		"not ours, and lies":    {fields{"metadata": fields{"florin_payment": "' OR 1=1"}}, with(func(r *pay.Report) { r.PaymentID = "" })},
		"without metadata":      {fields{"metadata": nil}, with(func(r *pay.Report) { r.PaymentID = "" })},
		"with more than we ask": {fields{"hologram": fields{"a": []int{1}}}, completed()},
	}
	for name, row := range rows {
		f := newFake(t, always(200, intent(t, row.changes)))
		g := f.gateway()
		got := g.Send(t.Context(), access, chargeCall(t, g, order()))
		assert.Equal(t, pay.OutcomeDone, got.Outcome, "%s: %v", name, got.Err)
		assert.Equal(t, &row.want, got.Payment, name)
	}
}

// A decline carries the intent, so that the failed payment has a ref and a card.
func TestDeclineReportsThePayment(t *testing.T) {
	t.Parallel()
	card := fields{"id": "pm_1", "object": "payment_method", "type": "card", "card": fields{"brand": "visa", "last4": "0002"}}
	enclosed := fields{
		"id": "pi_3Test", "object": "payment_intent", "status": "requires_payment_method", "currency": "usd", "latest_charge": "ch_3Test",
		"metadata": fields{"florin_payment": paymentID}, "last_payment_error": fields{"code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined."},
	}
	want := pay.Report{
		Status: pay.PaymentFailed, ProviderRef: "pi_3Test", ChargeRef: "ch_3Test", PaymentID: paymentID, CardBrand: "visa", CardLast4: "0002",
		Failure: pay.Failure{Code: pay.CodeCardDeclined, Message: "Your card was declined.", DeclineCode: "generic_decline"},
	}
	f := newFake(t, always(402, cardError(fields{"payment_intent": enclosed, "payment_method": card})))
	g := f.gateway()
	got := g.Send(t.Context(), access, chargeCall(t, g, order()))
	assert.Equal(t, pay.OutcomeRefused, got.Outcome)
	assert.Equal(t, &want, got.Payment)

	delete(enclosed, "last_payment_error") // nothing but the error itself says that it failed
	f = newFake(t, always(402, cardError(fields{"payment_intent": enclosed, "payment_method": card})))
	g = f.gateway()
	assert.Equal(t, &want, g.Send(t.Context(), access, chargeCall(t, g, order())).Payment)
}

// A capture that comes too late is told how the payment really stands.
func TestRefusedCaptureReportsThePayment(t *testing.T) {
	t.Parallel()
	enclosed := fields{"id": "pi_3Test", "object": "payment_intent", "status": "canceled", "cancellation_reason": "automatic", "currency": "usd"}
	f := newFake(t, always(400, invalid(fields{"code": "payment_intent_unexpected_state", "payment_intent": enclosed})))
	g := f.gateway()
	call := chargeCall(t, g, order())
	call.Action = pay.ActionCapture
	got := g.Send(t.Context(), access, call)
	assert.Equal(t, pay.CodeNotAuthorized, got.Err.Code)
	assert.Equal(t, pay.PaymentCanceled, got.Payment.Status)
}

func TestRefundsInOurWords(t *testing.T) {
	t.Parallel()
	want := pay.RefundReport{
		Status: pay.RefundCompleted, ProviderRef: "re_1", PaymentRef: "pi_1", Amount: pay.Amount(250, "EUR"), Reason: pay.RefundRequested,
		RefundID: refundID, CreatedAt: time.Unix(1774905650, 0).UTC(),
	}
	failed := pay.Failure{Code: pay.CodeProviderRefused, Message: "the refund failed: lost_or_stolen_card", DeclineCode: "lost_or_stolen_card"}
	for status, row := range map[string]struct {
		status  pay.RefundStatus
		failure pay.Failure
	}{
		"succeeded": {pay.RefundCompleted, pay.Failure{}}, "pending": {pay.RefundPending, pay.Failure{}}, "requires_action": {pay.RefundPending, pay.Failure{}},
		"canceled": {pay.RefundCanceled, pay.Failure{}}, "pondered": {pay.RefundPending, pay.Failure{}}, "failed": {pay.RefundFailed, failed},
	} {
		f := newFake(t, always(200, `{"id":"re_1","object":"refund","amount":250,"currency":"eur","payment_intent":"pi_1","charge":"ch_1","reason":"requested_by_customer",
			"status":"`+status+`","failure_reason":"lost_or_stolen_card","created":1774905650,"metadata":{"florin_refund":"`+string(refundID)+`"}}`))
		got := f.gateway().Send(t.Context(), access, newCall(pay.ActionRefund, pay.Wire{Method: "POST", Path: "/v1/refunds"}, "k"))
		expected := want
		expected.Status, expected.Failure = row.status, row.failure
		assert.Equal(t, pay.OutcomeDone, got.Outcome, status)
		assert.Equal(t, &expected, got.Refund, status)
	}
}

func TestOtherAnswers(t *testing.T) {
	t.Parallel()
	f := newFake(t, always(200, `{"id":"cus_1","object":"customer"}`))
	got := f.gateway().Send(t.Context(), access, newCall(pay.ActionCreateCustomer, pay.Wire{Method: "POST", Path: "/v1/customers"}, "k"))
	assert.Equal(t, pay.Answer{Outcome: pay.OutcomeDone, Customer: "cus_1", RequestRef: "req_test1"}, got)

	f = newFake(t, always(200, `{"id":"pm_9","object":"payment_method","type":"card","customer":"cus_1","card":{"brand":"amex","last4":"0005","exp_month":4,"exp_year":2031}}`))
	got = f.gateway().Send(t.Context(), access, newCall(pay.ActionAttachCard, pay.Wire{Method: "POST", Path: "/v1/payment_methods/pm_9/attach"}, "k"))
	card := &pay.CardReport{ProviderRef: "pm_9", Brand: "amex", Last4: "0005", ExpMonth: 4, ExpYear: 2031}
	assert.Equal(t, pay.Answer{Outcome: pay.OutcomeDone, Card: card, RequestRef: "req_test1"}, got)

	got = f.gateway().Send(t.Context(), access, newCall(pay.ActionDetachCard, pay.Wire{Method: "POST", Path: "/v1/payment_methods/pm_9/detach"}, "k"))
	assert.Equal(t, pay.Answer{Outcome: pay.OutcomeDone, RequestRef: "req_test1"}, got)
}
