package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/cli"
	"florin/internal/client"
)

// TestEveryOperationHasItsCommand asks for the example of every operation as
// JSON over HTTP and as flags on the command line: both must mean the same
// request to Stripe.
func TestEveryOperationHasItsCommand(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	operations, err := app.Operations()
	require.NoError(t, err)
	over := client.New(server.URL(), server.Key, nil)
	for _, op := range operations {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			want, err := over.Run(t.Context(), client.RunOperation{Operation: op.Name, Input: op.Example, DryRun: true})
			require.NoError(t, err)
			args := append([]string{"stripe", op.Name, "--dry-run", "--json", "--url", server.URL(), "--key", server.Key}, asFlags(t, op.Example)...)
			code, out, said := runCLI(args...)
			require.Zero(t, code, "%v: %s", args, said)
			var got, wanted map[string]any
			require.NoError(t, json.Unmarshal([]byte(out), &got))
			require.NoError(t, json.Unmarshal(want.Data, &wanted))
			delete(got, "idempotency_key") // each asked under a key of its own
			delete(wanted, "idempotency_key")
			assert.Equal(t, wanted, got)

			code, help, _ := runCLI("stripe", op.Name, "--help")
			require.Zero(t, code)
			for _, p := range op.Parameters {
				assert.Contains(t, help, strings.ReplaceAll(p.Name, "_", "-"), "%s has no flag", p.Name)
			}
		})
	}
}

// asFlags writes an input as a person would.
func asFlags(t *testing.T, input json.RawMessage) []string {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(input, &fields))
	var flags []string
	for name, value := range fields {
		text := string(value)
		var plain string
		if json.Unmarshal(value, &plain) == nil {
			text = plain
		}
		flag := strings.ReplaceAll(name, "_", "-")
		if flag == "url" {
			flag = "stripe-url"
		}
		flags = append(flags, fmt.Sprintf("--%s=%s", flag, text))
	}
	return flags
}

// runCLI runs the program within the test.
func runCLI(args ...string) (code int, out, said string) {
	var stdout, stderr bytes.Buffer
	none := func(string) string { return "" }
	code = cli.Main(context.Background(), args, cli.IO{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Getenv: none})
	return code, stdout.String(), stderr.String()
}

// TestAnUnknownOperationIsNamed whatever its flags are, with what was meant.
func TestAnUnknownOperationIsNamed(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"stripe", "create-charg"}, {"stripe", "create-charg", "--amount", "1"}} {
		code, out, said := runCLI(args...)
		assert.Equal(t, 2, code)
		assert.Empty(t, out)
		assert.Contains(t, said, "there is no operation create-charg; there is create-charge")
		assert.NotContains(t, said, "amount")
	}
	code, _, said := runCLI("stripe", "--no-such-flag")
	assert.Equal(t, 2, code)
	assert.Contains(t, said, "unknown flag: --no-such-flag")
}

// TestDoubtIsSaidOnlyWhereThereIsAny tells a server that was not there from one
// that took the request and said nothing.
func TestDoubtIsSaidOnlyWhereThereIsAny(t *testing.T) {
	t.Parallel()
	charge := []string{"stripe", "create-charge", "--amount=1000", "--currency=usd", "--source=tok_visa", "--key=k", "--idempotency-key=order-17"}
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer silent.Close()
	code, _, said := runCLI(append(charge, "--url", silent.URL)...)
	assert.Equal(t, 1, code)
	assert.Contains(t, said, "not certain")
	assert.Contains(t, said, "--idempotency-key order-17")

	code, _, said = runCLI(append(charge, "--url", "http://127.0.0.1:1")...)
	assert.Equal(t, 1, code)
	assert.NotContains(t, said, "not certain")
	assert.Contains(t, said, "is florin serve running?")
}

// TestAmountsHaveTheirUnit beside the table, where it does not disturb what
// reads the table.
func TestAmountsHaveTheirUnit(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	for operation, amounts := range map[string]bool{"get-balance": true, "list-events": false} {
		for _, form := range []string{"--json=false", "--json"} {
			code, out, said := runCLI("stripe", operation, form, "--url", server.URL(), "--key", server.Key)
			require.Zero(t, code, said)
			assert.NotContains(t, out, "minor units")
			assert.Equal(t, amounts && form != "--json", strings.Contains(said, "minor units"), "%s %s: %s", operation, form, said)
		}
	}
}

// TestACauseOnThisSideIsNotBlamedOnTheServer names the file that is not there.
func TestACauseOnThisSideIsNotBlamedOnTheServer(t *testing.T) {
	t.Parallel()
	code, _, said := runCLI("flow", "apply", filepath.Join(t.TempDir(), "nope.yaml"), "--key=k", "--url", "http://127.0.0.1:1")
	assert.Equal(t, 1, code)
	assert.Contains(t, said, "nope.yaml")
	assert.NotContains(t, said, "florin serve")
}
