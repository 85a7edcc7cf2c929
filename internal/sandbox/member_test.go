package sandbox

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Members and elements are those that encoding/json finds, in their order, for
// whatever it can write.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `{"a":1,"b":[1,{"c":"}]\\\""}],"\u00e9\"":null}`, `["x","",{},[]]`, `"text"`, `null`, `-1.5e3`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var tight bytes.Buffer
		if !utf8.ValidString(text) || json.Compact(&tight, []byte(text)) != nil {
			return
		}
		raw := tight.Bytes()
		switch raw[0] {
		case '{':
			var all map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &all))
			found := map[string]json.RawMessage{}
			for _, m := range membersOf(raw) {
				found[m.name] = m.value
			}
			require.Equal(t, all, found)
			require.JSONEq(t, string(raw), string(joinMembers(membersOf(raw))))
		case '[':
			var all []json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &all))
			require.Equal(t, all, append([]json.RawMessage{}, elementsOf(raw)...))
		default:
			require.Empty(t, membersOf(raw))
		}
	})
}
