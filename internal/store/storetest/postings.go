package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
	"florin/internal/store"
)

// testPostingModel books random batches for a few partners, and holds what
// became of each posting against a model that books them one by one.
func testPostingModel(t *testing.T, s *store.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		w := NewWorld(t, s)
		limits, model, taken := map[pay.ID]int64{}, map[pay.ID]int64{}, map[string]bool{}
		var partners []pay.ID
		for range rapid.IntRange(1, 3).Draw(rt, "partners") {
			a := w.newPartner(t, rapid.SampledFrom([]int64{0, 50}).Draw(rt, "limit"))
			partners, limits[a.ID] = append(partners, a.ID), a.DebtLimit
		}
		for range rapid.IntRange(1, 5).Draw(rt, "batches") {
			w.postRandom(rt, partners, limits, model, taken)
		}
		for _, id := range partners {
			var available int64
			for _, b := range w.balances(t, id) {
				available = b.Available
			}
			require.Equal(rt, model[id], available)
			require.GreaterOrEqual(rt, available, -limits[id])
		}
	})
	report, err := s.VerifyLedger(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Problems)
}

// postRandom books a batch whose keys differ, and checks each posting.
func (w *World) postRandom(rt *rapid.T, partners []pay.ID, limits, model map[pay.ID]int64, taken map[string]bool) {
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-l]`), 1, 6, rapid.ID[string]).Draw(rt, "keys")
	batch := make([]*store.Posting, len(keys))
	whose := make([]pay.ID, len(keys))
	said := make([]int64, len(keys))
	for i, key := range keys {
		id, minor := rapid.SampledFrom(partners).Draw(rt, "partner"), rapid.Int64Range(1, 60).Draw(rt, "minor")
		t := w.booking(pay.LedgerDebit, minor, pay.LedgerPartnerFees, pay.PartnerAvailable(id))
		if rapid.Bool().Draw(rt, "credit") {
			t = w.booking(pay.LedgerCredit, minor, pay.PartnerAvailable(id), pay.LedgerPartnerFees)
		}
		r := w.NewRequest()
		r.Key, whose[i] = key, id
		batch[i] = &store.Posting{
			Transaction: t, Account: pay.PartnerAvailable(id), Request: r,
			Finish: func(standing pay.Money, _ *pay.Request) error { said[i] = -standing.Minor; return nil },
		}
	}
	require.NoError(rt, w.Store.Write(rt.Context(), func(tx *store.Tx) error { return tx.Post(batch) }))
	for i, p := range batch {
		require.Equal(rt, taken[keys[i]], p.Known, "the key %s", keys[i])
		if p.Known {
			continue
		}
		amount := p.Transaction.Entries[0].Amount.Minor
		if p.Transaction.Kind == pay.LedgerDebit {
			amount = -amount
		}
		after := model[whose[i]] + amount
		if amount < 0 && after < -limits[whose[i]] {
			require.Equal(rt, pay.CodeBalanceTooLow, pay.CodeOf(p.Err))
			continue
		}
		require.NoError(rt, p.Err)
		require.Equal(rt, after, said[i])
		model[whose[i]], taken[keys[i]] = after, true
	}
}
