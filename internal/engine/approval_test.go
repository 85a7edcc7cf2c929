package engine_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// agent is a key with limits.
func (w *world) agent(limits pay.KeyLimits) pay.APIKey {
	w.t.Helper()
	key, text, err := w.engine.CreateAPIKey(w.t.Context(), w.owner, pay.Scopes, limits)
	require.NoError(w.t, err)
	shown, err := w.engine.Authenticate(w.t.Context(), text)
	require.NoError(w.t, err)
	require.Equal(w.t, key.ID, shown.ID)
	return shown
}

func by(key pay.APIKey) func(r *engine.OperationRequest) {
	return func(r *engine.OperationRequest) { r.Key = key }
}

// Twenty calls at once never move more than the key may in a day, which goes
// on after the key was rotated; what was refused does not count.
func TestLimitsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.agent(pay.KeyLimits{MaxPerDay: map[pay.Currency]int64{"USD": 5000}})
	declined := w.operation("declined", by(key), input(`{"amount":4000,"currency":"usd","source":"tok_chargeDeclined"}`))
	_, err := w.engine.RunOperation(t.Context(), declined)
	assert.Equal(t, pay.CodeCardDeclined, pay.CodeOf(err))
	var group sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		group.Go(func() {
			_, results[i] = w.engine.RunOperation(context.Background(), w.operation("", by(key)))
		})
	}
	group.Wait()
	over := 0
	for _, err := range results {
		if err != nil {
			assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err))
			over++
		}
	}
	assert.Equal(t, 15, over)
	assert.Equal(t, 5, w.charges()-1, "and the declined one")

	_, text, err := w.engine.RotateAPIKey(t.Context(), w.owner.Merchant, key.ID, time.Hour)
	require.NoError(t, err)
	rotated, err := w.engine.Authenticate(t.Context(), text)
	require.NoError(t, err)
	_, err = w.engine.RunOperation(t.Context(), w.operation("more", by(rotated)))
	assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err))
	w.clock.Advance(24 * time.Hour)
	_, err = w.engine.RunOperation(t.Context(), w.operation("more", by(rotated)))
	require.NoError(t, err, "a new day")
}

func TestWhatAKeyMayRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.agent(pay.KeyLimits{Operations: []string{"get-*"}, MaxAmount: map[pay.Currency]int64{"USD": 999}})
	_, err := w.engine.RunOperation(t.Context(), w.operation("x", by(key)))
	assert.Equal(t, pay.CodeOperationDenied, pay.CodeOf(err))
	all := w.engine.Operations(pay.APIKey{})
	assert.Less(t, len(w.engine.Operations(key)), len(all))
	for _, op := range w.engine.Operations(key) {
		assert.Regexp(t, "^get-", op.Name)
	}
	key.Limits.Operations = nil
	_, err = w.engine.RunOperation(t.Context(), w.operation("x", by(key)))
	assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err))
	key.Scopes = []pay.Scope{pay.ScopeOperationsRead}
	_, err = w.engine.RunOperation(t.Context(), w.operation("x", by(key)))
	assert.Equal(t, pay.CodeScopeMissing, pay.CodeOf(err))
	assert.Zero(t, w.charges())
}

// asked is a write that waits for a person.
func (w *world) asked(call string) (pay.APIKey, pay.Approval) {
	w.t.Helper()
	key := w.agent(pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 999}})
	got, err := w.engine.RunOperation(w.t.Context(), w.operation(call, by(key)))
	require.NoError(w.t, err)
	require.NotNil(w.t, got.Approval)
	require.Zero(w.t, w.charges())
	return key, *got.Approval
}

// events are the types of what merchants were told, in order.
func (w *world) events() []pay.EventType {
	w.t.Helper()
	list, err := w.engine.Events(w.t.Context(), w.owner, "", nil, 100)
	require.NoError(w.t, err)
	var types []pay.EventType
	for _, e := range list.Items {
		types = append(types, e.Type)
		assert.NotContains(w.t, string(e.Body), "tok_visa")
	}
	return types
}

func TestApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, asked := w.asked("big")
	assert.JSONEq(t, `{"amount":1000,"currency":"usd","source":"tok_visa"}`, string(asked.Input))
	again, err := w.engine.RunOperation(t.Context(), w.operation("big", by(key)))
	require.NoError(t, err)
	assert.Equal(t, asked.ID, again.Approval.ID)
	_, _, err = w.engine.Decide(t.Context(), key, asked.ID, engine.Decision{Approve: true})
	assert.Equal(t, pay.CodeApprovalOwn, pay.CodeOf(err))
	_, text, err := w.engine.RotateAPIKey(t.Context(), w.owner.Merchant, key.ID, time.Hour)
	require.NoError(t, err)
	rotated, err := w.engine.Authenticate(t.Context(), text)
	require.NoError(t, err)
	_, _, err = w.engine.Decide(t.Context(), rotated, asked.ID, engine.Decision{Approve: true})
	assert.Equal(t, pay.CodeApprovalOwn, pay.CodeOf(err), "a rotated key is the same")

	person := w.agent(pay.KeyLimits{})
	approved, result, err := w.engine.Decide(t.Context(), person, asked.ID, engine.Decision{Approve: true, Note: "fine"})
	require.NoError(t, err)
	assert.Equal(t, pay.ApprovalApproved, approved.Status)
	assert.Equal(t, 1, w.charges())
	kept, err := w.engine.RunOperation(t.Context(), w.operation("big", by(key)))
	require.NoError(t, err)
	assert.Equal(t, string(result.Output), string(kept.Output))
	assert.True(t, kept.Replayed)
	_, _, err = w.engine.Decide(t.Context(), person, asked.ID, engine.Decision{})
	assert.Equal(t, pay.CodeApprovalDecided, pay.CodeOf(err))
	assert.Equal(t, []pay.EventType{pay.EventApprovalRequested, pay.EventApprovalApproved}, w.events())
}

// What was approved is carried out although whoever approved it died at once.
func TestApprovedInDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, asked := w.asked("big")
	w.fault("/v1/charges", "reset_after")
	_, _, err := w.engine.Decide(t.Context(), w.agent(pay.KeyLimits{}), asked.ID, engine.Decision{Approve: true})
	assert.Equal(t, pay.CodeInDoubt, pay.CodeOf(err))
	w.mend()
	w.after(time.Minute)
	_, err = w.engine.RunOperation(t.Context(), w.operation("big", by(key)))
	require.NoError(t, err)
	assert.Equal(t, 1, w.charges())
}

func TestNotApproved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(w *world, id pay.ID)
		code pay.Code
		want pay.EventType
	}{
		"denied": {func(w *world, id pay.ID) {
			a, _, err := w.engine.Decide(w.t.Context(), w.agent(pay.KeyLimits{}), id, engine.Decision{Note: "too much"})
			require.NoError(w.t, err)
			require.Equal(w.t, "too much", a.Note)
		}, pay.CodeApprovalDenied, pay.EventApprovalDenied},
		"expired": {func(w *world, id pay.ID) {
			w.clock.Advance(24 * time.Hour)
			_, _, err := w.engine.Decide(w.t.Context(), w.agent(pay.KeyLimits{}), id, engine.Decision{Approve: true})
			require.Equal(w.t, pay.CodeApprovalDecided, pay.CodeOf(err), "before the sweep came by")
			w.chores()
		}, pay.CodeApprovalExpired, pay.EventApprovalExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key, asked := w.asked("big")
			c.end(w, asked.ID)
			_, err := w.engine.RunOperation(t.Context(), w.operation("big", by(key)))
			assert.Equal(t, c.code, pay.CodeOf(err))
			assert.Equal(t, []pay.EventType{pay.EventApprovalRequested, c.want}, w.events())
			assert.Zero(t, w.charges())
			list, err := w.engine.Approvals(t.Context(), w.owner, []pay.ApprovalStatus{pay.ApprovalPending}, pay.Page{})
			require.NoError(t, err)
			assert.Empty(t, list.Items)
		})
	}
}

// Denied money can be spent otherwise.
func TestDeniedDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.agent(pay.KeyLimits{MaxPerDay: map[pay.Currency]int64{"USD": 1000}, Approval: pay.ApprovalRule{Need: pay.ApprovalAlways}})
	ask := func(call string) (pay.OperationResult, error) {
		return w.engine.RunOperation(t.Context(), w.operation(call, by(key), input(string(json.RawMessage(`{"amount":1000,"currency":"usd","source":"tok_visa"}`)))))
	}
	first, err := ask("one")
	require.NoError(t, err)
	_, err = ask("two")
	assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err), "what waits counts")
	_, _, err = w.engine.Decide(t.Context(), w.agent(pay.KeyLimits{}), first.Approval.ID, engine.Decision{})
	require.NoError(t, err)
	_, err = ask("two")
	require.NoError(t, err)
}
