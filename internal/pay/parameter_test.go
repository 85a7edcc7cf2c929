package pay_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

var listCharges = pay.Operation{
	Name: "list-charges",
	Parameters: []pay.Parameter{
		{Name: "limit", Type: "integer"}, {Name: "percent_off", Type: "number"}, {Name: "confirm", Type: "boolean"}, {Name: "expand", Type: "array"},
		{Name: "created", Type: "object"}, {Name: "metadata", Type: "object"}, {Name: "customer_id", Type: "string"},
	},
	Input: []byte(`{"type":"object","properties":{"created":{"type":"object","properties":{"gte":{"type":"integer"}}},"metadata":{"type":"object"}}}`),
}

func TestInputFromTexts(t *testing.T) {
	t.Parallel()
	got, err := listCharges.ParseInput([]pay.Given{
		{Name: "limit", Value: "10"}, {Name: "percent_off", Value: "12.50"}, {Name: "confirm", Value: "true"}, {Name: "expand", Value: "a,b"}, {Name: "expand", Value: `["c"]`},
		{Name: "created[gte]", Value: "17"}, {Name: "created.lt", Value: "18"}, {Name: "metadata", Value: "order=17"}, {Name: "metadata", Value: "x=a=b"},
		{Name: "customer_id", Value: "123"}, {Name: "colour", Value: "red"},
	})
	require.NoError(t, err)
	assert.JSONEq(t, `{"limit":10,"percent_off":12.50,"confirm":true,"expand":["a","b","c"],"created":{"gte":17,"lt":"18"},
		"metadata":{"order":"17","x":"a=b"},"customer_id":"123","colour":"red"}`, string(got))
	got, err = listCharges.ParseInput([]pay.Given{{Name: "metadata", Value: `{"order":17.10}`}})
	require.NoError(t, err)
	assert.Equal(t, `{"metadata":{"order":17.10}}`, string(got), "digits are kept")
	for _, wrong := range [][]pay.Given{
		{{Name: "limit", Value: "ten"}}, {{Name: "percent_off", Value: "NaN"}}, {{Name: "confirm", Value: "maybe"}}, {{Name: "created", Value: "yesterday"}},
		{{Name: "created[gte]", Value: "x"}}, {{Name: "limit", Value: "1"}, {Name: "limit", Value: "2"}}, {{Name: "metadata", Value: "{"}}, {{Name: "expand", Value: "[1"}},
	} {
		_, err := listCharges.ParseInput(wrong)
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(err), "%v", wrong)
	}
}

func TestMovementOfAnInput(t *testing.T) {
	t.Parallel()
	charge := pay.Operation{Amount: "amount", Currency: "currency"}
	deep := pay.Operation{Amount: "params.amount", Currency: "params.currency"}
	for _, c := range []struct {
		op    pay.Operation
		input string
		want  pay.Movement
	}{
		{charge, `{"amount":5,"currency":"usd"}`, pay.Movement{Stated: true, Known: true, Amount: 5, Currency: "USD"}},
		{charge, `{"amount":5}`, pay.Movement{Stated: true, Known: true, Amount: 5}},
		{charge, `{"amount":-5,"currency":"xxx"}`, pay.Movement{Stated: true, Currency: "another"}},
		{charge, `{"amount":null,"currency":null}`, pay.Movement{Stated: true}},
		{charge, `{"amount":5.0,"currency":"Usd"}`, pay.Movement{Stated: true, Known: true, Amount: 5, Currency: "USD"}},
		{charge, `{"amount":5.5}`, pay.Movement{Stated: true}},
		{charge, `{"amount":1e400}`, pay.Movement{Stated: true}},
		{charge, `{"amount":"5"}`, pay.Movement{Stated: true}},
		{charge, `{}`, pay.Movement{Stated: true}},
		{charge, `[]`, pay.Movement{Stated: true}},
		{deep, `{"params":{"amount":5,"currency":"jpy"}}`, pay.Movement{Stated: true, Known: true, Amount: 5, Currency: "JPY"}},
		{deep, `{"params":7}`, pay.Movement{Stated: true}},
		{pay.Operation{}, `{"amount":5}`, pay.Movement{}},
	} {
		assert.Equal(t, c.want, pay.MovementOf(c.op, []byte(c.input)), c.input)
	}
}

func TestKeyLimits(t *testing.T) {
	t.Parallel()
	var limits pay.KeyLimits
	assert.True(t, limits.IsZero() && limits.Allow("create-charge"))
	limits.Operations = []string{"get-*", "create-refund"}
	assert.True(t, limits.Allow("get-balance") && limits.Allow("create-refund"))
	assert.False(t, limits.Allow("create-charge"))
	var err error
	limits.MaxAmount, err = pay.ParseAmountLimits("max_amount", []string{"usd:10000"})
	require.NoError(t, err)
	limits.MaxPerDay, err = pay.ParseAmountLimits("max_per_day", []string{"usd:50000", "EUR:7"})
	require.NoError(t, err)
	limits.Approval, err = pay.ParseApprovalRule("above:5000")
	require.NoError(t, err)
	assert.Equal(t, "allow get-* create-refund, max usd:10000, per day eur:7, per day usd:50000, approval above:5000", limits.String())

	spent := func(pay.Currency) (int64, error) { return 45_000, nil }
	usd := func(amount int64) pay.Movement {
		return pay.Movement{Stated: true, Known: true, Amount: amount, Currency: "USD"}
	}
	for name, c := range map[string]struct {
		m    pay.Movement
		code pay.Code
	}{
		"just enough":                    {usd(5000), ""},
		"over the day":                   {usd(5001), pay.CodeAmountOverLimit},
		"over the call":                  {usd(10_001), pay.CodeAmountOverLimit},
		"another currency":               {pay.Movement{Stated: true, Known: true, Amount: 1, Currency: "GBP"}, pay.CodeAmountOverLimit},
		"any currency counts in all":     {pay.Movement{Stated: true, Known: true, Amount: 1}, pay.CodeAmountOverLimit},
		"no amount":                      {pay.Movement{Stated: true}, pay.CodeAmountOverLimit},
		"an operation without an amount": {pay.Movement{}, ""},
	} {
		err := limits.Check(c.m, "amount", spent)
		if c.code == "" {
			assert.NoError(t, err, name)
		} else {
			assert.Equal(t, c.code, pay.CodeOf(err), name)
		}
	}
	assert.False(t, limits.NeedsApproval(usd(5000)))
	assert.True(t, limits.NeedsApproval(usd(5001)))
	assert.True(t, limits.NeedsApproval(pay.Movement{Stated: true}), "who knows how much")
	assert.False(t, limits.NeedsApproval(pay.Movement{}))
	for _, wrong := range []string{"always", "above", "above:-1", "above:x"} {
		_, err := pay.ParseApprovalRule(wrong)
		assert.Error(t, err, wrong)
	}
	for _, wrong := range []string{"usd", "usd:-1", "usd:1.5", "xxx:1"} {
		_, err := pay.ParseAmountLimits("max_amount", []string{wrong})
		assert.Error(t, err, wrong)
	}
	_, err = pay.ParseOperationGlobs([]string{"get-["})
	assert.Error(t, err)
}
