package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pgtest"
	"florin/internal/store"
	"florin/internal/store/storetest"
)

// databases are the two that every test here runs on.
var databases = map[string]func(t testing.TB) string{
	"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "florin.db") },
	"postgres": pgtest.Start,
}

// open opens a store that is closed with the test.
func open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url, Clock: clock.Real{}, MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	for name, url := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Exercise(t, func(t testing.TB) *store.Store { return open(t, url(t)) })
		})
	}
}
