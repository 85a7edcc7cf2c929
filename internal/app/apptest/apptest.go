// Package apptest starts the whole program for tests that see it from outside:
// on free ports, with its sandbox, in folders that end with the test. Only
// tests import it.
package apptest

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/config"
	"florin/internal/pgtest"
)

// Databases is every database that Florin runs on, fresh for each call.
var Databases = map[string]func(t testing.TB) string{
	"sqlite":   SQLite,
	"postgres": func(t testing.TB) string { return pgtest.Start(t) },
}

// SQLite is the URL of a fresh file.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "florin.db") }

// Start runs the program until t ends, and fails t if it does not stop in good
// order. Flags are as on the command line and come after those that every test
// wants, so that they win; without --database-url it is a fresh SQLite file.
func Start(t testing.TB, flags ...string) *app.Server {
	t.Helper()
	server, _ := Begin(t, flags...)
	return server
}

// Begin is Start for tests that stop the program themselves, before they end.
func Begin(t testing.TB, flags ...string) (server *app.Server, stop func()) {
	t.Helper()
	set := pflag.NewFlagSet("florin", pflag.ContinueOnError)
	config.Bind(set)
	require.NoError(t, set.Parse(append([]string{
		"--database-url", SQLite(t), "--data-dir", t.TempDir(),
		"--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", "--rate-limit", "0",
	}, flags...)))
	cfg, err := config.Load(set, func(string) string { return "" })
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	server, err = app.NewServer(ctx, cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, server.Close(context.Background()))
	}
	t.Cleanup(stop)
	return server, stop
}
