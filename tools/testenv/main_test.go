package main

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheCommandsExitCodeIsOurs(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, `test "$GIVEN" = yes || exit 9`: 0} {
		code, err := command(t.Context(), []string{"sh", "-c", script}, "GIVEN=yes")
		require.NoError(t, err)
		assert.Equal(t, want, code, script)
	}
	code, err := command(t.Context(), []string{"no-such-program-here"})
	assert.Error(t, err)
	assert.Equal(t, failureCode, code)
}

func TestASignalIsPassedOnAndTheCommandMayCleanUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	up := filepath.Join(folder, "up")
	require.NoError(t, syscall.Mkfifo(up, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = os.ReadFile(up) // returns when the script has written: its trap is set
		cancel()
	}()
	script := `trap 'touch "$DIR/cleaned"; exit 3' TERM; echo up >"$DIR/up"; while :; do sleep 0.05; done`
	code, err := command(ctx, []string{"sh", "-c", script}, "DIR="+folder)
	require.NoError(t, err)
	assert.Equal(t, 3, code)
	assert.FileExists(t, filepath.Join(folder, "cleaned"))
}

func TestWrongCallsSaySo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"dance"}, {"run"}, {"run", "-unknown", "true"}} {
		code, err := do(t.Context(), args)
		assert.Error(t, err, args)
		assert.Equal(t, usageCode, code, args)
	}
}

func TestInstalledVersionIsRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	assert.Empty(t, installed(folder, "stripe"))
	at := filepath.Join(folder, "node_modules", "stripe")
	require.NoError(t, os.MkdirAll(at, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(at, "package.json"), []byte(`{"version":"23.1.0"}`), 0o600))
	assert.Equal(t, "23.1.0", installed(folder, "stripe"))
	require.NoError(t, os.WriteFile(filepath.Join(at, "package.json"), []byte(`{`), 0o600))
	assert.Empty(t, installed(folder, "stripe"))
}
