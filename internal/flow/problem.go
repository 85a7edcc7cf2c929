package flow

import (
	"fmt"
	"strings"
)

// MaxProblems is how many problems of one document are told: more are
// consequences of each other.
const MaxProblems = 100

// Problem is one thing that is wrong with a document, and what to do about it.
type Problem struct {
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // from 1, in characters
	Path   string `json:"path"`   // steps[0].with.amount
	Text   string `json:"text"`   // what is wrong
	Remedy string `json:"remedy"` // what to do
}

// String is the problem as compilers write it.
func (p Problem) String() string {
	text := fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Path, p.Text)
	if p.Path == "" {
		text = fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text)
	}
	if p.Remedy == "" {
		return text
	}
	return text + "; " + p.Remedy
}

// Problems is everything that is wrong with a document, from top to bottom.
type Problems []Problem

// Error is one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
