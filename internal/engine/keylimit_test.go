package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// unsent has Stripe turn a call away before anything is done, and returns what
// lets calls through again.
func (w *world) unsent(r engine.OperationRequest) (again func()) {
	w.t.Helper()
	door := w.performer.Swap(refusing{})
	_, err := w.engine.RunOperation(w.t.Context(), r)
	require.Equal(w.t, pay.CodeProviderKeyInvalid, pay.CodeOf(err))
	return func() { w.performer.Swap(door) }
}

// A key spends on the day on which its calls are carried out, whenever it asked
// for them.
func TestSpendingCountsWhenSent(t *testing.T) {
	t.Parallel()
	for name, askYesterday := range map[string]func(w *world, key pay.APIKey) (carryOut func()){
		"one that waits for a person": func(w *world, key pay.APIKey) func() {
			got, err := w.engine.RunOperation(w.t.Context(), w.operation("late", by(key)))
			require.NoError(w.t, err)
			return func() {
				_, _, err := w.engine.Decide(w.t.Context(), w.agent(pay.KeyLimits{}), got.Approval.ID, engine.Decision{Approve: true})
				require.NoError(w.t, err)
			}
		},
		"one that was turned away": func(w *world, key pay.APIKey) func() {
			key.Limits.Approval = pay.ApprovalRule{}
			w.unsent(w.operation("late", by(key)))()
			return func() {
				_, err := w.engine.RunOperation(w.t.Context(), w.operation("late", by(key)))
				require.NoError(w.t, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key := w.agent(pay.KeyLimits{MaxPerDay: map[pay.Currency]int64{"USD": 1500}, Approval: pay.ApprovalRule{Need: pay.ApprovalAlways}})
			carryOut := askYesterday(w, key)
			now := w.clock.Now()
			w.clock.Advance(pay.DayOf(now).Add(24 * time.Hour).Sub(now)) // into the next day, before an approval expires
			carryOut()
			require.Equal(t, 1, w.charges())
			_, err := w.engine.RunOperation(t.Context(), w.operation("more", by(key)))
			assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err))
			assert.Equal(t, 1, w.charges())
		})
	}
}

// A try that was turned away does not hide the next one from the limits.
func TestWhatIsTriedAgainCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.agent(pay.KeyLimits{MaxPerDay: map[pay.Currency]int64{"USD": 1500}})
	w.unsent(w.operation("again", by(key)))()
	w.fault("/v1/charges", "reset_after")
	_, err := w.engine.RunOperation(t.Context(), w.operation("again", by(key)))
	assert.Equal(t, pay.CodeInDoubt, pay.CodeOf(err))
	w.mend()
	_, err = w.engine.RunOperation(t.Context(), w.operation("more", by(key)))
	assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err))
}

// A limited key that asks for what another key's call left undone is held to
// its own limits: it needs its own approval, and it spends.
func TestAnothersUnsentCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss, person := w.agent(pay.KeyLimits{}), w.agent(pay.KeyLimits{})
	agent := w.agent(pay.KeyLimits{MaxPerDay: map[pay.Currency]int64{"USD": 1500}, Approval: pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 999}})
	w.unsent(w.operation("undone", by(boss)))()
	got, err := w.engine.RunOperation(t.Context(), w.operation("undone", by(agent)))
	require.NoError(t, err)
	require.NotNil(t, got.Approval)
	assert.Zero(t, w.charges())
	_, err = w.engine.RunOperation(t.Context(), w.operation("more", by(agent)))
	assert.Equal(t, pay.CodeAmountOverLimit, pay.CodeOf(err), "what waits is the agent's")
	_, _, err = w.engine.Decide(t.Context(), person, got.Approval.ID, engine.Decision{Approve: true})
	require.NoError(t, err)
	assert.Equal(t, 1, w.charges())
}

// What was approved and turned away is told as such, and needs no second word
// when the same key asks again; another key's asking needs one.
func TestApprovedAndUnsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, asked := w.asked("big")
	person := w.agent(pay.KeyLimits{})
	door := w.performer.Swap(refusing{})
	_, _, err := w.engine.Decide(t.Context(), person, asked.ID, engine.Decision{Approve: true})
	require.Equal(t, pay.CodeProviderKeyInvalid, pay.CodeOf(err))
	w.performer.Swap(door)
	_, _, err = w.engine.Decide(t.Context(), person, asked.ID, engine.Decision{Approve: true})
	assert.Equal(t, pay.CodeUnavailable, pay.CodeOf(err))
	assert.ErrorContains(t, err, "was not carried out")
	assert.ErrorContains(t, err, `"big"`)
	other := w.agent(pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAlways}})
	anew, err := w.engine.RunOperation(t.Context(), w.operation("big", by(other)))
	require.NoError(t, err)
	require.NotNil(t, anew.Approval)
	assert.NotEqual(t, asked.ID, anew.Approval.ID)
	_, waiting, err := w.engine.Decide(t.Context(), person, asked.ID, engine.Decision{Approve: true})
	require.NoError(t, err)
	assert.Equal(t, anew.Approval.ID, waiting.Approval.ID)
	assert.Zero(t, w.charges())

	key2, asked2 := w.asked("big 2")
	_ = key
	again := w.performer.Swap(refusing{})
	_, _, err = w.engine.Decide(t.Context(), person, asked2.ID, engine.Decision{Approve: true})
	require.Error(t, err)
	w.performer.Swap(again)
	_, err = w.engine.RunOperation(t.Context(), w.operation("big 2", by(key2)))
	require.NoError(t, err)
	assert.Equal(t, 1, w.charges())
}

// However an amount and its currency are written, they are held to the limits.
func TestNothingSlipsPastLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	charge, err := w.engine.RunOperation(t.Context(), w.operation("first"))
	require.NoError(t, err)
	id := w.atStripe("GET", "/v1/charges?limit=1", "")["data"].([]any)[0].(map[string]any)["id"].(string)
	require.Contains(t, string(charge.Output), id)
	key := w.agent(pay.KeyLimits{MaxAmount: map[pay.Currency]int64{"USD": 999}})
	asking := w.agent(pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 999}})
	raw := func(params string) [2]string {
		return [2]string{"stripe.request", `{"method":"POST","path":"/v1/charges","params":` + params + `}`}
	}
	for name, c := range map[string]struct {
		asks [2]string
		code pay.Code // with limits on amounts; nothing is ever sent
		must bool     // with a need for approval: refused with the same code
	}{
		"currency in capitals":           {[2]string{"create-charge", `{"amount":1000,"currency":"USD","source":"tok_visa"}`}, pay.CodeAmountOverLimit, false},
		"currency in both":               {[2]string{"create-charge", `{"amount":1000,"currency":"Usd","source":"tok_visa"}`}, pay.CodeAmountOverLimit, false},
		"another currency":               {[2]string{"create-charge", `{"amount":1000,"currency":"JPY","source":"tok_visa"}`}, pay.CodeAmountOverLimit, false},
		"a number with a point":          {[2]string{"create-charge", `{"amount":1000.0,"currency":"usd","source":"tok_visa"}`}, pay.CodeAmountOverLimit, false},
		"a number with an exponent":      {[2]string{"create-charge", `{"amount":1e3,"currency":"usd","source":"tok_visa"}`}, pay.CodeAmountOverLimit, false},
		"a field given twice":            {[2]string{"create-charge", `{"amount":1000,"currency":"usd","source":"tok_visa","amount":1}`}, pay.CodeInvalidField, true},
		"the small one first":            {[2]string{"create-charge", `{"amount":1,"currency":"usd","source":"tok_visa","amount":1000}`}, pay.CodeInvalidField, true},
		"all that there is, as null":     {[2]string{"create-refund", `{"charge_id":"` + id + `","amount":null}`}, pay.CodeAmountOverLimit, false},
		"any endpoint":                   {raw(`{"amount":1000,"currency":"usd","source":"tok_visa"}`), pay.CodeAmountOverLimit, false},
		"any endpoint, in capitals":      {raw(`{"amount":1000,"currency":"USD","source":"tok_visa"}`), pay.CodeAmountOverLimit, false},
		"any endpoint, as text":          {raw(`{"amount":"1000","currency":"usd","source":"tok_visa"}`), pay.CodeAmountOverLimit, false},
		"any endpoint, odd currency":     {raw(`{"amount":1,"currency":"zzz","source":"tok_visa"}`), pay.CodeAmountOverLimit, false},
		"any endpoint, given twice":      {raw(`{"amount":1,"currency":"usd","source":"tok_visa","amount":1000}`), pay.CodeInvalidField, true},
		"any endpoint, params twice":     {[2]string{"stripe.request", `{"method":"POST","path":"/v1/charges","params":{"amount":1},"params":{"amount":1000,"currency":"usd"}}`}, pay.CodeInvalidField, true},
		"any endpoint that tells no sum": {[2]string{"stripe.request", `{"method":"POST","path":"/v1/charges/` + id + `/refund"}`}, pay.CodeAmountOverLimit, false},
	} {
		operation := func(r *engine.OperationRequest) { r.Operation = c.asks[0] }
		_, err := w.engine.RunOperation(t.Context(), w.operation("", by(key), operation, input(c.asks[1])))
		assert.Equal(t, c.code, pay.CodeOf(err), "%s: %v", name, err)
		if name == "any endpoint, odd currency" {
			continue // a small amount needs no approval
		}
		got, err := w.engine.RunOperation(t.Context(), w.operation("", by(asking), operation, input(c.asks[1])))
		if c.must {
			assert.Equal(t, c.code, pay.CodeOf(err), "%s: %v", name, err)
			continue
		}
		require.NoError(t, err, name)
		assert.NotNil(t, got.Approval, name)
	}
	assert.Equal(t, 1, w.charges())
	assert.Equal(t, 1, w.posts("/v1/charges"))
	assert.Zero(t, w.posts("/v1/refunds"))
}
