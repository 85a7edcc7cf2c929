package automation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/api"
	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/operation"
	"florin/internal/pay"
	"florin/internal/pgtest"
	"florin/internal/sandbox"
	"florin/internal/seal"
	"florin/internal/store"
	"florin/internal/stripe"
	"florin/internal/webhook"
)

// databases are the two that every test here runs on.
var databases = map[string]func(t testing.TB) string{
	"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "florin.db") },
	"postgres": pgtest.Start,
}

// onBoth runs a test on either database.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	for name, url := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, url(t)))
		})
	}
}

// began is when the worlds' clocks begin: a Tuesday, at the start of a second.
var began = time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)

// world is a watcher whose time stands still until a test moves it, on a real
// store, towards a real sandbox over HTTP. Nothing is polled but when a test
// says so.
type world struct {
	t       testing.TB
	clock   *clock.Movable // the sandbox's, and ours unless a test has it differ
	ours    *clock.Movable
	store   *store.Store
	engine  *engine.Engine
	watcher *automation.Watcher
	front   *front
	base    string
	owner   pay.Owner
	flows   int

	tick  atomic.Int64 // how much time passes, in nanoseconds, whenever ours is asked
	asked atomic.Int64 // how often it was

	mu   sync.Mutex
	fail func(key string) error // what begins a run may be made to fail
}

func newWorld(t testing.TB, url string) *world { return newWorldAt(t, url, pay.ConnectionSandbox) }

// newWorldAt is a world whose Stripe counts as the sandbox, or as Stripe itself
// with its limits.
func newWorldAt(t testing.TB, url string, kind pay.ConnectionKind) *world {
	w := &world{t: t, clock: clock.NewMovable(clock.Fixed(began), 0)}
	w.ours = w.clock
	box, err := sandbox.Open(sandbox.Config{Clock: w.clock})
	require.NoError(t, err)
	w.front = &front{box: box}
	server := httptest.NewServer(w.front)
	w.base = server.URL
	t.Cleanup(func() { server.Close(); require.NoError(t, box.Close()) })
	w.store, err = store.Open(context.Background(), store.Options{URL: url, Clock: oursOf{w}, MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	sealer, err := seal.New(pay.NewSecret(seal.NewMasterKey()))
	require.NoError(t, err)
	gateway := stripe.New(stripe.Config{Base: server.URL, SandboxBase: server.URL, CallTimeout: 20 * time.Second, RetryWait: time.Millisecond})
	catalogue, err := operation.New()
	require.NoError(t, err)
	w.engine, err = engine.New(engine.Config{
		Store: w.store, Clock: oursOf{w}, Courier: webhook.New(webhook.Config{Private: webhook.PrivateLoopback}), Sealer: sealer,
		Stripe: gateway, Performer: gateway, Catalogue: catalogue,
		Present: api.Presenter{}, Peppers: sealer.Peppers(), CallTimeout: 20 * time.Second,
		Sandbox: engine.Sandbox{Served: true, TakesTestKey: kind == pay.ConnectionSandbox}, PublicURL: "http://127.0.0.1:1", // nobody listens: no event ever comes
	})
	require.NoError(t, err)
	merchant, err := w.engine.EnsureDefaultMerchant(context.Background())
	require.NoError(t, err)
	w.owner = pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	w.useKey("sk_test_watched")
	w.watcher = w.newWatcher(sealer)
	return w
}

// oursOf is our clock, which a test may set apart from Stripe's.
type oursOf struct{ w *world }

// Now is our time.
func (o oursOf) Now() time.Time {
	o.w.asked.Add(1)
	if tick := o.w.tick.Load(); tick > 0 {
		o.w.ours.Advance(time.Duration(tick))
	}
	return o.w.ours.Now()
}

func (w *world) newWatcher(sealer engine.Sealer) *automation.Watcher {
	made, err := automation.NewWatcher(automation.WatcherConfig{
		Store: w.store, Clock: oursOf{w}, Triggers: operation.NewTriggers(), Lists: w.engine, Sealer: sealer, Start: w.start,
		Teller: w.engine, Gate: w.engine, Present: api.Presenter{}, CallTimeout: 20 * time.Second, Dice: func() float64 { return 1 },
	})
	require.NoError(w.t, err)
	return made
}

// start begins a run in the way that counts here: once for a flow and a key, in
// the transaction that it is lent.
func (w *world) start(tx *store.Tx, watch pay.Watch, s automation.Starting) (pay.ID, bool, error) {
	w.mu.Lock()
	fail := w.fail
	w.mu.Unlock()
	if fail != nil {
		if err := fail(s.Key); err != nil {
			return "", false, err
		}
	}
	fresh, err := tx.See(watch.Owner, runsOf(watch.ID), store.Seen{Ref: s.Key, Created: began.AddDate(1, 0, 0)})
	return pay.ID("run-" + s.Key), fresh, err
}

func runsOf(flow pay.ID) pay.ID { return "runs of " + flow }

func (w *world) failWith(fail func(key string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = fail
}

// useKey makes a key of the sandbox the merchant's own.
func (w *world) useKey(key string) {
	w.t.Helper()
	_, err := w.engine.SetProvider(context.Background(), engine.Ask{Owner: w.owner}, engine.Credentials{SecretKey: pay.NewSecret(key)})
	require.NoError(w.t, err)
	w.front.use(key)
}

// request is what a new flow says of its trigger.
func (w *world) request(trigger, options string) automation.WatchRequest {
	w.flows++
	return automation.WatchRequest{
		Owner: w.owner, Flow: pay.ID(fmt.Sprintf("flow-%03d", w.flows)), Name: fmt.Sprint("flow ", w.flows), Trigger: trigger, Options: json.RawMessage(options),
	}
}

// applies keeps a flow's trigger and returns the flow.
func (w *world) applies(trigger, options string) pay.ID {
	w.t.Helper()
	r := w.request(trigger, options)
	require.NoError(w.t, w.apply(r))
	return r.Flow
}

func (w *world) apply(r automation.WatchRequest) error {
	a, err := w.watcher.Aim(context.Background(), r)
	if err != nil {
		return err
	}
	return w.store.Write(context.Background(), func(tx *store.Tx) error {
		_, err := w.watcher.Join(tx, a)
		return err
	})
}

// polls works off what is due until nothing is.
func (w *world) polls() {
	w.t.Helper()
	for range 1000 {
		n, err := w.watcher.Poll(context.Background())
		require.NoError(w.t, err)
		if n == 0 {
			return
		}
	}
	w.t.Fatal("the polls never come to rest")
}

// after lets time pass at Stripe and here, and polls.
func (w *world) after(d time.Duration) {
	w.t.Helper()
	w.pass(d)
	w.polls()
}

func (w *world) pass(d time.Duration) {
	w.clock.Advance(d)
	if w.ours != w.clock {
		w.ours.Advance(d)
	}
}

// charges makes so many charges at Stripe and returns their ids.
func (w *world) charges(n int) []string {
	w.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.front.create("/v1/charges", url.Values{"amount": {fmt.Sprint(1000 + i)}, "currency": {"usd"}, "source": {"tok_visa"}})
	}
	return ids
}

func (w *world) watch(flow pay.ID) (watch pay.Watch) {
	w.t.Helper()
	require.NoError(w.t, w.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		watch, err = tx.Watch(w.owner, flow)
		return err
	}))
	return watch
}

// poll is the shared poll of a flow.
func (w *world) poll(flow pay.ID) (p pay.Poll) {
	w.t.Helper()
	watch := w.watch(flow)
	require.NoError(w.t, w.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		p, err = tx.Poll(w.owner, watch.Poll)
		return err
	}))
	return p
}

// ran says that a flow has begun one run for each of the objects, and no other.
func (w *world) ran(flow pay.ID, objects []string) {
	w.t.Helper()
	missing, found := w.runs(flow, objects)
	assert.Empty(w.t, missing, "%s has no run for these", flow)
	assert.Equal(w.t, int64(len(objects)), found, "runs of %s", flow)
}

// runs is which of the objects a flow has no run for, and how many runs it has.
func (w *world) runs(flow pay.ID, objects []string) (missing []string, found int64) {
	w.t.Helper()
	for chunk := range slices.Chunk(objects, 500) {
		require.NoError(w.t, w.store.Read(context.Background(), func(tx *store.Tx) error {
			known, err := tx.SeenOf(w.owner, runsOf(flow), chunk)
			for _, object := range chunk {
				if !known[object] {
					missing = append(missing, object)
				}
			}
			return err
		}))
	}
	return missing, w.watch(flow).Found
}

// front stands before the sandbox, for what a test wants of Stripe that the
// sandbox does not do by itself.
type front struct {
	box http.Handler

	mu     sync.Mutex
	key    string
	hidden func(id string) bool
	answer func(r *http.Request) (status int, body string) // 0: the sandbox's own
	lists  []string                                        // requests for lists
	small  bool                                            // pages have ten objects
}

func (f *front) use(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.key = key
}

// hide keeps objects out of lists, as though they had not arrived there yet.
func (f *front) hide(ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hidden = func(id string) bool { return slices.Contains(ids, id) }
}

// hideWhile is hide for objects that arrive by themselves.
func (f *front) hideWhile(hidden func(id string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hidden = hidden
}

func (f *front) answers(answer func(r *http.Request) (int, string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// asked is which lists were read since it was last asked.
func (f *front) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.lists
	f.lists = nil
	return asked
}

// ServeHTTP passes on, unless a test wants something else.
func (f *front) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || !strings.Contains(r.URL.RawQuery, "created") {
		f.box.ServeHTTP(out, r)
		return
	}
	f.mu.Lock()
	answer, hidden, small := f.answer, f.hidden, f.small
	f.lists = append(f.lists, r.URL.RequestURI())
	f.mu.Unlock()
	got := httptest.NewRecorder()
	if small {
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "limit=100", "limit=10", 1)
	}
	f.box.ServeHTTP(got, r)
	if answer != nil {
		if status, body := answer(r); status != 0 {
			out.Header().Set("Date", got.Header().Get("Date"))
			out.WriteHeader(status)
			_, _ = out.Write([]byte(body))
			return
		}
	}
	body := withoutHidden(got.Body.Bytes(), hidden)
	got.Header().Del("Content-Length")
	for name, values := range got.Header() {
		out.Header()[name] = values
	}
	out.WriteHeader(got.Code)
	_, _ = out.Write(body)
}

func withoutHidden(body []byte, hidden func(id string) bool) []byte {
	var list map[string]json.RawMessage
	var items []json.RawMessage
	if hidden == nil || json.Unmarshal(body, &list) != nil || json.Unmarshal(list["data"], &items) != nil {
		return body
	}
	items = slices.DeleteFunc(items, func(item json.RawMessage) bool {
		var object struct{ ID string }
		return json.Unmarshal(item, &object) == nil && hidden(object.ID)
	})
	list["data"], _ = json.Marshal(items)
	body, _ = json.Marshal(list)
	return body
}

// create makes an object at Stripe and returns its id.
func (f *front) create(path string, form url.Values) string {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+f.key)
	got := httptest.NewRecorder()
	f.box.ServeHTTP(got, r)
	var made struct {
		ID    string
		Error struct{ Charge, Message string } // a declined charge exists too
	}
	if err := json.Unmarshal(got.Body.Bytes(), &made); err != nil || made.ID == "" && made.Error.Charge == "" {
		panic(fmt.Sprint("not created: ", path, got.Body.String()))
	}
	if made.ID == "" {
		return made.Error.Charge
	}
	return made.ID
}

// pays asks for a payment with a card and returns the intent.
func (f *front) pays(card string) string {
	return f.create("/v1/payment_intents", url.Values{
		"amount": {"1000"}, "currency": {"usd"}, "payment_method": {card}, "confirm": {"true"},
		"automatic_payment_methods[enabled]": {"true"}, "automatic_payment_methods[allow_redirects]": {"never"},
	})
}

// errCrash ends a transaction as a crash would.
var errCrash = errors.New("the machine stops here")

func (w *world) pause(flow pay.ID) {
	w.t.Helper()
	require.NoError(w.t, w.store.Write(context.Background(), func(tx *store.Tx) error { return w.watcher.Pause(tx, w.owner, flow) }))
}

func (w *world) resume(flow pay.ID, choice pay.Resume) (watch pay.Watch, err error) {
	a, err := w.watcher.AimResume(context.Background(), w.owner, flow, choice)
	if err != nil {
		return watch, err
	}
	err = w.store.Write(context.Background(), func(tx *store.Tx) error {
		watch, err = w.watcher.Resume(tx, a, choice)
		return err
	})
	return watch, err
}
