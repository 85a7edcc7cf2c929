package flow_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"florin/internal/flow"
)

// BenchmarkNext is one look at a run that is in the middle of a loop over a
// thousand items, the largest that is usual.
func BenchmarkNext(b *testing.B) {
	f := parse(b, `
flow: many
on: manual
steps:
  - { id: found, do: list-charges }
  - id: each
    for_each: steps.found.data
    parallel: 8
    steps:
      - { id: back, do: create-refund, with: { charge_id: "${item.id}", amount: "${item.amount}" } }
      - if: steps.back.amount > 5
        then: [{ id: told, do: http.request, with: { url: "http://x/${steps.back.id}" } }]
`)
	data := strings.TrimSuffix(strings.Repeat(`{"id":"ch_1","amount":7},`, 1000), ",")
	s := flow.State{Now: morning, Results: map[string]flow.Result{"found": {Output: json.RawMessage(`{"data":[` + data + `]}`), At: morning}}}
	for i := range 500 {
		s.Results[fmt.Sprintf("each[%d].back", i)] = flow.Result{Output: json.RawMessage(`{"id":"re_1","amount":7}`), At: morning}
		s.Results[fmt.Sprintf("each[%d].told", i)] = flow.Result{Output: json.RawMessage(`{"status":200}`), At: morning}
	}
	for b.Loop() {
		if plan := f.Next(s); len(plan.Ready) != 8 {
			b.Fatal(len(plan.Ready))
		}
	}
}

// BenchmarkParse is what applying a flow costs.
func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		parse(b, everything)
	}
}
