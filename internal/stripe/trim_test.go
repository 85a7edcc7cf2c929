package stripe

import (
	"encoding/json"
	"reflect"
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

// Trimmed is what a type reads, in the order it came.
func TestTrimmedIsWhatIsRead(t *testing.T) {
	t.Parallel()
	type read struct {
		ID     string             `json:"id"`
		Charge expandable[source] `json:"latest_charge"`
		Codes  []string           `json:"codes,omitempty"`
		Error  *struct {
			Code reference `json:"code"`
		} `json:"error"`
	}
	wanted := membersOf(reflect.TypeFor[read]())
	require.Equal(t, members{"id": nil, "latest_charge": membersOf(reflect.TypeFor[source]()), "codes": nil, "error": {"code": nil}}, wanted)
	require.Equal(t, `{"latest_charge":{"object":"charge","id":"ch_1"},"id":"pi_1","error":{"code":"c"},"codes":["a", {"b":1}]}`, string(wanted.of([]byte(
		`{"charges":{"data":[1,2]}, "latest_charge" : { "object": "charge", "x":[[]], "id":"ch_1" }, "id": "pi_1","error":{"code":"c","y":null},"codes":["a", {"b":1}]}`))))
}
