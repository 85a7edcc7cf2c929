package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"florin/internal/pay"
)

const operationPageHead = `# Operations

Everything that Stripe can be asked, as a command, a request, a step of a flow, a tool of an agent, and a task of another
workflow engine. This page is made from the declarations that run; ` + "`GET /v1/operations`" + ` has the same with JSON Schemas,
and ` + "`florin stripe OPERATION --help`" + ` a part of it.

- **Amounts** are whole numbers of the currency's minor units: 1000 is 10.00 USD, and 1000 JPY. 1000.0 is taken, 10.5 and
  "1000" are not.
- **Times** are whole seconds since 1970 (Unix time).
- **Null** counts as not given: an optional parameter is left out, a required one is refused. In updates an empty text
  removes what was there.
- **What is wrong** is told before Stripe is asked: with the parameter, and what to write instead. Stripe's own refusals name
  the parameter as it is called here, with Stripe's code, decline code and request id, and say whether a retry can help.
- **Writes** take an ` + "`Idempotency-Key`" + `: the same key again gets the same answer, and nothing happens twice.
- **Other engines** know an operation by a name made from its own: ` + "`create-refund`" + ` is the Conductor task
  ` + "`stripe_create_refund`" + `, the Temporal activity ` + "`stripe.create-refund`" + `, and the agent's tool ` + "`create-refund`" + `.
- **Card numbers** are refused everywhere; ` + "`create-token`" + ` takes Stripe's published test numbers, in the sandbox only.
- **Lists** give a page: while ` + "`has_more`" + ` is true, ` + "`next_cursor`" + ` is the ` + "`starting_after`" + ` of the next one, or the ` + "`page`" + `
  of a search. ` + "`limit`" + ` counts as 10 when it is not given.
- **The output** has the fields that flows need most under one name each, and all that Stripe sent as ` + "`object`" + `.

Where Stripe asks for less than is required here (an ID for a coupon, a name and email address for a customer), the
stricter form is kept on purpose; ` + "`stripe.request`" + ` takes Stripe's own. Where Stripe takes more, so do operations: refunds
of payment intents, percentages with decimals, numbers as text and as numbers for months and usage.

Every operation also takes these:

| Parameter | Type | Meaning |
|---|---|---|
`

// commonParameters are explained once, in the page's head.
var commonParameters = []string{"stripe_account", "expand"}

// operationPage is docs/operations.md.
func operationPage(operations []pay.Operation) string {
	var page strings.Builder
	page.WriteString(operationPageHead)
	for _, name := range commonParameters {
		if p, ok := operations[0].Parameter(name); ok {
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", p.Name, p.Type, cell(p.Description))
		}
	}
	page.WriteString("\n")
	resource := ""
	for _, op := range operations {
		if op.Resource != resource {
			resource = op.Resource
			fmt.Fprintf(&page, "- %s: %s\n", resource, linksOf(resource, operations))
		}
	}
	for _, op := range operations {
		describeOperation(&page, op)
	}
	return page.String()
}

// linksOf lists the operations of one resource.
func linksOf(resource string, operations []pay.Operation) string {
	var links []string
	for _, op := range operations {
		if op.Resource == resource {
			links = append(links, fmt.Sprintf("[%s](#%s)", op.Name, strings.ReplaceAll(op.Name, ".", "")))
		}
	}
	return strings.Join(links, ", ")
}

// describeOperation writes what one operation takes, demands and looks like.
func describeOperation(page *strings.Builder, op pay.Operation) {
	does := "Reads"
	if op.Writes {
		does = "Writes"
	}
	fmt.Fprintf(page, "\n## %s\n\n%s\n\n%s: `%s %s` at Stripe.\n", op.Name, op.Summary, does, op.Method, op.Path)
	describeParameters(page, op)
	for i, rule := range op.Rules {
		if i == 0 {
			page.WriteString("\n")
		}
		fmt.Fprintf(page, "- %s\n", cell(rule))
	}
	fmt.Fprintf(page, "\n```sh\n%s\n\n%s\n```\n\n%s", strings.TrimSpace(exampleOf(op)), requestOf(op), stepOf(op))
}

func describeParameters(page *strings.Builder, op pay.Operation) {
	var rows strings.Builder
	for _, p := range op.Parameters {
		if slices.Contains(commonParameters, p.Name) {
			continue
		}
		required := "optional"
		if p.Required {
			required = "required"
		}
		if p.Default != "" {
			required += ", " + p.Default + " when not given"
		}
		meaning := p.Description
		if len(p.Allowed) > 0 {
			meaning += " One of " + strings.Join(p.Allowed, ", ") + "."
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s |\n", p.Name, p.Type, required, cell(meaning))
	}
	if rows.Len() > 0 {
		fmt.Fprintf(page, "\n| Parameter | Type | | Meaning |\n|---|---|---|---|\n%s", rows.String())
	}
}

// requestOf is the same over HTTP.
func requestOf(op pay.Operation) string {
	line := "curl -sS \"$FLORIN_URL/v1/operations/" + op.Name + "\" -H \"X-API-Key: $FLORIN_KEY\""
	if op.Writes {
		line += " -H 'Idempotency-Key: order-17'"
	}
	return line + " \\\n  -H 'Content-Type: application/json' -d '{\"input\": " + strings.ReplaceAll(oneLine(op.Example), "'", `'\''`) + "}'"
}

// stepOf is the same as a step of a flow. JSON is YAML.
func stepOf(op pay.Operation) string {
	if pay.HoldsCardNumber(string(op.Example)) {
		return "The document of a flow holds no card number, not even a test one: in a flow, make tokens of saved cards.\n"
	}
	return fmt.Sprintf("```yaml\n- id: step\n  do: %s\n  with: %s\n```\n", op.Name, oneLine(op.Example))
}

func oneLine(example json.RawMessage) string { return string(bytes.TrimSpace(example)) }
