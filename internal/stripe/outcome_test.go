package stripe_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"florin/internal/pay"
)

type fields = map[string]any

func cardError(more fields) string {
	all := fields{"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined."}
	for name, value := range more {
		all[name] = value
	}
	return stripeError(all)
}

func invalid(more fields) string {
	all := fields{"type": "invalid_request_error", "message": "Stripe's words"}
	for name, value := range more {
		all[name] = value
	}
	return stripeError(all)
}

// Every row: what Stripe answers to a call, and what is made of it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		action pay.Action
		status int
		body   string
		code   pay.Code
		field  string
		reason string
	}{
		"declined":              {pay.ActionCharge, 402, cardError(nil), pay.CodeCardDeclined, "", "generic_decline"},
		"insufficient funds":    {pay.ActionCharge, 402, cardError(fields{"decline_code": "insufficient_funds"}), pay.CodeCardDeclined, "", "insufficient_funds"},
		"expired card":          {pay.ActionCharge, 402, cardError(fields{"code": "expired_card", "decline_code": nil}), pay.CodeCardDeclined, "", "expired_card"},
		"a reason new to us":    {pay.ActionCharge, 402, cardError(fields{"code": "solar_flare", "decline_code": "solar_flare"}), pay.CodeCardDeclined, "", "solar_flare"},
		"off session":           {pay.ActionCharge, 402, cardError(fields{"code": "authentication_required", "decline_code": "authentication_required"}), pay.CodeAuthRequired, "", "authentication_required"},
		"failed 3DS":            {pay.ActionCharge, 402, cardError(fields{"code": "payment_intent_authentication_failure", "decline_code": nil}), pay.CodeAuthFailed, "", "payment_intent_authentication_failure"},
		"declined on saving":    {pay.ActionAttachCard, 402, cardError(nil), pay.CodeCardDeclined, "", "generic_decline"},
		"no such method":        {pay.ActionCharge, 404, invalid(fields{"code": "resource_missing", "param": "payment_method"}), pay.CodeInvalidPaymentMeth, "payment_method", ""},
		"no such method, card":  {pay.ActionAttachCard, 404, invalid(fields{"code": "resource_missing", "param": "payment_method"}), pay.CodeInvalidPaymentMeth, "payment_method_id", ""},
		"used method":           {pay.ActionCharge, 400, invalid(fields{"code": "payment_method_unexpected_state"}), pay.CodeInvalidPaymentMeth, "payment_method", ""},
		"too small":             {pay.ActionCharge, 400, invalid(fields{"code": "amount_too_small", "param": "amount"}), pay.CodeAmountTooSmall, "amount", ""},
		"too large":             {pay.ActionCharge, 400, invalid(fields{"code": "amount_too_large", "param": "amount"}), pay.CodeAmountTooLarge, "amount", ""},
		"odd amount":            {pay.ActionCharge, 400, invalid(fields{"code": "parameter_invalid_integer", "param": "amount"}), pay.CodeInvalidAmount, "amount", ""},
		"currency":              {pay.ActionCharge, 400, invalid(fields{"param": "currency"}), pay.CodeInvalidCurrency, "currency", ""},
		"return url":            {pay.ActionCharge, 400, invalid(fields{"param": "return_url"}), pay.CodeInvalidURL, "return_url", ""},
		"descriptor":            {pay.ActionCharge, 400, invalid(fields{"param": "statement_descriptor_suffix"}), pay.CodeInvalidField, "statement_descriptor", ""},
		"metadata":              {pay.ActionCharge, 400, invalid(fields{"param": "metadata[order]"}), pay.CodeInvalidMetadata, "metadata", ""},
		"customer":              {pay.ActionCharge, 400, invalid(fields{"code": "resource_missing", "param": "customer"}), pay.CodeInvalidField, "customer_id", ""},
		"capture of too much":   {pay.ActionCapture, 400, invalid(fields{"code": "amount_too_large", "param": "amount_to_capture"}), pay.CodeTooMuch, "amount", ""},
		"capture too late":      {pay.ActionCapture, 400, invalid(fields{"code": "payment_intent_unexpected_state"}), pay.CodeNotAuthorized, "", ""},
		"cancel too late":       {pay.ActionCancel, 400, invalid(fields{"code": "payment_intent_unexpected_state"}), pay.CodeNotCancelable, "", ""},
		"refund too early":      {pay.ActionRefund, 400, invalid(fields{"code": "payment_intent_unexpected_state"}), pay.CodeNotCaptured, "", ""},
		"refund of too much":    {pay.ActionRefund, 400, invalid(fields{"param": "amount"}), pay.CodeTooMuch, "amount", ""},
		"refund twice":          {pay.ActionRefund, 400, invalid(fields{"code": "charge_already_refunded"}), pay.CodeTooMuch, "amount", ""},
		"disputed":              {pay.ActionRefund, 400, invalid(fields{"code": "charge_disputed"}), pay.CodeProviderRefused, "", ""},
		"email":                 {pay.ActionCreateCustomer, 400, invalid(fields{"code": "email_invalid", "param": "email"}), pay.CodeInvalidField, "customer_email", ""},
		"something else":        {pay.ActionCharge, 400, invalid(nil), pay.CodeProviderRefused, "", ""},
		"wrong key":             {pay.ActionCharge, 401, invalid(nil), pay.CodeProviderKeyInvalid, "stripe.secret_key", ""},
		"key without the right": {pay.ActionCharge, 403, invalid(nil), pay.CodeProviderKeyRights, "stripe.secret_key", ""},
	}
	for name, row := range rows {
		f := newFake(t, always(row.status, row.body))
		g := f.gateway()
		call := chargeCall(t, g, order())
		call.Action = row.action
		got := g.Send(t.Context(), access, call)
		assert.Equal(t, pay.OutcomeRefused, got.Outcome, name)
		assert.Equal(t, row.code, got.Err.Code, name)
		assert.Equal(t, row.field, got.Err.Field, name)
		assert.Equal(t, row.reason, got.Err.DeclineCode, name)
		assert.NotEmpty(t, got.Err.Message, name)
		assert.Equal(t, "req_test1", got.RequestRef, name)
		assert.Len(t, f.requests(), 1, "%s: a no is final", name)
	}
}

// Answers that leave open whether money moved, or that say that none did.
func TestOutcomesWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	const html = "<html>502 Bad Gateway</html>"
	good := intent(t, nil)
	rows := map[string]struct {
		status  int
		body    string
		outcome pay.Outcome
		code    pay.Code
		tries   int
	}{
		"500":                       {500, stripeError(fields{"type": "api_error", "message": "m"}), pay.OutcomeInDoubt, pay.CodeInDoubt, 3},
		"502 in HTML":               {502, html, pay.OutcomeInDoubt, pay.CodeInDoubt, 3},
		"503 empty":                 {503, "", pay.OutcomeInDoubt, pay.CodeInDoubt, 3},
		"400 in HTML":               {400, html, pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"403 of a proxy":            {403, html, pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"404 without error":         {404, "{}", pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"a redirect":                {302, "", pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"200 in HTML":               {200, "<html>log in to the wifi</html>", pay.OutcomeInDoubt, pay.CodeInDoubt, 3},
		"200 cut off":               {200, good[:len(good)/2], pay.OutcomeInDoubt, pay.CodeInDoubt, 3},
		"200 with nothing":          {200, "{}", pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"200 with a list":           {200, "[]", pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"200 with null":             {200, "null", pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"200 with another shape":    {200, `{"id":"pi_1","status":"succeeded","amount":"10"}`, pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"key in use":                {409, invalid(fields{"type": "idempotency_error", "code": "idempotency_key_in_use"}), pay.OutcomeInDoubt, pay.CodeInDoubt, 3},
		"key used for other bytes":  {400, invalid(fields{"type": "idempotency_error"}), pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"424":                       {424, invalid(nil), pay.OutcomeInDoubt, pay.CodeInDoubt, 1},
		"slow down":                 {429, invalid(fields{"code": "rate_limit"}), pay.OutcomeNotSent, pay.CodeProviderBusy, 1},
		"slow down, as 400":         {400, invalid(fields{"code": "rate_limit"}), pay.OutcomeNotSent, pay.CodeProviderBusy, 1},
		"locked, to the bitter end": {429, invalid(fields{"code": "lock_timeout"}), pay.OutcomeNotSent, pay.CodeProviderBusy, 3},
	}
	for name, row := range rows {
		f := newFake(t, always(row.status, row.body))
		g := f.gateway()
		got := g.Send(t.Context(), access, chargeCall(t, g, order()))
		assert.Equal(t, row.outcome, got.Outcome, name)
		assert.Equal(t, row.code, got.Err.Code, name)
		assert.Nil(t, got.Payment, name)
		assert.Equal(t, row.outcome == pay.OutcomeInDoubt, got.Note != "", "%s: %s", name, got.Note)
		assert.Len(t, f.requests(), row.tries, name)
	}
}

func TestBusyTellsWhenToComeBack(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"": 2 * time.Second, "7": 7 * time.Second, "junk": 2 * time.Second, "86400": time.Minute} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Retry-After", header)
			reply(w, 429, invalid(nil))
		})
		g := f.gateway()
		assert.Equal(t, want, g.Send(t.Context(), access, chargeCall(t, g, order())).Err.RetryAfter, header)
	}
}

func TestStripesAdviceOnRetriesComesFirst(t *testing.T) {
	t.Parallel()
	apiError := stripeError(fields{"type": "api_error", "message": "m"})
	for advice, tries := range map[string]int{"true": 3, "false": 1} {
		for _, status := range []int{500, 400, 409, 429} {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.Header().Set("Stripe-Should-Retry", advice)
				reply(w, status, apiError)
			})
			g := f.gateway()
			g.Send(t.Context(), access, chargeCall(t, g, order()))
			assert.Len(t, f.requests(), tries, "%d with advice %s", status, advice)
		}
	}
}

func TestTriesAreAlike(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, turn int) {
		if turn < 2 {
			reply(w, 429, invalid(fields{"code": "lock_timeout"}))
			return
		}
		reply(w, 200, intent(t, nil))
	})
	g := f.gateway()
	got := g.Send(t.Context(), access, chargeCall(t, g, full()))
	assert.Equal(t, pay.OutcomeDone, got.Outcome)
	seen := f.requests()
	assert.Len(t, seen, 3)
	assert.Equal(t, seen[0], seen[1])
	assert.Equal(t, seen[0], seen[2])
}

// Answers from before Stripe looks at the idempotency key say nothing of an
// earlier try; the others are the earlier try's own.
func TestEarlierTriesKeepTheirDoubt(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		status  int
		body    string
		outcome pay.Outcome
	}{
		"turned away":    {429, invalid(nil), pay.OutcomeInDoubt},
		"key revoked":    {401, invalid(nil), pay.OutcomeInDoubt},
		"right taken":    {403, invalid(nil), pay.OutcomeInDoubt},
		"declined":       {402, cardError(nil), pay.OutcomeRefused},
		"refused":        {400, invalid(nil), pay.OutcomeRefused},
		"carried out":    {200, intent(t, nil), pay.OutcomeDone},
		"broken for now": {500, "", pay.OutcomeInDoubt},
	}
	for name, row := range rows {
		f := newFake(t, always(row.status, row.body))
		g := f.gateway()
		call := chargeCall(t, g, order())
		call.Attempts = 2 // sent before by a process that is gone
		assert.Equal(t, row.outcome, g.Send(t.Context(), access, call).Outcome, name)

		again := newFake(t, func(w http.ResponseWriter, _ *http.Request, turn int) {
			if turn == 0 {
				panic(http.ErrAbortHandler) // the connection is cut after the request arrived
			}
			reply(w, row.status, row.body)
		})
		g = again.gateway()
		assert.Equal(t, row.outcome, g.Send(t.Context(), access, chargeCall(t, g, order())).Outcome, "%s, in one call", name)
	}
}
