package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// reads reads all lists that are due, a minute after the last time.
func (w *world) reads() {
	w.t.Helper()
	w.clock.Advance(pay.ReadEvery + time.Second)
	_, err := w.engine.ReadLists(w.t.Context())
	require.NoError(w.t, err)
}

// refunds gives back an amount of a payment.
func (w *world) refunds(key string, p pay.Payment, amount string) {
	w.t.Helper()
	reply, err := w.engine.CreateRefund(w.t.Context(), w.ask(key), engine.RefundRequest{Payment: p.ID, Amount: amount})
	require.NoError(w.t, err)
	require.Equal(w.t, 201, reply.Status, "%s", reply.Body)
}

// balance is every balance transaction as a line, oldest first.
func (w *world) balance(f pay.BalanceFilter) string {
	w.t.Helper()
	var lines []string
	page := pay.Page{Limit: 2}
	for {
		found, err := w.engine.BalanceTransactions(w.t.Context(), w.owner, f, page)
		require.NoError(w.t, err)
		for _, b := range found.Items {
			kind, _, _ := strings.Cut(b.Source, "_")
			line := fmt.Sprintf("%s of %s: %s - %s = %s, %s", b.Type, kind, b.Amount.Decimal(), b.Fee.Decimal(), b.Net, b.Status)
			if b.Payment != "" {
				line += ", of a payment"
			}
			if b.PayoutRef != "" {
				line += ", paid out"
			}
			lines = append([]string{line}, lines...)
		}
		if page.Cursor = found.Next; found.Next == "" {
			return strings.Join(lines, "\n")
		}
	}
}

func TestBalanceTransactionsAreKeptOnceAndGrowUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	w.pays("b", "pm_card_visa", pay.CaptureAutomatic)
	w.pays("c", "pm_card_visa_chargeDeclined", pay.CaptureAutomatic)
	w.refunds("r", first, "2.50")
	w.reads()
	w.reads()
	assert.Equal(t, "charge of ch: 10.00 - 0.59 = 9.41 USD, pending, of a payment\n"+
		"charge of ch: 10.00 - 0.59 = 9.41 USD, pending, of a payment\n"+
		"refund of re: -2.50 - 0.00 = -2.50 USD, pending, of a payment", w.balance(pay.BalanceFilter{}))
	assert.Equal(t, "charge of ch: 10.00 - 0.59 = 9.41 USD, pending, of a payment\n"+
		"refund of re: -2.50 - 0.00 = -2.50 USD, pending, of a payment", w.balance(pay.BalanceFilter{Payment: first.ID}))

	w.clock.Advance(9 * 24 * time.Hour)
	w.atStripe("POST", "/v1/payouts", "amount=1632&currency=usd")
	w.reads()
	assert.Equal(t, "charge of ch: 10.00 - 0.59 = 9.41 USD, available, of a payment\n"+
		"charge of ch: 10.00 - 0.59 = 9.41 USD, available, of a payment\n"+
		"refund of re: -2.50 - 0.00 = -2.50 USD, available, of a payment\n"+
		"payout of po: -16.32 - 0.00 = -16.32 USD, available", w.balance(pay.BalanceFilter{}))
	assert.Equal(t, "payout of po: -16.32 - 0.00 = -16.32 USD, available", w.balance(pay.BalanceFilter{Types: []string{"payout"}, Platform: true}))
	assert.Empty(t, w.balance(pay.BalanceFilter{Status: pay.BalancePending}))
}

// More objects than fit into one page, and a refusal after the first.
func TestAReadingGoesOnWhereItWasBrokenOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 130 {
		w.pays(fmt.Sprint("p", n), "pm_card_visa", pay.CaptureAutomatic)
	}
	w.atStripe("POST", "/_sandbox/faults", `{"match": {"method": "GET", "path": "/v1/balance_transactions"}, "nth": 2, "effect": {"type": "rate_limit_stop"}}`)
	w.reads()
	assert.Len(t, strings.Split(w.balance(pay.BalanceFilter{}), "\n"), 100)
	w.reads()
	assert.Len(t, strings.Split(w.balance(pay.BalanceFilter{}), "\n"), 130)
}
