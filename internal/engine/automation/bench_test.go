package automation_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/pgtest"
	"florin/internal/sandbox"
)

// The load of the benchmark.
const (
	benchCharges  = 2000
	benchMakers   = 8
	benchPatience = 20 * time.Minute
)

// BenchmarkBurst has two servers on one Postgres read a burst of charges for
// one flow and for twenty, and prints how many charges a second go all the way
// to the last step of the last flow, and how long it takes from a charge's
// answer until its run is kept. Servers, sandbox and load share this machine.
// A charge that is missed or repeated fails it.
func BenchmarkBurst(b *testing.B) {
	for _, flows := range []int{1, 20} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			rig := newBurst(b, flows)
			began := time.Now()
			rig.make(benchCharges)
			rig.wait(benchCharges * flows)
			took := time.Since(began)
			delays := rig.delays()
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(benchCharges/took.Seconds(), "charges/s")
			b.ReportMetric(float64(benchCharges*flows)/took.Seconds(), "runs/s")
			b.ReportMetric(delays[len(delays)/2].Seconds(), "to-run-p50-s")
			b.ReportMetric(delays[len(delays)*99/100].Seconds(), "to-run-p99-s")
		})
	}
}

// burst is two servers, the sandbox that is their Stripe, and what was made.
type burst struct {
	b     *testing.B
	front *front
	db    *sql.DB

	mu   sync.Mutex
	made map[string]time.Time // charges, by when Stripe had answered
}

func newBurst(b *testing.B, flows int) *burst {
	database, folder := pgtest.Start(b), b.TempDir()
	box, err := sandbox.Open(sandbox.Config{})
	require.NoError(b, err)
	rig := &burst{b: b, front: &front{box: box}, made: map[string]time.Time{}}
	stripe := httptest.NewServer(box)
	b.Cleanup(func() { stripe.Close(); require.NoError(b, box.Close()) })
	var servers [2]*app.Server
	for i := range servers {
		servers[i] = apptest.Start(b, "--database-url", database, "--data-dir", folder, "--sandbox-listen", "off", "--stripe-api-base", stripe.URL, "--min-poll", "1s")
	}
	rig.db, err = sql.Open("pgx", database)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, rig.db.Close()) })
	ctx := context.Background()
	merchant, err := servers[0].Engine.EnsureDefaultMerchant(ctx)
	require.NoError(b, err)
	owner := pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	_, err = servers[0].Engine.SetProvider(ctx, engine.Ask{Owner: owner}, engine.Credentials{SecretKey: pay.NewSecret("sk_test_burst")})
	require.NoError(b, err)
	rig.front.use("sk_test_burst")
	for i := range flows {
		document := fmt.Sprintf("flow: burst-%d\nconcurrency: 50\non: { new-charge: { every: 1s } }\nsteps:\n  - set: { amount: \"${trigger.amount}\" }\n", i)
		_, err := servers[0].Flows.Apply(ctx, pay.APIKey{Owner: owner}, []byte(document))
		require.NoError(b, err)
	}
	return rig
}

// make makes charges, several at once.
func (r *burst) make(n int) {
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range benchMakers {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				id := r.front.create("/v1/charges", url.Values{"amount": {"1000"}, "currency": {"usd"}, "source": {"tok_visa"}})
				at := time.Now()
				r.mu.Lock()
				r.made[id] = at
				r.mu.Unlock()
			}
		})
	}
	group.Wait()
}

// wait returns when so many runs have ended well.
func (r *burst) wait(runs int) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(benchPatience); time.Now().Before(deadline); <-look.C {
		var done int
		require.NoError(r.b, r.db.QueryRow("SELECT count(*) FROM runs WHERE state = 'succeeded'").Scan(&done))
		if done >= runs {
			var all int
			require.NoError(r.b, r.db.QueryRow("SELECT count(*) FROM runs").Scan(&all))
			require.Equal(r.b, runs, all, "each charge once for each flow")
			return
		}
	}
	r.b.Fatal("the runs do not come to their ends")
}

// delays is how long after its charge each run was kept, in order.
func (r *burst) delays() []time.Duration {
	rows, err := r.db.Query("SELECT ref, created_at FROM runs")
	require.NoError(r.b, err)
	defer func() { require.NoError(r.b, rows.Close()) }()
	var delays []time.Duration
	for rows.Next() {
		var ref string
		var at int64
		require.NoError(r.b, rows.Scan(&ref, &at))
		made, known := r.made[ref]
		require.True(r.b, known, ref)
		delays = append(delays, max(0, time.UnixMicro(at).Sub(made)))
	}
	require.NoError(r.b, rows.Err())
	slices.Sort(delays)
	return delays
}
