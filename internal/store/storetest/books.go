package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// newBalance is a balance transaction with every field set.
func (w *World) newBalance(ref, source, origin string) pay.BalanceTransaction {
	return pay.BalanceTransaction{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, AccountRef: "acct_7", Ref: ref, Type: "charge",
		Amount: pay.Amount(1000, "USD"), Fee: pay.Amount(59, "USD"), Net: pay.Amount(941, "USD"), Source: source, Origin: origin,
		PaymentRef: "pi_none", PayoutRef: "", Description: "shoes", Status: pay.BalancePending,
		CreatedAt: w.at(1), AvailableOn: w.at(1000), SeenAt: w.at(2),
	}
}

func rowsBalance(t *testing.T, w *World) {
	b := w.newBalance("txn_row", "ch_row", "tr_row")
	b.PayoutRef = "po_row"
	kept(t, w, func(tx *store.Tx) error {
		for _, want := range []int64{1, 0} { // the second time it is known
			fresh, err := tx.InsertBalanceTransactions([]pay.BalanceTransaction{b})
			assert.Equal(t, want, fresh)
			require.NoError(t, err)
		}
		return nil
	}, b, func(tx *store.Tx) (pay.BalanceTransaction, error) { return tx.BalanceTransaction(w.Owner, b.ID) })
}

func rowsReading(t *testing.T, w *World) {
	r := pay.Reading{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, AccountRef: "acct_7", List: "charges", CreatedAt: w.at(1),
		From: w.at(2), Settled: w.at(3), DeepAt: w.at(4), Open: true, Lower: w.at(5), Upper: w.at(6), Cursor: "ch_1", Found: 7,
		DueAt: w.at(1 << 20), LeaseUntil: w.at(9), Fence: 10, Failures: 11, Reason: "why", UpdatedAt: w.at(12),
	}
	read := func(tx *store.Tx) (pay.Reading, error) { return tx.Reading(w.Owner, r.ID) }
	kept(t, w, func(tx *store.Tx) error { _, err := tx.EnsureReading(r); return err }, r, read)
	again := r
	again.ID = NewID()
	w.Write(t, func(tx *store.Tx) error {
		known, err := tx.EnsureReading(again)
		assert.Equal(t, r, known)
		return err
	})
	r.Settled, r.Open, r.Cursor, r.Found, r.LeaseUntil = w.at(20), false, "", 8, time.Time{}
	kept(t, w, func(tx *store.Tx) error { return tx.KeepReading(r) }, r, read)
	stale := r
	stale.Fence--
	assert.ErrorIs(t, w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.KeepReading(stale) }), store.ErrFenced)
}

// testTies follows a payment through what came of it, whichever came first.
func testTies(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	p := w.NewPayment()
	p.ChargeRef = "ch_tied"
	list := []pay.BalanceTransaction{
		w.newBalance("txn_1", "ch_tied", ""), w.newBalance("txn_2", "tr_tied", "ch_tied"), w.newBalance("txn_3", "py_tied", "tr_tied"),
		w.newBalance("txn_4", "ch_other", ""),
	}
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		_, err := tx.InsertBalanceTransactions(list)
		require.NoError(t, err)
		tied, err := tx.TieBalanceTransactions(w.Owner, []string{"py_tied"})
		assert.Zero(t, tied, "its origin has no payment yet")
		require.NoError(t, err)
		tied, err = tx.TieBalanceTransactions(w.Owner, []string{"ch_tied", "tr_tied", "ch_other"})
		assert.EqualValues(t, 2, tied)
		require.NoError(t, err)
		next, err := tx.OriginsOf(w.Owner, []string{"ch_tied", "tr_tied"})
		assert.Equal(t, []string{"py_tied"}, next)
		require.NoError(t, err)
		_, err = tx.TieBalanceTransactions(w.Owner, next)
		return err
	})
	w.Read(t, func(tx *store.Tx) error {
		found, err := tx.BalanceTransactionsOf(w.Owner, p.ID)
		var refs []string
		for _, b := range found {
			refs = append(refs, b.Ref)
		}
		assert.Equal(t, []string{"txn_1", "txn_2", "txn_3"}, refs)
		return err
	})
}

// testReadingLeases gives each reading that is due to one holder only.
func testReadingLeases(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	now := w.at(100)
	w.Write(t, func(tx *store.Tx) error {
		missing, err := tx.UnreadConnections(pay.ReadBalance, 10)
		assert.Len(t, missing, 1)
		require.NoError(t, err)
		for i, due := range []time.Time{now, now.Add(time.Second)} {
			_, err := tx.EnsureReading(pay.Reading{
				ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, List: []string{pay.ReadBalance, "charges"}[i], DueAt: due,
			})
			require.NoError(t, err)
		}
		missing, err = tx.UnreadConnections(pay.ReadBalance, 10)
		assert.Empty(t, missing)
		return err
	})
	w.Write(t, func(tx *store.Tx) error {
		leased, err := tx.LeaseReadings(pay.ReadBalance, now, now.Add(time.Minute), 10)
		require.Len(t, leased, 1)
		assert.Equal(t, pay.ReadBalance, leased[0].List)
		require.NoError(t, err)
		again, err := tx.LeaseReadings(pay.ReadBalance, now, now.Add(time.Minute), 10)
		assert.Empty(t, again)
		require.NoError(t, err)
		_, taken, err := tx.TakeReading(w.Owner, leased[0].ID, now, now.Add(time.Minute))
		assert.False(t, taken)
		return err
	})
}

// strangerBooks tries the balance transactions and readings of another's.
func strangerBooks(t *testing.T, stranger, w *World, p pay.Payment, tried map[string]bool) {
	o, suffix := stranger.Owner, string(NewID())
	b := w.newBalance("txn_"+suffix, "ch_"+suffix, "")
	b.Payment = p.ID
	read := w.NewConnection()
	read.Name, read.Default = "read "+suffix, false
	r := pay.Reading{ID: NewID(), Owner: w.Owner, Connection: read.ID, List: "list " + suffix, DueAt: w.at(1 << 20)}
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertConnection(read))
		_, err := tx.InsertBalanceTransactions([]pay.BalanceTransaction{b})
		require.NoError(t, err)
		_, err = tx.EnsureReading(r)
		return err
	})
	theirs, reading := b, r
	theirs.Owner, theirs.ID, reading.Owner, reading.ID = o, NewID(), o, NewID()
	for name, try := range map[string]func(tx *store.Tx) error{
		"InsertBalanceTransactions": func(tx *store.Tx) error {
			_, err := tx.InsertBalanceTransactions([]pay.BalanceTransaction{theirs})
			return err
		},
		"EnsureReading": func(tx *store.Tx) error { _, err := tx.EnsureReading(reading); return err },
	} {
		tried[name] = true
		if err := stranger.Store.Write(t.Context(), try); assert.Error(t, err, name) {
			assert.Contains(t, strings.ToLower(err.Error()), "foreign key", name)
		}
	}
	reading.ID = r.ID
	stranger.Write(t, func(tx *store.Tx) error {
		_, e1 := tx.BalanceTransaction(o, b.ID)
		_, e2 := tx.Reading(o, r.ID)
		_, _, e3 := tx.TakeReading(o, r.ID, w.Now, w.at(1))
		for _, err := range []error{e1, e2, e3, tx.KeepReading(reading)} {
			assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		}
		list, err := tx.BalanceTransactions(o, pay.BalanceFilter{Source: b.Source}, pay.Page{})
		assert.Empty(t, list.Items)
		require.NoError(t, err)
		of, err := tx.BalanceTransactionsOf(o, p.ID)
		untied, e4 := tx.UntiedSources(o)
		assert.Empty(t, of)
		assert.NotContains(t, untied, b.Source)
		require.NoError(t, errors.Join(err, e4))
		all, err := tx.Readings(o, r.List)
		next, e5 := tx.OriginsOf(o, []string{b.Source})
		assert.Empty(t, all)
		assert.Empty(t, next)
		require.NoError(t, errors.Join(err, e5))
		tied, e1 := tx.TieBalanceTransactions(o, []string{b.Source})
		matured, e2 := tx.MatureBalanceTransactions(reading, w.at(1<<20))
		paid, e3 := tx.PayOutBalanceTransactions(o, "po_stolen", []string{b.Ref})
		assert.Zero(t, tied+matured+paid)
		return errors.Join(e1, e2, e3, tx.HastenReadings(o, "", w.Now))
	})
	for _, name := range []string{
		"BalanceTransaction", "Reading", "TakeReading", "KeepReading", "BalanceTransactions", "BalanceTransactionsOf", "Readings", "OriginsOf", "UntiedSources",
		"TieBalanceTransactions", "MatureBalanceTransactions", "PayOutBalanceTransactions", "HastenReadings",
	} {
		tried[name] = true
	}
	w.Read(t, func(tx *store.Tx) error {
		kept, err := tx.BalanceTransaction(w.Owner, b.ID)
		assert.Equal(t, b, kept, "a stranger changed it")
		require.NoError(t, err)
		due, err := tx.Reading(w.Owner, r.ID)
		assert.Equal(t, r.DueAt, due.DueAt)
		return err
	})
}
