package operation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// TestEveryOperationWorks runs the example of each against the sandbox.
func TestEveryOperationWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, op := range w.Operations() {
		t.Log(op.Name, string(w.do(t, op.Name, string(op.Example))))
	}
}

// TestStripesRefusalsNameTheCallersParameter asks for what only Stripe can refuse.
func TestStripesRefusalsNameTheCallersParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.perform(t, "create-charge", `{"amount": 1000, "currency": "usd", "customer": "cus_nobody"}`)
	require.Equal(t, pay.OutcomeRefused, answer.Outcome)
	assert.Equal(t, "customer", w.Parameter("create-charge", answer.Err.Field))
	assert.Equal(t, "resource_missing", answer.Err.ProviderCode)
}
