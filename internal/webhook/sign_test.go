package webhook_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/webhook"
)

// The vectors that Standard Webhooks' documents and libraries publish. Their
// ids have another prefix than ours, so they test the signer that we use.
func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		secret, id, body, signature string
		at                          int64
	}{
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 1614265330},
		{"whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", `{"event_type":"ping","data":{"success":true}}`, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", 1731705121},
	} {
		signer, err := standardwebhooks.NewWebhook(v.secret)
		require.NoError(t, err)
		got, err := signer.Sign(v.id, time.Unix(v.at, 0), []byte(v.body))
		require.NoError(t, err)
		assert.Equal(t, v.signature, got)
	}
}

func TestNewSecret(t *testing.T) {
	t.Parallel()
	courier := webhook.New(webhook.Config{})
	first, second := courier.NewSecret(), courier.NewSecret()
	assert.NotEqual(t, first, second)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first, "whsec_"))
	require.NoError(t, err)
	assert.Len(t, key, 32)
}

// foreign is a delivery as the node script takes it.
type foreign struct {
	Secret  string            `json:"secret"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

func verdictsOfNode(t *testing.T, deliveries []foreign) []string {
	t.Helper()
	folder := os.Getenv("FLORIN_TEST_NODE")
	if folder == "" {
		folder = filepath.Join("..", "..", ".cache", "node")
	}
	modules, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	require.NoError(t, err)
	require.DirExists(t, filepath.Join(modules, "standardwebhooks"), "node's standardwebhooks package is not installed; run: make deps")
	input, err := json.Marshal(deliveries)
	require.NoError(t, err)
	var problems bytes.Buffer
	node := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "verify.mjs"))
	node.Env = append(os.Environ(), "NODE_PATH="+modules)
	node.Stdin, node.Stderr = bytes.NewReader(input), &problems
	output, err := node.Output()
	require.NoError(t, err, "node cannot verify; run: make deps\n%s", &problems)
	var verdicts []string
	require.NoError(t, json.Unmarshal(output, &verdicts))
	return verdicts
}

// While a secret is rotated both verify, with the library of the people who
// wrote the standard, and nothing that was changed does.
func TestDeliveriesVerifyWithTheStandardsOwnLibrary(t *testing.T) {
	t.Parallel()
	url, posts := receiver(t, func(http.ResponseWriter, *http.Request) {})
	courier := near(0)
	older, newer := courier.NewSecret(), courier.NewSecret()
	parcel := parcelFor(url)
	parcel.Now = time.Now() // the library refuses what is older than five minutes
	parcel.Body = []byte("{\n \"name\": \"Zoë 💶\", \"amount\": \"10.00\" }")
	parcel.Secrets = []pay.Secret{pay.NewSecret(newer), pay.NewSecret(older)}
	require.Equal(t, pay.FaultNone, courier.Deliver(t.Context(), parcel).Fault)

	got := <-posts
	headers := map[string]string{}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		headers[name] = got.header.Get(name)
	}
	other := map[string]string{"webhook-id": "evt_other", "webhook-timestamp": headers["webhook-timestamp"], "webhook-signature": headers["webhook-signature"]}
	verdicts := verdictsOfNode(t, []foreign{
		{newer, got.body, headers}, {older, got.body, headers},
		{courier.NewSecret(), got.body, headers}, {newer, got.body + " ", headers}, {newer, got.body, other},
	})
	require.Len(t, verdicts, 5)
	assert.Equal(t, []string{"ok", "ok"}, verdicts[:2])
	for _, verdict := range verdicts[2:] {
		assert.Contains(t, verdict, "No matching signature found")
	}
}
