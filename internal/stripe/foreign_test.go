package stripe_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// nodeModules is where `make deps` puts the packages that tests need.
func nodeModules(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("FLORIN_TEST_NODE")
	if folder == "" {
		folder = filepath.Join("..", "..", ".cache", "node")
	}
	modules, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	require.NoError(t, err)
	_, err = os.Stat(filepath.Join(modules, "stripe"))
	require.NoError(t, err, "node's stripe package is not installed; run: make deps")
	return modules
}

type unsigned struct {
	Payload   string `json:"payload"`
	Secret    string `json:"secret"`
	Timestamp int64  `json:"timestamp"`
}

func signByNode(t *testing.T, events []unsigned) []string {
	t.Helper()
	input, err := json.Marshal(events)
	require.NoError(t, err)
	node := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "sign.js"))
	node.Env = append(os.Environ(), "NODE_PATH="+nodeModules(t))
	node.Stdin = bytes.NewReader(input)
	var problems bytes.Buffer
	node.Stderr = &problems
	output, err := node.Output()
	require.NoError(t, err, "node cannot sign; run: make deps\n%s", &problems)
	var headers []string
	require.NoError(t, json.Unmarshal(output, &headers))
	require.Len(t, headers, len(events))
	return headers
}

func TestSignaturesOfStripesNodeLibrary(t *testing.T) {
	t.Parallel()
	events := []unsigned{
		{string(eventBody), eventKey.Reveal(), signedAt.Unix()},
		{"{\n  \"id\": \"evt_1\",\r\n\t\"name\": \"Zoë 💶 \\u0000\"\n}", "whsec_ü", 1},
		{"", "whsec_x", 4102444800},
	}
	for i, header := range signByNode(t, events) {
		e := events[i]
		secrets, at := []pay.Secret{pay.NewSecret(e.Secret)}, time.Unix(e.Timestamp, 0)
		assert.NoError(t, gateway.Verify([]byte(e.Payload), header, secrets, at), "%q", e.Payload)
		assert.Error(t, gateway.Verify([]byte(e.Payload+" "), header, secrets, at), "%q", e.Payload)
	}
}
