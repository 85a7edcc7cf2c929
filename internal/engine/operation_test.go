package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// operation asks for ten dollars under a call.
func (w *world) operation(call string, change ...func(r *engine.OperationRequest)) engine.OperationRequest {
	r := engine.OperationRequest{
		Owner: w.owner, Operation: "create-charge", Call: call,
		Input: json.RawMessage(`{"amount":1000,"currency":"usd","source":"tok_visa"}`),
	}
	for _, each := range change {
		each(&r)
	}
	return r
}

func input(text string) func(r *engine.OperationRequest) {
	return func(r *engine.OperationRequest) { r.Input = json.RawMessage(text) }
}

func TestOperationReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.engine.RunOperation(t.Context(), engine.OperationRequest{Owner: w.owner, Operation: "get-balance"})
	require.NoError(t, err)
	assert.Contains(t, string(got.Output), `"available":[{"amount":0`)
	assert.NotEmpty(t, got.RequestRef)
	assert.Equal(t, "default", got.Connection)
	_, err = w.engine.RunOperation(t.Context(), engine.OperationRequest{Owner: w.owner, Operation: "get-balances"})
	assert.Equal(t, pay.CodeOperationNotFound, pay.CodeOf(err))
	_, err = w.engine.RunOperation(t.Context(), engine.OperationRequest{Owner: w.owner, Operation: "get-balance", Connection: "other"})
	assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
}

// A write is carried out once, whatever its caller does.
func TestOperationWritesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.engine.RunOperation(t.Context(), w.operation("order-1"))
	require.NoError(t, err)
	again, err := w.engine.RunOperation(t.Context(), w.operation("order-1", input(`{ "source":"tok_visa", "currency":"usd", "amount":1000 }`)))
	require.NoError(t, err)
	first.Replayed = true
	assert.Equal(t, first, again, "byte for byte")
	assert.Equal(t, 1, w.charges())

	_, err = w.engine.RunOperation(t.Context(), w.operation("order-1", input(`{"amount":2000,"currency":"usd","source":"tok_visa","description":"x"}`)))
	var mismatch *pay.Error
	require.ErrorAs(t, err, &mismatch)
	assert.Equal(t, pay.CodeIdempotencyMismatch, mismatch.Code)
	assert.Equal(t, []string{"amount", "description"}, mismatch.Fields)

	other, err := w.engine.RunOperation(t.Context(), w.operation(""))
	require.NoError(t, err)
	assert.NotEmpty(t, other.Call)
	assert.Equal(t, 2, w.charges())
}

func TestOperationsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var group sync.WaitGroup
	results := make([]error, 50)
	for i := range results {
		group.Go(func() { _, results[i] = w.engine.RunOperation(context.Background(), w.operation("same")) })
	}
	group.Wait()
	for _, err := range results {
		if err != nil {
			assert.Equal(t, pay.CodeIdempotencyInFlight, pay.CodeOf(err))
		}
	}
	_, err := w.engine.RunOperation(t.Context(), w.operation("same"))
	require.NoError(t, err)
	assert.Equal(t, 1, w.charges())
	assert.Equal(t, 1, w.posts("/v1/charges"))
}

// What Stripe refused for good is told again; what it only turned away is not.
func TestOperationRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	declined := w.operation("declined", input(`{"amount":1000,"currency":"usd","source":"tok_chargeDeclined"}`))
	first, err := w.engine.RunOperation(t.Context(), declined)
	var told, toldAgain *pay.Error
	require.ErrorAs(t, err, &told)
	assert.Equal(t, "card_declined", told.ProviderCode)
	assert.NotEmpty(t, told.RequestRef)
	again, err := w.engine.RunOperation(t.Context(), declined)
	require.ErrorAs(t, err, &toldAgain)
	assert.Equal(t, told, toldAgain)
	assert.True(t, first.Final && again.Replayed)
	assert.Equal(t, 1, w.posts("/v1/charges"))

	_, err = w.engine.RunOperation(t.Context(), w.operation("x", input(`{"amount":1000}`)))
	assert.Equal(t, pay.CodeMissingField, pay.CodeOf(err), "and nothing is kept of it")
	_, err = w.engine.RunOperation(t.Context(), w.operation("x"))
	require.NoError(t, err)

	w.fault("/v1/charges", "rate_limit")
	_, err = w.engine.RunOperation(t.Context(), w.operation("busy"))
	assert.Equal(t, pay.CodeProviderBusy, pay.CodeOf(err))
	w.mend()
	w.after(25 * time.Hour) // nothing was sent, so nothing can be forgotten
	_, err = w.engine.RunOperation(t.Context(), w.operation("busy"))
	require.NoError(t, err)
}

// Stripe's answer is lost after it took effect: the same call gets the object.
func TestOperationInDoubt(t *testing.T) {
	t.Parallel()
	for name, retry := range map[string]func(w *world) (pay.OperationResult, error){
		"the caller asks again": func(w *world) (pay.OperationResult, error) {
			return w.engine.RunOperation(w.t.Context(), w.operation("doubt"))
		},
		"the completer was there first": func(w *world) (pay.OperationResult, error) {
			w.after(time.Minute)
			return w.engine.RunOperation(w.t.Context(), w.operation("doubt"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fault("/v1/charges", "reset_after")
			_, err := w.engine.RunOperation(t.Context(), w.operation("doubt"))
			var doubt *pay.Error
			require.ErrorAs(t, err, &doubt)
			assert.Equal(t, pay.CodeInDoubt, doubt.Code)
			assert.True(t, doubt.Retryable())
			w.mend()
			made := w.atStripe("GET", "/v1/charges?limit=1", "")["data"].([]any)[0].(map[string]any)["id"]
			got, err := retry(w)
			require.NoError(t, err)
			assert.Contains(t, string(got.Output), made)
			assert.Equal(t, 1, w.charges())
		})
	}
}

// After 23 hours nothing is sent any more: Stripe may have forgotten the key.
func TestOldOperationIsForPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault("/v1/charges", "reset_after")
	_, err := w.engine.RunOperation(t.Context(), w.operation("old"))
	require.Error(t, err)
	w.mend()
	sent := w.posts("/v1/charges")
	w.clock.Advance(24 * time.Hour)
	_, err = w.engine.RunOperation(t.Context(), w.operation("old"))
	assert.Equal(t, pay.CodeReconcileNeeded, pay.CodeOf(err))
	w.chores()
	w.after(8 * 24 * time.Hour)
	_, err = w.engine.RunOperation(t.Context(), w.operation("old"))
	assert.Equal(t, pay.CodeReconcileNeeded, pay.CodeOf(err), "and it is never forgotten")
	assert.Equal(t, sent, w.posts("/v1/charges"))
}

// A key that Stripe no longer lets in shows at its connection; what was asked
// meanwhile can be asked again once the key was replaced.
func TestRefusedKeyShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.agent(pay.KeyLimits{})
	_, err := w.engine.CreateConnection(t.Context(), w.ask("c"), key, engine.NewConnection{Name: "own", Kind: pay.ConnectionSandbox})
	require.NoError(t, err)
	asked := w.operation("x", by(key), func(r *engine.OperationRequest) { r.Connection = "own" })
	door := w.performer.Swap(refusing{})
	_, err = w.engine.RunOperation(t.Context(), asked)
	assert.Equal(t, pay.CodeProviderKeyInvalid, pay.CodeOf(err))
	c, err := w.engine.Connection(t.Context(), key, "own")
	require.NoError(t, err)
	assert.Equal(t, pay.ConnectionCheck{At: c.Checked.At, Code: pay.CodeProviderKeyInvalid, Problem: "no such key"}, c.Checked)
	w.performer.Swap(door)
	_, err = w.engine.RunOperation(t.Context(), asked)
	require.NoError(t, err, "the refusal was the key's, not the call's")
	c, err = w.engine.TestConnection(t.Context(), key, "own")
	require.NoError(t, err)
	assert.True(t, c.Checked.OK)
}

// refusing lets no key in.
type refusing struct{}

func (refusing) Perform(context.Context, pay.Access, pay.Wire, string, bool) pay.OperationAnswer {
	return pay.OperationAnswer{Outcome: pay.OutcomeRefused, Status: 401, Err: pay.Errorf(pay.CodeProviderKeyInvalid, "no such key")}
}

// A retry goes to the account that the first try went to, whatever the default
// connection is by then.
func TestOperationStaysWithItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault("/v1/charges", "reset_after")
	_, err := w.engine.RunOperation(t.Context(), w.operation("moved"))
	require.Error(t, err)
	w.mend()
	_, err = w.engine.SetProvider(t.Context(), engine.Ask{Owner: w.owner}, engine.Credentials{SecretKey: pay.NewSecret("sk_test_another")})
	require.NoError(t, err)
	got, err := w.engine.RunOperation(t.Context(), w.operation("moved"))
	require.NoError(t, err)
	assert.Equal(t, 1, w.charges())
	assert.Contains(t, string(got.Output), w.atStripe("GET", "/v1/charges", "")["data"].([]any)[0].(map[string]any)["id"])
}

// A connection's credentials open in their own row only.
func TestConnectionIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.agent(pay.KeyLimits{})
	for _, name := range []string{"one", "two"} {
		_, err := w.engine.CreateConnection(t.Context(), w.ask(name), key, engine.NewConnection{Name: name, Kind: pay.ConnectionHTTP, Secret: pay.ConnectionSecret{
			BaseURL: "https://a.example", Headers: map[string]pay.Secret{"Authorization": pay.NewSecret("hidden")},
		}})
		require.NoError(t, err)
	}
	secret, err := w.engine.ConnectionSecret(t.Context(), w.owner, key, "two", pay.ConnectionHTTP)
	require.NoError(t, err)
	assert.Equal(t, "hidden", secret.Headers["Authorization"].Reveal())
	_, err = w.engine.ConnectionSecret(t.Context(), w.owner, key, "two", pay.ConnectionSMTP)
	assert.Equal(t, pay.CodeConnectionKind, pay.CodeOf(err))
	w.database()("UPDATE connections SET secret_key = (SELECT secret_key FROM connections WHERE name = 'one') WHERE name = 'two' RETURNING name")
	_, err = w.engine.ConnectionSecret(t.Context(), w.owner, key, "two", pay.ConnectionHTTP)
	assert.ErrorContains(t, err, "does not open")

	w.engine.AskBeforeDeleting(func(_ context.Context, _ pay.Owner, name string) ([]string, error) {
		return []string{"the flow " + name}, nil
	})
	_, err = w.engine.DeleteConnection(t.Context(), w.ask("d"), key, "one", false)
	assert.Equal(t, pay.CodeConnectionInUse, pay.CodeOf(err))
	assert.ErrorContains(t, err, "the flow one")
	_, err = w.engine.DeleteConnection(t.Context(), w.ask("d"), key, "one", true)
	require.NoError(t, err)
	_, err = w.engine.ConnectionSecret(t.Context(), w.owner, key, "one", pay.ConnectionHTTP)
	assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
}

// Results are kept as long as replies are; then the identity is free again.
func TestOperationsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.engine.RunOperation(t.Context(), w.operation("old"))
	require.NoError(t, err)
	w.after(pay.IdempotencyRetention - time.Hour)
	again, err := w.engine.RunOperation(t.Context(), w.operation("old"))
	require.NoError(t, err)
	assert.Equal(t, first.Output, again.Output)
	w.after(2 * time.Hour)
	fresh, err := w.engine.RunOperation(t.Context(), w.operation("old", input(`{"amount":2000,"currency":"usd","source":"tok_visa"}`)))
	require.NoError(t, err)
	assert.False(t, fresh.Replayed)
	assert.NotEqual(t, first.ID, fresh.ID)
}

func TestOperationPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.engine.RunOperation(t.Context(), w.operation("preview", func(r *engine.OperationRequest) { r.DryRun = true }))
	require.NoError(t, err)
	assert.Equal(t, &pay.OperationPreview{
		Method: "POST", Path: "/v1/charges", APIVersion: got.Preview.APIVersion, Connection: "default", Key: got.ProviderKey,
		Form: []pay.FormField{{Name: "amount", Value: "1000"}, {Name: "currency", Value: "usd"}, {Name: "source", Value: "tok_visa"}},
	}, got.Preview)
	assert.Zero(t, w.charges())
	sent, err := w.engine.RunOperation(t.Context(), w.operation("preview"))
	require.NoError(t, err)
	assert.Equal(t, got.ProviderKey, sent.ProviderKey)
}

// What is kept of a call opens in its own row only.
func TestOperationIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := `{"amount":1000,"currency":"usd","source":"tok_visa","description":"only-for-us"}`
	_, err := w.engine.RunOperation(t.Context(), w.operation("one", input(secret)))
	require.NoError(t, err)
	_, err = w.engine.RunOperation(t.Context(), w.operation("two"))
	require.NoError(t, err)
	raw := w.database()
	assert.False(t, strings.Contains(raw("SELECT hex(wire) || hex(result) FROM operation_calls"), "6F6E6C792D666F722D7573"), "only-for-us")
	raw("UPDATE operation_calls SET result = (SELECT result FROM operation_calls WHERE call = 'one') WHERE call = 'two' RETURNING call")
	_, err = w.engine.RunOperation(t.Context(), w.operation("two"))
	var known *pay.Error
	require.Error(t, err)
	assert.False(t, errors.As(err, &known), "nothing that a caller is told")
	assert.ErrorContains(t, err, "does not open")
}
