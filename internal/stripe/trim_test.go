package stripe

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is left out makes no difference to what is read: a trimmed text decodes
// to the same, or fails with the same error.
func FuzzTrim(f *testing.F) {
	for _, seed := range []string{
		`{"id":"pi_1","amount":1000,"charges":{"data":[{"id":"}"}]},"latest_charge":"ch_1"}`,
		`{ "id" : "pi_1" , "latest_charge" : { "id" : "ch_\"1\\", "x":[[{}],-1.5e3,true,null], "balance_transaction":{"fee":59,"currency":"usd"}} }`,
		`{"status":5,"metadata":{"a":"}{"}}`, `{"id":"a","id":"b"}`, `[]`, `"text"`, ` 17 `, `null`, `{`, `{"next_action":{"redirect_to_url":{"url":"u","x":{}}}}`,
		`{"last_payment_error":{"payment_method":{"card":{"brand":"visa","last4":"4242","exp":1}},"code":"c"},"payment_method":null}`,
	} {
		f.Add(seed)
	}
	foreign := regexp.MustCompile(`[A-Z]|[^ -~\s]|\\u`) // encoding/json takes "ID" and "\u0069d" for "id", which Stripe never sends
	f.Fuzz(func(t *testing.T, text string) {
		if foreign.MatchString(text) {
			return
		}
		var whole, trimmed intent
		wanted := json.Unmarshal([]byte(text), &whole)
		err := decode([]byte(text), intentMembers, &trimmed)
		if wanted == nil {
			require.NoError(t, err)
			require.Equal(t, whole, trimmed)
		} else {
			require.Error(t, err)
		}
	})
}

// Trimmed is little, and in the order it came.
func TestTrimmedIsWhatIsRead(t *testing.T) {
	t.Parallel()
	text := `{"id":"pi_1","object":"payment_intent","charges":{"data":[1,2]},"latest_charge":{"object":"charge", "id":"ch_1"},"amount": 5}`
	require.JSONEq(t, `{"id":"pi_1","latest_charge":{"id":"ch_1"},"amount":5}`, string(intentMembers.of([]byte(text))))
	require.Equal(t, members{"fee": nil, "currency": nil}, intentMembers["latest_charge"]["balance_transaction"])
	require.Equal(t, members{"id": nil, "object": nil, "payment_intent": nil, "metadata": nil}, objectMembers)
}
