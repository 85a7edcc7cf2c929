package e2e

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver sqlite
)

// The load of the benchmarks.
const (
	benchClients = 32
	benchRate    = 100              // payments a second, for latency
	benchWarm    = 300              // requests before anything is measured
	benchSpan    = 10 * time.Second // of each measurement
)

// BenchmarkPayments prints what Florin adds to a PaymentIntent made directly at
// the sandbox, and how many payments it takes a second against the durable
// commits that the same database does in the same run. Every payment also
// brings its Stripe event. Florin, the sandbox (in memory) and the load share
// this machine; what each of them used of its processors is printed as well,
// since a rate on a busy machine says little (docs/performance.md).
func BenchmarkPayments(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			url := databases[name](b)
			alone := commitsPerSecond(b, url, 1)
			commits := commitsPerSecond(b, url, baselineWriters[name])
			rig := startRig(b, url)
			rig.drive(benchWarm, rig.payment)
			rig.drive(benchWarm, rig.intent)
			added, direct := rig.latency()
			before := rig.measured()
			rate := rig.throughput()
			rig.report(before, rate*benchSpan.Seconds())
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(milliseconds(percentile(direct, 50)), "direct-p50-ms")
			b.ReportMetric(milliseconds(percentile(direct, 99)), "direct-p99-ms")
			b.ReportMetric(milliseconds(percentile(added, 50)-percentile(direct, 50)), "added-p50-ms")
			b.ReportMetric(milliseconds(percentile(added, 99)-percentile(direct, 99)), "added-p99-ms")
			b.ReportMetric(rate, "payments/s")
			b.ReportMetric(commits, "commits/s")
			b.ReportMetric(100*rate/(commits/2), "%-of-half-commits")
			b.ReportMetric(alone, "lone-commits/s")
			b.ReportMetric(100*rate/(alone/2), "%-of-half-lone-commits")
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// baselineWriters is how many write at once for commits/s: Postgres lets
// commits share a flush, SQLite takes one writer.
var baselineWriters = map[string]int{"sqlite": 1, "postgres": 16}

// commitsPerSecond is how many transactions of one small row the database
// makes durable, without Florin. A lone writer shows what a flush takes; with
// many on Postgres it is rather the processor that counts.
func commitsPerSecond(b *testing.B, url string, writers int) float64 {
	driver, name := "pgx", url
	if file, isSQLite := strings.CutPrefix(url, "sqlite:"); isSQLite {
		driver = "sqlite"
		name = "file:" + file + ".baseline?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	db, err := sql.Open(driver, name)
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	db.SetMaxIdleConns(writers)
	_, err = db.Exec("CREATE TABLE IF NOT EXISTS baseline (id TEXT PRIMARY KEY, at BIGINT NOT NULL)")
	require.NoError(b, err)
	var done atomic.Int64
	began := time.Now()
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for time.Since(began) < benchSpan/2 {
				if _, err := db.Exec("INSERT INTO baseline (id, at) VALUES ($1, $2)", uuid.NewString(), began.UnixMicro()); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// rig is Florin and the sandbox in processes of their own, and a client.
type rig struct {
	b      *testing.B
	world  *world
	client *http.Client
	count  atomic.Int64

	processes map[string]int // by name, with their ids
}

func startRig(b *testing.B, url string) *rig {
	box := startProcess(b, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral", "--log-level", "error")
	data := b.TempDir()
	florin := startProcess(b, "serve", "--database-url", url, "--data-dir", data, "--listen", "127.0.0.1:0", "--log-level", "error",
		"--sandbox-listen", "off", "--stripe-api-base", box.url, "--rate-limit", "0", "--allow-private-endpoints", "loopback")
	w := &world{t: b, base: florin.url, stripe: box.url, key: makeKey(b, url, data)}
	w.hearsOf("sk_test_bench", "payment_intent.succeeded")
	processes := map[string]int{"florin": florin.Process.Pid, "sandbox": box.Process.Pid, "client": os.Getpid()}
	if strings.HasPrefix(url, "postgres") {
		processes["database"] = postmaster(b, url)
	}
	return &rig{b: b, world: w, processes: processes, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 2 * benchClients},
	}}
}

// hearsOf gives the merchant an account of its own at the sandbox, which sends
// events of one type to Florin, as a merchant sets it up at Stripe.
func (w *world) hearsOf(key, event string) {
	w.t.Helper()
	endpoint := w.atStripe(key, "POST", "/v1/webhook_endpoints", "url="+w.base+"/v1/webhooks/stripe&enabled_events[]="+event).want(200)
	w.request("PUT", "/v1/merchant/providers",
		`{"provider":"stripe","stripe":{"secret_key":"`+key+`","webhook_secret":"`+endpoint.text("secret")+`"}}`).want(200)
}

func (r *rig) payment() time.Duration {
	req, err := http.NewRequest("POST", r.world.base+"/v1/payments", strings.NewReader(tenDollars))
	require.NoError(r.b, err)
	req.Header.Set("X-API-Key", r.world.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", fmt.Sprint("bench-", r.count.Add(1)))
	return r.do(req, http.StatusCreated)
}

// intent is the request that Florin sends for a payment.
func (r *rig) intent() time.Duration {
	form := "amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[0]=card" +
		"&metadata[a]=1&metadata[b]=2&expand[0]=latest_charge.balance_transaction"
	req, err := http.NewRequest("POST", r.world.stripe+"/v1/payment_intents", strings.NewReader(form))
	require.NoError(r.b, err)
	req.Header.Set("Authorization", "Bearer sk_test_direct")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Idempotency-Key", fmt.Sprint("direct-", r.count.Add(1)))
	return r.do(req, http.StatusOK)
}

func (r *rig) do(req *http.Request, want int) time.Duration {
	began := time.Now()
	res, err := r.client.Do(req)
	if err != nil {
		r.b.Error(err)
		return 0
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != want {
		r.b.Errorf("%d %v %s", res.StatusCode, err, body)
	}
	return time.Since(began)
}

// drive makes a number of requests with all clients at once.
func (r *rig) drive(n int, one func() time.Duration) {
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range benchClients {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				one()
			}
		})
	}
	group.Wait()
}

// latency sends payments and direct intents by turns at a fixed rate, whatever
// the answers take, and returns how long each kind took.
func (r *rig) latency() (payments, intents []time.Duration) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
	)
	measure := func(into *[]time.Duration, one func() time.Duration) {
		group.Go(func() {
			took := one()
			mu.Lock()
			defer mu.Unlock()
			*into = append(*into, took)
		})
	}
	ticks := time.NewTicker(time.Second / benchRate)
	defer ticks.Stop()
	for range int(benchSpan.Seconds()) * benchRate {
		<-ticks.C
		measure(&payments, r.payment)
		measure(&intents, r.intent)
	}
	group.Wait()
	return payments, intents
}

// throughput is the payments a second that all clients get through together.
func (r *rig) throughput() float64 {
	var (
		done  atomic.Int64
		group sync.WaitGroup
		began = time.Now()
	)
	for range benchClients {
		group.Go(func() {
			for time.Since(began) < benchSpan {
				r.payment()
				done.Add(1)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
