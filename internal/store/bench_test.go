package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"florin/internal/clock"
	"florin/internal/pgtest"
	"florin/internal/store"
	"florin/internal/store/storetest"
)

// callers is how many goroutines write at once: make bench drives the API with
// as many clients.
const callers = 32

// BenchmarkWrite is what a payment costs the store: the first transaction of
// its walk (key, payment, call) and the second (call, payment, ledger, event,
// reply), at 32 callers. An operation is one transaction.
func BenchmarkWrite(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkWrite(b, "sqlite:"+filepath.Join(b.TempDir(), "florin.db")) })
	b.Run("postgres", func(b *testing.B) { benchmarkWrite(b, durablePostgres(b)) })
}

// BenchmarkCommit is the base line that BenchmarkWrite is held against: one
// row and one durable commit, by one caller and by 32.
func BenchmarkCommit(b *testing.B) {
	b.Run("sqlite", benchmarkSQLiteCommit)
	b.Run("postgres", func(b *testing.B) { benchmarkPostgresCommit(b, durablePostgres(b)) })
}

// durablePostgres is a fresh database on a server that waits for the disk; the
// tests' shared one does not.
func durablePostgres(b *testing.B) string {
	b.Helper()
	if named := os.Getenv("FLORIN_BENCH_POSTGRES"); named != "" {
		return named
	}
	server, err := pgtest.StartServer(b.Context(), true)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Stop()) })
	return server.URL
}

func benchmarkWrite(b *testing.B, url string) {
	ctx := b.Context()
	s, err := store.Open(ctx, store.Options{URL: url, Clock: clock.Real{}, MaxConns: callers})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	w := storetest.NewWorld(b, s)
	var failed atomic.Value
	b.SetParallelism(callers / min(runtime.GOMAXPROCS(0), callers))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			walk := w.NewWalk()
			if err := s.Write(ctx, walk.Claim); err != nil {
				failed.Store(err)
			}
			if !pb.Next() {
				return
			}
			if err := s.Write(ctx, walk.Settle); err != nil {
				failed.Store(err)
			}
		}
	})
	b.StopTimer()
	require.Nil(b, failed.Load())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

func benchmarkSQLiteCommit(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "base.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	db.SetMaxOpenConns(1)
	_, err = db.Exec("CREATE TABLE base (id INTEGER PRIMARY KEY, note TEXT)")
	require.NoError(b, err)
	b.ResetTimer()
	for range b.N {
		if _, err := db.Exec("INSERT INTO base (note) VALUES ('a row')"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

func benchmarkPostgresCommit(b *testing.B, url string) {
	ctx := context.Background()
	first, err := pgx.Connect(ctx, url)
	require.NoError(b, err)
	_, err = first.Exec(ctx, "CREATE TABLE IF NOT EXISTS base (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note TEXT)")
	require.NoError(b, err)
	require.NoError(b, first.Close(ctx))
	b.SetParallelism(callers / min(runtime.GOMAXPROCS(0), callers))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = conn.Close(ctx) }()
		for pb.Next() {
			if _, err := conn.Exec(ctx, "INSERT INTO base (note) VALUES ('a row')"); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}
