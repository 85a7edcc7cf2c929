package operation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/operation"
	"florin/internal/operation/operationtest"
	"florin/internal/pay"
	"florin/internal/sandbox"
	"florin/internal/stripe"
)

// world is the catalogue and the real gateway before a real sandbox, over HTTP.
type world struct {
	*operation.Catalogue
	gateway *stripe.Gateway
	base    string
	access  pay.Access
	writes  int
	things  *operationtest.Account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := sandbox.Open(sandbox.Config{})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		cancel()
		assert.NoError(t, <-done)
		assert.NoError(t, s.Close())
	})
	w := &world{
		Catalogue: catalogue(t), base: server.URL,
		gateway: stripe.New(stripe.Config{Base: "http://127.0.0.1:1", SandboxBase: server.URL, RetryWait: time.Millisecond, CallTimeout: time.Minute}),
		access:  pay.Access{Kind: pay.ConnectionSandbox, Key: pay.NewSecret("sk_test_florinsandbox")},
	}
	w.things = operationtest.NewAccount(func(name, input string) json.RawMessage { return w.do(t, name, input) })
	return w
}

// make runs an operation and returns the id of what it made.
func (w *world) make(t *testing.T, name, input string) string { return w.things.Make(t, name, input) }

// real is the id that a placeholder stands for in the example of an operation.
func (w *world) real(t *testing.T, operation, id string) string {
	return w.things.Real(t, operation, id)
}

func catalogue(t require.TestingT) *operation.Catalogue {
	c, err := operation.New()
	require.NoError(t, err)
	return c
}

// wantRefusal holds an error against what a caller must be told.
func wantRefusal(t *testing.T, err error, code pay.Code, field string) string {
	t.Helper()
	var told *pay.Error
	require.ErrorAs(t, err, &told)
	assert.Equal(t, code, told.Code, told.Message)
	assert.Equal(t, field, told.Field, told.Message)
	return told.Message
}

// perform runs one operation, as the engine would.
func (w *world) perform(t *testing.T, name, input string) pay.OperationAnswer {
	t.Helper()
	wire, err := w.Compose(name, w.access.Kind, json.RawMessage(input))
	require.NoError(t, err, "%s %s", name, input)
	op, err := w.Operation(name)
	require.NoError(t, err)
	key := ""
	if op.Writes {
		w.writes++
		key = fmt.Sprintf("%s-%d", name, w.writes)
	}
	return w.gateway.Perform(t.Context(), w.access, wire, key, false)
}

// do runs an operation that must be carried out, and returns its output.
func (w *world) do(t *testing.T, name, input string) json.RawMessage {
	t.Helper()
	answer := w.perform(t, name, input)
	require.Equal(t, pay.OutcomeDone, answer.Outcome, "%s %s: %v", name, input, answer.Err)
	output, err := w.Read(name, answer.Body)
	require.NoError(t, err, "%s: %s", name, answer.Body)
	return output
}
