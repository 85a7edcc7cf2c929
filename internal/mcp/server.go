package mcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Operations is what agents are offered; the engine is one.
type Operations interface {
	// Operations is every operation that a key may run.
	Operations(key pay.APIKey) []pay.Operation
	// RunOperation carries one out.
	RunOperation(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error)
	// Approval is a write that waits, or waited, for a person.
	Approval(ctx context.Context, o pay.Owner, id pay.ID) (pay.Approval, error)
}

// Config is what the room needs.
type Config struct {
	Operations Operations
	Version    string // of the program, which clients show
	Logger     *slog.Logger
}

// toolsPerPage is how many tools a client is told of at once: all of them, as
// some clients never ask for a second page.
const toolsPerPage = 1000

const instructions = `Florin runs Stripe operations. Amounts are integers in minor units (1000 is 10.00 USD).
Give every write an idempotency_key of your own choosing and repeat the call with the same key when its outcome is unclear:
it is then carried out once. A write may come back as pending_approval: a person decides, and get-approval tells how it went.
dry_run shows the request that would be sent, and sends nothing.`

// readOnly is told in place of them to an agent that may only read, so that it
// can say why it lacks what it was asked to do.
const readOnly = `Florin reads from Stripe: amounts are integers in minor units (1000 is 10.00 USD). Only operations that read are
offered. To offer some that write, whoever started this must give an API key with the scope operations:write.`

// Server offers the operations that key may run, in the key's name. A key
// without the scope to write is offered reads only.
func (c Config) Server(key pay.APIKey) *sdk.Server {
	told := readOnly
	if key.Allows(pay.ScopeOperationsWrite) {
		told = instructions
	}
	server := sdk.NewServer(
		&sdk.Implementation{Name: "florin", Title: "Florin", Version: c.Version},
		&sdk.ServerOptions{Instructions: told, PageSize: toolsPerPage, Logger: c.Logger},
	)
	agent := agent{operations: c.Operations, key: key}
	for _, op := range c.Operations.Operations(key) {
		server.AddTool(toolOf(op), agent.runs(op))
	}
	if key.Allows(pay.ScopeOperationsWrite) {
		server.AddTool(approvalTool, agent.tellApproval)
	}
	return server
}

// ServeStdio serves one agent over standard input and output until it hangs up
// or ctx ends.
func (c Config) ServeStdio(ctx context.Context, key pay.APIKey) error {
	err := c.Server(key).Run(ctx, &sdk.StdioTransport{})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Handler serves one request of an agent over HTTP, in the name of a key that
// was authenticated at the door. It keeps no sessions, so that any instance can
// answer any request.
func (c Config) Handler(key pay.APIKey) http.Handler {
	server := c.Server(key)
	return http.MaxBytesHandler(sdk.NewStreamableHTTPHandler(
		func(*http.Request) *sdk.Server { return server },
		&sdk.StreamableHTTPOptions{Stateless: true, JSONResponse: true, Logger: c.Logger},
	), maxRequest)
}

// maxRequest bounds a request in bytes: an operation's input has a few
// hundred, and its metadata 45 values of 500.
const maxRequest = 256 << 10
