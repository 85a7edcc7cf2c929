package mcp_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/api"
	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/engine"
	"florin/internal/pay"
)

// bearer sends an API key with every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// overHTTP connects the official client to a running server with a key.
func overHTTP(t *testing.T, florin *app.Server, key string) *sdk.ClientSession {
	t.Helper()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: florin.URL() + api.AgentsPath, HTTPClient: &http.Client{Transport: bearer(key)},
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, session.Close()) })
	return session
}

// inMemory connects the official client as florin mcp does over standard
// input and output.
func inMemory(t *testing.T, florin *app.Server, key pay.APIKey) *sdk.ClientSession {
	t.Helper()
	here, there := sdk.NewInMemoryTransports()
	serving, err := florin.Agents().Server(key).Connect(t.Context(), here, nil)
	require.NoError(t, err)
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), there, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, session.Close())
		assert.NoError(t, serving.Wait())
	})
	return session
}

// keyWith makes a key of the default merchant in test mode.
func keyWith(t *testing.T, florin *app.Server, limits pay.KeyLimits, scopes ...pay.Scope) (pay.APIKey, string) {
	t.Helper()
	merchant, err := florin.Engine.EnsureDefaultMerchant(t.Context())
	require.NoError(t, err)
	key, text, err := florin.Engine.CreateAPIKey(t.Context(), pay.Owner{Merchant: merchant.ID, Mode: pay.Test}, scopes, limits)
	require.NoError(t, err)
	return key, text
}

// call uses a tool and returns its text, and whether it is an error.
func call(t *testing.T, session *sdk.ClientSession, tool string, arguments map[string]any) (string, *sdk.CallToolResult) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.Len(t, result.Content, 1)
	return result.Content[0].(*sdk.TextContent).Text, result
}

func tools(t *testing.T, session *sdk.ClientSession) map[string]*sdk.Tool {
	t.Helper()
	list, err := session.ListTools(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, list.NextCursor)
	found := map[string]*sdk.Tool{}
	for _, tool := range list.Tools {
		found[tool.Name] = tool
	}
	return found
}

var visa = map[string]any{"amount": 1000, "currency": "usd", "source": "tok_visa"}

func with(arguments map[string]any, more ...any) map[string]any {
	all := map[string]any{}
	for name, value := range arguments {
		all[name] = value
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i].(string)] = more[i+1]
	}
	return all
}

func TestAKeyWithoutTheScopeToWriteIsOfferedReadsOnly(t *testing.T) {
	t.Parallel()
	florin := apptest.Start(t)
	_, text := keyWith(t, florin, pay.KeyLimits{}, pay.ScopeOperationsRead)
	session := overHTTP(t, florin, text)
	offered := tools(t, session)
	for _, op := range florin.Engine.Catalogue().Operations() {
		tool := offered[op.Name]
		assert.Equal(t, op.Writes, tool == nil, op.Name)
		if tool != nil {
			assert.True(t, tool.Annotations.ReadOnlyHint, op.Name)
		}
	}
	assert.NotContains(t, offered, "get-approval")
	assert.Contains(t, session.InitializeResult().Instructions, "operations:write", "the agent can say why")
	_, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "create-charge", Arguments: visa})
	assert.ErrorContains(t, err, "create-charge")
}

func TestAnAgentChargesOnceForEachKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	florin := apptest.Start(t)
	key, text := keyWith(t, florin, pay.KeyLimits{}, pay.ScopeOperationsRead, pay.ScopeOperationsWrite)
	for name, session := range map[string]*sdk.ClientSession{"http": overHTTP(t, florin, text), "stdio": inMemory(t, florin, key)} {
		first, result := call(t, session, "create-charge", with(visa, "idempotency_key", "lunch-"+name))
		require.False(t, result.IsError, first)
		again, result := call(t, session, "create-charge", with(visa, "idempotency_key", "lunch-"+name))
		assert.Equal(t, first, again, "the same key is the same charge")
		assert.Equal(t, true, result.Meta["florin/replayed"])
		other, _ := call(t, session, "create-charge", with(visa, "amount", 900, "idempotency_key", "lunch-"+name))
		assert.Contains(t, other, `"idempotency_mismatch"`)
	}
	listed, _ := call(t, overHTTP(t, florin, text), "list-charges", map[string]any{"limit": 10})
	assert.Equal(t, 2, strings.Count(listed, `"object":"charge"`), listed)
}

func TestMistakesAreToldToTheAgent(t *testing.T) {
	t.Parallel()
	florin := apptest.Start(t)
	key, _ := keyWith(t, florin, pay.KeyLimits{}, pay.ScopeOperationsRead, pay.ScopeOperationsWrite)
	session := inMemory(t, florin, key)
	for want, arguments := range map[string]map[string]any{
		`"missing_field"`:             {"currency": "usd", "source": "tok_visa"},
		`"unknown_field"`:             with(visa, "amout", 3),
		`"card_declined"`:             with(visa, "source", "tok_chargeDeclined"),
		`"raw_card_data_not_allowed"`: with(visa, "description", "4242424242424242"),
		`"connection"`:                with(visa, "connection", "nowhere"),
		`"dry_run"`:                   with(visa, "dry_run", "yes"),
	} {
		text, result := call(t, session, "create-charge", arguments)
		assert.True(t, result.IsError, text)
		assert.Contains(t, text, want)
	}
}

func TestADryRunSendsNothing(t *testing.T) {
	t.Parallel()
	florin := apptest.Start(t)
	key, _ := keyWith(t, florin, pay.KeyLimits{}, pay.ScopeOperationsRead, pay.ScopeOperationsWrite)
	session := inMemory(t, florin, key)
	text, result := call(t, session, "create-charge", with(visa, "dry_run", true))
	require.False(t, result.IsError, text)
	assert.Contains(t, text, `"path":"/v1/charges"`)
	assert.Contains(t, text, `{"name":"amount","value":"1000"}`)
	listed, _ := call(t, session, "list-charges", map[string]any{"limit": 10})
	assert.NotContains(t, listed, `"ch_`)
}

func TestAnAgentIsHeldToItsKeysLimits(t *testing.T) {
	t.Parallel()
	florin := apptest.Start(t)
	key, _ := keyWith(t, florin, pay.KeyLimits{
		Operations: []string{"create-charge", "get-*", "list-*"},
		MaxAmount:  map[pay.Currency]int64{"USD": 5000},
		Approval:   pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 2000},
	}, pay.ScopeOperationsRead, pay.ScopeOperationsWrite)
	person, _ := keyWith(t, florin, pay.KeyLimits{}, pay.Scopes...)
	session := inMemory(t, florin, key)
	assert.NotContains(t, tools(t, session), "create-refund")

	text, result := call(t, session, "create-charge", with(visa, "amount", 5001))
	assert.True(t, result.IsError, text)
	assert.Contains(t, text, "amount_over_limit")

	asked := with(visa, "amount", 2001, "idempotency_key", "big")
	text, result = call(t, session, "create-charge", asked)
	require.False(t, result.IsError, text)
	var waiting struct {
		Status string `json:"status"`
		ID     string `json:"approval_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &waiting))
	assert.Equal(t, "pending_approval", waiting.Status)

	_, _, err := florin.Engine.Decide(t.Context(), person, pay.ID(waiting.ID), engine.Decision{Approve: true, Note: "fine"})
	require.NoError(t, err)
	text, _ = call(t, session, "get-approval", map[string]any{"approval_id": waiting.ID})
	assert.Contains(t, text, `"status":"approved"`)
	text, result = call(t, session, "create-charge", asked)
	require.False(t, result.IsError, text)
	assert.Contains(t, text, `"id":"ch_`)
}

func TestTheDoorIsTheAPIs(t *testing.T) {
	t.Parallel()
	florin := apptest.Start(t)
	_, without := keyWith(t, florin, pay.KeyLimits{}, pay.ScopePaymentsRead)
	for key, status := range map[string]int{"": http.StatusUnauthorized, "sk_test_flr_wrong": http.StatusUnauthorized, without: http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, florin.URL()+api.AgentsPath, strings.NewReader(`{}`))
		require.NoError(t, err)
		if key != "" {
			req.Header.Set("X-API-Key", key)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, status, resp.StatusCode, key)
	}
}
