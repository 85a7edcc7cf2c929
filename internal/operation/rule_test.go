package operation_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/operation/operationtest"
	"florin/internal/pay"
)

// TestEveryRuleRefuses breaks each rule of each operation once, and asks for
// the rule's own sentence. A rule without a case fails.
func TestEveryRuleRefuses(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	seen := map[string]bool{}
	for kind, cases := range map[pay.ConnectionKind][]operationtest.Broken{
		pay.ConnectionSandbox: operationtest.BrokenRules, pay.ConnectionStripe: operationtest.BrokenForStripe,
	} {
		for _, b := range cases {
			_, err := c.Compose(b.Operation, kind, json.RawMessage(b.Input))
			require.Error(t, err, "%s %s", b.Operation, b.Input)
			assert.Equal(t, b.Rule, wantRefusal(t, err, b.Code, b.Field), b.Input)
			seen[b.Operation+b.Rule] = true
		}
	}
	for _, op := range c.Operations() {
		for _, rule := range op.Rules {
			assert.True(t, seen[op.Name+rule], "%s has no case for the rule: %s", op.Name, rule)
		}
	}
}

// TestWhatRulesAllow breaks none.
func TestWhatRulesAllow(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, good := range []struct{ operation, input string }{
		{"create-charge", `{"amount": 1, "currency": "usd", "source": "card_1", "customer": "cus_1"}`},
		{"create-charge", `{"amount": 1, "currency": "usd", "customer": "cus_1"}`},
		{"create-charge", `{"amount": 1, "currency": "usd", "source": "tok_visa", "shipping_name": "A", "shipping_address_line1": "1 Main"}`},
		{"create-customer", `{"email": "a@example.com", "name": "A", "phone": "+1 555 0100"}`},
		{"create-coupon", `{"id": "A", "amount_off": 5, "currency": "USD", "duration": "forever"}`},
		{"create-payment-intent", `{"amount": 100, "currency": "usd", "application_fee_amount": 10, "stripe_account": "acct_1"}`},
		{"pay-invoice", `{"invoice_id": "in_1", "payment_method_id": "pm_1", "paid_out_of_band": false}`},
	} {
		_, err := c.Compose(good.operation, pay.ConnectionStripe, json.RawMessage(good.input))
		assert.NoError(t, err, "%s %s", good.operation, good.input)
	}
}
