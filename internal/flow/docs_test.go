package flow_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/flow"
)

// TestThePageTellsTheTruth reads every flow on docs/flows.md, and looks there
// for every function and key.
func TestThePageTellsTheTruth(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "flows.md"))
	require.NoError(t, err)
	page := string(raw)
	flows := regexp.MustCompile("(?s)```yaml\n(flow:.*?)```").FindAllStringSubmatch(page, -1)
	require.Len(t, flows, 3)
	for _, found := range flows {
		f := parse(t, found[1])
		assert.NoError(t, editorSchema(t).Validate(plainly(t, found[1])), f.Name)
	}
	for _, f := range flow.Functions() {
		assert.Contains(t, page, "`"+f.Name+"(", "a function")
		assert.NotEmpty(t, f.Summary)
		parse(t, "flow: a\non: manual\nsteps: [fail: \"${string("+strings.ReplaceAll(f.Use, `"`, `'`)+")}\"]")
	}
}
