package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "florin-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "florin")
	build := exec.Command("go", "build", "-o", path, "florin/cmd/florin")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is the program as its users run it.
type process struct {
	*exec.Cmd
	url    string      // where it answers
	banner string      // the line that says so
	said   chan string // the first line with an address
	log    *tail       // what it wrote to standard error
}

// startProcess runs the program and waits until it says where it listens.
func startProcess(t testing.TB, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	p.ready(t)
	return p
}

// launch runs the program and waits for nothing.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(context.Background(), must(binary()), args...), said: make(chan string, 1), log: &tail{t: t}}
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "FLORIN_LOG_LEVEL=warn"}
	p.Stderr = p.log
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "http://127.0.0.1:") {
				select {
				case p.said <- lines.Text():
				default: // only the first address counts
				}
			}
		}
	}()
	return p
}

// ready waits until the program says where it listens.
func (p *process) ready(t testing.TB) {
	t.Helper()
	select {
	case p.banner = <-p.said:
		p.url = strings.Fields(p.banner[strings.Index(p.banner, "http://127.0.0.1:"):])[0]
	case <-time.After(patience):
		require.FailNow(t, "the program did not start", p.log.text())
	}
}

// tail keeps a process's log, also with the test's.
type tail struct {
	t    testing.TB
	mu   sync.Mutex
	kept bytes.Buffer
}

// Write is for exec.Cmd.
func (w *tail) Write(b []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(b)))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept.Write(b)
}

func (w *tail) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept.String()
}

// kill is kill -9: nothing is flushed, nothing is said.
func (p *process) kill(t testing.TB) {
	t.Helper()
	require.NoError(t, p.Process.Kill())
	_ = p.Wait()
}

// TestKilledBetweenStripeAndCommit kills Florin when Stripe has charged and
// Florin does not know it yet; after a restart there is one charge and one
// completed payment.
func TestKilledBetweenStripeAndCommit(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, url := t.TempDir(), open(t)
			box := startProcess(t, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral")
			serve := func() (*process, *world) {
				p := startProcess(t, "serve", "--database-url", url, "--data-dir", data, "--listen", "127.0.0.1:0",
					"--sandbox-listen", "off", "--stripe-api-base", box.url, "--call-timeout", "2s")
				return p, &world{t: t, base: p.url, stripe: box.url, key: makeKey(t, url, data)}
			}
			florin, w := serve()
			stripe := w.stripeKey("crash")
			w.atStripe(stripe, "POST", "/_sandbox/faults", `{"match":{"method":"POST","path":"/v1/payment_intents"},"nth":1,"effect":{"type":"latency","value":600000}}`).want(200)
			cut := make(chan error, 1)
			go func() {
				req, _ := http.NewRequest("POST", w.base+"/v1/payments", strings.NewReader(tenDollars))
				req.Header.Set("X-API-Key", w.key)
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Idempotency-Key", "killed")
				_, err := http.DefaultClient.Do(req)
				cut <- err
			}()
			require.Eventually(t, func() bool {
				return len(w.atStripe(stripe, "GET", "/v1/charges", "").list("data")) == 1
			}, patience, 5*time.Millisecond, "Stripe never charged")
			florin.kill(t)
			require.Error(t, <-cut, "the caller got no reply")

			_, w = serve()
			w.until("/v1/payments", "data.0.status", "completed")
			again := w.post("/v1/payments", tenDollars, "Idempotency-Key", "killed").want(201)
			assert.Equal(t, "completed", again.text("data.status"))
			assert.Len(t, w.get("/v1/payments").list("data"), 1)
			assert.Len(t, w.atStripe(stripe, "GET", "/v1/charges", "").list("data"), 1)
			assert.Len(t, w.atStripe(stripe, "GET", "/v1/payment_intents", "").list("data"), 1)
			w.until("/v1/events", "data.0.type", "payment.completed")
			assert.Len(t, w.get("/v1/events").list("data"), 1, "told once")
			verify := exec.Command(must(binary()), "ledger", "verify", "--database-url", url, "--data-dir", data)
			out, err := verify.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}

func must(path string, err error) string {
	if err != nil {
		panic(err)
	}
	return path
}

// makeKey makes a key with the command that people use, beside the server.
func makeKey(t testing.TB, databaseURL, data string) string {
	t.Helper()
	out, err := exec.Command(must(binary()), "apikey", "create", "--database-url", databaseURL, "--data-dir", data,
		"--mode", "test", "--scopes", "all", "--json").Output()
	require.NoError(t, err)
	var made struct{ ID, Key, Mode string }
	require.NoError(t, json.Unmarshal(out, &made))
	require.Equal(t, "test", made.Mode)
	return made.Key
}
