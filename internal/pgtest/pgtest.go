// Package pgtest gives tests a real Postgres of their own: a private server
// in a temporary folder, and in it a fresh database for each caller. Nothing
// is shared with a Postgres that the machine may run, and where there is no
// Postgres at all the test fails and says what to do, because a test that is
// skipped proves nothing. Only tests import it, and tools/testenv, which
// starts one server for all test programs of a run.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Env names the variable with the URL of a server that is already running.
// make test sets it, so that twenty test programs share one server.
const Env = "FLORIN_TEST_POSTGRES"

// longestAdmin is how long CREATE or DROP DATABASE may take. They take 50 ms;
// the rest is for a machine where all tests run at once.
const longestAdmin = time.Minute

// Start gives t a fresh database, empty but for what Postgres itself puts in,
// and its URL. It is dropped when t ends. The first call of a test program
// starts the server, unless Env names one; the server ends with the program,
// however that ends.
func Start(t testing.TB) string {
	t.Helper()
	server, err := serverURL()
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ToLower(rand.Text())
	if err := admin(server, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("a fresh database cannot be made: %v", err)
	}
	t.Cleanup(func() {
		// FORCE ends connections that a test has left open.
		if err := admin(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("the database %s cannot be dropped: %v", name, err)
		}
	})
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no URL", Env)
	}
	address.Path = "/" + name
	return address.String()
}

// serverURL is the one server of this test program.
var serverURL = sync.OnceValues(func() (string, error) {
	if running := os.Getenv(Env); running != "" {
		return running, nil
	}
	server, err := StartServer(context.Background(), false)
	if err != nil {
		return "", err
	}
	return server.URL, nil // its watchdog stops it when this program ends
})

// admin runs one statement that Postgres allows outside a transaction only.
func admin(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), longestAdmin)
	defer cancel()
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
