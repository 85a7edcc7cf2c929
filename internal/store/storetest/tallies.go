package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// testTallies counts events, each once, however often and in how many turns.
func testTallies(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	paid, declined := w.NewPayment(), w.NewPayment()
	declined.ProviderRef, declined.Failure = "pi_declined", pay.Failure{Code: "card_declined", DeclineCode: "insufficient_funds"}
	back := w.NewRefund(paid)
	told := func(p pay.Payment, object pay.ID, what pay.EventType) pay.Event {
		e := w.NewEvent(p)
		e.Type, e.Object = what, object
		return e
	}
	w.Write(t, func(tx *store.Tx) error {
		for _, err := range []error{tx.InsertPayment(paid), tx.InsertPayment(declined), tx.InsertRefund(back)} {
			require.NoError(t, err)
		}
		for _, e := range []pay.Event{
			told(paid, paid.ID, pay.EventPaymentCompleted), told(declined, declined.ID, pay.EventPaymentFailed),
			told(paid, paid.ID, pay.EventPaymentAuthorized), told(paid, back.ID, pay.EventRefundCompleted),
		} {
			require.NoError(t, tx.InsertEvent(e))
		}
		return nil
	})
	settled(t, w, 4)
	var read []int
	for len(read) == 0 || read[len(read)-1] > 0 {
		w.Write(t, func(tx *store.Tx) error {
			n, err := tx.CountEvents(w.Owner, 3)
			read = append(read, n)
			return err
		})
	}
	assert.Equal(t, []int{3, 1, 0}, read, "each once")
	day := pay.DayOf(w.NewEvent(paid).At)
	want := []pay.Tally{
		{Owner: w.Owner, Day: day, Event: pay.EventPaymentCompleted, Currency: paid.Amount.Currency, Count: 1, Amount: paid.Captured.Minor},
		{Owner: w.Owner, Day: day, Event: pay.EventPaymentFailed, Reason: "insufficient_funds", Currency: declined.Amount.Currency, Count: 1, Amount: declined.Amount.Minor},
		{Owner: w.Owner, Day: day, Event: pay.EventRefundCompleted, Currency: back.Amount.Currency, Count: 1, Amount: back.Amount.Minor},
	}
	kept(t, w, func(*store.Tx) error { return nil }, want, func(tx *store.Tx) ([]pay.Tally, error) {
		return tx.Tallies(w.Owner, day, day.Add(24*time.Hour))
	})
	kept(t, w, func(*store.Tx) error { return nil }, nil, func(tx *store.Tx) ([]pay.Tally, error) {
		return tx.Tallies(w.Owner, day.Add(24*time.Hour), day.Add(48*time.Hour))
	})
	w.Read(t, func(tx *store.Tx) error {
		news, err := tx.HasUncounted(w.Owner)
		assert.False(t, news)
		return err
	})
}

// strangerTallies counts as somebody else, who has no events of w's.
func strangerTallies(t *testing.T, stranger *World, tried map[string]bool) {
	for _, name := range []string{"CountEvents", "HasUncounted", "Tallies"} {
		tried[name] = true
	}
	stranger.Write(t, func(tx *store.Tx) error {
		_, err := tx.CountEvents(stranger.Owner, 100)
		require.NoError(t, err)
		found, err := tx.Tallies(stranger.Owner, time.Time{}, stranger.at(1e9))
		assert.Empty(t, found)
		return err
	})
}
