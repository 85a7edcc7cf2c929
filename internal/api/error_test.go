package api

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"florin/internal/pay"
)

func TestEveryCodeHasAStatusAndARow(t *testing.T) {
	t.Parallel()
	kinds := map[pay.Kind]bool{}
	for _, info := range pay.Codes {
		kinds[info.Kind] = true
		assert.Contains(t, statuses, info.Kind, "%s", info.Code)
		assert.Contains(t, ErrorsMarkdown(), fmt.Sprintf("`%s` | %s | %s |", info.Code, info.Meaning, info.Remedy))
	}
	assert.Len(t, statuses, len(kinds), "a status for a kind without codes")
	for _, route := range Routes() {
		for _, code := range route.Codes {
			assert.Equal(t, code, pay.InfoOf(code).Code, "%s names a code that does not exist", route.Pattern())
		}
	}
}

// told is the answer that an error becomes.
func told(err error) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	sendError(w, httptest.NewRequest("GET", "/v1/payments", nil), err)
	return w
}

func TestErrorsArePublicInOneShape(t *testing.T) {
	t.Parallel()
	busy := pay.Errorf(pay.CodeInProgress, "wait")
	busy.RetryAfter = 1001 * time.Millisecond
	mismatch := pay.Errorf(pay.CodeIdempotencyMismatch, "another request")
	mismatch.Fields = []string{"amount", "currency"}
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{pay.Invalid(pay.CodeInvalidAmount, "amount", "no"), 400,
			`{"success":false,"error":{"code":"invalid_amount","message":"no","field":"amount","retryable":false,"doc":"/docs/errors#invalid_amount"}}`},
		{fmt.Errorf("wrapped: %w", pay.NotFound("payment", "x")), 404,
			`{"success":false,"error":{"code":"not_found","message":"there is no payment x","retryable":false,"doc":"/docs/errors#not_found"}}`},
		{busy, 409, `{"success":false,"error":{"code":"operation_in_progress","message":"wait","retryable":true,"doc":"/docs/errors#operation_in_progress"}}`},
		{mismatch, 422, `{"success":false,"error":{"code":"idempotency_mismatch","message":"another request","fields":["amount","currency"],` +
			`"retryable":false,"doc":"/docs/errors#idempotency_mismatch"}}`},
		{pay.Errorf(pay.CodeRateLimited, "slow"), 429, `{"success":false,"error":{"code":"rate_limited","message":"slow","retryable":true,"doc":"/docs/errors#rate_limited"}}`},
		{&pay.Error{Code: pay.CodeCardDeclined, Message: "no", Field: "source", DeclineCode: "lost_card", ProviderCode: "card_declined", RequestRef: "req_1"}, 402,
			`{"success":false,"error":{"code":"card_declined","message":"no","field":"source","decline_code":"lost_card","retryable":false,` +
				`"provider_code":"card_declined","provider_request_id":"req_1","doc":"/docs/errors#card_declined"}}`},
		{&pay.Error{Code: pay.CodeUnavailable}, 503, `{"success":false,"error":{"code":"unavailable","message":"Florin is starting, stopping or overloaded.","retryable":true,"doc":"/docs/errors#unavailable"}}`},
	} {
		w := told(c.err)
		assert.Equal(t, c.status, w.Code)
		assert.Equal(t, c.body, w.Body.String())
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	}
	assert.Equal(t, "2", told(busy).Header().Get("Retry-After"), "rounded up")
	assert.NotEmpty(t, told(pay.Errorf(pay.CodeKeyMissing, "no key")).Header().Get("WWW-Authenticate"))
}

func TestNothingButOurOwnWordsIsShown(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New(`pq: password "secret" is wrong`),
		pay.Errorf(pay.CodeUnavailable, "busy").Because(errors.New("secret")),
		&pay.Error{Code: "made_up", Message: "secret"},
	} {
		w := told(err)
		assert.GreaterOrEqual(t, w.Code, 500)
		assert.NotContains(t, w.Body.String(), "secret")
		assert.NotContains(t, w.Body.String(), "made_up")
	}
}

func TestStatesAreDrawnFromTheTables(t *testing.T) {
	t.Parallel()
	page := StatesMarkdown()
	for _, move := range pay.PaymentMoves {
		assert.Contains(t, page, fmt.Sprintf("    %s --> %s: %s\n", move.From, move.To, move.Event))
		assert.Contains(t, page, fmt.Sprintf("| `%s` | `%s` | `%s` | ", move.From, move.To, move.Event))
	}
	want := len(pay.PaymentMoves) + len(pay.RefundMoves) + len(pay.CardMoves) + len(pay.ApprovalMoves) + len(pay.RunMoves) + len(pay.AccountMoves) + 6 +
		len(pay.PlanMoves) + len(pay.SubscriptionMoves) + len(pay.InvoiceMoves) + 3 +
		len(pay.TransferMoves) + len(pay.ReversalMoves) + len(pay.PayoutMoves) + 3
	assert.Equal(t, want, strings.Count(page, " --> "))
	for _, event := range pay.EventTypes {
		assert.Contains(t, page, event.Meaning)
	}
}
