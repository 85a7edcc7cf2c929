package engine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// explained is what is said of a payment's money.
func (w *world) explained(id pay.ID) pay.Explanation {
	w.t.Helper()
	found, err := w.engine.ExplainPayment(w.t.Context(), w.owner, id)
	require.NoError(w.t, err)
	return found
}

func TestEveryCentIsExplainedOnceStripesBooksAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	w.refunds("r", p, "2.50")
	early := w.explained(p.ID)
	assert.Equal(t, []pay.MoneyGap{{
		Ours: pay.Amount(691, "USD"), Theirs: pay.Amount(0, "USD"), Why: "Stripe's balance transactions of this payment have not been read yet",
	}}, early.Gaps)
	w.reads()
	full := w.explained(p.ID)
	assert.Empty(t, full.Gaps)
	assert.Len(t, full.Booked, 3)
	assert.Len(t, full.Moved, 2)
	require.Len(t, full.Balances, 1)
	assert.Equal(t, pay.Amount(691, "USD"), full.Balances[0].Net)
	assert.Equal(t, pay.Amount(691, "USD"), full.Balances[0].Pending)
}

// A refund that Stripe made and no event told of is a gap.
func TestMoneyThatMovedBehindOurBackIsAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	w.atStripe("POST", "/v1/refunds", "payment_intent="+p.ProviderRef+"&amount=100")
	w.reads()
	assert.Equal(t, []pay.MoneyGap{{
		Ours: pay.Amount(941, "USD"), Theirs: pay.Amount(841, "USD"), Why: "the books differ: run florin reconcile",
	}}, w.explained(p.ID).Gaps)
}
