package api

import (
	"encoding/csv"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARowOfTheExportIsWrittenWhole(t *testing.T) {
	t.Parallel()
	p := failed()
	p.Description = "=HYPERLINK(\"https://evil.example\",\"a\")"
	p.IdempotencyKey = "-2+3"
	p.Metadata = map[string]string{"b": "2", "a": "1,\n"}
	w := httptest.NewRecorder()
	out := paymentSheet.start(w)
	require.NoError(t, out.Write(paymentSheet.row(paymentView(paid()))))
	require.NoError(t, out.Write(paymentSheet.row(paymentView(p))))
	out.Flush()
	assert.Equal(t, "text/csv; charset=utf-8; header=present", w.Header().Get("Content-Type"))
	rows, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"id", "created_at", "updated_at", "mode", "status", "amount", "amount_captured", "amount_refunded", "fee", "currency", "provider", "provider_ref",
			"payment_method", "card_brand", "card_last4", "saved_card_id", "customer_id", "capture", "description", "receipt_email", "error_code",
			"decline_code", "idempotency_key", "metadata"},
		{"018f0000-0000-7000-8000-000000000002", "2026-11-22T12:00:00Z", "2026-11-22T12:00:01.5Z", "test", "completed", "50.00", "50.00", "0.00", "1.75", "USD",
			"stripe", "pi_3abc", "pm_card_visa", "visa", "4242", "", "", "automatic", "<shoes> & more", "", "", "", "order-123", `{"order":"17"}`},
		{"018f0000-0000-7000-8000-000000000002", "2026-11-22T12:00:00Z", "2026-11-22T12:00:01.5Z", "test", "failed", "50.00", "0.00", "0.00", "", "USD",
			"stripe", "pi_3abc", "pm_card_visa", "", "", "", "", "automatic", `'=HYPERLINK("https://evil.example","a")`, "", "card_declined",
			"insufficient_funds", "'-2+3", `{"a":"1,\n","b":"2"}`},
	}, rows)
}

func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	for _, opening := range []string{"=", "+", "-", "@", "\t", "\r"} {
		assert.Equal(t, "'"+opening+"cmd", safeCell(opening+"cmd"))
	}
	for _, text := range []string{"", "a=b", "10.00", "'x", "ünder"} {
		assert.Equal(t, text, safeCell(text))
	}
	assert.False(t, strings.HasPrefix(safeCell("plain"), "'"))
}
