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
	case s.isTest() && slices.Contains(skips, call.Sel.Name) && !ofRapid(s, on):
		return "skips a test: fail and name the remedy"
	}
	return ""
}

// ofRapid says that a name is a parameter of type *rapid.T. There Skip ends no
// test: it says that a step cannot be taken now, and rapid draws another one.
func ofRapid(s source, name *ast.Ident) bool {
	found := false
	ast.Inspect(s.file, func(node ast.Node) bool {
		if node == nil || node.Pos() > name.Pos() || node.End() < name.End() {
			return node == s.file // only what encloses the name matters
		}
		switch function := node.(type) {
		case *ast.FuncDecl:
			found = declares(function.Type, name.Name, found)
		case *ast.FuncLit:
			found = declares(function.Type, name.Name, found)
		}
		return true
	})
	return found
}

// declares says whether a function's parameter of this name is a *rapid.T, or
// what an outer function says when it has no such parameter.
func declares(function *ast.FuncType, name string, outer bool) bool {
	for _, field := range function.Params.List {
		for _, parameter := range field.Names {
			if parameter.Name == name {
				return isRapid(field.Type)
			}
		}
	}
	return outer
}

func isRapid(kind ast.Expr) bool {
	pointer, ok := kind.(*ast.StarExpr)
	if !ok {
		return false
	}
	selector, ok := pointer.X.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "T" {
		return false
	}
	on, ok := selector.X.(*ast.Ident)
	return ok && on.Name == "rapid"
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
