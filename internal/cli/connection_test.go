package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"florin/internal/app/apptest"
)

// TestWhyAConnectionIsNotTried is said; and what is wrong with one, once.
func TestWhyAConnectionIsNotTried(t *testing.T) {
	t.Parallel()
	c := newCaller(t, apptest.Start(t))
	at := []string{"--url", c.server.URL(), "--key", c.key}
	code, _, said := runCLI(append([]string{"connection", "create", "books", "--base-url", "http://127.0.0.1:1"}, at...)...)
	assert.Zero(t, code, said)
	for _, command := range [][]string{{"connection", "test", "books"}, {"connection", "list"}} {
		code, out, said := runCLI(append(command, at...)...)
		assert.Zero(t, code, said)
		assert.Contains(t, out, "not tried: no request is without effect at every web server")
	}
	code, _, said = runCLI(append([]string{"connection", "create", "rows", "--database", "postgres://u:p@127.0.0.1:1/x?sslmode=disable"}, at...)...)
	assert.Equal(t, 2, code)
	assert.Equal(t, 1, strings.Count(said, "cannot be reached"), said)
}
