package engine_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/api"
	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/operation"
	"florin/internal/pay"
	"florin/internal/sandbox"
	"florin/internal/seal"
	"florin/internal/store"
	"florin/internal/stripe"
	"florin/internal/webhook"
)

// world is an engine whose time a test can move, on a real store, towards a
// real sandbox over HTTP. No jobs and no chores run but those that a test
// calls.
type world struct {
	t      testing.TB
	clock  *clock.Movable
	engine *engine.Engine
	store  *store.Store
	stripe *httptest.Server
	key    string // the merchant's at the sandbox
	owner  pay.Owner
	file   string // of the database

	performer *replaceable
}

// replaceable carries operations by whatever a test puts there.
type replaceable struct{ by engine.Performer }

// Swap puts another in its place and returns the one before.
func (r *replaceable) Swap(by engine.Performer) engine.Performer {
	before := r.by
	r.by = by
	return before
}

func (r *replaceable) Perform(ctx context.Context, access pay.Access, wire pay.Wire, key string, sent bool) pay.OperationAnswer {
	return r.by.Perform(ctx, access, wire, key, sent)
}

// database opens the database beside the store, for tests that look at what is
// kept or tamper with it: the returned function runs a statement and returns
// its first column, one row a line.
func (w *world) database() func(statement string) string {
	db, err := sql.Open("sqlite", w.file)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
	return func(statement string) string {
		rows, err := db.QueryContext(w.t.Context(), statement)
		require.NoError(w.t, err)
		defer func() { _ = rows.Close() }()
		var lines []string
		for rows.Next() {
			var line string
			require.NoError(w.t, rows.Scan(&line))
			lines = append(lines, line)
		}
		require.NoError(w.t, rows.Err())
		return strings.Join(lines, "\n")
	}
}

func newWorld(t testing.TB, adjust ...func(*engine.Config)) *world {
	file := filepath.Join(t.TempDir(), "florin.db")
	w := newWorldOn(t, "sqlite:"+file, adjust...)
	w.file = file
	return w
}

func newWorldOn(t testing.TB, database string, adjust ...func(*engine.Config)) *world {
	w := &world{t: t, clock: clock.NewMovable(clock.Real{}, 0), key: "sk_test_engine"}
	box, err := sandbox.Open(sandbox.Config{Clock: w.clock})
	require.NoError(t, err)
	w.stripe = httptest.NewServer(box)
	t.Cleanup(func() { w.stripe.Close(); require.NoError(t, box.Close()) })
	gateway := stripe.New(stripe.Config{SandboxBase: w.stripe.URL, CallTimeout: 5 * time.Second, RetryWait: time.Millisecond})
	w.performer = &replaceable{gateway}
	catalogue, err := operation.New()
	require.NoError(t, err)
	w.store, err = store.Open(t.Context(), store.Options{URL: database, Clock: w.clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	sealer, err := seal.New(pay.NewSecret(seal.NewMasterKey()))
	require.NoError(t, err)
	config := engine.Config{
		Store: w.store, Clock: w.clock, Courier: webhook.New(webhook.Config{Private: webhook.PrivateLoopback}), Sealer: sealer,
		Stripe:    stripe.New(stripe.Config{Base: w.stripe.URL, SandboxBase: w.stripe.URL, CallTimeout: 5 * time.Second, RetryWait: time.Millisecond}),
		Catalogue: catalogue, Performer: w.performer, Present: api.Presenter{}, Peppers: sealer.Peppers(), CallTimeout: 5 * time.Second,
		Sandbox: engine.Sandbox{Served: true, TakesTestKey: true}, PublicURL: "http://127.0.0.1:1", // nobody listens: no event ever comes
	}
	for _, change := range adjust {
		change(&config)
	}
	w.engine, err = engine.New(config)
	require.NoError(t, err)
	merchant, err := w.engine.EnsureDefaultMerchant(t.Context())
	require.NoError(t, err)
	w.owner = pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	_, err = w.engine.SetProvider(t.Context(), engine.Ask{Owner: w.owner}, engine.Credentials{SecretKey: pay.NewSecret(w.key)})
	require.NoError(t, err)
	return w
}

// ask is a write under an idempotency key.
func (w *world) ask(key string) engine.Ask {
	return engine.Ask{Owner: w.owner, IdempotencyKey: key, Method: "POST", Path: "/v1/test", Body: []byte(`{"key":"` + key + `"}`)}
}

// pays asks for ten dollars and returns the payment as it then is.
func (w *world) pays(key, method string, capture pay.Capture) pay.Payment {
	w.t.Helper()
	reply, err := w.engine.CreatePayment(w.t.Context(), w.ask(key), engine.PaymentRequest{
		Amount: pay.Amount(1000, "USD"), Provider: pay.ProviderStripe, PaymentMethod: method, Capture: capture,
		ReturnURL: "https://shop.example/back",
	})
	require.NoError(w.t, err)
	return w.payment(reply.Resource)
}

func (w *world) payment(id pay.ID) pay.Payment {
	w.t.Helper()
	p, err := w.engine.Payment(w.t.Context(), w.owner, id)
	require.NoError(w.t, err)
	return p
}

// fault makes Stripe fail at a path until it is mended.
func (w *world) fault(path, effect string) {
	w.t.Helper()
	w.atStripe("POST", "/_sandbox/faults", fmt.Sprintf(`{"match":{"method":"POST","path":%q},"count":1000,"effect":{"type":%q}}`, path, effect))
}

func (w *world) mend() {
	w.t.Helper()
	w.atStripe("DELETE", "/_sandbox/faults", "")
}

// atStripe asks the sandbox and returns what its answer holds.
func (w *world) atStripe(method, path, body string) map[string]any {
	w.t.Helper()
	var answer map[string]any
	require.NoError(w.t, json.Unmarshal([]byte(w.textAtStripe(method, path, body)), &answer))
	return answer
}

// textAtStripe is atStripe for who wants the answer as it is sent.
func (w *world) textAtStripe(method, path, body string) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.stripe.URL+path, strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	if body != "" {
		req.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/x-www-form-urlencoded"}[body[0] == '{'])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(w.t, http.StatusOK, res.StatusCode)
	answer, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return string(answer)
}

// charges is how many charges Stripe has made.
func (w *world) charges() int {
	w.t.Helper()
	return len(w.atStripe("GET", "/v1/charges?limit=100", "")["data"].([]any))
}

// posts is how often Stripe was asked to do something at a path.
func (w *world) posts(path string) int {
	w.t.Helper()
	count := 0
	for _, request := range w.atStripe("GET", "/_sandbox/requests?limit=1000", "")["data"].([]any) {
		r := request.(map[string]any)
		if r["method"] == "POST" && r["path"] == path {
			count++
		}
	}
	return count
}

// chores does what is due now, as a worker would.
func (w *world) chores() {
	w.t.Helper()
	for _, chore := range w.engine.Chores() {
		_, err := chore.Do(w.t.Context())
		require.NoError(w.t, err, chore.Name)
	}
}

// after lets time pass and does what is due then.
func (w *world) after(d time.Duration) {
	w.t.Helper()
	w.clock.Advance(d)
	w.chores()
}
