package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// comparable is an output in which ids and times are replaced by what they are:
// two that differ in nothing else are equal. An id keeps its kind and gets a
// number, the same wherever it stands.
func comparable(t *testing.T, output json.RawMessage) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(output))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value), "%s", output)
	return (&likeness{}).of("", value)
}

// likeness remembers which ids there were.
type likeness struct{ ids []string }

// idLike is an id of Stripe, a secret of an address, an invoice's number or the
// code of a promotion.
var idLike = regexp.MustCompile(`[a-z]+_[A-Za-z0-9_]{8,}|[A-Za-z0-9]{20,}|\b[A-Z0-9]{8}\b`)

// madeUp are fields whose text is made up for each account or object.
var madeUp = []string{"authorization_code", "fingerprint", "idempotency_key", "invoice_prefix", "network_transaction_id"}

func (l *likeness) of(name string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		like := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			like[name] = l.of(name, v[name])
		}
		return like
	case []any:
		like := make([]any, len(v))
		for i := range v {
			like[i] = l.of(name, v[i])
		}
		return like
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil && n > 1_600_000_000 && n < 4_000_000_000 {
			return "a time"
		}
	case string:
		if slices.Contains(madeUp, name) {
			return "a " + name
		}
		return idLike.ReplaceAllStringFunc(v, l.id)
	}
	return value
}

// id numbers what is an id; words such as charge_automatically have no digit
// or capital.
func (l *likeness) id(text string) string {
	if strings.ToLower(text) == text && !strings.ContainsAny(text, "0123456789") {
		return text
	}
	if !slices.Contains(l.ids, text) {
		l.ids = append(l.ids, text)
	}
	kind, _, named := strings.Cut(text, "_")
	if !named {
		kind = "secret"
	}
	return fmt.Sprint(kind, " ", slices.Index(l.ids, text))
}
