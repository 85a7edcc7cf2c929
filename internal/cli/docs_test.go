package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/cli"
)

// TestTheCommittedDocumentsAreUpToDate writes the documents again and compares.
func TestTheCommittedDocumentsAreUpToDate(t *testing.T) {
	t.Parallel()
	fresh := t.TempDir()
	said := newTranscript()
	none := func(string) string { return "" }
	require.Zero(t, cli.Main(context.Background(), []string{"docs", "--dir", fresh}, cli.IO{Out: said, Err: said, Getenv: none}), said.all())
	pages, err := os.ReadDir(fresh)
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, page := range pages {
		want, err := os.ReadFile(filepath.Join(fresh, page.Name()))
		require.NoError(t, err)
		committed, err := os.ReadFile(filepath.Join("..", "..", "docs", page.Name()))
		require.NoError(t, err, "run: florin docs")
		assert.Equal(t, string(want), string(committed), "docs/%s is out of date; run: florin docs", page.Name())
	}
}
