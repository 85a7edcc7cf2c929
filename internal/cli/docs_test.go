package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/api"
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
	require.NotEmpty(t, pages)
	for _, page := range pages {
		want, err := os.ReadFile(filepath.Join(fresh, page.Name()))
		require.NoError(t, err)
		assert.Equal(t, string(want), committed(t, page.Name()), "docs/%s is out of date; run: make docs", page.Name())
	}
}

// TestTheAPIsDocumentsAreUpToDate compares what the API says of itself.
func TestTheAPIsDocumentsAreUpToDate(t *testing.T) {
	t.Parallel()
	document, err := api.OpenAPI()
	require.NoError(t, err)
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, bytes.TrimSpace(document), "", "  "))
	for name, want := range map[string]string{
		"errors.md": api.ErrorsMarkdown(), "states.md": api.StatesMarkdown(), "openapi.json": indented.String() + "\n",
	} {
		assert.True(t, want == committed(t, name), "docs/%s is out of date; run: make docs", name) // a difference fills screens
	}
}
