package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each kill meets pointsAtOnce operations wherever they are: not yet sent, at
// Stripe, answered by it, kept, told. Together they are 200 random points.
const (
	kills        = 4
	pointsAtOnce = 50
)

// An operation that was asked for is carried out once, wherever kill -9 meets
// it, and whoever had an answer gets the same one again.
func TestOperationsKilledAtRandomPoints(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, url := t.TempDir(), open(t)
			box := startProcess(t, "sandbox", "--listen", "127.0.0.1:0", "--ephemeral")
			serve := func() *process {
				return startProcess(t, "serve", "--database-url", url, "--data-dir", data, "--listen", "127.0.0.1:0",
					"--sandbox-listen", "off", "--stripe-api-base", box.url, "--call-timeout", "2s", "--rate-limit", "0")
			}
			florin := serve()
			w := &world{t: t, base: florin.url, stripe: box.url, key: makeKey(t, url, data)}
			unknown := 0
			for kill := range kills {
				stripe := w.stripeKey(fmt.Sprintf("points%d", kill))
				known := w.chargesUntilKilled(florin, stripe, kill)
				unknown += w.charged(stripe) - len(known)
				florin = serve()
				w.base = florin.url
				w.chargedOnce(stripe, kill, known)
			}
			t.Logf("of %d charges, %d were made at Stripe when their caller had no answer", kills*pointsAtOnce, unknown)
		})
	}
}

// chargesUntilKilled asks for charges at once and kills the program when a
// random number of them is made. It gives the replies that came, by key.
func (w *world) chargesUntilKilled(florin *process, stripe string, kill int) map[string]string {
	w.t.Helper()
	var (
		mu    sync.Mutex
		known = map[string]string{}
		group sync.WaitGroup
	)
	for i := range pointsAtOnce {
		group.Go(func() {
			key := pointKey(kill, i)
			if body := w.tryCharge(key); body != "" {
				mu.Lock()
				defer mu.Unlock()
				known[key] = body
			}
		})
	}
	point := 1 + rand.IntN(pointsAtOnce)
	require.Eventually(w.t, func() bool { return w.charged(stripe) >= point }, patience, time.Millisecond, "Stripe never charged")
	florin.kill(w.t)
	group.Wait()
	return known
}

func pointKey(kill, i int) string { return fmt.Sprintf("point-%d-%d", kill, i) }

// tryCharge asks for a charge and gives the reply, or "" when none came.
func (w *world) tryCharge(key string) string {
	req, err := http.NewRequestWithContext(context.Background(), "POST", w.base+"/v1/operations/create-charge", strings.NewReader(`{"input":`+tenDollarCharge+`}`))
	if !assert.NoError(w.t, err) {
		return ""
	}
	req.Header.Set("X-API-Key", w.key)
	req.Header.Set("Idempotency-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// chargedOnce asks for all of them again: each is one charge, and a reply that
// was given is given again.
func (w *world) chargedOnce(stripe string, kill int, known map[string]string) {
	w.t.Helper()
	ids := map[string]bool{}
	for i := range pointsAtOnce {
		key := pointKey(kill, i)
		var again answer
		require.Eventually(w.t, func() bool { // on Postgres another server might still be at it, until its lease ends
			again = w.runs("create-charge", tenDollarCharge, "Idempotency-Key", key)
			return again.status == http.StatusOK
		}, patience, 20*time.Millisecond)
		ids[again.text("data.id")] = true
		if before := known[key]; before != "" {
			assert.Equal(w.t, before, string(again.body))
		}
	}
	assert.Len(w.t, ids, pointsAtOnce, "every key is a charge of its own")
	for _, charge := range w.atStripe(stripe, "GET", "/v1/charges?limit=100", "").want(200).list("data") {
		id, _ := charge.(map[string]any)["id"].(string)
		assert.True(w.t, ids[id], "%s was charged and nobody knows", id)
	}
	assert.Equal(w.t, pointsAtOnce, w.charged(stripe))
}
