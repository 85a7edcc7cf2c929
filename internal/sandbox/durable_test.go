package sandbox_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/sandbox"
)

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	customer := w.send("POST", "/v1/customers", "name=A&payment_method=pm_card_visa", "Idempotency-Key", "one")
	w.send("DELETE", "/v1/customers/"+w.send("POST", "/v1/customers", "name=gone").at("id").(string), "")
	paid := w.pay("pm_card_visa")
	w.pay("pm_card_chargeDeclined")
	held := w.pay("pm_card_visa", "capture_method=manual")
	w.send("POST", "/v1/refunds", "amount=300&payment_intent="+paid.at("id").(string))
	pendingRefund := w.send("POST", "/v1/refunds", "payment_intent="+w.pay("pm_card_pendingRefund").at("id").(string))
	w.advance(time.Hour)
	paths := []string{"/v1/customers", "/v1/payment_intents", "/v1/charges", "/v1/refunds", "/v1/balance", "/v1/balance_transactions",
		"/v1/events?limit=100", "/v1/webhook_endpoints", "/v1/account", "/v1/payment_methods/" + paid.at("payment_method").(string)}
	before := map[string]string{}
	for _, path := range paths {
		before[path] = w.send("GET", path, "").raw
	}
	w.stop()

	again := openIn(t, sandbox.Config{Dir: dir})
	require.EqualValues(t, start+3600, again.send("GET", "/_sandbox/clock", "").at("now"))
	for _, path := range paths {
		require.Equal(t, before[path], again.send("GET", path, "").raw, path)
	}
	require.Equal(t, customer.raw, again.send("POST", "/v1/customers", "name=A&payment_method=pm_card_visa", "Idempotency-Key", "one").raw)
	require.Equal(t, "succeeded", again.send("GET", "/v1/refunds/"+pendingRefund.at("id").(string), "").at("status"))
	again.send("POST", "/v1/payment_intents/"+held.at("id").(string)+"/capture", "")
	require.Equal(t, "charge.captured", again.eventTypes()[len(again.eventTypes())-2])
	again.advance(8 * 24 * time.Hour)
	require.Contains(t, again.eventTypes(), "balance.available")
}

func TestWebhooksAreDeliveredAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	came := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		body, _ := io.ReadAll(in.Body)
		select {
		case came <- string(body):
		default:
		}
		out.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(hook.Close)
	w.send("POST", "/v1/webhook_endpoints", "enabled_events[]=customer.created&url="+hook.URL)
	w.send("POST", "/v1/customers", "")
	first := <-came
	w.settleAttempts(nil, 1)
	w.stop()
	again := openIn(t, sandbox.Config{Dir: dir})
	again.advance(time.Hour)
	require.Equal(t, first, <-came)
	again.settleAttempts(nil, 1)
	again.stop()
	hook.CloseClientConnections()
}

func TestAFolderHasOneSandbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	w.send("POST", "/v1/customers", "")
	_, err := sandbox.Open(sandbox.Config{Dir: dir})
	require.ErrorContains(t, err, "another sandbox")
	w.stop()
	s, err := sandbox.Open(sandbox.Config{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// A journal that is mostly history is rewritten when it is opened.
func TestJournalIsCompacted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	path := "/v1/payment_intents/" + w.send("POST", "/v1/payment_intents", "amount=1000&currency=usd").at("id").(string)
	for at := range 300 {
		w.send("POST", path, fmt.Sprintf("description=%d", at))
	}
	w.stop()
	long := journalSize(t, dir)
	again := openIn(t, sandbox.Config{Dir: dir})
	require.Equal(t, "299", again.send("GET", path, "").at("description"))
	again.stop()
	require.Less(t, journalSize(t, dir), long-300*len("description"))
	last := openIn(t, sandbox.Config{Dir: dir})
	require.Equal(t, "299", last.send("GET", path, "").at("description"))
}

func journalSize(t *testing.T, dir string) int {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "sandbox.journal"))
	require.NoError(t, err)
	return int(info.Size())
}

// What cannot be kept is not answered.
func TestClosedSandboxAnswersNothing(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Open(sandbox.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	defer server.Close()
	w := &world{T: t, sandbox: s, server: server, key: "sk_test_world"}
	require.Equal(t, 200, w.send("POST", "/v1/customers", "").status)
	require.NoError(t, s.Close())
	refused := w.send("POST", "/v1/customers", "")
	require.Equal(t, []any{500, "api_error"}, []any{refused.status, refused.at("error", "type")})
	require.Equal(t, 400, w.send("GET", "/_sandbox/health", "").status)
}

// childDir tells the test binary to be a sandbox on this folder, to be killed.
const childDir = "FLORIN_SANDBOX_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	if name := os.Getenv(peerVariable); name != "" {
		serveAsPeer(name)
		return
	}
	verify(m)
}

func child(dir string) {
	s, err := sandbox.Open(sandbox.Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() { _ = s.Run(context.Background()) }()
	panic(http.Serve(l, s))
}

// Killed in the middle of work, over and over, the sandbox keeps every payment
// that it answered, and no payment is there in part.
func TestKilledSandboxLosesNothingItAnswered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const kills, clients = 5, 8
	answered := map[string]bool{}
	for range kills {
		address, kill := startChild(t, dir)
		var mu sync.Mutex
		var all sync.WaitGroup
		enough := make(chan struct{})
		fresh := 0
		for range clients {
			all.Go(func() {
				for {
					id, err := payChild(address)
					if err != nil {
						return
					}
					mu.Lock()
					answered[id] = true
					if fresh++; fresh == 60 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		kill()
		all.Wait()
	}
	w := openIn(t, sandbox.Config{Dir: dir})
	stored := 0
	for p, err := range w.stripe.V1PaymentIntents.List(t.Context(), nil).All(t.Context()) {
		require.NoError(t, err)
		stored++
		delete(answered, p.ID)
		require.EqualValues(t, "succeeded", p.Status)
		entries := w.send("GET", "/v1/balance_transactions?source="+p.LatestCharge.ID, "").at("data").([]any)
		require.Len(t, entries, 1, p.ID)
	}
	require.Empty(t, answered, "answered and lost")
	require.GreaterOrEqual(t, stored, 60*kills)
	require.Equal(t, stored, len(listAll(w, "/v1/charges")))
	require.Equal(t, 3*stored, len(listAll(w, "/v1/events")))
}

func listAll(w *world, path string) []string {
	var ids []string
	after := ""
	for more := true; more; {
		got := w.send("GET", path+"?limit=100"+after, "")
		for _, o := range got.at("data").([]any) {
			ids = append(ids, o.(map[string]any)["id"].(string))
		}
		more = got.at("has_more") == true
		after = "&starting_after=" + ids[len(ids)-1]
	}
	return ids
}

func startChild(t *testing.T, dir string) (address string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(self)
	c.Env = append(os.Environ(), childDir+"="+dir)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), func() {
		require.NoError(t, c.Process.Kill())
		_ = c.Wait() // it was killed, and says so
	}
}

// payChild makes one payment and returns its id once that was answered.
func payChild(address string) (string, error) {
	request, err := http.NewRequest("POST", "http://"+address+"/v1/payment_intents",
		strings.NewReader("amount=1000&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_visa"))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer sk_test_world")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		return "", fmt.Errorf("%d %w", answer.StatusCode, err)
	}
	_, rest, _ := strings.Cut(string(body), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id, nil
}
