package cli_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/api"
	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/client"
	"florin/internal/operation/operationtest"
	"florin/internal/pay"
)

// caller is a merchant with an account of its own at Stripe.
type caller struct {
	server *app.Server
	key    string
}

// refusal is why an operation was not carried out, as a caller is told.
type refusal struct{ Code, Field, Message string }

// door is a way to an operation. It gives the output, or why there is none.
type door func(t *testing.T, c caller, operation, input string) (json.RawMessage, refusal)

// doors are all ways that people and programs have to an operation.
var doors = map[string]door{"http": overHTTP, "command": byCommand, "agent": asAgent, "flow": byFlow}

// asked are the operations that users were promised by name; the catalogue has
// many more.
var asked = []string{
	"get-balance", "create-customer", "list-customers", "get-customer", "find-customer", "update-customer", "delete-customer",
	"create-coupon", "list-coupons", "create-payment-intent", "get-payment-intent", "cancel-payment-intent", "create-token",
	"create-charge", "list-charges", "get-charge", "update-charge", "create-refund", "get-refund", "attach-payment-method",
	"get-payment-method", "detach-payment-method", "create-product", "create-meter", "create-meter-event",
}

// besides are inputs that the examples do not show.
var besides = map[string]string{
	"create-charge": `{"amount": 1000, "currency": "usd", "source": "tok_visa", "shipping_name": "Ann Example", "shipping_address_line1": "1 Main Street",
		"shipping_address_city": "Bath", "shipping_address_country": "GB", "shipping_phone": "+1 555 0100", "shipping_carrier": "UPS", "shipping_tracking_number": "1Z"}`,
	"create-customer": `{"email": "ann@example.com", "name": "Ann Example", "phone": "+1 555 0100", "shipping_name": "Bo", "shipping_address_line1": "1 Main Street"}`,
}

// TestEveryOperationThroughEveryDoor carries out the example of each operation
// over HTTP, by a command, as an agent and in a flow, each in an account of its
// own where the same things were made before. All must give the same, but for
// ids and times. An operation without an example that works fails.
func TestEveryOperationThroughEveryDoor(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	operations, err := app.Operations()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, op := range operations {
		names[op.Name] = true
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			sameThroughEveryDoor(t, server, op)
			if input := besides[op.Name]; input != "" {
				op.Example = json.RawMessage(input)
				sameThroughEveryDoor(t, server, op)
			}
		})
	}
	for _, name := range asked {
		assert.True(t, names[name], "%s is promised", name)
	}
}

func sameThroughEveryDoor(t *testing.T, server *app.Server, op pay.Operation) {
	t.Helper()
	var want any
	for name, through := range doors {
		c := newCaller(t, server)
		account := operationtest.NewAccount(func(operation, input string) json.RawMessage {
			output, why := overHTTP(t, c, operation, input)
			require.Empty(t, why, "%s %s", operation, input)
			return output
		})
		output, why := through(t, c, op.Name, account.Example(t, op))
		var got any = why
		if says := operationtest.RefusedBySandbox[op.Name]; says != "" {
			require.Contains(t, why.Message, says, name)
			why.Message = (&likeness{}).of("", why.Message).(string)
			got = why
		} else {
			require.Empty(t, why, name)
			got = comparable(t, output)
		}
		if want == nil {
			want = got
		}
		assert.Equal(t, want, got, "%s by %s is not what the others get", op.Name, name)
	}
}

// TestEveryRuleThroughEveryDoor breaks each rule between parameters. All doors
// refuse it in the same words and name the parameter as its caller knows it.
func TestEveryRuleThroughEveryDoor(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	c := newCaller(t, server)
	for i, b := range operationtest.BrokenRules {
		t.Run(fmt.Sprint(b.Operation, i), func(t *testing.T) {
			t.Parallel()
			for name, through := range doors {
				_, why := through(t, c, b.Operation, b.Input)
				assert.Equal(t, refusal{string(b.Code), b.Field, b.Rule}, why, name)
			}
		})
	}
}

func newCaller(t *testing.T, server *app.Server) caller {
	t.Helper()
	merchant, err := server.Engine.CreateMerchant(t.Context(), "m"+rand.Text())
	require.NoError(t, err)
	owner := pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	_, key, err := server.Engine.CreateAPIKey(t.Context(), owner, pay.Scopes, pay.KeyLimits{})
	require.NoError(t, err)
	return caller{server, key}
}

func overHTTP(t *testing.T, c caller, operation, input string) (json.RawMessage, refusal) {
	done, err := client.New(c.server.URL(), c.key, nil).Run(t.Context(), client.RunOperation{Operation: operation, Input: json.RawMessage(input)})
	var refused *client.Error
	if errors.As(err, &refused) {
		return nil, refusal{refused.Code, refused.Field, refused.Message}
	}
	require.NoError(t, err, "%s %s", operation, input)
	return done.Data, refusal{}
}

// told is how a command says why it failed.
var told = regexp.MustCompile(`(?m)^error: (\w+): (.*?)(?: \(([^ ]+)\))?$`)

func byCommand(t *testing.T, c caller, operation, input string) (json.RawMessage, refusal) {
	args := append([]string{"stripe", operation, "--json", "--url", c.server.URL(), "--key", c.key}, asFlags(t, json.RawMessage(input))...)
	code, out, said := runCLI(args...)
	if code == 0 {
		return json.RawMessage(out), refusal{}
	}
	why := told.FindStringSubmatch(said)
	require.NotNil(t, why, "%v: %s", args, said)
	return nil, refusal{why[1], why[3], why[2]}
}

// keyed sends an API key with every request.
type keyed string

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(k))
	return http.DefaultTransport.RoundTrip(r)
}

func asAgent(t *testing.T, c caller, operation, input string) (json.RawMessage, refusal) {
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: c.server.URL() + api.AgentsPath, HTTPClient: &http.Client{Transport: keyed(c.key)},
	}, nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, session.Close()) }()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: operation, Arguments: json.RawMessage(input)})
	require.NoError(t, err, operation)
	text := []byte(result.Content[0].(*sdk.TextContent).Text)
	if !result.IsError {
		return text, refusal{}
	}
	var why struct{ Error refusal }
	require.NoError(t, json.Unmarshal(text, &why), "%s", text)
	return nil, why.Error
}

// inHalves writes Stripe's test card so that a document may hold it: what looks
// like a card number is refused in whatever is kept.
var inHalves = strings.NewReplacer(`"4242424242424242"`, `"${'42424242' + '42424242'}"`)

// byFlow runs the operation as the one step of a flow.
func byFlow(t *testing.T, c caller, operation, input string) (json.RawMessage, refusal) {
	name := "f" + strings.ToLower(rand.Text())
	document := fmt.Sprintf("flow: %s\non: manual\nsteps:\n- id: only\n  do: %s\n  with: %s\n", name, operation, inHalves.Replace(input))
	over := client.New(c.server.URL(), c.key, nil)
	_, err := over.ApplyFlow(t.Context(), document)
	require.NoError(t, err, document)
	run, err := over.RunFlow(t.Context(), name, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		run, err = over.FlowRun(t.Context(), run.ID)
		return err != nil || run.Ended()
	}, patience, 10*time.Millisecond)
	require.NoError(t, err)
	require.Len(t, run.Steps, 1)
	if why := run.Error; why != nil {
		require.NotNil(t, why.Step)
		assert.Equal(t, "only", *why.Step)
		told := refusal{Code: why.Code, Message: why.Message}
		if why.Field != nil {
			told.Field = *why.Field
		}
		return nil, told
	}
	return run.Steps[0].Output, refusal{}
}
