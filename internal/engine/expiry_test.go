package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// toldOf is the types of all events about a thing, oldest first.
func (w *world) toldOf(id pay.ID) []pay.EventType {
	w.t.Helper()
	events, err := w.engine.Events(w.t.Context(), w.owner, "", nil, pay.MaxPage)
	require.NoError(w.t, err)
	var types []pay.EventType
	for _, ev := range events.Items {
		if ev.Object == id {
			types = append(types, ev.Type)
		}
	}
	return types
}

// The end of a hold is foreseen, told a day before, and booked when Stripe
// lets the money go, although no event of Stripe's ever comes.
func TestTheEndOfAHoldIsForeseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.pays("held", "pm_card_visa", pay.CaptureManual)
	taken := w.pays("taken", "pm_card_visa", pay.CaptureManual)
	assert.WithinDuration(t, w.clock.Now().Add(7*day), held.ExpiresAt, time.Minute)
	w.after(5 * day)
	assert.Equal(t, []pay.EventType{pay.EventPaymentAuthorized}, w.toldOf(held.ID))
	// Captured at Stripe behind our back: nothing is told of its end.
	w.atStripe("POST", "/v1/payment_intents/"+taken.ProviderRef+"/capture", "amount_to_capture=400")

	w.after(day + time.Hour)
	assert.Equal(t, []pay.EventType{pay.EventPaymentAuthorized, pay.EventPaymentExpiring}, w.toldOf(held.ID))
	assert.Equal(t, []pay.EventType{pay.EventPaymentAuthorized, pay.EventPaymentCompleted}, w.toldOf(taken.ID))
	assert.Equal(t, pay.PaymentAuthorized, w.payment(held.ID).Status)
	w.after(time.Hour)
	assert.Len(t, w.toldOf(held.ID), 2, "it is told once")

	w.after(day)
	lapsed := w.payment(held.ID)
	assert.Equal(t, pay.PaymentCanceled, lapsed.Status)
	assert.Equal(t, pay.CodePaymentCanceled, lapsed.Failure.Code)
	assert.Equal(t, []pay.EventType{pay.EventPaymentAuthorized, pay.EventPaymentExpiring, pay.EventPaymentCanceled}, w.toldOf(held.ID))
	_, err := w.engine.CapturePayment(t.Context(), w.ask("late"), engine.CaptureRequest{Payment: held.ID})
	assert.True(t, pay.Is(err, pay.CodeNotAuthorized), err)
	w.ledgerIsRight()
}

// partner is an account that takes transfers.
func (w *world) partner() pay.Account {
	w.t.Helper()
	reply, err := w.engine.CreateAccount(w.t.Context(), w.ask("partner"), engine.AccountRequest{
		Type: pay.AccountCustom, BusinessType: "individual", Capabilities: []string{"transfers"}, Details: pay.Details{
			"business_profile": map[string]any{"url": "https://accessible.stripe.com"},
			"tos_acceptance":   map[string]any{"date": "1609798905", "ip": "8.8.8.8"},
			"individual": map[string]any{"first_name": "Jenny", "last_name": "Rosen",
				"dob": map[string]any{"day": "1", "month": "1", "year": "1902"}},
		},
	})
	require.NoError(w.t, err)
	require.Equal(w.t, 201, reply.Status, "%s", reply.Body)
	_, err = w.engine.AddBankAccount(w.t.Context(), w.ask("bank"), reply.Resource, pay.BankOrder{Token: "btok_us_verified"})
	require.NoError(w.t, err)
	w.after(time.Minute)
	a, err := w.engine.Account(w.t.Context(), w.owner, reply.Resource)
	require.NoError(w.t, err)
	require.Equal(w.t, pay.AccountEnabled, a.Status, "looked up, since no event came")
	return a
}

// A partner's part becomes available when Stripe lets go of the funds, once.
func TestAShareBecomesAvailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.partner()
	reply, err := w.engine.CreatePayment(t.Context(), w.ask("ride"), engine.PaymentRequest{
		Amount: pay.Amount(2000, "USD"), Provider: pay.ProviderStripe, PaymentMethod: "pm_card_visa", Capture: pay.CaptureAutomatic,
		Share: pay.Share{Account: a.ID, Type: pay.ChargeSeparate, Percent: 2000},
	})
	require.NoError(t, err)
	ride := w.payment(reply.Resource)
	assert.Equal(t, pay.Amount(1600, "USD"), ride.PartnerShare())
	assert.Equal(t, ride.AvailableOn, ride.ShareDueAt)
	stands := func() map[string]string {
		found := map[string]string{}
		db := w.database()
		for _, bucket := range []string{"pending", "available"} {
			found[bucket] = db("SELECT CAST(COALESCE(SUM(amount), 0) AS TEXT) FROM ledger_entries WHERE account = 'partner:" + string(a.ID) + ":" + bucket + "'")
		}
		return found
	}
	assert.Equal(t, map[string]string{"pending": "-1600", "available": "0"}, stands())
	w.after(day)
	assert.Equal(t, map[string]string{"pending": "-1600", "available": "0"}, stands())
	w.after(ride.AvailableOn.Sub(w.clock.Now()))
	w.after(day)
	assert.Equal(t, map[string]string{"pending": "0", "available": "-1600"}, stands())
	assert.True(t, w.payment(ride.ID).ShareDueAt.IsZero())
	w.ledgerIsRight()
}
