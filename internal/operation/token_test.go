package operation_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/operation"
	"florin/internal/pay"
)

// TestTokensOfWhatIsSaved makes tokens of a card and a bank account of the
// platform's customer, and charges one on the connected account.
func TestTokensOfWhatIsSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer, account := w.real(t, "", "cus_Example"), w.real(t, "", "acct_Example")
	bank := struct{ ID string }{}
	require.NoError(t, json.Unmarshal(w.do(t, "stripe.request", `{"method": "POST", "path": "/v1/customers/`+customer+`/sources", "params": {"source": "btok_us_verified"}}`), &bank))

	as := `"customer_id": "` + customer + `", "stripe_account": "` + account + `"`
	ofDefault := w.make(t, "create-token", `{`+as+`}`)
	w.do(t, "create-charge", `{"amount": 1000, "currency": "usd", "source": "`+ofDefault+`", "stripe_account": "`+account+`"}`)
	ofBank := w.make(t, "create-token", `{`+as+`, "bank_account_id": "`+bank.ID+`"}`)
	assert.Regexp(t, "^btok_", ofBank)

	answer := w.perform(t, "create-token", `{`+as+`, "card_id": "card_nothing"}`)
	require.Equal(t, pay.OutcomeRefused, answer.Outcome)
	assert.Equal(t, "card_id", w.Parameter("create-token", answer.Err.Field))
}

// TestEveryTestCardIsTheSandboxs makes a token of each published number.
func TestEveryTestCardIsTheSandboxs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, number := range operation.TestCards {
		w.make(t, "create-token", `{"test_card_number": "`+number+`", "exp_month": 12, "exp_year": 2034, "cvc": "123"}`)
	}
}
