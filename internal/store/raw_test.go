package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/store"
	"florin/internal/store/storetest"
)

// raw opens the database beside the store, for what the store itself never
// does.
func raw(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, address := "pgx", url
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, address = "sqlite", "file:"+file+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, address)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// onBoth runs a test on each database, with a store and its URL.
func onBoth(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	for name, url := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, url(t))
		})
	}
}

func TestAppendOnlyTables(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		w := storetest.NewWorld(t, s)
		walk := w.NewWalk()
		w.Write(t, walk.Claim)
		w.Write(t, walk.Settle)
		event, endpoint := w.NewEvent(pay.Payment{}), w.NewEndpoint()
		delivery := w.NewDelivery(event, endpoint)
		w.Write(t, func(tx *store.Tx) error {
			require.NoError(t, tx.InsertEvent(event))
			require.NoError(t, tx.InsertEndpoint(endpoint))
			require.NoError(t, tx.InsertDelivery(delivery))
			return tx.InsertAttempt(w.Owner, w.NewAttempt(delivery, 1))
		})
		db := raw(t, url)
		for _, table := range []string{"ledger_transactions", "ledger_entries", "events", "attempts"} {
			for _, change := range []string{"UPDATE %s SET merchant = merchant", "DELETE FROM %s"} {
				_, err := db.Exec(fmt.Sprintf(change, table))
				assert.ErrorContains(t, err, table+" is append-only")
			}
			var left int
			require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM "+table).Scan(&left))
			assert.Positive(t, left, "a table without rows proves nothing: %s", table)
		}
	})
}

// Several instances that start at once on a new database all become ready, and
// what one writes the others see.
func TestInstancesThatStartAtOnce(t *testing.T) {
	t.Parallel()
	const instances = 4
	onBoth(t, func(t *testing.T, url string) {
		var group sync.WaitGroup
		stores := make([]*store.Store, instances)
		for i := range stores {
			group.Go(func() {
				s, err := store.Open(t.Context(), store.Options{URL: url, Clock: clock.Real{}, MaxConns: 4})
				if assert.NoError(t, err) {
					stores[i] = s
				}
			})
		}
		group.Wait()
		for _, s := range stores {
			require.NotNil(t, s)
			t.Cleanup(func() { assert.NoError(t, s.Close()) })
		}
		for i := range stores {
			group.Go(func() {
				w := storetest.NewWorld(t, stores[i])
				for range 20 {
					w.Write(t, w.NewWalk().Claim)
				}
				for _, other := range stores {
					assert.NoError(t, other.Read(context.Background(), func(tx *store.Tx) error {
						_, err := tx.Merchant(w.Owner.Merchant)
						return err
					}))
				}
			})
		}
		group.Wait()
	})
}

// Opening a database again changes nothing in it.
func TestMigrationsTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Options{URL: url, Clock: clock.Real{}})
		require.NoError(t, err)
		w := storetest.NewWorld(t, s)
		require.NoError(t, s.Close())
		assert.Equal(t, pay.CodeUnavailable, pay.CodeOf(s.Write(t.Context(), func(*store.Tx) error { return nil })), "a closed store")
		again := open(t, url)
		require.NoError(t, again.Ping(t.Context()))
		require.NoError(t, again.Read(t.Context(), func(tx *store.Tx) error {
			got, err := tx.Connection(w.Owner, w.Connection.ID)
			assert.Equal(t, w.Connection, got)
			return err
		}))
	})
}

// Both databases have the same tables and columns.
func TestSchemasAreAlike(t *testing.T) {
	t.Parallel()
	columns := map[string][]string{}
	for name, url := range databases {
		address := url(t)
		open(t, address)
		query := "SELECT m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
		if name == "postgres" {
			query = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
		}
		found, err := raw(t, address).Query(query)
		require.NoError(t, err)
		for found.Next() {
			var column string
			require.NoError(t, found.Scan(&column))
			if !strings.HasPrefix(column, "river_") && !strings.HasPrefix(column, "goose_") {
				columns[name] = append(columns[name], column)
			}
		}
		require.NoError(t, found.Err())
	}
	assert.Greater(t, len(columns["sqlite"]), 150)
	assert.ElementsMatch(t, columns["sqlite"], columns["postgres"])
}

// A second process writes to the same SQLite file while the first is busy, as
// florin apikey create does beside a server.
func TestTwoProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "florin.db")
	server := open(t, url)
	w := storetest.NewWorld(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for ctx.Err() == nil {
				assert.NoError(t, server.Write(t.Context(), w.NewWalk().Claim))
			}
		})
	}
	command := open(t, url)
	for range 20 {
		assert.NoError(t, command.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertAPIKey(w.NewAPIKey()) }))
	}
	cancel()
	group.Wait()
}

func TestOpenRefusesOtherAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://localhost", "florin.db", "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "folder", "x.db")} {
		_, err := store.Open(t.Context(), store.Options{URL: url})
		assert.Error(t, err, url)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := store.Open(ctx, store.Options{URL: "postgres://nobody@127.0.0.1:1/none"})
	assert.Error(t, err)
}

// A young Postgres database gets its statistics before autovacuum comes by.
func TestYoungTablesAreStudied(t *testing.T) {
	t.Parallel()
	url := databases["postgres"](t)
	s := open(t, url)
	w := storetest.NewWorld(t, s)
	db := raw(t, url)
	var rows float64
	known := func() float64 {
		require.NoError(t, db.QueryRow("SELECT reltuples FROM pg_class WHERE relname = 'payments'").Scan(&rows))
		return rows
	}
	require.LessOrEqual(t, known(), 0.0)
	for range 110 {
		w.Write(t, w.NewWalk().Claim)
	}
	require.Eventually(t, func() bool { return known() > 50 }, 20*time.Second, 5*time.Millisecond)
}
