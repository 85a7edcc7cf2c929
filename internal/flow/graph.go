package flow

import (
	"fmt"
	"strings"
)

// Graph is a flow as boxes and arrows, for the dashboard and for florin flow
// show.
type Graph struct {
	Nodes []GraphNode `json:"nodes"` // in the order of the document; the trigger first, the end last
	Edges []GraphEdge `json:"edges"`
}

// GraphNode is a box: the trigger, a step, or the end.
type GraphNode struct {
	ID    string `json:"id"`    // of a step: as in paths of tasks
	Kind  string `json:"kind"`  // on, end, or what the step does
	Label string `json:"label"` // create-refund, trigger.amount > 100
	Depth int    `json:"depth"` // how many steps it stands in
	Line  int    `json:"line"`  // in the document; 0 for trigger and end
	Undo  string `json:"undo,omitempty"`
}

// GraphEdge leads from one box to what may come after it.
type GraphEdge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label,omitempty"` // then, else, a case, each, again, on error
}

// loose is an arrow that has no target yet.
type loose struct{ from, label string }

// Graph draws the flow.
func (f *Flow) Graph() Graph {
	g := &Graph{Nodes: []GraphNode{{ID: "on", Kind: "on", Label: f.On.String()}}, Edges: []GraphEdge{}}
	start := loose{from: "on"}
	if f.when != nil {
		start.label = f.when.text
	}
	ends := g.list(f.Steps, []loose{start}, 0)
	g.Nodes = append(g.Nodes, GraphNode{ID: "end", Kind: "end", Label: "end"})
	g.lead(ends, "end")
	return *g
}

// lead gives loose arrows their target.
func (g *Graph) lead(from []loose, to string) {
	for _, l := range from {
		g.Edges = append(g.Edges, GraphEdge{From: l.from, To: to, Label: l.label})
	}
}

// list draws steps one after the other and gives the arrows that leave it.
func (g *Graph) list(steps []*Step, from []loose, depth int) []loose {
	for _, step := range steps {
		from = g.step(step, from, depth)
	}
	return from
}

func (g *Graph) step(step *Step, from []loose, depth int) []loose {
	node := GraphNode{ID: step.ID, Kind: string(step.Kind), Label: step.Label(), Depth: depth, Line: step.Line}
	if step.Undo != nil {
		node.Undo = step.Undo.Do
	}
	g.Nodes = append(g.Nodes, node)
	g.lead(from, step.ID)
	var leaving []loose
	for _, b := range step.Branches {
		label := b.Name
		if label == "" {
			label = "default"
		}
		leaving = append(leaving, g.list(b.Steps, []loose{{step.ID, label}}, depth+1)...)
	}
	switch {
	case step.Kind == KindForEach:
		for _, l := range leaving {
			g.Edges = append(g.Edges, GraphEdge{From: l.from, To: step.ID, Label: "again"})
		}
		leaving = []loose{{from: step.ID}}
	case step.Kind == KindFail && step.onError == onErrorFail:
	case len(step.Branches) == 0:
		leaving = []loose{{from: step.ID}}
	case step.mayPass():
		leaving = append(leaving, loose{step.ID, "otherwise"})
	}
	if step.onError == onErrorSteps {
		leaving = append(leaving, g.list(step.onErrorDo, []loose{{step.ID, "on error"}}, depth+1)...)
	}
	return leaving
}

// mayPass says that no branch may be taken.
func (s *Step) mayPass() bool {
	if s.Kind == KindParallel {
		return false
	}
	for _, b := range s.Branches {
		if b.Name == "else" || b.Name == "" {
			return false
		}
	}
	return true
}

// Label is what the step does, in a few words.
func (s *Step) Label() string {
	switch s.Kind {
	case KindAction:
		return s.Do
	case KindCall:
		return s.Call
	case KindWait:
		if s.on != nil {
			return "until " + s.on.text
		}
		return briefly(s.wait)
	case KindSet:
		var names []string
		for _, f := range s.with.fields {
			names = append(names, f.key)
		}
		return strings.Join(names, ", ")
	case KindParallel:
		return fmt.Sprintf("%d branches", len(s.Branches))
	case KindFail:
		return s.with.written()
	}
	return s.on.text
}

// written is a text as it is in the document.
func (v *value) written() string {
	if v.whole != nil {
		return "${" + v.whole.text + "}"
	}
	var out strings.Builder
	for _, p := range v.text {
		if p.expr != nil {
			p.fixed = "${" + p.expr.text + "}"
		}
		out.WriteString(p.fixed)
	}
	if v.text == nil {
		return asText(v.constant)
	}
	return out.String()
}

// String is the trigger in a few words: new-charge every 15s.
func (o On) String() string {
	switch {
	case o.Cron != "":
		return fmt.Sprintf("%s %s %s", o.Trigger, o.Cron, o.Zone)
	case o.Every > 0:
		return fmt.Sprintf("%s every %s", o.Trigger, briefly(o.Every))
	}
	return o.Trigger
}
