package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// change debits or credits a partner.
func (w *world) change(kind, account, key, amount string, more ...string) answer {
	w.t.Helper()
	members := append([]string{fmt.Sprintf(`"amount":%q,"currency":"USD","reason":"priority, week 12"`, amount)}, more...)
	return w.post("/v1/accounts/"+account+"/"+kind, "{"+strings.Join(members, ",")+"}", "Idempotency-Key", key)
}

// has is what is available to a partner, and nothing else.
func (w *world) has(account, available string) {
	w.t.Helper()
	want := []any{map[string]any{"currency": "USD", "available": available, "pending": "0.00", "held": "0.00", "at_stripe": "0.00"}}
	assert.Equal(w.t, want, w.get("/v1/accounts/"+account+"/balance").want(200).list("data.balances"))
}

// The five dollars for priority: taken in-app, from what is there, once.
func TestAPartnerPaysInApp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		account := w.partner()
		w.has(account, "0.00")
		refused := w.change("debits", account, "d0", "5").want(http.StatusConflict)
		assert.Equal(t, "insufficient_balance", refused.text("error.code"))
		assert.Equal(t, "40.00", w.change("credits", account, "c1", "40").want(http.StatusCreated).text("data.available"))
		first := w.change("debits", account, "d1", "5.00").want(http.StatusCreated)
		assert.Equal(t, "35.00", first.text("data.available"))
		again := w.change("debits", account, "d1", "5.00").want(http.StatusCreated)
		assert.Equal(t, first.body, again.body)
		w.change("debits", account, "d1", "6.00").want(http.StatusUnprocessableEntity)
		w.change("debits", account, "d2", "35.01").want(http.StatusConflict)
		w.has(account, "35.00")
		w.request("PATCH", "/v1/accounts/"+account, `{"debt_limit":100}`, "Idempotency-Key", "p").want(http.StatusOK)
		w.change("debits", account, "d3", "36.01").want(http.StatusConflict)
		w.change("debits", account, "d3", "36.00").want(http.StatusCreated)
		w.has(account, "-1.00")

		for field, body := range map[string]string{
			"amount":     `{"amount":"0","currency":"USD","reason":"x"}`,
			"currency":   `{"amount":"1","currency":"XXX","reason":"x"}`,
			"reason":     `{"amount":"1","currency":"USD","reason":" "}`,
			"against":    `{"amount":"1","currency":"USD","reason":"x","against":"sales"}`,
			"payment_id": `{"amount":"1","currency":"USD","reason":"x","payment_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90"}`,
		} {
			bad := w.post("/v1/accounts/"+account+"/debits", body, "Idempotency-Key", "bad-"+field)
			assert.Equal(t, field, bad.text("error.field"), string(bad.body))
		}
		w.change("debits", "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", "none", "1").want(http.StatusNotFound)
	})
}

// What was booked can be read: page by page, filtered, as CSV and as a
// statement that adds up.
func TestTheBooksAreRead(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		account := w.partner()
		w.pays("p", "10.00", "pm_card_visa").want(http.StatusCreated)
		w.change("credits", account, "c", "3").want(http.StatusCreated)
		for n := range 3 {
			w.change("debits", account, fmt.Sprint("d", n), "0.50").want(http.StatusCreated)
		}
		all := w.get("/v1/ledger/entries?limit=100").want(200).list("data")
		require.Len(t, all, 2+2+2+3*2, "capture, fee, credit and three debits")
		var paged []any
		for cursor := ""; ; {
			page := w.get("/v1/ledger/entries?limit=3&cursor=" + cursor).want(200)
			paged = append(paged, page.list("data")...)
			if cursor = page.text("meta.next_cursor"); cursor == "" {
				break
			}
		}
		assert.Equal(t, all, paged)
		own := w.get("/v1/ledger/entries?sort=created_at&limit=100&account_id=" + account).want(200).list("data")
		require.Len(t, own, 4)
		assert.Equal(t, "-3.00", own[0].(map[string]any)["amount"])
		assert.Len(t, w.get("/v1/ledger/entries?kind=debit&ledger_account=partner_fees").want(200).list("data"), 3)
		assert.Equal(t, "ledger_account", w.get("/v1/ledger/entries?ledger_account=gold").want(400).text("error.field"))

		sections := w.get("/v1/ledger/statement?account_id=" + account).want(200).list("data")
		assert.Equal(t, []any{map[string]any{
			"ledger_account": "partner:" + account + ":available", "currency": "USD", "opening": "0.00", "in": "3.00", "out": "1.50", "closing": "1.50", "entries": json.Number("4"),
		}}, sections)
		request := w.request("GET", "/v1/ledger/statement?account_id="+account, "", "Accept", "text/csv").want(200)
		rows, err := csv.NewReader(bytes.NewReader(request.body)).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 1+1+4+1)
		var balances []string
		for _, row := range rows[1:] {
			balances = append(balances, row[0]+" "+row[5])
		}
		assert.Equal(t, []string{"opening 0.00", "entry 3.00", "entry 2.50", "entry 2.00", "entry 1.50", "closing 1.50"}, balances)

		sum := 0.0 // of cents, each exact
		for _, b := range w.get("/v1/ledger/balances").want(200).list("data") {
			var whole float64
			_, err := fmt.Sscan(b.(map[string]any)["balance"].(string), &whole)
			require.NoError(t, err)
			sum += whole * 100
		}
		assert.InDelta(t, 0, sum, 0.001)
	})
}
