package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// newPartner keeps an account with a debt limit.
func (w *World) newPartner(t testing.TB, debtLimit int64) pay.Account {
	t.Helper()
	a := w.NewAccount()
	a.DebtLimit = debtLimit
	w.Write(t, func(tx *store.Tx) error { return tx.InsertAccount(a) })
	return a
}

// booking is a transaction of two entries that belongs to no payment.
func (w *World) booking(kind pay.LedgerKind, minor int64, from, to pay.LedgerAccount) pay.LedgerTransaction {
	return pay.LedgerTransaction{
		ID: NewID(), Owner: w.Owner, Kind: kind, Source: NewID(), Note: "because", At: w.Now,
		Entries: pay.Between(pay.Amount(minor, "USD"), from, to),
	}
}

// post books in a transaction of its own.
func (w *World) post(t testing.TB, booked ...pay.LedgerTransaction) error {
	return w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertLedger(booked...) })
}

// balances is what stands for a partner.
func (w *World) balances(t testing.TB, account pay.ID) (list []pay.Balance) {
	t.Helper()
	w.Read(t, func(tx *store.Tx) error {
		standing, err := tx.PartnerBalances(w.Owner, account)
		list = pay.Balances(standing)
		return err
	})
	return list
}

// testGuardedBalances takes from a partner what is there, and not more; a
// refused booking changes nothing, not even the other entries of its call.
func testGuardedBalances(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	a := w.newPartner(t, 0)
	available, held, pending := pay.PartnerAvailable(a.ID), pay.PartnerHeld(a.ID), pay.PartnerPending(a.ID)
	refused := func(booked ...pay.LedgerTransaction) {
		t.Helper()
		before := w.balances(t, a.ID)
		assert.Equal(t, pay.CodeBalanceTooLow, pay.CodeOf(w.post(t, booked...)))
		assert.Equal(t, before, w.balances(t, a.ID))
	}
	debit := func(minor int64) pay.LedgerTransaction {
		return w.booking(pay.LedgerDebit, minor, pay.LedgerPartnerFees, available)
	}
	refused(debit(1))
	require.NoError(t, w.post(t, w.booking(pay.LedgerShare, 700, pending, pay.LedgerShares)))
	refused(debit(1))
	require.NoError(t, w.post(t, w.booking(pay.LedgerShareAvailable, 700, available, pending)))
	refused(debit(701))
	require.NoError(t, w.post(t, debit(100)))
	require.NoError(t, w.post(t, w.booking(pay.LedgerPayoutHold, 450, held, available)))
	refused(w.booking(pay.LedgerPayoutHold, 151, held, available))
	refused(w.booking(pay.LedgerPayoutTransfer, 451, pay.LedgerStripe, held))
	refused(debit(100), debit(51))
	assert.Equal(t, []pay.Balance{{Currency: "USD", Available: 150, Held: 450}}, w.balances(t, a.ID))

	// What has happened is booked, and then nothing can be taken.
	require.NoError(t, w.post(t, w.booking(pay.LedgerShareRefund, 200, pay.LedgerShares, available)))
	refused(debit(1))
	assert.Equal(t, []pay.Balance{{Currency: "USD", Available: -50, Held: 450}}, w.balances(t, a.ID))
	a.DebtLimit = 60
	w.Write(t, func(tx *store.Tx) error { return tx.UpdateAccount(a) })
	refused(debit(11))
	require.NoError(t, w.post(t, debit(10)))
	assert.Equal(t, []pay.Balance{{Currency: "USD", Available: -60, Held: 450}}, w.balances(t, a.ID))

	// A refusal leaves the transaction usable.
	w.Write(t, func(tx *store.Tx) error {
		assert.Equal(t, pay.CodeBalanceTooLow, pay.CodeOf(tx.InsertLedger(debit(1))))
		return tx.InsertLedger(w.booking(pay.LedgerCredit, 70, available, pay.LedgerPartnerFees))
	})
	assert.Equal(t, []pay.Balance{{Currency: "USD", Available: 10, Held: 450}}, w.balances(t, a.ID))
}

// testHotBalance lets many take from one account at once, until nothing is
// left: as much is taken as was there, whoever was refused.
func testHotBalance(t *testing.T, s *store.Store) {
	const takers, tries, there = 8, 12, 500
	w := NewWorld(t, s)
	a := w.newPartner(t, 0)
	require.NoError(t, w.post(t, w.booking(pay.LedgerCredit, there, pay.PartnerAvailable(a.ID), pay.LedgerPartnerFees)))
	var taken atomic.Int64
	var group sync.WaitGroup
	for n := range takers {
		group.Go(func() {
			for range tries {
				minor := int64(n + 3)
				switch err := w.post(t, w.booking(pay.LedgerDebit, minor, pay.LedgerPartnerFees, pay.PartnerAvailable(a.ID))); {
				case err == nil:
					taken.Add(minor)
				default:
					assert.Equal(t, pay.CodeBalanceTooLow, pay.CodeOf(err))
				}
			}
		})
	}
	group.Wait()
	left := w.balances(t, a.ID)[0].Available
	assert.Equal(t, there-taken.Load(), left)
	assert.GreaterOrEqual(t, left, int64(0))
	assert.Less(t, left, int64(takers+2), "who was refused wanted more than was left")
}
