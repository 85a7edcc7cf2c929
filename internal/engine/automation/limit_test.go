package automation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"florin/internal/engine/automation"
	"florin/internal/pay"
)

// TestALimitedKeyCallsNoFlow would otherwise move through another's flow what
// its limits forbid.
func TestALimitedKeyCallsNoFlow(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: inner\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    with: {amount: 1000, currency: usd, source: tok_visa}\n")
		limited := pay.APIKey{ID: "k", Lineage: "k", Owner: c.owner, Limits: pay.KeyLimits{Operations: []string{"list-charges"}}}
		_, err := c.flows.Apply(context.Background(), limited, []byte("flow: outer\non: manual\nsteps:\n  - id: go\n    call: inner\n"))
		assert.Equal(t, pay.CodeOperationDenied, pay.CodeOf(err), "%v", err)
	})
}

// TestALimitedKeyStartsNoFlow that it could not apply, by whichever way; and it
// applies none that reads what is not on its list.
func TestALimitedKeyStartsNoFlow(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		ctx := context.Background()
		c.keeps("flow: charges\non: manual\nsteps:\n  - id: charge\n    do: create-charge\n    with: {amount: 1000, currency: usd, source: tok_visa}\n")
		c.keeps("flow: balance\non: manual\nsteps:\n  - id: look\n    do: get-balance\n")
		ended := c.ends(c.asks("charges", `{}`)).Run.ID
		key := pay.APIKey{ID: "k", Lineage: "k", Owner: c.owner, Scopes: pay.Scopes, Limits: pay.KeyLimits{Operations: []string{"get-*"}}}
		for name, try := range map[string]func(flow string) error{
			"run": func(flow string) error {
				_, err := c.flows.RunFlow(ctx, key, automation.RunRequest{Flow: flow})
				return err
			},
			"test": func(flow string) error {
				_, err := c.flows.TestFlow(ctx, key, automation.RunRequest{Flow: flow})
				return err
			},
			"resume": func(flow string) error {
				_, err := c.flows.ResumeFlow(ctx, key, flow, pay.ResumeFromNow)
				return err
			},
			"retry": func(flow string) error { _, _, err := c.flows.RetryParked(ctx, key, flow); return err },
		} {
			assert.Equal(t, pay.CodeOperationDenied, pay.CodeOf(try("charges")), name)
			assert.NoError(t, try("balance"), name)
		}
		_, err := c.flows.CatchUp(ctx, key, "charges", pay.ResumeFromNow)
		assert.Equal(t, pay.CodeOperationDenied, pay.CodeOf(err))
		_, err = c.flows.Rerun(ctx, key, automation.RerunRequest{Run: ended, From: "charge"})
		assert.Equal(t, pay.CodeOperationDenied, pay.CodeOf(err))
		assert.Equal(t, 1, c.atStripe())

		for action, want := range map[string]pay.Code{"get-balance": "", "list-charges": pay.CodeOperationDenied} {
			_, err := c.flows.Apply(ctx, key, []byte("flow: mine\non: manual\nsteps:\n  - id: look\n    do: "+action+"\n"))
			if want == "" {
				assert.NoError(t, err)
				continue
			}
			assert.Equal(t, want, pay.CodeOf(err), action)
		}
		key.Scopes = []pay.Scope{pay.ScopeFlowsWrite}
		_, err = c.flows.Apply(ctx, key, []byte("flow: theirs\non: manual\nsteps:\n  - id: look\n    do: get-balance\n"))
		assert.Equal(t, pay.CodeScopeMissing, pay.CodeOf(err))
	})
}
