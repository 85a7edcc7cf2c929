package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMetricsCount reads what Prometheus reads, without a key.
func TestMetricsCount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		w.listens(r)
		w.pays("good", "10.00", "pm_card_visa").want(201)
		w.pays("bad", "10.00", "pm_card_declined").want(402)
		r.next(t)
		r.next(t)
		w.until("/v1/webhooks/deliveries?type=payment.failed", "data.0.status", "delivered")
		w.until("/v1/webhooks/deliveries?type=payment.completed", "data.0.status", "delivered")
		nobody := *w
		nobody.key = ""
		want := []string{
			`florin_http_request_duration_seconds_count{route="POST /v1/payments",status="201"} 1`,
			`florin_http_request_duration_seconds_count{route="POST /v1/payments",status="402"} 1`,
			`florin_stripe_call_duration_seconds_count{operation="charge",outcome="done"} 1`,
			`florin_stripe_call_duration_seconds_count{operation="charge",outcome="refused"} 1`,
			`florin_webhook_deliveries_total{result="delivered"} 2`,
			`florin_job_duration_seconds_count{kind="deliver",result="done"} 2`,
		}
		var page []string
		require.Eventually(t, func() bool { // a job is counted after it is seen to have worked
			page = strings.Split(string(nobody.get("/metrics").want(200).body), "\n")
			return slices.Contains(page, want[len(want)-1])
		}, patience, 20*time.Millisecond)
		for _, line := range want {
			assert.Contains(t, page, line)
		}
		id := w.get("/v1/payments").text("data.0.id")
		assert.NotContains(t, strings.Join(page, ""), id, "ids as labels would grow without end")
	})
}

// canaries are secrets, by what they are, that must be found nowhere.
type canaries map[string]string

// TestNoSecretIsKeptOrLogged runs the program with everything logged, brings
// every kind of secret past it, and looks for them in its log and in every
// file that it wrote.
func TestNoSecretIsKeptOrLogged(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	url := "sqlite:" + filepath.Join(data, "florin.db")
	box := startProcess(t, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral")
	server := startProcess(t, serveFlags(url, data, box.url, "--log-level", "debug", "--log-format", "json")...)
	w := &world{t: t, base: server.url, stripe: box.url, key: makeKey(t, url, data)}
	secrets, payment := w.spill()
	live := contents(t, data) // with what is still in the write-ahead log
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	require.NoError(t, server.Wait())

	require.Contains(t, live["florin.db"]+live["florin.db-wal"], payment.text("data.id"), "the search would find what is there")
	for _, files := range []map[string]string{live, contents(t, data), {"the log": server.log.text()}} {
		for name, content := range files {
			for what, secret := range secrets {
				require.GreaterOrEqual(t, len(secret), 16, what)
				assert.False(t, strings.Contains(content, secret), "%s is in %s", what, name)
			}
		}
	}
	w.hasOneLine(server.log.text(), payment)
}

// hasOneLine finds the one line of a payment's request in a log.
func (w *world) hasOneLine(log string, payment answer) {
	w.t.Helper()
	var found []map[string]any
	for text := range strings.Lines(log) {
		var line map[string]any
		require.NoError(w.t, json.Unmarshal([]byte(text), &line), "every line is JSON: %s", text)
		if line["request_id"] == payment.header.Get("X-Request-Id") {
			found = append(found, line)
		}
	}
	require.Len(w.t, found, 1, "one line a request")
	line := found[0]
	for _, varies := range []string{"time", "remote", "duration_us"} {
		assert.Contains(w.t, line, varies)
		delete(line, varies)
	}
	assert.Equal(w.t, map[string]any{
		"level": "INFO", "msg": "request", "route": "POST /v1/payments", "method": "POST", "path": "/v1/payments", "status": 201.0,
		"merchant": payment.text("data.merchant_id"), "key_id": strings.Split(w.key, "_")[3], "bytes": float64(len(payment.body)),
		"user_agent": "Go-http-client/1.1", "request_id": payment.header.Get("X-Request-Id"),
	}, line)
}

// spill makes requests with every kind of secret in them, and a payment.
func (w *world) spill() (secrets canaries, payment answer) {
	w.t.Helper()
	const (
		stripeKey = "sk_test_CANARYstripekeyCANARYstripekey"
		hook      = "whsec_CANARYinboundCANARYinboundCANARY"
		card      = "4000056655665556"
	)
	r := newReceiver(w.t)
	own := w.request("PUT", "/v1/merchant/webhook", `{"webhook_url":"`+r.URL+`"}`, "Idempotency-Key", "webhook").want(201).text("data.secret")
	rotated := w.post("/v1/merchant/webhook/rotate", `{}`, "Idempotency-Key", "rotate").want(200).text("data.secret")
	w.request("PUT", "/v1/merchant/providers", `{"provider":"stripe","stripe":{"secret_key":"`+stripeKey+`","webhook_secret":"`+hook+`"}}`,
		"Idempotency-Key", "provider").want(200)
	payment = w.pays("good", "10.00", "pm_card_visa").want(201)
	r.next(w.t)
	w.post("/v1/payments", `{"amount":"10.00","currency":"USD","payment_method":"pm_card_visa","description":"`+card+`"}`, "Idempotency-Key", "card").want(400)
	w.get("/v1/payments?q=" + card).want(400)
	wrong := w.key[:len(w.key)-8] + "00000000"
	other := *w
	other.key = wrong
	other.get("/v1/payments").want(401)
	other.key = stripeKey
	other.get("/v1/payments").want(401)
	w.spillAtOperations()
	w.post("/v1/webhooks/stripe", `{"id":"evt_1","type":"x"}`, "Stripe-Signature", "t=1,v1=CANARYsignatureCANARYsignature").want(401)
	parts := strings.Split(w.key, "_")
	return canaries{
		"the API key": w.key, "the API key's secret": parts[len(parts)-1], "a mistyped key": wrong,
		"Stripe's key": stripeKey, "Stripe's signing secret": hook, "our signing secret": own, "the rotated signing secret": rotated,
		"what operations are asked and answer": "CANARYoperationCANARY", "a connection's password": "CANARYconnectionCANARY",
		"a card number": card, "a signature": "CANARYsignatureCANARYsignature",
	}, payment
}

// spillAtOperations has connections, operations and an approval with secrets.
func (w *world) spillAtOperations() {
	w.t.Helper()
	const told = `{"amount":1000,"currency":"usd","source":"tok_visa","description":"CANARYoperationCANARY"}`
	w.post("/v1/connections", `{"name":"api","kind":"http","http":{"base_url":"https://a.example","headers":{"Authorization":"Bearer CANARYconnectionCANARY"}}}`,
		"Idempotency-Key", "api").want(201)
	w.post("/v1/connections", `{"name":"db","kind":"database","database":{"url":"postgres://me:CANARYconnectionCANARY@db.example/copy"}}`).want(400) // no host has this name
	w.post("/v1/connections", `{"name":"bad","kind":"database","database":{"url":"mysql://me:CANARYconnectionCANARY@db.example/copy"}}`).want(400)
	w.runs("create-charge", told, "Idempotency-Key", "told").want(200)
	w.runs("create-charge", told, "Idempotency-Key", "told").want(200)
}

// contents is every file below a folder, by its name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[entry.Name()] = string(content)
		return err
	}))
	return files
}
