package cli_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
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
	"florin/internal/engine/automation"
	"florin/internal/pay"
)

// stop is one operation of the journey: its input may name ids of earlier
// answers, as in {cus}, and its own id is kept under a name.
type stop struct{ operation, input, as string }

// journey is every operation that the documents ask for, each with what an
// earlier one made.
var journey = []stop{
	{"get-balance", `{}`, ""},
	{"create-customer", `{"email": "ann@example.com", "name": "Ann", "phone": "+1 555 0100", "shipping_name": "Bo", "shipping_address_line1": "1 Main Street"}`, "cus"},
	{"list-customers", `{"limit": 10, "email": "ann@example.com"}`, ""},
	{"get-customer", `{"customer_id": "{cus}"}`, ""},
	{"find-customer", `{"customer_id": "{cus}"}`, ""},
	{"update-customer", `{"customer_id": "{cus}", "description": "A good one", "metadata": {"plan": "gold"}}`, ""},
	{"create-coupon", `{"id": "SUMMER-{door}", "percent_off": 25, "duration": "repeating", "duration_in_months": "3"}`, ""},
	{"list-coupons", `{"limit": 10}`, ""},
	{"create-payment-intent", `{"amount": 1000, "currency": "usd", "customer_id": "{cus}", "description": "Order 17"}`, "pi"},
	{"get-payment-intent", `{"payment_intent_id": "{pi}"}`, ""},
	{"cancel-payment-intent", `{"payment_intent_id": "{pi}"}`, ""},
	{"create-token", `{"test_card_number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}`, "tok"},
	{"create-charge", `{"amount": 1000, "currency": "usd", "source": "{tok}", "description": "Order 17"}`, "ch"},
	{"list-charges", `{"limit": 10}`, ""},
	{"get-charge", `{"charge_id": "{ch}"}`, ""},
	{"update-charge", `{"charge_id": "{ch}", "description": "Order 17, gift"}`, ""},
	{"create-refund", `{"charge_id": "{ch}", "amount": 400, "reason": "requested_by_customer"}`, "re"},
	{"get-refund", `{"refund_id": "{re}"}`, ""},
	{"attach-payment-method", `{"payment_method_id": "pm_card_visa", "customer_id": "{cus}"}`, "pm"},
	{"get-payment-method", `{"payment_method_id": "{pm}"}`, ""},
	{"detach-payment-method", `{"payment_method_id": "{pm}"}`, ""},
	{"create-product", `{"name": "Gold plan"}`, ""},
	{"create-meter", `{"display_name": "Requests", "event_name": "requests_{door}", "formula": "sum"}`, ""},
	{"create-meter-event", `{"event_name": "requests_{door}", "customer_id": "{cus}", "value": "10"}`, ""},
	{"delete-customer", `{"customer_id": "{cus}"}`, ""},
}

// TestTheSameOperationsThroughEveryDoor goes the same way over HTTP, by
// commands and as an agent, and gets outputs of the same shape.
func TestTheSameOperationsThroughEveryDoor(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	shapes := map[string][]string{}
	for door, run := range map[string]func(operation, input string) []byte{
		"http": overHTTP(t, server), "commands": byCommands(t, server), "agent": asAgent(t, server),
	} {
		known := map[string]string{"{door}": door}
		for _, s := range journey {
			input := named.ReplaceAllStringFunc(s.input, func(name string) string { return known[name] })
			output := run(s.operation, input)
			var fields map[string]any
			require.NoError(t, json.Unmarshal(output, &fields), "%s: %s", s.operation, output)
			if s.as != "" {
				known["{"+s.as+"}"], _ = fields["id"].(string)
			}
			shapes[s.operation] = append(shapes[s.operation], strings.Join(namesOf(fields), " "))
		}
	}
	for _, step := range byFlow(t, server) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal(step.Came, &fields), "%s: %s", step.Do, step.Came)
		shapes[step.Do] = append(shapes[step.Do], strings.Join(namesOf(fields), " "))
	}
	require.Len(t, shapes, len(journey))
	for operation, seen := range shapes {
		require.Len(t, seen, 4, operation)
		for _, other := range seen[1:] {
			assert.Equal(t, seen[0], other, operation)
		}
	}
}

// byFlow runs the journey as one flow, whose steps take ids from those before.
func byFlow(t *testing.T, server *app.Server) []automation.StepHistory {
	t.Helper()
	var document strings.Builder
	document.WriteString("flow: journey\non: manual\nsteps:\n")
	for i, s := range journey {
		input := named.ReplaceAllStringFunc(strings.ReplaceAll(s.input, "{door}", "flow"), func(name string) string {
			return "${steps." + strings.Trim(name, "{}") + ".id}"
		})
		fmt.Fprintf(&document, "- id: %s\n  do: %s\n  with: %s\n", cmp.Or(s.as, fmt.Sprintf("step%d", i)), s.operation, input)
	}
	key, err := server.Engine.Authenticate(t.Context(), server.Key)
	require.NoError(t, err)
	_, err = server.Flows.Apply(t.Context(), key, []byte(document.String()))
	require.NoError(t, err)
	run, err := server.Flows.RunFlow(t.Context(), key.Owner, "journey", "once", json.RawMessage("{}"))
	require.NoError(t, err)
	var history automation.History
	require.Eventually(t, func() bool {
		history, err = server.Flows.Run(t.Context(), key.Owner, run.ID)
		return err != nil || history.Run.State.Ended()
	}, patience, 10*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, pay.RunSucceeded, history.Run.State, "%+v", history.Run.Failure)
	return history.Steps
}

var named = regexp.MustCompile(`\{[a-z]+\}`)

func overHTTP(t *testing.T, server *app.Server) func(operation, input string) []byte {
	over := client.New(server.URL(), server.Key, nil)
	return func(operation, input string) []byte {
		done, err := over.Run(t.Context(), client.RunOperation{Operation: operation, Input: json.RawMessage(input)})
		require.NoError(t, err, "%s %s", operation, input)
		return done.Data
	}
}

func byCommands(t *testing.T, server *app.Server) func(operation, input string) []byte {
	return func(operation, input string) []byte {
		args := append([]string{"stripe", operation, "--json", "--url", server.URL(), "--key", server.Key}, asFlags(t, json.RawMessage(input))...)
		code, out, said := runCLI(args...)
		require.Zero(t, code, "%v: %s", args, said)
		return []byte(out)
	}
}

// keyed sends an API key with every request.
type keyed string

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+string(k))
	return http.DefaultTransport.RoundTrip(r)
}

func asAgent(t *testing.T, server *app.Server) func(operation, input string) []byte {
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: server.URL() + api.AgentsPath, HTTPClient: &http.Client{Transport: keyed(server.Key)},
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, session.Close()) })
	return func(operation, input string) []byte {
		result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: operation, Arguments: json.RawMessage(input)})
		require.NoError(t, err, operation)
		text := result.Content[0].(*sdk.TextContent).Text
		require.False(t, result.IsError, "%s: %s", operation, text)
		return []byte(text)
	}
}

// namesOf are the names of an object's fields, sorted.
func namesOf(fields map[string]any) []string { return slices.Sorted(maps.Keys(fields)) }
