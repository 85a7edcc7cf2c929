package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// node runs a script of testdata with the packages that `make deps` installed:
// software that other people wrote, and that knows nothing of Florin.
func node(t *testing.T, script string, input, output any) {
	t.Helper()
	folder := os.Getenv("FLORIN_TEST_NODE")
	if folder == "" {
		folder = filepath.Join("..", "..", ".cache", "node")
	}
	modules, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	require.NoError(t, err)
	require.DirExists(t, filepath.Join(modules, "stripe"), "node's packages are not installed; run: make deps")
	text, err := json.Marshal(input)
	require.NoError(t, err)
	var problems bytes.Buffer
	program := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", script))
	program.Env = append(os.Environ(), "NODE_PATH="+modules)
	program.Stdin, program.Stderr = bytes.NewReader(text), &problems
	said, err := program.Output()
	require.NoError(t, err, "run: make deps\n%s", &problems)
	require.NoError(t, json.Unmarshal(said, output), "%s", said)
}

// TestEventsOfStripesOwnLibrary settles a payment by an event that Stripe's
// library for node signed and sent, three times.
func TestEventsOfStripesOwnLibrary(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.noStripeEvents()
		stripe := w.stripeKeyWithHook("node")
		p := w.paidBehindOurBack("node")
		events := w.stripeEvents(stripe, p.text("data.provider_ref"))
		letter := map[string]any{"url": w.base + "/v1/webhooks/stripe", "payload": string(events[len(events)-1]), "secret": hookSecret, "times": 3}
		var statuses []int
		node(t, "send_event.cjs", letter, &statuses)
		assert.Equal(t, []int{200, 200, 200}, statuses)
		id := p.text("data.id")
		w.until("/v1/payments/"+id, "data.status", "completed")
		w.told("payment.action_required", "payment.completed")
		assert.Equal(t, 1, w.count(id, "stripe_event.applied"), "kept once, as one event")

		letter["secret"], letter["times"] = "whsec_of_somebody_else", 1
		node(t, "send_event.cjs", letter, &statuses)
		assert.Equal(t, []int{401}, statuses)
	})
}

// TestWebhooksVerifyElsewhere verifies what a running server delivered with
// the Standard Webhooks library for node; during a rotation with both secrets.
func TestWebhooksVerifyElsewhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		old := w.listens(r)
		fresh := w.post("/v1/merchant/webhook/rotate", `{}`).want(200).text("data.secret")
		w.pays("elsewhere", "10.00", "pm_card_visa", `"description":"Zoë 💶 <&>"`).want(201)
		got := r.next(t)
		headers := map[string]string{}
		for name := range got.header {
			headers[strings.ToLower(name)] = got.header.Get(name)
		}
		var verdicts []string
		node(t, "verify_webhook.cjs", []map[string]any{
			{"secret": old, "body": string(got.body), "headers": headers},
			{"secret": fresh, "body": string(got.body), "headers": headers},
			{"secret": fresh, "body": string(got.body) + " ", "headers": headers},
			{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "body": string(got.body), "headers": headers},
		}, &verdicts)
		require.Len(t, verdicts, 4)
		assert.Equal(t, []string{"payment.completed", "payment.completed"}, verdicts[:2])
		for _, verdict := range verdicts[2:] {
			assert.Contains(t, verdict, "No matching signature found")
		}
	})
}
