package arch_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"testing"
)

// The sizes that keep the house readable, from docs/design.md. They were
// measured on good Go programs: a median function of 7 to 13 lines, and a few
// monsters that everybody there regrets.
const (
	longestFile     = 500 // lines, tests too
	longestFunction = 70  // lines, with its signature and braces
	mostParameters  = 5   // then a struct; the receiver is not counted
	longestMedian   = 15  // lines of the median function; the aim is 10
)

// checkSizes says what is too long.
func checkSizes(sources []source) []string {
	var wrong []string
	for _, s := range sources {
		if s.isGenerated() {
			continue
		}
		if s.lines > longestFile {
			wrong = append(wrong, fmt.Sprintf("%s has %d lines, more than %d", s.path, s.lines, longestFile))
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if lines := s.lineCount(node); lines > longestFunction {
					wrong = append(wrong, fmt.Sprintf("%s: %s has %d lines, more than %d", s.path, node.Name.Name, lines, longestFunction))
				}
			case *ast.FuncType:
				if count := parameters(node); count > mostParameters {
					line := s.set.Position(node.Pos()).Line
					wrong = append(wrong, fmt.Sprintf("%s:%d has %d parameters, more than %d: make a struct", s.path, line, count, mostParameters))
				}
			}
			return true
		})
	}
	return wrong
}

func parameters(function *ast.FuncType) int {
	count := 0
	for _, field := range function.Params.List {
		count += max(1, len(field.Names))
	}
	return count
}

// medianFunction is the length of the middle function of what is shipped.
func medianFunction(sources []source) int {
	var lengths []int
	for _, s := range sources {
		if s.isTest() || s.isGenerated() {
			continue
		}
		for _, decl := range s.file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok {
				lengths = append(lengths, s.lineCount(function))
			}
		}
	}
	if len(lengths) == 0 {
		return 0
	}
	slices.Sort(lengths)
	return lengths[len(lengths)/2]
}

// checkComments says which packages and exported names lack a comment.
func checkComments(sources []source) []string {
	described := map[string]bool{}
	var wrong []string
	for _, s := range sources {
		described[s.room] = described[s.room] || s.file.Doc != nil
	}
	for room, has := range described {
		if !has {
			wrong = append(wrong, room+": the package has no comment")
		}
	}
	for _, s := range sources {
		if s.isTest() || s.isGenerated() {
			continue
		}
		for _, decl := range s.file.Decls {
			for _, name := range bareNames(decl) {
				wrong = append(wrong, s.path+": "+name+" is exported and has no comment")
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// bareNames are the exported names of a declaration that no comment covers.
// A group of constants or variables may share one; types may not.
func bareNames(decl ast.Decl) []string {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Doc == nil && decl.Name.IsExported() && exportedReceiver(decl) {
			return []string{decl.Name.Name}
		}
	case *ast.GenDecl:
		var bare []string
		for _, spec := range decl.Specs {
			bare = append(bare, bareSpec(decl, spec)...)
		}
		return bare
	}
	return nil
}

func bareSpec(decl *ast.GenDecl, spec ast.Spec) []string {
	var bare []string
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		shared := decl.Doc != nil && !decl.Lparen.IsValid()
		if spec.Name.IsExported() && spec.Doc == nil && spec.Comment == nil && !shared {
			bare = append(bare, spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && decl.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				bare = append(bare, name.Name)
			}
		}
	}
	return bare
}

// exportedReceiver is true for functions, and for methods that somebody
// outside the room can call by name.
func exportedReceiver(function *ast.FuncDecl) bool {
	if function.Recv == nil {
		return true
	}
	kind := function.Recv.List[0].Type
	for {
		switch inner := kind.(type) {
		case *ast.StarExpr:
			kind = inner.X
		case *ast.IndexExpr:
			kind = inner.X
		case *ast.IndexListExpr:
			kind = inner.X
		case *ast.Ident:
			return token.IsExported(inner.Name)
		default:
			return true
		}
	}
}

func TestNothingIsTooLong(t *testing.T) {
	t.Parallel()
	sources := house(t)
	for _, wrong := range checkSizes(sources) {
		t.Error(wrong)
	}
	median := medianFunction(sources)
	t.Logf("the median function has %d lines", median)
	if median > longestMedian {
		t.Errorf("the median function has %d lines, more than %d", median, longestMedian)
	}
}

func TestEverythingExportedHasAComment(t *testing.T) {
	t.Parallel()
	for _, wrong := range checkComments(house(t)) {
		t.Error(wrong)
	}
}
