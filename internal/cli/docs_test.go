package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/cli"
)

// committed is a page as it is in the repository.
func committed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	require.NoError(t, err, "run: make docs")
	return string(text)
}

// TestTheCommittedDocumentsAreUpToDate writes the documents again and compares.
func TestTheCommittedDocumentsAreUpToDate(t *testing.T) {
	t.Parallel()
	fresh := t.TempDir()
	said := newTranscript()
	none := func(string) string { return "" }
	require.Zero(t, cli.Main(context.Background(), []string{"docs", "--dir", fresh}, cli.IO{Out: said, Err: said, Getenv: none}), said.all())
	pages, err := os.ReadDir(fresh)
	require.NoError(t, err)
	require.Len(t, pages, 8)
	for _, page := range pages {
		want, err := os.ReadFile(filepath.Join(fresh, page.Name()))
		require.NoError(t, err)
		assert.True(t, string(want) == committed(t, page.Name()), "docs/%s is out of date; run: make docs", page.Name()) // a difference fills screens
	}
}

// TestEachCommandIsThereOnce looks at the page of all commands: one that is
// registered twice has two pages, and help that shows it once hides that.
func TestEachCommandIsThereOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for line := range strings.Lines(committed(t, "cli.md")) {
		if name, heading := strings.CutPrefix(line, "## "); heading {
			seen[name]++
		}
	}
	require.NotEmpty(t, seen)
	for name, times := range seen {
		assert.Equal(t, 1, times, name)
	}
}
