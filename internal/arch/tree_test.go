package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// module is the path of our own packages in imports.
const module = "florin"

// roots are the folders whose Go files are judged.
var roots = []string{"cmd", "internal", "tools"}

// source is one parsed Go file.
type source struct {
	path  string // internal/pay/money.go
	room  string // pay, store/storetest, cmd/florin
	lines int
	file  *ast.File
	set   *token.FileSet
}

// isTest says that the file is built by go test only.
func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// isGenerated says that a program wrote the file, so that no person can be
// asked to shorten it.
func (s source) isGenerated() bool {
	return strings.HasSuffix(s.path, "_templ.go") || strings.HasSuffix(s.path, ".gen.go") || ast.IsGenerated(s.file)
}

// imports are the paths that the file imports.
func (s source) imports() []string {
	paths := make([]string, len(s.file.Imports))
	for i, spec := range s.file.Imports {
		paths[i] = strings.Trim(spec.Path.Value, `"`)
	}
	return paths
}

// lineCount is how many lines of the file a node takes.
func (s source) lineCount(node ast.Node) int {
	return s.set.Position(node.End()).Line - s.set.Position(node.Pos()).Line + 1
}

// readTree parses every Go file under the roots. It reads the files itself: a
// test that runs a command is cached by go test and misses what has changed.
func readTree(t *testing.T, tree fs.FS) []source {
	t.Helper()
	var sources []source
	for _, root := range roots {
		if _, err := fs.Stat(tree, root); err != nil {
			continue
		}
		require.NoError(t, fs.WalkDir(tree, root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == "testdata" {
				return fs.SkipDir
			}
			if !entry.IsDir() && strings.HasSuffix(name, ".go") {
				sources = append(sources, parse(t, tree, name))
			}
			return nil
		}))
	}
	require.NotEmpty(t, sources, "no Go file was found: the check would pass for ever")
	return sources
}

func parse(t *testing.T, tree fs.FS, name string) source {
	t.Helper()
	text, err := fs.ReadFile(tree, name)
	require.NoError(t, err)
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	return source{
		path: name, room: strings.TrimPrefix(path.Dir(name), "internal/"),
		lines: bytes.Count(text, []byte("\n")), file: file, set: set,
	}
}

// house is Florin's own tree.
func house(t *testing.T) []source {
	t.Helper()
	return readTree(t, os.DirFS("../.."))
}
