package stripe_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

var transfer = pay.Wire{Method: http.MethodPost, Path: "/v1/transfers", Body: "amount=5&currency=usd", APIVersion: "2026-03-25.dahlia", Account: "acct_1"}

// TestPerformSendsTheBytesThatWereKept compares what arrives, header by header.
func TestPerformSendsTheBytesThatWereKept(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Date", "Tue, 24 Nov 2026 19:00:00 GMT")
		w.Header().Set("Idempotent-Replayed", "true")
		reply(w, 200, `{"id": "tr_1"}`)
	})
	got := f.gateway().Perform(t.Context(), access, transfer, "key-1", false)
	assert.Equal(t, pay.OperationAnswer{
		Outcome: pay.OutcomeDone, Status: 200, Body: []byte(`{"id": "tr_1"}`), RequestRef: "req_test1", Replayed: true,
		StripeTime: time.Date(2026, 11, 24, 19, 0, 0, 0, time.UTC),
	}, got)
	sent := f.requests()
	require.Len(t, sent, 1)
	assert.Equal(t, []string{"POST", "/v1/transfers", "amount=5&currency=usd"}, []string{sent[0].method, sent[0].uri, sent[0].body})
	for header, want := range map[string]string{
		"Stripe-Account": "acct_1", "Idempotency-Key": "key-1", "Stripe-Version": "2026-03-25.dahlia", "Content-Type": "application/x-www-form-urlencoded",
	} {
		assert.Equal(t, want, sent[0].header.Get(header), header)
	}
}

// TestWhatBecomesOfAnOperation is a table of Stripe's answers.
func TestWhatBecomesOfAnOperation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    int
		body      string
		outcome   pay.Outcome
		code      pay.Code
		field     string
		retryable bool
	}{
		"a parameter":   {400, `{"error": {"type": "invalid_request_error", "code": "parameter_invalid_integer", "param": "items[0][quantity]", "message": "no"}}`, pay.OutcomeRefused, pay.CodeInvalidField, "items[0][quantity]", false},
		"no parameter":  {400, `{"error": {"type": "invalid_request_error", "message": "no"}}`, pay.OutcomeRefused, pay.CodeProviderRefused, "", false},
		"not there":     {404, `{"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "id", "message": "no"}}`, pay.OutcomeRefused, pay.CodeNotFound, "id", false},
		"declined":      {402, `{"error": {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "no"}}`, pay.OutcomeRefused, pay.CodeCardDeclined, "", false},
		"key unknown":   {401, `{"error": {"type": "invalid_request_error", "message": "no"}}`, pay.OutcomeRefused, pay.CodeProviderKeyInvalid, "", false},
		"key too small": {403, `{"error": {"type": "invalid_request_error", "message": "no"}}`, pay.OutcomeRefused, pay.CodeProviderKeyRights, "", false},
		"too many":      {429, `{"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "no"}}`, pay.OutcomeNotSent, pay.CodeProviderBusy, "", true},
		"locked":        {429, `{"error": {"type": "invalid_request_error", "code": "lock_timeout", "message": "no"}}`, pay.OutcomeNotSent, pay.CodeProviderBusy, "", true},
		"its own fault": {500, `{"error": {"type": "api_error", "message": "no"}}`, pay.OutcomeInDoubt, pay.CodeInDoubt, "", true},
		"a proxy's":     {502, `<html>`, pay.OutcomeInDoubt, pay.CodeInDoubt, "", true},
		"cut off":       {200, `{"id": "tr_`, pay.OutcomeInDoubt, pay.CodeInDoubt, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newFake(t, always(c.status, c.body)).gateway().Perform(t.Context(), access, transfer, "key-1", false)
			assert.Equal(t, c.outcome, got.Outcome)
			assert.Equal(t, c.code, got.Err.Code)
			assert.Equal(t, c.field, got.Err.Field)
			assert.Equal(t, c.retryable, got.Err.Retryable())
			assert.Equal(t, "req_test1", got.Err.RequestRef)
		})
	}
}

// TestADeletionThatWasRepeated was done the first time when nothing is left.
func TestADeletionThatWasRepeated(t *testing.T) {
	t.Parallel()
	const missing = `{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "no"}}`
	remove := pay.Wire{Method: http.MethodDelete, Path: "/v1/subscriptions/sub_1?prorate=true"}
	for name, c := range map[string]struct {
		sent    bool
		lookup  int
		said    string
		outcome pay.Outcome
		body    string
	}{
		"a first time": {false, 404, missing, pay.OutcomeRefused, ""},
		"all gone":     {true, 404, missing, pay.OutcomeDone, `{"deleted":true,"id":"sub_1"}`},
		"still told":   {true, 200, `{"id":"sub_1","status":"canceled"}`, pay.OutcomeDone, `{"id":"sub_1","status":"canceled"}`},
		"unclear":      {true, 500, `{"error": {"type": "api_error", "message": "no"}}`, pay.OutcomeInDoubt, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				if r.Method == http.MethodDelete {
					reply(w, 404, missing)
					return
				}
				reply(w, c.lookup, c.said)
			})
			got := f.gateway().Perform(t.Context(), access, remove, "key-1", c.sent)
			assert.Equal(t, c.outcome, got.Outcome, got.Err)
			assert.Equal(t, c.body, string(got.Body))
		})
	}
}
