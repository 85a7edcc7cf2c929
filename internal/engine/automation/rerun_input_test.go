package automation_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine/automation"
	"florin/internal/pay"
)

// TestARefusedInputIsReplaced has the step before a charge give a better amount
// when the run is done again: what was refused before it was sent does not stick
// to the charge.
func TestARefusedInputIsReplaced(t *testing.T) {
	for name, refusal := range map[string]func(c *carrier) (amount string){
		"before anything was kept": func(*carrier) string { return "0" },
		"turned away": func(c *carrier) string {
			c.fault(`{"match":{"method":"POST","path":"/v1/charges"},"count":1000,"effect":{"type":"rate_limit"}}`)
			return "1000"
		},
	} {
		t.Run(name, func(t *testing.T) {
			carriers(t, func(t *testing.T, c *carrier) {
				c.keeps("flow: better\non: manual\nsteps:\n  - id: find\n    do: test.do\n" +
					"  - id: charge\n    do: create-charge\n    retry: {attempts: 1}\n    with: {amount: \"${steps.find.amount}\", currency: usd, source: tok_visa}\n")
				gives := func(amount string) {
					c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
						return json.RawMessage(`{"amount":` + amount + `}`), nil
					})
				}
				gives(refusal(c))
				refused := c.ends(c.asks("better", `{}`))
				assert.Equal(t, pay.RunFailed, refused.Run.State)
				assert.Zero(t, c.atStripe())
				c.fault("")
				gives("2000")
				h := c.ends(c.reruns(refused.Run.ID, "find"))
				assert.Equal(t, pay.RunSucceeded, h.Run.State, "%+v", h.Run.Failure)
				assert.JSONEq(t, `{"amount":2000,"currency":"usd","source":"tok_visa"}`, string(h.Steps[1].Given))
				assert.NotEqual(t, refused.Steps[1].Call, h.Steps[1].Call)
				assert.Equal(t, 1, c.atStripe())
			})
		})
	}
}

// TestARerunWithAnotherInput gives the steps that are done now another trigger,
// if it fits the flow; what was done before stays done.
func TestARerunWithAnotherInput(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: corrected\non: { manual: { input: { type: object, required: [n], properties: { n: { type: integer } } } } }\nsteps:\n" +
			"  - id: first\n    do: test.do\n    with: {n: \"${trigger.n}\"}\n  - id: second\n    do: test.do\n    with: {n: \"${trigger.n}\"}\n")
		origin := c.ends(c.asks("corrected", `{"n":1}`)).Run.ID
		key := pay.APIKey{Owner: c.owner}
		_, err := c.flows.Rerun(context.Background(), key, automation.RerunRequest{Run: origin, From: "second", Input: json.RawMessage(`{"n":"x"}`)})
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(err))
		run, err := c.flows.Rerun(context.Background(), key, automation.RerunRequest{Run: origin, From: "second", Input: json.RawMessage(`{"n":2}`)})
		require.NoError(t, err)
		h := c.ends(run.ID)
		assert.JSONEq(t, `{"n":2}`, string(h.Input))
		assert.JSONEq(t, `{"n":1}`, string(h.Steps[0].Given))
		assert.JSONEq(t, `{"n":2}`, string(h.Steps[1].Given))
		inputs, _ := c.works()
		assert.Len(t, inputs, 3)
	})
}

// fault has the sandbox fail, or stop failing when it is empty.
func (c *carrier) fault(fault string) {
	c.t.Helper()
	method := http.MethodPost
	if fault == "" {
		method = http.MethodDelete
	}
	ask, err := http.NewRequestWithContext(context.Background(), method, c.base+"/_sandbox/faults", strings.NewReader(fault))
	require.NoError(c.t, err)
	ask.Header.Set("Authorization", "Bearer "+c.front.key)
	ask.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(ask)
	require.NoError(c.t, err)
	require.NoError(c.t, answer.Body.Close())
	require.Equal(c.t, http.StatusOK, answer.StatusCode)
}
