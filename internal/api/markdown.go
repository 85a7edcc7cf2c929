package api

import (
	"fmt"
	"slices"
	"strings"

	"florin/internal/pay"
)

// ErrorsMarkdown is docs/errors.md: every code with its status, meaning and
// remedy, grouped by status.
func ErrorsMarkdown() string {
	var b strings.Builder
	b.WriteString("# Errors\n\nGenerated from `internal/pay/code.go`; do not edit.\n\n" +
		"An error is `{\"success\":false,\"error\":{\"code\",\"message\",\"field\",\"retryable\",\"request_id\",\"doc\"}}`. Codes are stable; messages may change. " +
		"`field` is the parameter as the request spells it. `retryable` says whether the same request, unchanged, may succeed later. Where Stripe refused, " +
		"its own code, decline code and request id pass through in `error.provider_code`, `error.decline_code` and `error.provider_request_id`.\n")
	for _, status := range errorStatuses() {
		fmt.Fprintf(&b, "\n## %d\n\n| Code | Meaning | Remedy |\n|---|---|---|\n", status)
		for _, info := range codesWith(status) {
			fmt.Fprintf(&b, "| <a id=\"%s\"></a>`%s` | %s | %s |\n", info.Code, info.Code, info.Meaning, info.Remedy)
		}
	}
	return b.String()
}

// errorStatuses is every status that a code has, ascending.
func errorStatuses() []int {
	var list []int
	for _, info := range pay.Codes {
		list = append(list, StatusOf(info.Code))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// codesWith is the codes of a status, in pay's order.
func codesWith(status int) []pay.CodeInfo {
	var list []pay.CodeInfo
	for _, info := range pay.Codes {
		if StatusOf(info.Code) == status {
			list = append(list, info)
		}
	}
	return list
}

// StatesMarkdown is docs/states.md: every legal change of everything that has a
// status as a table and a picture, drawn from the tables that the
// program obeys.
func StatesMarkdown() string {
	var b strings.Builder
	b.WriteString("# States\n\nGenerated from the tables in `internal/pay`; do not edit. No other change is possible, whatever Stripe reports and in whatever order.\n")
	writeMoves(&b, "Payments", pay.PaymentMoves)
	writeMoves(&b, "Refunds", pay.RefundMoves)
	writeMoves(&b, "Saved cards", pay.CardMoves)
	writeMoves(&b, "Plans", pay.PlanMoves)
	writeMoves(&b, "Subscriptions", pay.SubscriptionMoves)
	writeMoves(&b, "Invoices", pay.InvoiceMoves)
	writeMoves(&b, "Approvals", pay.ApprovalMoves)
	writeMoves(&b, "Runs of flows", pay.RunMoves)
	writeMoves(&b, "Partners' accounts", pay.AccountMoves)
	writeMoves(&b, "Transfers", pay.TransferMoves)
	writeMoves(&b, "Reversals of transfers", pay.ReversalMoves)
	writeMoves(&b, "Payouts", pay.PayoutMoves)
	b.WriteString("\n## Events\n\n| Event | Meaning |\n|---|---|\n")
	for _, event := range pay.EventTypes {
		fmt.Fprintf(&b, "| `%s` | %s |\n", event.Type, event.Meaning)
	}
	return b.String()
}

func writeMoves[S ~string](b *strings.Builder, title string, moves pay.Moves[S]) {
	fmt.Fprintf(b, "\n## %s\n\n```mermaid\nstateDiagram-v2\n    [*] --> %s\n", title, moves[0].From)
	for _, move := range moves {
		fmt.Fprintf(b, "    %s --> %s: %s\n", move.From, move.To, move.Event)
	}
	b.WriteString("```\n\n| From | To | Event | Meaning |\n|---|---|---|---|\n")
	for _, move := range moves {
		fmt.Fprintf(b, "| `%s` | `%s` | `%s` | %s |\n", move.From, move.To, move.Event, meaningOf(move.Event))
	}
}

func meaningOf(t pay.EventType) string {
	for _, event := range pay.EventTypes {
		if event.Type == t {
			return event.Meaning
		}
	}
	return ""
}
