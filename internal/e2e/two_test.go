package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serveFlags are those of a server whose Stripe is a sandbox elsewhere.
func serveFlags(databaseURL, data, stripe string, more ...string) []string {
	return append([]string{"serve", "--database-url", databaseURL, "--data-dir", data, "--listen", "127.0.0.1:0",
		"--sandbox-listen", "off", "--stripe-api-base", stripe, "--allow-private-endpoints", "loopback", "--rate-limit", "0"}, more...)
}

// folders is the data folders of two servers with one master key: the same
// folder, or two machines whose key was made beforehand.
var folders = map[string]func(t *testing.T) [2]string{
	"one folder": func(t *testing.T) [2]string {
		dir := filepath.Join(t.TempDir(), "data")
		return [2]string{dir, dir}
	},
	"two machines": func(t *testing.T) [2]string {
		var key [32]byte
		_, _ = rand.Read(key[:])
		dirs := [2]string{t.TempDir(), t.TempDir()}
		for _, dir := range dirs {
			require.NoError(t, os.Chmod(dir, 0o700))
			file := filepath.Join(dir, "master.key")
			require.NoError(t, os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(key[:])+"\n"), 0o600))
		}
		return dirs
	},
}

// TestTwoServersOnOnePostgres starts two servers at the same moment on a
// Postgres that is empty: migrations, the master key and the first merchant
// are made once, and the two then work as one.
func TestTwoServersOnOnePostgres(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		folders string
		roles   [2]string
	}{
		"all and all":    {"one folder", [2]string{"all", "all"}},
		"api and worker": {"two machines", [2]string{"api", "worker"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, dirs := databases["postgres"](t), folders[c.folders](t)
			box := startProcess(t, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral")
			var servers [2]*process
			for i, role := range c.roles {
				servers[i] = launch(t, serveFlags(database, dirs[i], box.url, "--role", role)...)
			}
			for _, server := range servers {
				server.ready(t)
			}
			first := &world{t: t, base: servers[0].url, stripe: box.url, key: makeKey(t, database, dirs[0])}
			second := *first
			if c.roles[1] != "worker" {
				second.base = servers[1].url
			}
			workAsOne(t, first, &second)
		})
	}
}

// workAsOne proves that what is asked of one is known to the other, done once
// and told once.
func workAsOne(t *testing.T, first, second *world) {
	t.Helper()
	const stripe = "sk_test_two"
	hook := first.atStripe(stripe, "POST", "/v1/webhook_endpoints", "url="+first.base+"/v1/webhooks/stripe&enabled_events[0]=*").want(200)
	second.request("PUT", "/v1/merchant/providers",
		`{"provider":"stripe","stripe":{"secret_key":"`+stripe+`","webhook_secret":"`+hook.text("secret")+`"}}`).want(200)
	r := newReceiver(t)
	first.listens(r)

	one := first.post("/v1/payments", tenDollars, "Idempotency-Key", "one").want(201)
	path := "/v1/payments/" + one.text("data.id")
	assert.Equal(t, string(one.body), string(second.get(path).want(200).body))
	again := second.post("/v1/payments", tenDollars, "Idempotency-Key", "one").want(201)
	assert.Equal(t, string(one.body), string(again.body))
	assert.Equal(t, "true", again.header.Get("Idempotent-Replayed"))

	const payments = 20
	both := []*world{first, second}
	var group sync.WaitGroup
	for i := range 2 * payments {
		group.Go(func() {
			a := both[i%2].post("/v1/payments", tenDollars, "Idempotency-Key", fmt.Sprint("both-", i/2))
			assert.Contains(t, []int{http.StatusCreated, http.StatusConflict}, a.status, "%s", a.body)
		})
	}
	group.Wait()
	assert.Len(t, first.atStripe(stripe, "GET", "/v1/charges?limit=100", "").list("data"), 1+payments, "one charge a key")
	require.Eventually(t, func() bool {
		return len(second.get("/v1/events?limit=100").want(200).list("data")) == 1+payments &&
			empty(second.get("/v1/webhooks/deliveries?status=pending"))
	}, patience, 20*time.Millisecond, "not all was told")
	told := map[string]int{}
	for range len(r.got) {
		told[r.next(t).header.Get("webhook-id")]++
	}
	assert.Len(t, told, 1+payments)
	for id, times := range told {
		assert.Equal(t, 1, times, "%s was delivered more than once", id)
	}
}

// A SQLite database has one server. The second is told so, and the first goes
// on; commands work beside it.
func TestSecondServerOnOneSQLite(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	flags := []string{"serve", "--data-dir", data, "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"}
	first := startProcess(t, flags...)
	second := exec.CommandContext(t.Context(), must(binary()), flags...)
	second.Env = first.Env
	out, err := second.CombinedOutput()
	var failed *exec.ExitError
	require.ErrorAs(t, err, &failed, "%s", out)
	assert.Positive(t, failed.ExitCode())
	assert.Contains(t, string(out), "another florin serves the database "+filepath.Join(data, "florin.db"))
	w := &world{t: t, base: first.url, key: makeKey(t, "sqlite:"+filepath.Join(data, "florin.db"), data)}
	w.pays("after", "10.00", "pm_card_visa").want(201)
}

// TestDrain stops a server while a payment is on its way to Stripe: the
// payment is answered, nothing new is taken, and the program ends well. A
// newcomer's server has its Stripe within, which must outlive the payment.
func TestDrain(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) (*process, *world){
		"sqlite":      func(t *testing.T) (*process, *world) { return startBesideSandbox(t, databases["sqlite"](t)) },
		"postgres":    func(t *testing.T) (*process, *world) { return startBesideSandbox(t, databases["postgres"](t)) },
		"own sandbox": startNewcomer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, w := start(t)
			stripe := w.stripeKey("drain")
			w.fault(`{"match":{"method":"POST","path":"/v1/payment_intents"},"effect":{"type":"latency","value":4000}}`) // twice as long as the sandbox would wait on its own
			answered := w.later(func() answer { return w.post("/v1/payments", tenDollars, "Idempotency-Key", "drain") })
			require.Eventually(t, func() bool {
				return len(w.atStripe(stripe, "GET", "/v1/charges", "").list("data")) == 1
			}, patience, 5*time.Millisecond, "Stripe never charged")
			require.NoError(t, server.Process.Signal(syscall.SIGTERM))
			require.Eventually(t, w.isClosed, patience, 5*time.Millisecond, "new connections are still taken")
			select {
			case <-answered:
				require.FailNow(t, "the payment was answered before the server stopped; nothing was proved")
			default:
			}
			a := w.now(answered).want(201)
			assert.Equal(t, "completed", a.text("data.status"))
			assert.NoError(t, server.Wait(), "it ends with code 0")
		})
	}
}

// startBesideSandbox starts a server, and a sandbox in a process of its own.
func startBesideSandbox(t *testing.T, databaseURL string) (*process, *world) {
	t.Helper()
	data := t.TempDir()
	box := startProcess(t, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral")
	server := startProcess(t, serveFlags(databaseURL, data, box.url)...)
	return server, &world{t: t, base: server.url, stripe: box.url, key: makeKey(t, databaseURL, data)}
}

// startNewcomer starts a server as it is started without settings, but for
// the ports.
func startNewcomer(t *testing.T) (*process, *world) {
	t.Helper()
	data := t.TempDir()
	server := startProcess(t, "serve", "--data-dir", data, "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", "--json")
	var where struct {
		Sandbox string
		Key     string `json:"api_key"`
		URL     string
	}
	require.NoError(t, json.Unmarshal([]byte(server.banner), &where))
	server.url = where.URL
	return server, &world{t: t, base: where.URL, stripe: where.Sandbox, key: where.Key}
}

// later makes a request meanwhile. The channel is closed without an answer
// when the request fails.
func (w *world) later(do func() answer) <-chan answer {
	answered := make(chan answer, 1)
	go func() {
		defer close(answered)
		answered <- do()
	}()
	return answered
}

// now waits for the answer of a request that was made meanwhile.
func (w *world) now(answered <-chan answer) answer {
	w.t.Helper()
	a, ok := <-answered
	require.True(w.t, ok, "the request got no answer")
	return a
}

// isClosed reports whether the server takes no new connections.
func (w *world) isClosed() bool {
	connection, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
	if err != nil {
		return true
	}
	_ = connection.Close()
	return false
}
