package engine_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/pgtest"
	"florin/internal/store"
)

const (
	// posters is how many callers debit at once: enough that a batch fills while
	// the one before is committed.
	posters = 256
	// spread is over how many accounts they debit when not all want the same.
	spread = 10_000
)

// BenchmarkPostings is how many debits are booked, each under an idempotency
// key of its own, balanced, refused when too little is there, and durable: all
// of one account, and spread over ten thousand. An operation is one debit.
func BenchmarkPostings(b *testing.B) {
	for _, database := range []string{"sqlite", "postgres"} {
		for name, accounts := range map[string]int{"contended": 1, "spread": spread} {
			b.Run(database+"/"+name, func(b *testing.B) { benchmarkPostings(b, database, accounts) })
		}
	}
}

func benchmarkPostings(b *testing.B, database string, accounts int) {
	url := "sqlite:" + filepath.Join(b.TempDir(), "florin.db")
	if database == "postgres" {
		server, err := pgtest.StartServer(b.Context(), true)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, server.Stop()) })
		url = server.URL
	}
	w := newWorldOn(b, url)
	partners := w.partners(accounts, 1_000_000_000)
	var failed atomic.Value
	var next atomic.Int64
	b.SetParallelism(posters / min(runtime.GOMAXPROCS(0), posters))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			_, err := w.engine.DebitAccount(b.Context(), w.ask(fmt.Sprint("debit-", n)), engine.BalanceChange{
				Account: partners[int(n)%len(partners)], Amount: pay.Amount(1, "USD"), Reason: "priority",
			})
			if err != nil {
				failed.Store(err)
			}
		}
	})
	b.StopTimer()
	require.Nil(b, failed.Load())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "postings/s")
	report, err := w.store.VerifyLedger(b.Context())
	require.NoError(b, err)
	require.Empty(b, report.Problems)
}

// partners keeps accounts that may owe so much, and returns their ids.
func (w *world) partners(n int, debtLimit int64) []pay.ID {
	w.t.Helper()
	ids := make([]pay.ID, n)
	require.NoError(w.t, w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		platform, err := tx.DefaultConnection(w.owner)
		if err != nil {
			return err
		}
		for i := range ids {
			ids[i] = pay.ID(fmt.Sprintf("018f3c1e-7b1a-7c5e-9d0a-%012x", i))
			if err := tx.InsertAccount(pay.Account{
				ID: ids[i], Owner: w.owner, Connection: platform.ID, Type: pay.AccountExpress, Status: pay.AccountEnabled,
				Currency: "USD", DebtLimit: debtLimit, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}
