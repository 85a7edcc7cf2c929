package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// reader turns nodes into a flow and notes everything that is wrong on the way.
type reader struct {
	catalogue Catalogue
	lines     []string
	flow      *Flow
	ids       map[string]*node // where each step's id is given
	pending   []reference      // to steps that were not in sight
	steps     int
	problems  Problems
}

// reference is one to a step that cannot be seen where it is made.
type reference struct {
	id string
	at Problem
}

// wrong notes a problem of a value.
func (r *reader) wrong(n *node, text, remedy string) {
	r.problems = append(r.problems, Problem{Line: n.line, Column: n.column, Path: n.path, Text: text, Remedy: remedy})
}

// keys are the entries of a group by their names; those that mean nothing are
// told, with the nearest that does.
func (r *reader) keys(n *node, allowed ...string) map[string]*node {
	all, ok := n.entries()
	if !ok {
		r.wrong(n, "here is "+n.kind()+" where a group of keys is expected", "write "+strings.Join(first(allowed, 4), ", ")+" below it")
		return nil
	}
	found := make(map[string]*node, len(all))
	for _, e := range all {
		if !slices.Contains(allowed, e.key) {
			at := &node{line: e.line, column: e.column, path: e.node.path}
			r.wrong(at, fmt.Sprintf("%q is not known here", e.key), nearest(e.key, slices.Clone(allowed)))
			continue
		}
		found[e.key] = e.node
	}
	return found
}

func first(all []string, most int) []string { return all[:min(len(all), most)] }

// text is a node that must be one.
func (r *reader) text(n *node, what string) string {
	if n == nil {
		return ""
	}
	text, ok := n.value.(string)
	if !ok || text == "" {
		r.wrong(n, fmt.Sprintf("%s is %s", what, n.kind()), "write a text")
	}
	return text
}

// number is a whole one between two bounds; absent is what it is by itself.
func (r *reader) number(n *node, least, most, absent int) int {
	if n == nil {
		return absent
	}
	v, ok := n.value.(int)
	if !ok || v < least || v > most {
		r.wrong(n, "this must be a whole number", fmt.Sprintf("write one from %d to %d", least, most))
		return absent
	}
	return v
}

// duration is one between two bounds.
func (r *reader) duration(n *node, least, most, absent time.Duration) time.Duration {
	if n == nil {
		return absent
	}
	text, _ := n.value.(string)
	d, ok := parseDuration(text)
	switch {
	case !ok:
		r.wrong(n, "this is not a length of time", "write it as 30s, 10m, 2h, 1h30m or 3d")
	case d < least:
		r.wrong(n, fmt.Sprintf("%s is too short", text), "the least is "+briefly(least))
	case d > most:
		r.wrong(n, fmt.Sprintf("%s is too long", text), "the most is "+briefly(most))
	default:
		return d
	}
	return absent
}

// parseDuration reads Go's durations, and days.
func parseDuration(text string) (time.Duration, bool) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		d, err := time.ParseDuration(text)
		return d, err == nil && d >= 0
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, false
	}
	total := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return total, true
	}
	more, err := time.ParseDuration(rest)
	return total + more, err == nil && more >= 0
}

// briefly is a duration without its zeros.
func briefly(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// expression compiles the whole text of a node, as in if and when.
func (r *reader) expression(n *node, s scope, what string) *expression {
	text, isText := n.value.(string)
	if !isText {
		if n.value == nil {
			r.wrong(n, what+" is empty", "write an expression, such as trigger.amount > 1000")
			return nil
		}
		text = fmt.Sprint(n.value) // true and 5 are expressions too
		if _, isList := n.list(); isList {
			text = string(mustJSON(n.plain()))
		}
	}
	if parts := pieces(text); len(parts) == 1 && parts[0].isExpr && !parts[0].open {
		text = parts[0].text
	}
	return r.compile(n, text, s)
}

// condition is an expression that is true or false.
func (r *reader) condition(n *node, s scope, what string) *expression {
	e := r.expression(n, s, what)
	if e != nil && !e.mayBe([]string{"boolean"}) {
		r.wrong(n, fmt.Sprintf("%s is true or false, and %q is not", what, e.text), "compare it with something")
	}
	return e
}

// compile compiles one expression and tells what is wrong at its place within
// the text.
func (r *reader) compile(n *node, text string, s scope) *expression {
	e, spoken, wrong := compile(text, s)
	for id, at := range spoken {
		if _, seen := s.steps[id]; !seen {
			r.pending = append(r.pending, reference{id: id, at: r.place(n, text, at)})
		}
	}
	if wrong == nil {
		return e
	}
	problem := r.place(n, text, wrong.at)
	problem.Text, problem.Remedy = wrong.text, wrong.remedy
	r.problems = append(r.problems, problem)
	return nil
}

// place is where the nth character of an expression stands in the document.
func (r *reader) place(n *node, text string, nth int) Problem {
	at := Problem{Line: n.line, Column: n.column, Path: n.path}
	head, _, _ := strings.Cut(text, "\n")
	for line := n.line; line <= min(len(r.lines), n.line+40); line++ {
		from, source := 0, r.lines[line-1]
		if line == n.line {
			from = byteAt(source, n.column-1)
		}
		if i := strings.Index(source[from:], head); i >= 0 {
			at.Line, at.Column = line, utf8.RuneCountInString(source[:from+i])+1
			if nth <= utf8.RuneCountInString(head) {
				at.Column += nth
			}
			return at
		}
	}
	return at
}

// byteAt is where the nth character of a line begins.
func byteAt(line string, nth int) int {
	for i := range line {
		if nth--; nth < 0 {
			return i
		}
	}
	return len(line)
}

// value reads an input with its expressions.
func (r *reader) value(n *node, s scope) *value {
	switch v := n.value.(type) {
	case string:
		return r.template(n, v, s)
	case []*node:
		out := &value{isList: true}
		for _, item := range v {
			out.items = append(out.items, r.value(item, s))
		}
		return out
	case []entry:
		out := &value{isObject: true}
		for _, e := range v {
			out.fields = append(out.fields, field{e.key, r.value(e.node, s)})
		}
		return out
	}
	return &value{constant: n.value}
}

// template reads a text with ${…} in it.
func (r *reader) template(n *node, text string, s scope) *value {
	parts := pieces(text)
	if len(parts) == 0 || len(parts) == 1 && !parts[0].isExpr {
		return &value{constant: strings.ReplaceAll(text, "$${", "${")}
	}
	out := &value{text: []part{}}
	for _, p := range parts {
		switch {
		case p.open:
			r.wrong(n, "${ is not closed", "write } behind the expression, or $${ for the characters themselves")
		case strings.TrimSpace(p.text) == "" && p.isExpr:
			r.wrong(n, "${} is empty", "write an expression between the braces, or $${ for the characters themselves")
		case p.isExpr:
			out.text = append(out.text, part{expr: r.compile(n, p.text, s)})
		default:
			out.text = append(out.text, part{fixed: p.text})
		}
	}
	if len(parts) == 1 && len(out.text) == 1 {
		return &value{whole: out.text[0].expr}
	}
	return out
}
