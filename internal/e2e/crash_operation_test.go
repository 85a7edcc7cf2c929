package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An operation whose server is killed after Stripe did it, and before that was
// known, gives the same object to whoever asks again.
func TestOperationKilledBetweenStripeAndCommit(t *testing.T) {
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
			stripe := w.stripeKey("crashedOperation")
			w.atStripe(stripe, "POST", "/_sandbox/faults", `{"match":{"method":"POST","path":"/v1/charges"},"nth":1,"effect":{"type":"latency","value":600000}}`).want(200)
			cut := make(chan error, 1)
			go func() {
				req, _ := http.NewRequest("POST", w.base+"/v1/operations/create-charge", strings.NewReader(`{"input":`+tenDollarCharge+`}`))
				req.Header.Set("X-API-Key", w.key)
				req.Header.Set("Idempotency-Key", "killed")
				_, err := http.DefaultClient.Do(req)
				cut <- err
			}()
			require.Eventually(t, func() bool { return w.charged(stripe) == 1 }, patience, 5*time.Millisecond, "Stripe never charged")
			florin.kill(t)
			require.Error(t, <-cut, "the caller got no reply")

			_, w = serve()
			var again answer
			require.Eventually(t, func() bool { // on Postgres another server might still be at it, until its lease ends
				again = w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "killed")
				return again.status == 200
			}, patience, 50*time.Millisecond)
			assert.Equal(t, again.text("data.id"), w.atStripe(stripe, "GET", "/v1/charges", "").text("data.0.id"))
			assert.Equal(t, 1, w.charged(stripe))
		})
	}
}
