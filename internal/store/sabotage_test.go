package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
	"florin/internal/store/storetest"
)

// dropGuards takes away the triggers that keep the books from being changed,
// as someone who owns the database can.
func dropGuards(t *testing.T, db *sql.DB, url string) {
	t.Helper()
	for _, table := range []string{"ledger_transactions", "ledger_entries", "ledger_blocks"} {
		drops := []string{"DROP TRIGGER " + table + "_append_only ON " + table}
		if strings.HasPrefix(url, "sqlite") {
			drops = []string{"DROP TRIGGER " + table + "_no_update", "DROP TRIGGER " + table + "_no_delete"}
		}
		for _, drop := range drops {
			_, err := db.Exec(drop)
			require.NoError(t, err)
		}
	}
}

// sabotages are changes of transaction $1, how each is taken back, and what is
// said of it.
var sabotages = []struct{ name, do, undo, found string }{
	{"an amount and its counterpart", "UPDATE ledger_entries SET amount = amount * 2 WHERE transaction_id = $1",
		"UPDATE ledger_entries SET amount = amount / 2 WHERE transaction_id = $1", "changed after it was sealed"},
	{"one side of a booking", "UPDATE ledger_entries SET amount = amount + 1 WHERE transaction_id = $1 AND number = 0",
		"UPDATE ledger_entries SET amount = amount - 1 WHERE transaction_id = $1 AND number = 0", "is off by"},
	{"the account", "UPDATE ledger_entries SET account = 'sales' WHERE transaction_id = $1 AND number = 0",
		"UPDATE ledger_entries SET account = 'partner_fees' WHERE transaction_id = $1 AND number = 0", "changed after it was sealed"},
	{"the reason", "UPDATE ledger_transactions SET note = 'bribe' WHERE id = $1",
		"UPDATE ledger_transactions SET note = 'because' WHERE id = $1", "changed after it was sealed"},
	{"the time", "UPDATE ledger_transactions SET at = at + 1 WHERE id = $1",
		"UPDATE ledger_transactions SET at = at - 1 WHERE id = $1", "changed after it was sealed"},
	{"a balance", "UPDATE ledger_balances SET amount = amount - 100 WHERE $1 <> ''",
		"UPDATE ledger_balances SET amount = amount + 100 WHERE $1 <> ''", "ledger_balances has"},
	{"a total", "UPDATE ledger_totals SET amount = amount - 100 WHERE account = 'partner_fees' AND $1 <> ''",
		"UPDATE ledger_totals SET amount = amount + 100 WHERE account = 'partner_fees' AND $1 <> ''", "ledger_totals has"},
	{"a booking slipped in", "INSERT INTO ledger_transactions (merchant, mode, id, kind, source, note, at) SELECT merchant, mode, id || 'x', kind, id || 'x', note, at FROM ledger_transactions WHERE id = $1",
		"DELETE FROM ledger_transactions WHERE id = $1 || 'x'", "was sealed with"},
	{"a block", "UPDATE ledger_blocks SET number = number + 1 WHERE $1 <> ''",
		"UPDATE ledger_blocks SET number = number - 1 WHERE $1 <> ''", "follows block 0"},
}

// Whatever is changed in the books by someone who owns the database is found,
// and found no more once it is put back.
func TestSabotageIsFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		w := storetest.NewWorld(t, s)
		a := w.NewAccount()
		a.DebtLimit = 10_000
		var ids []pay.ID
		w.Write(t, func(tx *store.Tx) error {
			require.NoError(t, tx.InsertAccount(a))
			for range 5 {
				id := storetest.NewID()
				ids = append(ids, id)
				require.NoError(t, tx.InsertLedger(pay.LedgerTransaction{
					ID: id, Owner: w.Owner, Kind: pay.LedgerCredit, Source: id, Note: "because", At: w.Now,
					Entries: pay.Between(pay.Amount(100, "USD"), pay.PartnerAvailable(a.ID), pay.LedgerPartnerFees),
				}))
			}
			_, err := tx.SealLedger(w.Owner, storetest.NewID())
			return err
		})
		db := raw(t, url)
		dropGuards(t, db, url)
		for _, act := range sabotages {
			_, err := db.Exec(act.do, string(ids[2]))
			require.NoError(t, err, act.name)
			report, err := s.VerifyLedger(t.Context())
			require.NoError(t, err)
			var told []string
			for _, problem := range report.Problems {
				told = append(told, problem.Message)
			}
			assert.Contains(t, strings.Join(told, "\n"), act.found, act.name)
			_, err = db.Exec(act.undo, string(ids[2]))
			require.NoError(t, err, act.name)
			report, err = s.VerifyLedger(t.Context())
			require.NoError(t, err)
			assert.Empty(t, report.Problems, "%s was put back", act.name)
		}
		// Cutting off the end leaves a chain that is whole, and shorter.
		report, err := s.VerifyLedger(t.Context())
		require.NoError(t, err)
		head := report.Heads[0].Hash
		for _, table := range []string{"ledger_entries", "ledger_transactions", "ledger_blocks", "ledger_totals", "ledger_balances"} {
			_, err := db.Exec("DELETE FROM " + table)
			require.NoError(t, err)
		}
		report, err = s.VerifyLedger(t.Context(), head)
		require.NoError(t, err)
		require.Len(t, report.Problems, 1)
		assert.Contains(t, report.Problems[0].Message, "noted hash")
	})
}
