package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/sandbox"
)

// history makes a bit of everything that a snapshot has to keep: a customer
// that was deleted, a payment with a refund, one with an idempotency key, a
// connected account with money, and an endpoint with its secret.
func history(w *world) {
	w.Helper()
	gone := w.send("POST", "/v1/customers", "name=Gone").at("id").(string)
	require.Equal(w, 200, w.send("DELETE", "/v1/customers/"+gone, "").status)
	require.Equal(w, 200, w.send("POST", "/v1/customers", "name=Ann").status)
	paid := w.pay("pm_card_visa")
	require.Equal(w, 200, w.send("POST", "/v1/refunds", "amount=250&payment_intent="+paid.at("id").(string)).status)
	require.Equal(w, 200, w.send("POST", "/v1/payment_intents", payForm, "Idempotency-Key", "once").status)
	w.connect()
}

// snapshot is the whole state, but for the line that says when it was.
func (w *world) snapshot() (whole, state string) {
	w.Helper()
	got := w.send("GET", "/_sandbox/snapshot", "")
	require.Equal(w, 200, got.status)
	_, state, _ = strings.Cut(got.raw, "\n")
	return got.raw, state
}

// quiet waits until every event has arrived where it goes.
func (w *world) quiet() {
	w.Helper()
	require.Eventually(w, func() bool {
		_, state := w.snapshot()
		return !strings.Contains(state, `"kind":"webhook_delivery"`)
	}, time.Minute, 5*time.Millisecond, "an event is still on its way")
}

// A snapshot put into another sandbox makes the same one, on disk too: lists,
// balances, idempotency keys, secrets, connected accounts and what is due.
func TestSnapshotMakesTheSameSandbox(t *testing.T) {
	t.Parallel()
	one := open(t)
	history(one)
	hook := listen(one, "*")
	held := one.send("POST", "/v1/payment_intents", payForm+"&capture_method=manual").at("id").(string)
	hook.next("payment_intent.amount_capturable_updated")
	replayed := one.send("POST", "/v1/payment_intents", payForm, "Idempotency-Key", "once")
	one.quiet()
	whole, _ := one.snapshot()

	dir := t.TempDir()
	two := openIn(t, sandbox.Config{Dir: dir})
	two.pay("pm_card_visa") // is replaced
	require.Equal(t, true, two.send("POST", "/_sandbox/restore", whole).at("restored"))
	_, want := one.snapshot()
	_, have := two.snapshot()
	require.Equal(t, want, have)
	for _, path := range []string{"/v1/balance", "/v1/customers", "/v1/events?limit=100", "/v1/balance_transactions", "/v1/accounts"} {
		require.Equal(t, one.send("GET", path, "").raw, two.send("GET", path, "").raw, path)
	}
	again := two.send("POST", "/v1/payment_intents", payForm, "Idempotency-Key", "once")
	require.Equal(t, replayed.raw, again.raw)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))

	two.advance(8 * 24 * time.Hour)
	require.Equal(t, "canceled", two.send("GET", "/v1/payment_intents/"+held, "").at("status"), "the hold expires in its copy")
	require.Equal(t, "requires_capture", one.send("GET", "/v1/payment_intents/"+held, "").at("status"))
	told := hook.next("payment_intent.canceled")
	require.Contains(t, string(told.body), held, "webhooks of the copy go on")

	two.stop()
	three := openIn(t, sandbox.Config{Dir: dir})
	require.Equal(t, "canceled", three.send("GET", "/v1/payment_intents/"+held, "").at("status"), "the copy was on disk")
	require.Equal(t, "Ann", three.send("GET", "/v1/customers", "").at("data").([]any)[0].(map[string]any)["name"])
}

// Time never runs backwards: an older snapshot catches up, and a newer one
// takes the clock along.
func TestRestoreAndTheClock(t *testing.T) {
	t.Parallel()
	early, late := open(t), open(t)
	held := early.send("POST", "/v1/payment_intents", payForm+"&capture_method=manual").at("id").(string)
	old, _ := early.snapshot()
	late.advance(10 * 24 * time.Hour)
	fresh, _ := late.snapshot()
	require.EqualValues(t, start+10*24*60*60, late.send("POST", "/_sandbox/restore", old).at("now"))
	require.Equal(t, "canceled", late.send("GET", "/v1/payment_intents/"+held, "").at("status"))
	require.EqualValues(t, start+10*24*60*60, early.send("POST", "/_sandbox/restore", fresh).at("now"))
	require.EqualValues(t, 10*24*60*60, early.send("GET", "/_sandbox/clock", "").at("ahead_seconds"))
}

// What no sandbox has written is refused whole, and changes nothing.
func TestBrokenSnapshotsChangeNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	history(w)
	whole, want := w.snapshot()
	lines := strings.SplitAfter(whole, "\n")
	second := lines[1]
	for name, broken := range map[string]struct{ text, message string }{
		"empty":           {"", "no snapshot"},
		"another file":    {"hello", "no snapshot"},
		"another version": {`{"florin_sandbox":2}` + "\n", "no snapshot"},
		"half":            {whole[:len(whole)/2], "after"},
		"without its end": {strings.Join(lines[:len(lines)-2], ""), "after"},
		"a line less":     {strings.Replace(whole, second, "", 1), "objects and has"},
		"a line twice":    {strings.Replace(whole, second, second+second, 1), "twice"},
		"unknown kind":    {strings.Replace(whole, `"kind":"customer"`, `"kind":"unicorn"`, 1), "unicorn"},
		"another id":      {strings.Replace(whole, `"public":{"id":"`, `"public":{"id":"x`, 1), "another id"},
		"far position":    {strings.Replace(whole, `"position":0`, `"position":99999999999`, 1), "position"},
		"nobody's":        {strings.Replace(whole, `"account":"acct_`, `"account":"`, 1), "no account"},
		"unknown state":   {strings.Replace(whole, `"state":"live"`, `"state":"asleep"`, 1), "asleep"},
		"far future":      {strings.Replace(whole, `"now":"2026`, `"now":"2926`, 1), "too far ahead"},
	} {
		got := w.send("POST", "/_sandbox/restore", broken.text)
		require.Equal(t, 400, got.status, name)
		require.Contains(t, got.at("error", "message"), broken.message, name)
		_, have := w.snapshot()
		require.Equal(t, want, have, name)
	}
}
