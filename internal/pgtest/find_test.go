package pgtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// install makes a folder with programs that say they are a version.
func install(t *testing.T, says string) string {
	folder := t.TempDir()
	script := []byte("#!/bin/sh\necho '" + says + "'\n")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "postgres"), script, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "initdb"), script, 0o700))
	return folder
}

// Not parallel: a program that was just written cannot be run while another
// test forks and so holds it open for writing (golang/go#22315).
func TestTheNewestUsableVersionIsTaken(t *testing.T) {
	old := install(t, "postgres (PostgreSQL) 14.9")
	fifteen := install(t, "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
	eighteen := install(t, "postgres (PostgreSQL) 18beta1")
	other := install(t, "something else 99")

	got, err := newest(t.Context(), []string{old, fifteen, eighteen, other, t.TempDir()})
	require.NoError(t, err)
	assert.Equal(t, eighteen, got)
	got, err = newest(t.Context(), []string{fifteen, old})
	require.NoError(t, err)
	assert.Equal(t, fifteen, got)

	_, err = newest(t.Context(), []string{old, other, t.TempDir()})
	assert.ErrorIs(t, err, ErrMissing)
	assert.ErrorContains(t, err, "make deps")
}
