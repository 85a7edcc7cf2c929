package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// newDifference is a difference with every field set.
func (w *World) newDifference(source string) pay.Difference {
	return pay.Difference{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, AccountRef: "acct_7", Cause: pay.DifferenceAmount, Source: source,
		Ours: pay.Amount(948, "USD"), Theirs: pay.Amount(941, "USD"), Note: "why", CreatedAt: w.at(1), SeenAt: w.at(2),
	}
}

func rowsDifference(t *testing.T, w *World) {
	d := w.newDifference("txn_difference")
	open := func(tx *store.Tx) ([]pay.Difference, error) { return tx.OpenDifferences(w.Owner) }
	keep := func(d pay.Difference, fresh bool) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			got, err := tx.KeepDifference(d)
			assert.Equal(t, fresh, got)
			return err
		}
	}
	kept(t, w, keep(d, true), []pay.Difference{d}, open)
	again := d
	again.ID, again.CreatedAt = NewID(), w.at(50)
	again.Ours.Minor, again.Theirs.Minor, again.Note, again.SeenAt = 950, 940, "why else", w.at(51)
	want := again
	want.ID, want.CreatedAt = d.ID, d.CreatedAt // it is the same one, seen again
	kept(t, w, keep(again, false), []pay.Difference{want}, open)
	kept(t, w, func(tx *store.Tx) error { return tx.ResolveDifference(w.Owner, d.ID, w.at(60)) }, nil, open)
	kept(t, w, keep(again, true), []pay.Difference{again}, open)
}

// strangerDifferences tries the differences of another's.
func strangerDifferences(t *testing.T, stranger, w *World, p pay.Payment, tried map[string]bool) {
	o, source := stranger.Owner, "txn_"+string(NewID())
	d := w.newDifference(source)
	loose := w.newBalance(source, "tr_"+source, "")
	w.Write(t, func(tx *store.Tx) error {
		_, err := tx.KeepDifference(d)
		require.NoError(t, err)
		_, err = tx.InsertBalanceTransactions([]pay.BalanceTransaction{loose})
		return err
	})
	theirs := w.newDifference(source)
	theirs.Owner, theirs.Payment = o, p.ID
	assert.Error(t, stranger.Store.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.KeepDifference(theirs); return err }))
	stranger.Write(t, func(tx *store.Tx) error {
		open, err := tx.OpenDifferences(o)
		assert.Empty(t, open)
		require.NoError(t, err)
		ids, err := tx.PaymentsMoved(o, time.Time{}, w.at(1<<30), "", 1000)
		assert.NotContains(t, ids, p.ID)
		require.NoError(t, err)
		list, err := tx.LooseBalance(o, time.Time{}, w.at(1<<30), "", 1000)
		assert.NotContains(t, list, loose)
		require.NoError(t, err)
		booked, err := tx.IsBooked(pay.BalanceTransaction{Owner: o, Source: p.ChargeRef})
		assert.False(t, booked)
		require.NoError(t, err)
		_, err = tx.CustomerByRef(o, w.Customer.ProviderRef)
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		return tx.ResolveDifference(o, d.ID, w.at(5))
	})
	for _, name := range []string{
		"KeepDifference", "OpenDifferences", "ResolveDifference", "PaymentsMoved", "LooseBalance", "IsBooked", "CustomerByRef",
	} {
		tried[name] = true
	}
	w.Read(t, func(tx *store.Tx) error {
		open, err := tx.OpenDifferences(w.Owner)
		assert.Contains(t, open, d, "a stranger closed it")
		require.NoError(t, err)
		list, err := tx.LooseBalance(w.Owner, time.Time{}, w.at(1<<30), "", 1000)
		assert.Contains(t, list, loose)
		return err
	})
}
