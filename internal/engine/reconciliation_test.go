package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// reconciles compares the books of the last three days, after the grace of what
// is new.
func (w *world) reconciles() pay.Reconciliation {
	w.t.Helper()
	w.clock.Advance(time.Hour)
	found, err := w.engine.Reconcile(w.t.Context(), w.owner, w.clock.Now().Add(-72*time.Hour), time.Time{})
	require.NoError(w.t, err)
	return found
}

// told counts the events of a difference.
func (w *world) told() int {
	n := 0
	for _, kind := range w.events() {
		if kind == pay.EventReconciliationDifference {
			n++
		}
	}
	return n
}

func TestBooksThatAgreeHaveNoDifference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	w.pays("b", "pm_card_visa", pay.CaptureManual)
	w.pays("c", "pm_card_visa_chargeDeclined", pay.CaptureAutomatic)
	w.refunds("r", first, "2.50")
	found := w.reconciles()
	assert.Empty(t, found.Differences)
	assert.Equal(t, 2, found.Transactions)
	assert.Equal(t, 2, found.Fresh)
	assert.Zero(t, found.Adopted+found.Mended+found.InTransit)
}

// What was done at Stripe and not told is found, and taken into the books.
func TestMoneyThatMovedAtStripeIsTakenIntoTheBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	w.atStripe("POST", "/v1/refunds", "payment_intent="+p.ProviderRef+"&amount=100")
	made := w.atStripe("POST", "/v1/payment_intents",
		"amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card&metadata[order]=7")
	w.atStripe("POST", "/v1/refunds", "payment_intent="+made["id"].(string)+"&amount=500")
	found := w.reconciles()
	assert.Empty(t, found.Differences)
	assert.Equal(t, []int{1, 1}, []int{found.Adopted, found.Mended})
	assert.Equal(t, pay.PaymentPartiallyRefunded, w.payment(p.ID).Status)
	list, err := w.engine.Payments(t.Context(), w.owner, pay.PaymentFilter{ProviderRef: made["id"].(string)}, pay.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	adopted := list.Items[0]
	assert.Equal(t, []pay.Money{pay.Amount(2000, "USD"), pay.Amount(2000, "USD"), pay.Amount(500, "USD"), pay.Amount(88, "USD")},
		[]pay.Money{adopted.Amount, adopted.Captured, adopted.Refunded, adopted.Fee})
	assert.Equal(t, map[string]string{"order": "7"}, adopted.Metadata)
	w.ledgerIsRight()
	again := w.reconciles()
	assert.Empty(t, again.Differences)
	assert.Zero(t, again.Adopted+again.Mended+again.Fresh)
}

// Tampered books and money that nobody knows of are told, once each, and closed
// when they are right again.
func TestDifferencesAreToldOnceWithTheirCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	w.clock.Advance(9 * 24 * time.Hour)
	w.atStripe("POST", "/v1/payouts", "amount=500&currency=usd")
	from := w.clock.Now().Add(-30 * 24 * time.Hour)
	query := w.database()
	query("DROP TRIGGER ledger_entries_no_update")
	query(fmt.Sprintf("UPDATE ledger_entries SET amount = amount + CASE account WHEN 'stripe' THEN 7 ELSE -7 END WHERE transaction_id = "+
		"(SELECT id FROM ledger_transactions WHERE payment = '%s' AND kind = 'capture')", p.ID))
	for range 2 {
		found, err := w.engine.Reconcile(t.Context(), w.owner, from, time.Time{})
		require.NoError(t, err)
		causes := map[pay.DifferenceCause][]string{}
		for _, d := range found.Differences {
			causes[d.Cause] = append(causes[d.Cause], fmt.Sprint(d.Ours, " / ", d.Theirs))
		}
		assert.Equal(t, map[pay.DifferenceCause][]string{
			pay.DifferenceAmount: {"9.48 USD / 9.41 USD"}, pay.DifferenceMissingHere: {"0.00 USD / -5.00 USD"},
		}, causes)
		assert.Equal(t, 2, w.told())
	}
	query(fmt.Sprintf("UPDATE ledger_entries SET amount = amount - CASE account WHEN 'stripe' THEN 7 ELSE -7 END WHERE transaction_id = "+
		"(SELECT id FROM ledger_transactions WHERE payment = '%s' AND kind = 'capture')", p.ID))
	found, err := w.engine.Reconcile(t.Context(), w.owner, from, time.Time{})
	require.NoError(t, err)
	assert.Len(t, found.Differences, 1)
	assert.Equal(t, "0\n1", query("SELECT resolved_at > 0 FROM differences ORDER BY cause DESC"))
}
