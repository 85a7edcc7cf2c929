package arch_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// clockRooms take the time from clock, so that tests and the sandbox can move
// it.
var clockRooms = []string{"engine", "store", "sandbox"}

// skips are how a test ends without having proved anything.
var skips = []string{"Skip", "Skipf", "SkipNow"}

// checkCalls says which calls are forbidden where they stand.
func checkCalls(sources []source) []string {
	var wrong []string
	for _, s := range sources {
		clock := importName(s, "time")
		ast.Inspect(s.file, func(node ast.Node) bool {
			call, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if reason := forbidden(s, call, clock); reason != "" {
				wrong = append(wrong, fmt.Sprintf("%s:%d %s", s.path, s.set.Position(call.Pos()).Line, reason))
			}
			return true
		})
	}
	return wrong
}

// forbidden is why a selector such as time.Now may not stand in the file, or
// "". A method value counts as well as a call: now := time.Now is no way out.
func forbidden(s source, call *ast.SelectorExpr, clock string) string {
	on, ok := call.X.(*ast.Ident)
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(s.room, "/")
	ofTime := clock != "" && on.Name == clock
	switch {
	case ofTime && call.Sel.Name == "Now" && !s.isTest() && slices.Contains(clockRooms, room):
		return "asks the machine for the time: take a clock.Clock"
	case ofTime && call.Sel.Name == "Sleep" && s.isTest():
		return "sleeps: wait for a signal"
	case s.isTest() && slices.Contains(skips, call.Sel.Name):
		return "skips a test: fail and name the remedy"
	}
	return ""
}

// importName is what a file calls a package, or "" where it does not import it.
func importName(s source, imported string) string {
	for _, spec := range s.file.Imports {
		if strings.Trim(spec.Path.Value, `"`) != imported {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return imported
	}
	return ""
}

func TestNobodyCallsWhatIsForbidden(t *testing.T) {
	t.Parallel()
	for _, wrong := range checkCalls(house(t)) {
		t.Error(wrong)
	}
}
