package scenario

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"
)

// Sizes of the picture of who paid whom, in SVG units.
const (
	boxWidth   = 150
	boxHeight  = 46
	boxGap     = 34
	columnStep = 330
	margin     = 20
	thinnest   = 1.5
	thickest   = 16
)

// columns is where parties stand, from left to right: who pays, the platform,
// who is paid, and where the money ends.
const columns = 4

// columnOf is where a party stands.
func columnOf(name string, payers map[string]bool) int {
	switch {
	case name == platform:
		return 1
	case strings.HasSuffix(name, bankOf):
		return columns - 1
	case payers[name]:
		return 0
	}
	return 2
}

// edge is all money that went from one party to another.
type edge struct {
	from, to string
	sum      amount
	what     []string
}

// edgesOf gathers flows between the same two parties.
func edgesOf(flows []Flow) []edge {
	sums := map[[2]string]*edge{}
	var order [][2]string
	for _, f := range flows {
		key := [2]string{f.From, f.To}
		if sums[key] == nil {
			sums[key] = &edge{from: f.From, to: f.To}
			order = append(order, key)
		}
		sums[key].sum += f.Amount
		if !slices.Contains(sums[key].what, f.What) {
			sums[key].what = append(sums[key].what, f.What)
		}
	}
	edges := make([]edge, len(order))
	for i, key := range order {
		edges[i] = *sums[key]
	}
	return edges
}

// point is a place in the picture.
type point struct{ x, y int }

// places puts each party into its column, one below the other.
func places(flows []Flow) (at map[string]point, width, height int) {
	payers, names := map[string]bool{}, map[string]bool{}
	for _, f := range flows {
		names[f.From], names[f.To] = true, true
		if f.To == platform && f.From != stripeCo || f.What == "charge" || f.What == "payment" {
			payers[f.From] = true
		}
	}
	at = map[string]point{}
	var rows [columns]int
	for _, name := range slices.Sorted(maps.Keys(names)) {
		column := columnOf(name, payers)
		at[name] = point{margin + column*columnStep, margin + rows[column]*(boxHeight+boxGap)}
		rows[column]++
	}
	return at, 2*margin + (columns-1)*columnStep + boxWidth, 2*margin + slices.Max(rows[:])*(boxHeight+boxGap)
}

// Picture draws who paid whom, and how much, as SVG that needs no script: a line
// is as thick as the money that went along it. It is empty when none did.
func Picture(flows []Flow) template.HTML {
	if len(flows) == 0 {
		return ""
	}
	edges := edgesOf(flows)
	at, width, height := places(flows)
	var most amount
	for _, e := range edges {
		most = max(most, e.sum)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="Who paid whom">`, width, height+margin)
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="14" markerHeight="14" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 10 5 0 10z" class="tip"/></marker></defs>`)
	for i, e := range edges {
		b.WriteString(drawn(e, at[e.from], at[e.to], i, float64(e.sum)/float64(most)))
	}
	for _, name := range slices.Sorted(maps.Keys(at)) {
		p := at[name]
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="8"/><text x="%d" y="%d">%s</text>`,
			p.x, p.y, boxWidth, boxHeight, p.x+boxWidth/2, p.y+boxHeight/2+5, template.HTMLEscapeString(name))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // names are escaped; all else is ours
}

// drawn is one line with its label. Lines between the same columns bend apart
// by their number, so that there and back are two.
func drawn(e edge, from, to point, number int, share float64) string {
	x1, y1 := from.x+boxWidth, from.y+boxHeight/2
	x2, y2 := to.x, to.y+boxHeight/2
	if from.x >= to.x { // back, or within a column
		x1, x2 = from.x, to.x+boxWidth
	}
	bend := 12 * (number%3 - 1)
	middle := (x1 + x2) / 2
	thickness := thinnest + (thickest-thinnest)*math.Sqrt(share)
	label := fmt.Sprintf("%s %s", e.sum, strings.Join(e.what, ", "))
	return fmt.Sprintf(`<path d="M%d %dC%d %d %d %d %d %d" stroke-width="%.1f" marker-end="url(#tip)"/><text class="sum" x="%d" y="%d">%s</text>`,
		x1, y1+bend, middle, y1+bend, middle, y2+bend, x2, y2+bend, thickness,
		middle, (y1+y2)/2+bend-int(thickness/2)-4, template.HTMLEscapeString(label))
}
