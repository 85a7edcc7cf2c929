package sandbox_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/sandbox"
)

// journeyLimit ends a journey that waits for what never comes; one takes two
// seconds on an idle machine.
const journeyLimit = 40 * time.Second

// nodeModules is where `make deps` puts the packages that tests need.
func nodeModules(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("FLORIN_TEST_NODE")
	if folder == "" {
		folder = filepath.Join("..", "..", ".cache", "node")
	}
	modules, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	require.NoError(t, err)
	require.DirExists(t, filepath.Join(modules, "stripe"), "node's stripe package is not installed; run: make deps")
	return modules
}

// validated answers as the handler does, and fails the test for every answer
// of the API that Stripe's own document would not allow.
func validated(t *testing.T, doc *openapi3.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := &copied{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(kept, r)
		if operation := operationOf(doc, r.Method, r.URL.Path); operation != nil {
			err := validAnswer(operation, kept.status, kept.body.Bytes())
			assert.NoError(t, err, "%s %s: %s", r.Method, r.URL, &kept.body)
		}
	})
}

// copied keeps what is written through it.
type copied struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (c *copied) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *copied) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

// TestNodeJourneys lets Stripe's library for node, a version ahead of the one
// for Go and written by nobody here, live through every object. It runs
// unchanged, with its own retries and on the real clock.
func TestNodeJourneys(t *testing.T) {
	t.Parallel()
	modules := nodeModules(t)
	doc, err := stripeAPI()
	require.NoError(t, err)
	for _, journey := range []string{"payments", "platform", "connect", "billing"} {
		t.Run(journey, func(t *testing.T) {
			t.Parallel()
			s, err := sandbox.Open(sandbox.Config{})
			require.NoError(t, err)
			w := serve(t, s)
			server := httptest.NewServer(validated(t, doc, w.sandbox))
			t.Cleanup(server.Close)
			ctx, cancel := context.WithTimeout(t.Context(), journeyLimit)
			defer cancel()
			program := exec.CommandContext(ctx, "node", filepath.Join("testdata", journey+".cjs"))
			program.Env = append(os.Environ(), "NODE_PATH="+modules, "SANDBOX_URL="+server.URL)
			var problems bytes.Buffer
			program.Stderr = &problems
			said, err := program.Output()
			require.NoError(t, err, "after %s\n%s", said, &problems)
			want, err := os.ReadFile(filepath.Join("testdata", journey+".jsonl"))
			require.NoError(t, err)
			sameLines(t, string(want), string(said))
		})
	}
}

// sameLines holds what a journey saw against what it must see, step by step.
func sameLines(t *testing.T, want, have string) {
	t.Helper()
	wanted, had := strings.Split(strings.TrimSpace(want), "\n"), strings.Split(strings.TrimSpace(have), "\n")
	for at := range min(len(wanted), len(had)) {
		assert.JSONEq(t, wanted[at], had[at])
	}
	assert.Len(t, had, len(wanted), "steps")
}
