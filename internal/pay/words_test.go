package pay_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// Every constant of type Code has a row that tells what it means and what to
// do, and no row stands twice.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	require.NoError(t, err)
	rows := map[string]int{}
	for _, info := range pay.Codes {
		rows[string(info.Code)]++
		assert.True(t, strings.HasSuffix(info.Meaning, "."), info.Code)
		assert.True(t, strings.HasSuffix(info.Remedy, "."), info.Code)
	}
	var names int
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Code") || len(spec.Values) != 1 {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			code, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			names++
			assert.Equal(t, 1, rows[code], code)
		}
		return true
	})
	assert.Equal(t, len(pay.Codes), names)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk")
	err := fmt.Errorf("while saving: %w", pay.NotFound("payment", "p1").At("payment_id").Because(cause))
	assert.True(t, pay.Is(err, pay.CodeNotFound))
	assert.ErrorIs(t, err, cause)
	assert.Equal(t, "while saving: not_found (payment_id): there is no payment p1: disk", err.Error())
	assert.Equal(t, pay.CodeInternal, pay.CodeOf(cause))
	assert.False(t, pay.Is(nil, pay.CodeInternal))
	assert.Equal(t, pay.KindNotFound, pay.InfoOf(pay.CodeNotFound).Kind)
	assert.Equal(t, pay.KindInternal, pay.InfoOf("no_such_code").Kind)
}

func TestParseID(t *testing.T) {
	t.Parallel()
	id, err := pay.ParseID(" 018F3C1E-7b1a-7c5e-9d0a-2f6b8c4d1e90 ")
	require.NoError(t, err)
	assert.Equal(t, pay.ID("018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90"), id)
	for _, bad := range []string{"", "1", "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e9g", "018f3c1e07b1a-7c5e-9d0a-2f6b8c4d1e90", strings.Repeat("-", 36)} {
		_, err := pay.ParseID(bad)
		assert.Equal(t, pay.CodeInvalidID, pay.CodeOf(err), bad)
	}
}

func TestParseIdempotencyKey(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "order-123": "order-123", `"order-123"`: "order-123", `"a\"b\\c"`: `a"b\c`, "a b": "a b", `a"b`: `a"b`,
		strings.Repeat("k", 255): strings.Repeat("k", 255),
	} {
		key, err := pay.ParseIdempotencyKey(header)
		require.NoError(t, err, header)
		assert.Equal(t, want, key)
	}
	for _, bad := range []string{`""`, `"`, `"open`, `"a"b"`, `"a\x"`, `"a\"`, " lead", "trail ", "tab\there", "ümlaut", strings.Repeat("k", 256)} {
		_, err := pay.ParseIdempotencyKey(bad)
		assert.Equal(t, pay.CodeIdempotencyInvalid, pay.CodeOf(err), bad)
	}
}

// A key that is accepted can be quoted and read back.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"order-123", `"order-123"`, `"a\"b"`, `\`, `"\\"`, "\x00", "é"} {
		f.Add(seed)
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, header string) {
		key, err := pay.ParseIdempotencyKey(header)
		if err != nil || key == "" {
			return
		}
		if len(key) > pay.MaxIdempotencyKey {
			t.Fatalf("%q is too long", key)
		}
		back, err := pay.ParseIdempotencyKey(`"` + quote.Replace(key) + `"`)
		if err != nil || back != key {
			t.Fatalf("%q came back as %q: %v", key, back, err)
		}
	})
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	a := pay.Request{Fields: map[string]string{"amount": "1", "currency": "2", "description": "3"}}
	b := pay.Request{Fields: map[string]string{"amount": "9", "currency": "2", "metadata": "4"}}
	assert.Equal(t, []string{"amount", "description", "metadata"}, a.Differences(b))
	assert.Empty(t, a.Differences(a))
}

func TestScopes(t *testing.T) {
	t.Parallel()
	all, err := pay.ParseScopes("all")
	require.NoError(t, err)
	assert.Equal(t, pay.Scopes, all)
	some, err := pay.ParseScopes("payments:read, payments:write,payments:read")
	require.NoError(t, err)
	assert.Equal(t, "payments:read,payments:write", pay.JoinScopes(some))
	for _, bad := range []string{"", "payments", "payments:admin", "all,payments:read"} {
		_, err := pay.ParseScopes(bad)
		assert.Equal(t, pay.CodeInvalidScope, pay.CodeOf(err), bad)
	}
}

func TestCheckProviderKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]pay.Code{
		"sk_test_abc123": "", "rk_test_abc123": "", "sk_test_your_stripe_secret_key": "",
		"sk_live_abc123": pay.CodeProviderKeyMode, "pk_test_abc123": pay.CodeProviderKeyKind, "whsec_abc": pay.CodeProviderKeyKind,
		"sk_test_flr_abc_def": pay.CodeProviderKeyKind, "abc": pay.CodeProviderKeyKind, "sk_abc": pay.CodeProviderKeyKind,
		"sk_test_": pay.CodeProviderKeyInvalid, "sk_test_a b": pay.CodeProviderKeyInvalid,
	} {
		err := pay.CheckProviderKey(key, pay.Test)
		if want == "" {
			assert.NoError(t, err, key)
			continue
		}
		assert.Equal(t, want, pay.CodeOf(err), key)
	}
}
