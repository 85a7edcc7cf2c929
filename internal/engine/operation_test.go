package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// small is a catalogue of two operations.
type small struct{}

func (small) Operations() []pay.Operation {
	return []pay.Operation{
		{Name: "get-balance", Resource: "balance"},
		{Name: "create-charge", Resource: "charges", Writes: true, Amount: "amount", Currency: "currency"},
		{Name: "create-refund", Resource: "refunds", Writes: true, Amount: "amount"},
	}
}

func (c small) Operation(name string) (pay.Operation, error) {
	for _, op := range c.Operations() {
		if op.Name == name {
			return op, nil
		}
	}
	return pay.Operation{}, pay.Errorf(pay.CodeOperationNotFound, "there is no operation %s", name)
}

func (small) Compose(name string, _ pay.ConnectionKind, input json.RawMessage) (pay.Wire, error) {
	var fields map[string]any
	if err := json.Unmarshal(input, &fields); err != nil {
		return pay.Wire{}, pay.Errorf(pay.CodeInvalidBody, "no object")
	}
	form := url.Values{}
	for name, value := range fields {
		text, isText := value.(string)
		if !isText {
			raw, _ := json.Marshal(value)
			text = string(raw)
		}
		form.Set(strings.TrimSuffix(name, "_id"), text)
	}
	switch name {
	case "get-balance":
		return pay.Wire{Method: "GET", Path: "/v1/balance", APIVersion: "2026-03-25.dahlia"}, nil
	case "create-refund":
		return pay.Wire{Method: "POST", Path: "/v1/refunds", Body: form.Encode(), APIVersion: "2026-03-25.dahlia"}, nil
	}
	if form.Get("source") == "" {
		return pay.Wire{}, pay.Invalid(pay.CodeMissingField, "source", "source is required")
	}
	return pay.Wire{Method: "POST", Path: "/v1/charges", Body: form.Encode(), APIVersion: "2026-03-25.dahlia"}, nil
}

func (small) Read(_ string, body json.RawMessage) (json.RawMessage, error) { return body, nil }

func (small) Parameter(_, stripes string) string { return stripes }

// direct carries requests to the sandbox without trying twice.
type direct struct{ base string }

func (d direct) Perform(ctx context.Context, access pay.Access, wire pay.Wire, key string, sent bool) pay.OperationAnswer {
	req, err := http.NewRequestWithContext(ctx, wire.Method, d.base+wire.Path, strings.NewReader(wire.Body))
	if err != nil {
		return pay.OperationAnswer{Outcome: pay.OutcomeNotSent, Err: pay.Errorf(pay.CodeInternal, "%s", err)}
	}
	req.Header.Set("Authorization", "Bearer "+access.Key.Reveal())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return pay.OperationAnswer{Outcome: pay.OutcomeInDoubt, Note: err.Error(), Err: pay.Errorf(pay.CodeInDoubt, "no answer")}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	answer := pay.OperationAnswer{Outcome: pay.OutcomeDone, Status: res.StatusCode, Body: body, RequestRef: res.Header.Get("Request-Id")}
	var said struct {
		Error struct{ Code, Message, Param string }
	}
	_ = json.Unmarshal(body, &said)
	switch {
	case err != nil, res.StatusCode >= 500, res.StatusCode == 429 && sent:
		answer.Outcome, answer.Err = pay.OutcomeInDoubt, pay.Errorf(pay.CodeInDoubt, "no clear answer")
	case res.StatusCode == 429:
		answer.Outcome, answer.Err = pay.OutcomeNotSent, pay.Errorf(pay.CodeProviderBusy, "busy")
	case res.StatusCode >= 400:
		answer.Outcome = pay.OutcomeRefused
		answer.Err = &pay.Error{Code: pay.CodeProviderRefused, Message: said.Error.Message, Field: said.Error.Param, ProviderCode: said.Error.Code}
	}
	return answer
}

// charges asks for ten dollars under a call.
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
	assert.Contains(t, string(got.Output), `"object":"balance"`)
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

func TestOperationPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.engine.RunOperation(t.Context(), w.operation("preview", func(r *engine.OperationRequest) { r.DryRun = true }))
	require.NoError(t, err)
	assert.Equal(t, &pay.OperationPreview{
		Method: "POST", Path: "/v1/charges", APIVersion: "2026-03-25.dahlia", Connection: "default", Key: got.ProviderKey,
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
