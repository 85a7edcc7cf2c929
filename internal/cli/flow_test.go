package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app/apptest"
)

// TestAFlowFromTheCommandLine applies, runs, repeats and deletes a flow, and
// has its faults printed as compilers do.
func TestAFlowFromTheCommandLine(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	flow := func(args ...string) (int, string, string) {
		return runCLI(append(append([]string{"flow"}, args...), "--url", server.URL(), "--key", server.Key)...)
	}
	file := filepath.Join(t.TempDir(), "lines.yaml")
	require.NoError(t, os.WriteFile(file, []byte("flow: lines\non: manual\nsteps:\n  - do: csv.apend\n"), 0o600))
	code, out, said := flow("apply", file)
	assert.Equal(t, 1, code)
	assert.Empty(t, out)
	assert.Contains(t, said, file+":4:9: ")
	assert.Contains(t, said, "csv.append")

	require.NoError(t, os.WriteFile(file, []byte("flow: lines\non: manual\nsteps:\n  - id: line\n    do: csv.append\n"+
		"    with: { file: lines.csv, values: { id: \"${trigger.id}\" } }\n  - if: trigger.bad == true\n    then: [{fail: \"too bad\"}]\n"), 0o600))
	code, out, _ = flow("apply", file, "--check")
	assert.Equal(t, 0, code)
	assert.Equal(t, "The flow lines has no faults.\n", out)
	for _, want := range []string{"The flow lines is kept, version 1.\n", "The flow lines is as it was, version 1.\n"} {
		code, out, said = flow("apply", file)
		assert.Equal(t, 0, code, said)
		assert.Contains(t, out, want)
	}
	code, out, said = flow("run", "lines", "--input", `{"id":"a"}`)
	require.Equal(t, 0, code, said)
	assert.Contains(t, out, "succeeded line (csv.append)\n")
	assert.Contains(t, out, " is succeeded.\n")
	code, out, said = flow("run", "lines", "--input", `{"id":"b","bad":true}`, "--json")
	assert.Equal(t, 1, code, "a run that failed")
	var run struct {
		ID    string
		Error struct{ Message string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &run), said)
	assert.Equal(t, "too bad", run.Error.Message)
	code, out, _ = flow("logs", run.ID)
	assert.Equal(t, 1, code)
	assert.Contains(t, out, `  out {"appended":true,"file":"lines.csv"}`)
	code, out, _ = flow("runs", "lines", "--state", "failed")
	assert.Equal(t, 0, code)
	assert.Contains(t, out, run.ID)
	code, out, said = flow("rerun", run.ID)
	assert.Equal(t, 0, code, said)
	assert.Contains(t, out, " is pending.\n")
	code, out, _ = flow("pause", "lines")
	assert.Equal(t, 0, code)
	assert.Equal(t, "The flow lines is paused.\n", out)
	code, _, said = flow("run", "lines", "--input", `{`)
	assert.Equal(t, 2, code)
	assert.Contains(t, said, "--input is no JSON")
	code, _, _ = flow("delete", "lines")
	assert.Equal(t, 0, code)
	code, _, said = flow("show", "lines")
	assert.Equal(t, 1, code)
	assert.Contains(t, said, "not_found")
	_, _, said = flow("list")
	assert.Contains(t, said, "There are no flows")
}
