package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
)

const intents = "/v1/payment_intents"

// While Stripe knows the key, the same bytes are sent again.
func TestDoubtIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(intents, "reset_after")
	p := w.pays("k", "pm_card_visa", pay.CaptureAutomatic)
	assert.Equal(t, pay.PaymentPending, p.Status)
	assert.Equal(t, 1, w.charges(), "Stripe did it")
	w.mend()
	w.after(time.Minute)
	p = w.payment(p.ID)
	assert.Equal(t, pay.PaymentCompleted, p.Status)
	assert.Equal(t, int64(59), p.Fee.Minor)
	assert.Equal(t, 1, w.charges())
}

// After 23 hours nothing is sent any more: Stripe may have forgotten the key
// and would charge again. What was done is found by our id.
func TestOldDoubtIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(intents, "reset_after")
	done := w.pays("done", "pm_card_visa", pay.CaptureAutomatic)
	held := w.pays("held", "pm_card_visa", pay.CaptureManual)
	w.mend()
	w.fault(intents, "reset_before")
	never := w.pays("never", "pm_card_visa", pay.CaptureAutomatic)
	w.mend()
	sent := w.posts(intents)
	w.after(25 * time.Hour)
	assert.Equal(t, sent, w.posts(intents), "nothing is sent blind")
	assert.Equal(t, pay.PaymentCompleted, w.payment(done.ID).Status)
	assert.Equal(t, pay.PaymentAuthorized, w.payment(held.ID).Status)
	absent := w.payment(never.ID)
	assert.Equal(t, pay.PaymentFailed, absent.Status)
	assert.Equal(t, pay.CodeProviderAbsent, absent.Failure.Code)
	assert.Equal(t, 2, w.charges())
	w.ledgerIsRight()
}

// A 500 that Stripe keeps under the key would come back for ever.
func TestStuckErrorIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(intents, "error_after")
	p := w.pays("k", "pm_card_visa", pay.CaptureAutomatic)
	w.mend()
	for range 4 {
		w.after(time.Hour)
	}
	assert.Equal(t, pay.PaymentCompleted, w.payment(p.ID).Status)
	assert.Equal(t, 1, w.charges())
}

// That Stripe has nothing of it says nothing while it may be sent again.
func TestDoubtIsNotGivenUpEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(intents, "reset_before")
	p := w.pays("k", "pm_card_visa", pay.CaptureAutomatic)
	for range 6 {
		w.after(time.Hour)
		assert.Equal(t, pay.PaymentPending, w.payment(p.ID).Status)
	}
	w.mend()
	w.after(time.Hour)
	assert.Equal(t, pay.PaymentCompleted, w.payment(p.ID).Status)
	assert.Equal(t, 1, w.charges())
}

// Captures, cancels and refunds of long ago are looked up as well.
func TestOldChangesAreLookedUp(t *testing.T) {
	t.Parallel()
	for effect, done := range map[string]bool{"reset_after": true, "reset_before": false} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			taken := w.pays("taken", "pm_card_visa", pay.CaptureManual)
			called := w.pays("called off", "pm_card_visa", pay.CaptureManual)
			given := w.pays("given back", "pm_card_visa", pay.CaptureAutomatic)
			w.fault("/v1/payment_intents/*/capture", effect)
			w.fault("/v1/payment_intents/*/cancel", effect)
			w.fault("/v1/refunds", effect)
			_, err := w.engine.CapturePayment(t.Context(), w.ask("c"), engine.CaptureRequest{Payment: taken.ID})
			require.NoError(t, err)
			_, err = w.engine.CancelPayment(t.Context(), w.ask("x"), called.ID)
			require.NoError(t, err)
			refund, err := w.engine.CreateRefund(t.Context(), w.ask("r"), engine.RefundRequest{Payment: given.ID, Amount: "4.00"})
			require.NoError(t, err)
			_, err = w.engine.CapturePayment(t.Context(), w.ask("c2"), engine.CaptureRequest{Payment: taken.ID})
			assert.Equal(t, pay.CodeInProgress, pay.CodeOf(err), "not while the first has no answer")
			w.mend()
			w.after(24 * time.Hour)
			r, err := w.engine.Refund(t.Context(), w.owner, refund.Resource)
			require.NoError(t, err)
			want := map[bool][3]string{
				true:  {"completed", "canceled", "completed"},
				false: {"authorized", "authorized", "failed"},
			}[done]
			assert.Equal(t, want, [3]string{string(w.payment(taken.ID).Status), string(w.payment(called.ID).Status), string(r.Status)})
			w.ledgerIsRight()
		})
	}
}

// A customer who authenticates while no event reaches us is found out.
func TestLostEventsAreLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pays("3ds", "pm_card_threeDSecure2Required", pay.CaptureAutomatic)
	require.NotEmpty(t, p.RedirectURL)
	w.after(time.Minute)
	assert.Equal(t, pay.PaymentPending, w.payment(p.ID).Status)
	page := p.RedirectURL[len(w.stripe.URL):]
	res, err := w.stripe.Client().PostForm(w.stripe.URL+page, map[string][]string{"outcome": {"complete"}})
	if err == nil {
		_ = res.Body.Close() // the shop it leads to does not exist
	}
	w.after(10 * time.Minute)
	assert.Equal(t, pay.PaymentCompleted, w.payment(p.ID).Status)
}

// Held money that nobody takes is let go by Stripe after seven days.
func TestExpiredHoldIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pays("held", "pm_card_visa", pay.CaptureManual)
	w.atStripe("POST", "/_sandbox/clock/advance", `{"seconds":691200}`)
	w.chores()
	assert.Equal(t, pay.PaymentCanceled, w.payment(p.ID).Status)
	w.ledgerIsRight()
}

// A caller that was answered late does not undo what another holder settled.
func TestLateHolderIsFenced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(intents, "reset_after")
	p := w.pays("k", "pm_card_visa", pay.CaptureAutomatic)
	w.mend()
	var stolen []pay.Call
	w.clock.Advance(time.Hour)
	require.NoError(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		var err error
		stolen, err = tx.LeaseCalls(tx.Now(), tx.Now().Add(time.Second), 10)
		return err
	}))
	require.Len(t, stolen, 1)
	w.after(time.Minute) // the lease is over: the completer takes the call
	assert.Equal(t, pay.PaymentCompleted, w.payment(p.ID).Status)
	late := stolen[0]
	late.State = pay.CallAbsent
	err := w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.SettleCall(late) })
	assert.ErrorIs(t, err, store.ErrFenced)
}

func (w *world) ledgerIsRight() {
	w.t.Helper()
	report, err := w.store.VerifyLedger(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, report.Problems)
}
