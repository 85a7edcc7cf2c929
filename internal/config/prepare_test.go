package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/config"
	"florin/internal/pay"
)

func TestPrepareMakesFolderAndKeyOnceAndKeepsThem(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	first, err := config.Prepare(config.Config{DataDir: dir})
	require.NoError(t, err)
	assert.EqualValues(t, 0o700, mode(t, dir))
	assert.EqualValues(t, 0o600, mode(t, filepath.Join(dir, config.MasterKeyFile)))
	key, err := base64.StdEncoding.DecodeString(first.MasterKey.Reveal())
	require.NoError(t, err)
	assert.Len(t, key, 32)

	second, err := config.Prepare(config.Config{DataDir: dir})
	require.NoError(t, err)
	assert.True(t, second.MasterKey.Equal(first.MasterKey), "the second start reads the first one's key")

	elsewhere, err := config.Prepare(config.Config{DataDir: t.TempDir()})
	require.NoError(t, err)
	assert.False(t, elsewhere.MasterKey.Equal(first.MasterKey), "two folders have two keys")
}

func TestPrepareTakesAGivenKeyAndWritesNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got, err := config.Prepare(config.Config{DataDir: dir, MasterKey: pay.NewSecret(goodKey)})
	require.NoError(t, err)
	assert.Equal(t, goodKey, got.MasterKey.Reveal())
	assert.NoFileExists(t, filepath.Join(dir, config.MasterKeyFile))
}

func TestPrepareGivesOneKeyToAllWhoStartAtOnce(t *testing.T) {
	t.Parallel()
	const starters = 32
	dir, keys := t.TempDir(), make([]pay.Secret, starters)
	var wait sync.WaitGroup
	for i := range starters {
		wait.Go(func() {
			got, err := config.Prepare(config.Config{DataDir: dir})
			assert.NoError(t, err)
			keys[i] = got.MasterKey
		})
	}
	wait.Wait()
	for _, key := range keys {
		assert.False(t, key.IsZero())
		assert.True(t, key.Equal(keys[0]))
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no draft is left behind")
}

func TestPrepareRefusesABadKeyFileAndKeepsIt(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text, remedy string
		mode               os.FileMode
	}{
		{"open to others", goodKey, "chmod 600", 0o644},
		{"cut off", goodKey[:20], "restore it from a backup", 0o600},
		{"empty", "", "restore it from a backup", 0o600},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, config.MasterKeyFile)
			require.NoError(t, os.WriteFile(file, []byte(test.text), test.mode))
			got, err := config.Prepare(config.Config{DataDir: dir})
			require.ErrorContains(t, err, test.remedy)
			assert.True(t, got.MasterKey.IsZero())
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, test.text, string(kept))
		})
	}
}

func TestPrepareSaysWhenTheFolderCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := config.Prepare(config.Config{DataDir: filepath.Join(file, "data")})
	assert.ErrorContains(t, err, "FLORIN_DATA_DIR")
}
