package operation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/operation/operationtest"
	"florin/internal/pay"
)

// TestEveryOperationWorks runs the example of each against the sandbox, with
// ids of things that are there, and holds what comes back against the output's
// schema. Each example gets things of its own, so that none meets what another
// has used up.
func TestEveryOperationWorks(t *testing.T) {
	t.Parallel()
	for _, op := range catalogue(t).Operations() {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			example := w.things.Example(t, op)
			if why := operationtest.RefusedBySandbox[op.Name]; why != "" {
				answer := w.perform(t, op.Name, example)
				require.Equal(t, pay.OutcomeRefused, answer.Outcome)
				assert.Contains(t, answer.Err.Message, why)
				return
			}
			output := w.do(t, op.Name, example)
			assertFits(t, op.Output, output)
			assert.NotContains(t, string(output), `"id":""`)
			if strings.HasPrefix(op.Name, "list-") || strings.HasPrefix(op.Name, "search-") {
				assert.False(t, strings.HasPrefix(string(output), `{"data":[]`), "nothing was found, and nothing is proved")
			}
		})
	}
}

// assertFits holds a document against its JSON Schema.
func assertFits(t *testing.T, schema, document json.RawMessage) {
	t.Helper()
	var s jsonschema.Schema
	require.NoError(t, json.Unmarshal(schema, &s))
	resolved, err := s.Resolve(nil)
	require.NoError(t, err)
	var value any
	require.NoError(t, json.Unmarshal(document, &value))
	assert.NoError(t, resolved.Validate(value), "%s", document)
}

// TestStripesRefusalsNameTheCallersParameter asks for what only Stripe can refuse.
func TestStripesRefusalsNameTheCallersParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ name, input, field, code string }{
		{"create-charge", `{"amount": 1000, "currency": "usd", "customer": "cus_nobody"}`, "customer", "resource_missing"},
		{"create-refund", `{"charge_id": "ch_nothing"}`, "charge_id", "resource_missing"},
		{"get-customer", `{"customer_id": "cus_nobody"}`, "customer_id", "resource_missing"},
		{"get-payment-intent", `{"payment_intent_id": "pi_nothing"}`, "payment_intent_id", "resource_missing"},
		{"create-subscription", `{"customer_id": "` + w.real(t, "", "cus_Example") + `", "items": [{"price_id": "price_nothing"}]}`, "items[0].price_id", "resource_missing"},
		{"create-payment-intent", `{"amount": 10, "currency": "usd"}`, "amount", "amount_too_small"},
	} {
		answer := w.perform(t, c.name, c.input)
		require.Equal(t, pay.OutcomeRefused, answer.Outcome, c.input)
		assert.Equal(t, c.field, w.Parameter(c.name, answer.Err.Field), c.input)
		assert.Equal(t, c.code, answer.Err.ProviderCode, c.input)
		assert.NotEmpty(t, answer.Err.RequestRef)
	}
}
