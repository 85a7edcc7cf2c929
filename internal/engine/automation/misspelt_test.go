package automation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// TestAMisspeltFieldOfATriggerIsTold when the flow is applied, where it is known
// what the trigger brings; what else may come is let through.
func TestAMisspeltFieldOfATriggerIsTold(t *testing.T) {
	t.Parallel()
	c := newCarrier(newWorld(t, databases["sqlite"](t)))
	const hooked = "flow: f\non: { webhook: { input: { type: object, properties: { amount: { type: integer }, order: { type: object, properties: { number: { type: string } } } } } } }\n"
	for document, fault := range map[string]string{
		"flow: f\non: new-charge\nwhen: trigger.amout > 100\n":                       `when: unknown field amout in "trigger.amout > 100"; did you mean amount?`,
		"flow: f\non: new-charge\nwhen: trigger.curency == 'usd'\n":                  `unknown field curency in "trigger.curency == 'usd'"; did you mean currency?`,
		"flow: f\non: new-charge\nwhen: trigger.refund.id != ''\n":                   `did you mean refunded?`,
		"flow: f\non: new-charge\nwhen: trigger.payment_method_details.type != ''\n": ``,
		"flow: f\non: new-charge\nwhen: trigger.metadata.amout != ''\n":              ``,
		"flow: f\non: new-charge\nwhen: trigger.something_new != ''\n":               ``,
		"flow: f\non: new-charge\nwhen: trigger.amount == 'x'\n":                     `mismatched types`,
		hooked + "when: trigger.amout > 100\n":                                       `did you mean amount?`,
		hooked + "when: trigger.order.numbr != ''\n":                                 `did you mean number?`,
		hooked + "when: trigger.amount == 'much'\n":                                  `mismatched types`,
		hooked + "when: trigger.elsewhere != ''\n":                                   ``,
		"flow: f\non: webhook\nwhen: trigger.amout > 100\n":                          ``,
		"flow: f\non: { webhook: { input: { type: 5 } } }\n":                         `this is not a JSON Schema`,
	} {
		_, err := c.flows.Check([]byte(document + "steps:\n  - id: one\n    do: test.do\n"))
		if fault == "" {
			require.NoError(t, err, document)
			continue
		}
		assert.Equal(t, pay.CodeFlowInvalid, pay.CodeOf(err), document)
		assert.ErrorContains(t, err, fault, document)
	}
}
