package conductor_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/clock"
	"florin/internal/conductor"
	"florin/internal/engine"
	"florin/internal/pay"
)

// bench is a worker between a Conductor server and the whole of Florin with its
// sandbox.
type bench struct {
	*conductorServer
	florin *app.Server
	key    pay.APIKey
}

func newBench(t *testing.T) *bench {
	florin := apptest.Start(t)
	key, err := florin.Engine.Authenticate(t.Context(), florin.Key)
	require.NoError(t, err)
	return &bench{conductorServer: startConductor(t), florin: florin, key: key}
}

// slowStripe stands between Florin and a sandbox, and keeps the answer to the
// first charge back.
type slowStripe struct {
	asked  chan struct{} // closed when the charge was made
	answer chan struct{} // closed to let its answer go
}

// newSlowBench is a bench whose first charge is answered when the test says so.
func newSlowBench(t *testing.T) (*bench, slowStripe) {
	slow := slowStripe{make(chan struct{}), make(chan struct{})}
	target, err := url.Parse(apptest.Start(t).Sandbox.URL())
	require.NoError(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	var first sync.Once
	forward.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodPost && r.Request.URL.Path == "/v1/charges" {
			first.Do(func() { close(slow.asked); <-slow.answer })
		}
		return nil
	}
	stripe := httptest.NewServer(forward)
	t.Cleanup(stripe.Close)
	florin := apptest.Start(t, "--sandbox-listen", "off", "--stripe-api-base", stripe.URL)
	merchant, err := florin.Engine.EnsureDefaultMerchant(t.Context())
	require.NoError(t, err)
	owner := pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	_, err = florin.Engine.SetProvider(t.Context(), engine.Ask{Owner: owner}, engine.Credentials{SecretKey: pay.NewSecret("sk_test_slow")})
	require.NoError(t, err)
	key, _, err := florin.Engine.CreateAPIKey(t.Context(), owner, pay.Scopes, pay.KeyLimits{})
	require.NoError(t, err)
	return &bench{conductorServer: startConductor(t), florin: florin, key: key}, slow
}

// work runs a worker until the test, or stop, ends it.
func (b *bench) work(change ...func(*conductor.Config)) (stop func()) {
	c := conductor.Config{
		Server: b.url, Name: "worker-1", Owner: b.key.Owner, Key: b.key, Operations: b.florin.Engine, Clock: clock.Real{},
		Only: func(op string) bool { return strings.HasSuffix(op, "-customer") || strings.HasSuffix(op, "-charge") },
	}
	for _, f := range change {
		f(&c)
	}
	worker, err := conductor.New(c)
	require.NoError(b.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); worker.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	b.t.Cleanup(stop)
	return stop
}

// charges is how many charges the sandbox has.
func (b *bench) charges() int {
	done, err := b.florin.Engine.RunOperation(b.t.Context(), engine.OperationRequest{
		Owner: b.key.Owner, Key: b.key, Operation: "list-charges", Input: []byte(`{"limit":100}`),
	})
	require.NoError(b.t, err)
	return strings.Count(string(done.Output), `"object":"charge"`)
}

var visa = map[string]any{"amount": 1000, "currency": "usd", "source": "tok_visa"}

func outputOf(task map[string]any) map[string]any {
	out, _ := task["outputData"].(map[string]any)
	return out
}

func TestATaskRunsAnOperation(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"new server": false, "a server that says 204": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.oldPoll, b.token = old, "t-1"
			b.work(func(c *conductor.Config) { c.KeyID, c.KeySecret = "key", pay.NewSecret("secret") })
			id := b.schedule("stripe_create_charge", "charge_ref", "", 0, visa)
			task := b.await(id, ended)
			assert.Equal(t, "COMPLETED", task["status"], task["reasonForIncompletion"])
			out := outputOf(task)
			assert.Equal(t, false, out["replayed"])
			assert.True(t, strings.HasPrefix(fmt.Sprint(out["requestId"]), "req_"))
			settled := out["stripe"].(map[string]any)
			assert.NotZero(t, settled["begun"])
			delete(settled, "begun")
			assert.Equal(t, map[string]any{"definitive": true, "generation": float64(0)}, settled)
			assert.True(t, strings.HasPrefix(fmt.Sprint(out["output"].(map[string]any)["id"]), "ch_"))
			assert.Equal(t, 1, b.charges())
		})
	}
}

func TestTaskDefinitionsCoverTheCatalogue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	worker, err := conductor.New(conductor.Config{
		Server: b.url, Name: "w", Operations: b.florin.Engine, Clock: clock.Real{}, Owner: b.key.Owner,
	})
	require.NoError(t, err)
	require.NoError(t, worker.Register(t.Context(), "ops@example.com"))
	require.Len(t, b.defs, len(b.florin.Engine.Operations(b.key)))
	for _, def := range b.defs {
		assert.Regexp(t, `^stripe_[a-z_]+$`, def["name"])
		assert.Equal(t, "ops@example.com", def["ownerEmail"])
		assert.Contains(t, def["inputKeys"], "connection")
	}
}

func TestADeclineIsFinalAndARetryByHandIsANewCharge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.work()
	declined := map[string]any{"amount": 1000, "currency": "usd", "source": "tok_chargeDeclined"}
	id := b.schedule("stripe_create_charge", "charge_ref", "", 3, declined)
	task := b.await(id, ended)
	assert.Equal(t, "FAILED_WITH_TERMINAL_ERROR", task["status"])
	failure := outputOf(task)["error"].(map[string]any)
	assert.Equal(t, "card_declined", failure["code"])
	assert.Equal(t, "generic_decline", failure["declineCode"])
	assert.Equal(t, false, failure["retryable"])

	retried := b.retryByHand(id, visa)
	task = b.await(retried, ended)
	assert.Equal(t, "COMPLETED", task["status"], "the stored decline is not replayed")
	assert.Equal(t, float64(1), outputOf(task)["stripe"].(map[string]any)["generation"])
}

// retryByHand is what an operator's retry of a failed task does, with inputs
// evaluated anew.
func (s *conductorServer) retryByHand(id string, input map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	item := s.tasks[id]
	item.attempts = 1
	item.wire["inputData"] = input
	s.retry(item)
	s.stir()
	return s.order[len(s.order)-1]
}

func TestAWorkerThatLosesItsLeaseChargesOnce(t *testing.T) {
	t.Parallel()
	b, stripe := newSlowBench(t)
	b.work()
	id := b.schedule("stripe_create_charge", "charge_ref", "", 3, visa)
	<-stripe.asked
	b.await(id, func(item *workItem) bool { return item.extended > 0 }) // the lease is extended while Stripe is slow
	b.expire(id)                                                        // and lost all the same
	close(stripe.answer)
	second := "task-2"
	task := b.await(second, ended)
	assert.Equal(t, 1, b.charges())
	for task["status"] == "FAILED" { // met the first attempt in flight
		second = b.order[len(b.order)-1]
		task = b.await(second, ended)
	}
	assert.Equal(t, "COMPLETED", task["status"], task["reasonForIncompletion"])
	assert.Equal(t, true, outputOf(task)["replayed"])
	assert.Equal(t, 1, b.charges())
	first := b.await(id, ended)
	assert.Equal(t, "TIMED_OUT", first["status"], "the late answer is dropped")
}

// TestAnAttemptOfLongAgoIsNotRepeatedBlindly: an attempt that left nothing behind
// may have charged more than a week ago, and what it did is not kept that long.
func TestAnAttemptOfLongAgoIsNotRepeatedBlindly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.age = 8 * 24 * time.Hour
	id := b.schedule("stripe_create_charge", "charge_ref", "", 3, visa)
	b.mu.Lock()
	b.tasks[id].wire["status"] = "TIMED_OUT"
	b.retry(b.tasks[id])
	b.mu.Unlock()
	b.work()
	task := b.await("task-2", ended)
	assert.Equal(t, "FAILED_WITH_TERMINAL_ERROR", task["status"])
	assert.Equal(t, "reconcile_needed", outputOf(task)["error"].(map[string]any)["code"])
	assert.Zero(t, b.charges())
}

func TestDomainsKeepApart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	elsewhere := b.schedule("stripe_create_charge", "a", "eu", 0, visa)
	here := b.schedule("stripe_create_charge", "b", "us", 0, visa)
	b.work(func(c *conductor.Config) { c.Domain = "us" })
	assert.Equal(t, "COMPLETED", b.await(here, ended)["status"])
	assert.Equal(t, "SCHEDULED", b.await(elsewhere, func(*workItem) bool { return true })["status"])
}

func TestWhatCannotBeReadIsTerminalAndNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.work()
	id := b.schedule("stripe_create_charge", "charge_ref", "", 3, map[string]any{"currency": "usd", "source": "tok_visa"})
	task := b.await(id, ended)
	assert.Equal(t, "FAILED_WITH_TERMINAL_ERROR", task["status"])
	failure := outputOf(task)["error"].(map[string]any)
	assert.Equal(t, "missing_field", failure["code"])
	assert.Equal(t, "amount", failure["parameter"])
	assert.Zero(t, b.charges())
}

func TestAStoppedWorkerFinishesWhatItHas(t *testing.T) {
	t.Parallel()
	b, stripe := newSlowBench(t)
	stop := b.work()
	id := b.schedule("stripe_create_charge", "charge_ref", "", 0, visa)
	<-stripe.asked
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	close(stripe.answer)
	<-stopped
	assert.Equal(t, "COMPLETED", b.await(id, ended)["status"])
}

func TestLongPollsAboveFiveSecondsAreRefusedByTheServer(t *testing.T) {
	t.Parallel()
	s := startConductor(t)
	resp, err := http.Get(s.url + "/tasks/poll/batch/x?count=1&timeout=5001")
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode, "%s", text)
}
