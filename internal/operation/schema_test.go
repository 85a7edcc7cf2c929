package operation_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestTheSchemasOfACoupon compares both schemas with those in testdata, which
// people have read. After a change that is meant: go test -update.
func TestTheSchemasOfACoupon(t *testing.T) {
	t.Parallel()
	op, err := catalogue(t).Operation("create-coupon")
	require.NoError(t, err)
	for name, schema := range map[string]json.RawMessage{"create-coupon.input.json": op.Input, "create-coupon.output.json": op.Output} {
		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, schema, "", "  "))
		indented.WriteByte('\n')
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(file, indented.Bytes(), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), indented.String())
	}
}

// TestOperationsAreFoundByTheirNames, and nearly.
func TestOperationsAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	_, err := c.Operation("create-chrage")
	assert.Contains(t, wantRefusal(t, err, pay.CodeOperationNotFound, "operation"), "there is create-charge")
	_, err = c.Compose("refund", pay.ConnectionStripe, nil)
	assert.Contains(t, wantRefusal(t, err, pay.CodeOperationNotFound, "operation"), "-refund")
	_, err = c.Read("nothing-like-it-anywhere", nil)
	wantRefusal(t, err, pay.CodeOperationNotFound, "operation")
	_, err = c.Read("get-charge", json.RawMessage(`{"id": 5}`))
	assert.True(t, pay.Is(err, pay.CodeInDoubt), err)
}

// seeds are the operations that must be there, by the names that flows and
// people know.
var seeds = []string{
	"get-balance", "list-customers", "create-customer", "get-customer", "update-customer", "delete-customer", "find-customer",
	"create-coupon", "list-coupons", "create-payment-intent", "get-payment-intent", "cancel-payment-intent", "list-charges", "create-charge",
	"update-charge", "get-charge", "create-refund", "get-refund", "attach-payment-method", "get-payment-method", "detach-payment-method",
	"create-meter-event", "create-token", "create-product",
}

// TestEveryOperationIsDescribed lets no operation or parameter go without words.
func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, name := range seeds {
		_, err := c.Operation(name)
		assert.NoError(t, err)
	}
	for _, op := range c.Operations() {
		for _, text := range []string{op.Name, op.Title, op.Summary, op.Resource, op.Method, op.Path} {
			assert.NotEmpty(t, text, op.Name)
		}
		assert.Regexp(t, `^[a-z]+([-.][a-z]+)+$`, op.Name)
		for _, p := range op.Parameters {
			assert.Regexp(t, `\.$`, p.Description, "%s: %s", op.Name, p.Name)
			assert.Regexp(t, `^[a-z0-9_]+$`, p.Name)
			assert.Contains(t, []string{"string", "integer", "number", "boolean", "object", "array"}, p.Type)
		}
		if op.Writes && (op.Method == "POST") && hasMetadata(op) {
			_, ok := op.Parameter("metadata")
			assert.True(t, ok, "%s takes no metadata", op.Name)
		}
	}
}

// hasMetadata reports whether an operation makes or changes something that can
// be labelled.
func hasMetadata(op pay.Operation) bool {
	switch op.Name {
	case "create-token", "create-meter", "create-meter-event", "create-account-link":
		return false
	}
	return bytes.HasPrefix([]byte(op.Name), []byte("create-")) || bytes.HasPrefix([]byte(op.Name), []byte("update-"))
}
