package pgtest_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pgtest"
)

// ask runs a query that answers one text.
func ask(t *testing.T, address, query string) string {
	connection, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer connection.Close(context.Background())
	var answer string
	require.NoError(t, connection.QueryRow(t.Context(), query).Scan(&answer))
	return answer
}

func TestEachCallIsAFreshDatabase(t *testing.T) {
	t.Parallel()
	const callers = 8
	names := make([]string, callers)
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			address := pgtest.Start(t)
			names[i] = ask(t, address, "SELECT current_database()")
			assert.Equal(t, "0", ask(t, address, "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"))
			ask(t, address, "WITH made AS (SELECT 1) SELECT 'x' FROM made")
		})
	}
	wait.Wait()
	seen := map[string]bool{}
	for _, name := range names {
		assert.False(t, seen[name], "two callers got %s", name)
		seen[name] = true
	}
}

func TestADatabaseIsDroppedThoughConnectionsAreOpen(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("inner", func(t *testing.T) {
		address = pgtest.Start(t)
		_, err := pgx.Connect(t.Context(), address)
		require.NoError(t, err)
	})
	_, err := pgx.Connect(t.Context(), address)
	assert.ErrorContains(t, err, "does not exist")
}

func TestAServerStopsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	server, err := pgtest.StartServer(t.Context(), true)
	require.NoError(t, err)
	assert.Equal(t, "on", ask(t, server.URL, "SHOW fsync"))
	data := ask(t, server.URL, "SHOW data_directory")
	assert.DirExists(t, data)

	wrong, err := url.Parse(server.URL)
	require.NoError(t, err)
	wrong.User = url.UserPassword("florin", "guess")
	_, err = pgx.Connect(t.Context(), wrong.String())
	assert.ErrorContains(t, err, "password authentication failed")

	require.NoError(t, server.Stop())
	assert.NoDirExists(t, filepath.Dir(data))
	_, err = pgx.Connect(t.Context(), server.URL)
	assert.Error(t, err)
}

// childEnv makes the test program play a program that is killed.
const childEnv = "FLORIN_PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	server, err := pgtest.StartServer(context.Background(), false)
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(server.URL)
	os.Stdout.Close()
	select {} // until it is killed
}

func TestAServerEndsWithAProgramThatIsKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childEnv+"=1")
	child.Stderr = os.Stderr
	said, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	address := make([]byte, 512)
	n, err := said.Read(address)
	require.NoError(t, err)

	connection, err := pgx.Connect(t.Context(), string(address[:n]))
	require.NoError(t, err)
	defer connection.Close(context.Background())
	require.NoError(t, child.Process.Kill())
	_, err = connection.WaitForNotification(t.Context()) // returns when the server closes the connection
	assert.Error(t, err)
	assert.Eventually(t, func() bool { // the last of it ends after the connection; there is no signal for that
		_, err := pgx.Connect(t.Context(), string(address[:n]))
		return err != nil
	}, 30*time.Second, 50*time.Millisecond)
	_ = child.Wait() // it was killed
}
