package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"florin/internal/flow"
)

func TestAFlowIsDrawn(t *testing.T) {
	t.Parallel()
	assert.Equal(t, flow.Graph{
		Nodes: []flow.GraphNode{
			{ID: "on", Kind: "on", Label: "new-charge every 15s"},
			{ID: "post", Kind: "do", Label: "http.request", Line: 8, Undo: "create-refund"},
			{ID: "step-2", Kind: "if", Label: "steps.post.status == 200", Line: 17},
			{ID: "back", Kind: "do", Label: "create-refund", Depth: 1, Line: 19},
			{ID: "step-4", Kind: "fail", Label: "accounting said ${steps.post.status}", Depth: 1, Line: 23},
			{ID: "end", Kind: "end", Label: "end"},
		},
		Edges: []flow.GraphEdge{
			{From: "on", To: "post", Label: "trigger.amount > 10000"},
			{From: "post", To: "step-2"},
			{From: "step-2", To: "back", Label: "then"},
			{From: "step-2", To: "step-4", Label: "else"},
			{From: "back", To: "end"},
		},
	}, parse(t, bigCharges).Graph())
}

func TestLoopsAndBranchesAreDrawn(t *testing.T) {
	t.Parallel()
	g := parse(t, `
flow: drawn
on: { schedule: { cron: "0 9 * * MON", zone: Europe/Berlin } }
steps:
  - id: each
    for_each: 1..3
    steps: [{ id: inner, wait: 1h30m }]
  - id: both
    parallel: [[{ id: left, call: other }], [{ id: right, do: list-charges, on_error: [{ id: instead, wait: { until: trigger.time } }] }]]
`[1:]).Graph()
	assert.Equal(t, flow.GraphNode{ID: "on", Kind: "on", Label: "schedule 0 9 * * MON Europe/Berlin"}, g.Nodes[0])
	assert.Equal(t, []flow.GraphEdge{
		{From: "on", To: "each"}, {From: "each", To: "inner", Label: "each"}, {From: "inner", To: "each", Label: "again"}, {From: "each", To: "both"},
		{From: "both", To: "left", Label: "0"}, {From: "both", To: "right", Label: "1"}, {From: "right", To: "instead", Label: "on error"},
		{From: "left", To: "end"}, {From: "right", To: "end"}, {From: "instead", To: "end"},
	}, g.Edges)
}
