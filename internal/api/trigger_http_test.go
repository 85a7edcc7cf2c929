package api_test

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

// applies keeps a flow as its owner's key would.
func (f florin) applies(document string) automation.Applied {
	f.t.Helper()
	key, err := f.server.Engine.Authenticate(f.t.Context(), f.key)
	require.NoError(f.t, err)
	applied, err := f.server.Flows.Apply(context.Background(), key, []byte(document))
	require.NoError(f.t, err)
	return applied
}

func TestATriggerIsSeenAndSteered(t *testing.T) {
	t.Parallel()
	f := start(t, "--min-poll", "100ms")
	f.applies("flow: watched\non: { new-charge: { every: 100ms } }\nsteps:\n  - fail: seen\n")
	made := f.ask("POST", "/v1/operations/create-charge", `{"input":{"amount":1500,"currency":"usd","source":"tok_visa"}}`)
	require.Equal(t, http.StatusOK, made.status, made.body)
	for found := 0; found == 0; { // each look is a request; the program polls meanwhile
		read := f.ask("GET", "/v1/flows/watched/trigger", "")
		require.Equal(t, http.StatusOK, read.status, read.body)
		var answer struct{ Data struct{ Found int } }
		require.NoError(t, json.Unmarshal([]byte(read.body), &answer))
		found = answer.Data.Found
	}
	var state struct {
		Data struct {
			Kind, Name, State string
			CallsADay         map[string]int64 `json:"calls_a_day"`
			Poll              struct {
				List, State string
				Flows       int
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(f.ask("POST", "/v1/flows/watched/trigger/catch-up", `{}`).body), &state))
	assert.Equal(t, []any{"poll", "new-charge", "on"}, []any{state.Data.Kind, state.Data.Name, state.Data.State})
	assert.Equal(t, int64(864_000), state.Data.CallsADay["alone"])
	assert.Equal(t, "/v1/charges", state.Data.Poll.List)
	assert.Equal(t, 1, state.Data.Poll.Flows)
	retried := f.ask("POST", "/v1/flows/watched/trigger/retry-parked", `{}`)
	assert.Contains(t, retried.body, `"retried":0`)
	f.refused(f.ask("GET", "/v1/flows/nothing/trigger", ""), 404, pay.CodeNotFound, "")
	f.refused(f.ask("POST", "/v1/flows/watched/trigger/rotate-secret", `{}`), 404, pay.CodeNotFound, "")
	assert.Contains(t, f.ask("GET", "/v1/triggers", "").body, `"name":"new-refund"`)
}

func TestAPostStartsAFlow(t *testing.T) {
	t.Parallel()
	f := start(t)
	applied := f.applies("flow: posted\non: { webhook: { input: { type: object, required: [amount] } } }\nsteps:\n  - fail: seen\n")
	address := "/v1/hooks/" + applied.Watch.Token
	secret := "Bearer " + applied.Secret.Reveal()
	first := f.ask("POST", address, `{"amount":5}`, "X-API-Key", "", "Authorization", secret, "webhook-id", "msg_1")
	assert.Equal(t, http.StatusAccepted, first.status, first.body)
	again := f.ask("POST", address, `{"amount":5}`, "X-API-Key", "", "Authorization", secret, "webhook-id", "msg_1")
	assert.Equal(t, strings.Replace(first.body, `"duplicate":false`, `"duplicate":true`, 1), again.body)
	f.refused(f.ask("POST", address, `{}`, "X-API-Key", "", "Authorization", secret), 400, pay.CodeInvalidField, "body")
	f.refused(f.ask("POST", address, `{"amount":5}`, "X-API-Key", ""), 401, pay.CodeSignatureInvalid, "")
	f.refused(f.ask("POST", "/v1/hooks/nowhere", `{}`, "X-API-Key", ""), 404, pay.CodeNotFound, "")
	big := `{"amount":"` + strings.Repeat("5", 300<<10) + `"}`
	f.refused(f.ask("POST", address, big, "X-API-Key", "", "Authorization", secret), 413, pay.CodeBodyTooLarge, "")
}
