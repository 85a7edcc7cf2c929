package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// seal seals up to limit blocks of the world's owner, all of it when zero, and
// says how many transactions that were.
func (w *World) seal(t testing.TB, before pay.ID) int {
	t.Helper()
	sealed := 0
	for {
		var n int
		w.Write(t, func(tx *store.Tx) (err error) { n, err = tx.SealLedger(w.Owner, before); return err })
		if sealed += n; n == 0 {
			return sealed
		}
	}
}

// testChain books, seals, books more: balances are the same before and after
// sealing, only what is old enough is sealed, and the walk finds all in order.
func testChain(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	a := w.newPartner(t, 0)
	give := func(minor int64) pay.ID {
		booked := w.booking(pay.LedgerCredit, minor, pay.PartnerAvailable(a.ID), pay.LedgerPartnerFees)
		require.NoError(t, w.post(t, booked))
		return booked.ID
	}
	const first, later = 2300, 40
	w.Write(t, func(tx *store.Tx) error {
		for range first {
			require.NoError(t, tx.InsertLedger(w.booking(pay.LedgerCredit, 3, pay.PartnerAvailable(a.ID), pay.LedgerPartnerFees)))
		}
		return nil
	})
	border := NewID()
	for range later {
		give(5)
	}
	want := []pay.Balance{{Currency: "USD", Available: first*3 + later*5}}
	assert.Equal(t, want, w.balances(t, a.ID))
	w.Write(t, func(tx *store.Tx) error {
		settled, err := tx.LedgerSettled()
		assert.True(t, settled)
		require.NoError(t, err)
		owners, err := tx.UnsealedOwners(border, 10)
		assert.Equal(t, []pay.Owner{w.Owner}, owners)
		return err
	})
	assert.Equal(t, first, w.seal(t, border))
	assert.Equal(t, want, w.balances(t, a.ID))
	report, err := s.VerifyLedger(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Problems)
	assert.Equal(t, []int{first + later, 2 * (first + later), 3}, []int{report.Transactions, report.Entries, report.Blocks})
	head := report.Heads[0].Hash
	assert.Equal(t, later, w.seal(t, NewID()))
	assert.Equal(t, 0, w.seal(t, NewID()))
	give(7)
	want[0].Available += 7
	assert.Equal(t, want, w.balances(t, a.ID))
	report, err = s.VerifyLedger(t.Context(), head, make([]byte, 32))
	require.NoError(t, err)
	require.Len(t, report.Problems, 1, "the second hash is nobody's")
	assert.Contains(t, report.Problems[0].Message, "no chain has a block")
	assert.Equal(t, 4, report.Blocks)
}
