package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pgtest"
)

// afterKill is how long a run may lie still that a killed machine has left
// behind: its lease, the sweep that finds it, and a busy machine.
const afterKill = 3 * time.Minute

// bigCharges is the flow of the README.
const bigCharges = `
flow: big-charges
description: Every charge over 100.00 goes to accounting.
on:
  new-charge: { every: 1s }
when: trigger.amount > 10000
steps:
  - id: post
    do: http.request
    with: { method: POST, url: "%s/charges", body: { id: "${trigger.id}", amount: "${trigger.amount}" } }
  - id: insert
    do: db.insert
    connection: books
    with: { table: charges, unique: [id], values: { id: "${trigger.id}", amount: "${trigger.amount}" } }
`

// accounting is what the flow writes to: a receiver of posts and a table.
type accounting struct {
	t   *testing.T
	url string // of the database
	db  *pgx.Conn

	mu    sync.Mutex
	keys  map[string]map[string]bool // idempotency keys of posts, by charge
	stall chan bool                  // a post that came, when posts are to hang
}

func newAccounting(t *testing.T) (*accounting, *httptest.Server) {
	a := &accounting{t: t, url: pgtest.Start(t), keys: map[string]map[string]bool{}}
	var err error
	a.db, err = pgx.Connect(t.Context(), a.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.db.Close(context.Background()) })
	// The trigger lets a test hold a commit: it happens, whoever asked for it
	// being dead by then.
	a.exec(`CREATE TABLE charges (id TEXT PRIMARY KEY, amount BIGINT NOT NULL);
		CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON charges DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate();`)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, server
}

func (a *accounting) exec(sql string) {
	a.t.Helper()
	_, err := a.db.Exec(context.Background(), sql)
	require.NoError(a.t, err)
}

// ServeHTTP takes a post.
func (a *accounting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var charge struct {
		ID     string
		Amount int64
	}
	assert.NoError(a.t, json.NewDecoder(r.Body).Decode(&charge))
	assert.Greater(a.t, charge.Amount, int64(10000), "what is small is nobody's business")
	a.mu.Lock()
	if a.keys[charge.ID] == nil {
		a.keys[charge.ID] = map[string]bool{}
	}
	a.keys[charge.ID][r.Header.Get("Idempotency-Key")] = true
	stall := a.stall
	a.mu.Unlock()
	if stall != nil {
		stall <- true
		<-r.Context().Done() // until the sender is dead
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *accounting) stalls(stall chan bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stall = stall
}

// committing waits until an insert hangs in its commit.
func (a *accounting) committing() {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		var waiting int
		err := a.db.QueryRow(context.Background(), `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`).Scan(&waiting)
		return err == nil && waiting > 0
	}, afterKill, 20*time.Millisecond, "no insert came to its commit")
}

// rows waits until the table has so many, and says which.
func (a *accounting) rows(want int) (ids []string) {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		found, err := a.db.Query(context.Background(), `SELECT id FROM charges`)
		require.NoError(a.t, err)
		ids, err = pgx.CollectRows(found, pgx.RowTo[string])
		require.NoError(a.t, err)
		return len(ids) >= want
	}, afterKill, 50*time.Millisecond, "not every charge arrived")
	return ids
}

// TestEachChargeArrivesOnceThoughKilledInEveryStep is the README's promise: the
// server is killed while a post hangs, while an insert commits, and in the
// middle of a burst.
func TestEachChargeArrivesOnceThoughKilledInEveryStep(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books, receiver := newAccounting(t)
			data, url := t.TempDir(), open(t)
			box := startProcess(t, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral")
			key := ""
			serve := func() (*process, *world) {
				p := startProcess(t, "serve", "--database-url", url, "--data-dir", data, "--listen", "127.0.0.1:0", "--sandbox-listen", "off",
					"--stripe-api-base", box.url, "--allow-private-endpoints", "loopback", "--min-poll", "1s")
				if key == "" {
					key = makeKey(t, url, data)
				}
				return p, &world{t: t, base: p.url, stripe: box.url, key: key}
			}
			florin, w := serve()
			stripe := w.stripeKey("accounting")
			w.post("/v1/connections", fmt.Sprintf(`{"name":"books","kind":"database","database":{"url":%q}}`, books.url)).want(201)
			source, err := json.Marshal(map[string]string{"source": fmt.Sprintf(bigCharges, receiver.URL)})
			require.NoError(t, err)
			w.post("/v1/flows", string(source)).want(200)
			var charged []string
			charge := func(amount int) {
				made := w.atStripe(stripe, "POST", "/v1/charges", fmt.Sprintf("amount=%d&currency=usd&source=tok_visa", amount)).want(200).text("id")
				if amount > 10000 {
					charged = append(charged, made)
				}
			}

			post := make(chan bool)
			books.stalls(post)
			charge(20000)
			charge(10000) // not over 100.00
			<-post
			florin.kill(t)
			books.stalls(nil)
			florin, w = serve()
			books.rows(1)

			books.exec(`SELECT pg_advisory_lock(42)`)
			charge(30000)
			books.committing()
			florin.kill(t)
			books.exec(`SELECT pg_advisory_unlock(42)`)
			books.rows(2)
			florin, w = serve()

			for i := range 10 {
				charge(40000 + i)
			}
			books.rows(3)
			florin.kill(t)
			_, w = serve()
			assert.ElementsMatch(t, charged, books.rows(len(charged)), "each exactly once, and nothing skipped")
			require.Eventually(t, func() bool {
				return len(w.get("/v1/runs?flow=big-charges&state=succeeded&limit=100").want(200).list("data")) == len(charged)
			}, afterKill, 50*time.Millisecond, "a run has not ended")
			assert.Len(t, w.get("/v1/runs?flow=big-charges&limit=100").list("data"), len(charged), "one run for each")
			books.mu.Lock()
			defer books.mu.Unlock()
			assert.Len(t, books.keys, len(charged))
			for id, keys := range books.keys {
				assert.Len(t, keys, 1, "%s was posted under several keys: %s", id, strings.Join(charged, " "))
			}
		})
	}
}
