package pay_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// canary must be found in nothing that is printed.
const canary = "sk_test_51CANARYcanary0123456789"

type exportedHolder struct {
	Key  pay.Secret
	Keys []pay.Secret
	ByID map[string]pay.Secret
	Ptr  *pay.Secret
}

type hiddenHolder struct{ key pay.Secret }

func TestSecretIsRedactedUnderEveryVerb(t *testing.T) {
	t.Parallel()
	secret := pay.NewSecret(canary)
	values := []any{
		secret, &secret, hiddenHolder{key: secret}, &hiddenHolder{key: secret},
		exportedHolder{secret, []pay.Secret{secret}, map[string]pay.Secret{"a": secret}, &secret},
		[]any{secret}, map[string]any{"key": hiddenHolder{secret}},
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%-40v", "%T", "%p", "%t", "%w"}
	for _, verb := range verbs {
		for _, value := range values {
			assert.NotContains(t, fmt.Sprintf(verb, value), "CANARY", "%s of %T", verb, value)
			assert.NotContains(t, fmt.Sprintf(verb, value), fmt.Sprintf("%x", "CANARY"), "%s of %T", verb, value)
		}
	}
	assert.Equal(t, "[redacted]", fmt.Sprint(secret))
	assert.Equal(t, `"[redacted]"`, fmt.Sprintf("%q", secret))
	assert.Equal(t, `pay.Secret("[redacted]")`, fmt.Sprintf("%#v", secret))
}

func TestSecretIsRedactedInEveryEncoding(t *testing.T) {
	t.Parallel()
	secret := pay.NewSecret(canary)
	holder := exportedHolder{Key: secret, Keys: []pay.Secret{secret}, ByID: map[string]pay.Secret{"a": secret}, Ptr: &secret}

	asJSON, err := json.Marshal(holder)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Key":"[redacted]","Keys":["[redacted]"],"ByID":{"a":"[redacted]"},"Ptr":"[redacted]"}`, string(asJSON))

	asXML, err := xml.Marshal(secret)
	require.NoError(t, err)
	assert.Contains(t, string(asXML), "[redacted]")

	var page, lines bytes.Buffer
	require.NoError(t, template.Must(template.New("").Parse("{{.Key}} {{printf `%s` .Key}}")).Execute(&page, holder))
	assert.Equal(t, "[redacted] [redacted]", page.String())

	slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "key", secret, "holder", holder, "hidden", hiddenHolder{secret})
	slog.New(slog.NewTextHandler(&lines, nil)).Info("m", "key", secret, "holder", holder, "hidden", hiddenHolder{secret})
	assert.NotContains(t, lines.String(), "CANARY")
	assert.Contains(t, lines.String(), "[redacted]")
}

func TestSecretHint(t *testing.T) {
	t.Parallel()
	hints := map[string]string{
		"":                                        "",
		"sk_test_51CANARYcanary0123456789":        "sk_test_…6789",
		"rk_live_51CANARYcanary0123456789":        "rk_live_…6789",
		"sk_live_flr_3f2a_abcdefghijklmnop1234":   "sk_live_flr_…1234",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw":  "whsec_…LaSw",
		"sk_test_short":                           "sk_test_…",
		"hunter2":                                 "…",
		"postgres://florin:hunter2@db/florin_pay": "…_pay",
	}
	for text, hint := range hints {
		assert.Equal(t, hint, pay.NewSecret(text).Hint(), text)
	}
}

func TestSecretRevealsAndCompares(t *testing.T) {
	t.Parallel()
	secret := pay.NewSecret(canary)
	assert.Equal(t, canary, secret.Reveal())
	assert.False(t, secret.IsZero())
	assert.True(t, secret.Equal(pay.NewSecret(canary)))
	assert.False(t, secret.Equal(pay.NewSecret(canary+"x")))
	assert.False(t, secret.Equal(pay.Secret{}))

	assert.True(t, pay.NewSecret("").IsZero())
	assert.Empty(t, fmt.Sprintf("%v%s", pay.Secret{}, pay.Secret{}.Reveal()))
}
