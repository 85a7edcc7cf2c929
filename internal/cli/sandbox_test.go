package cli_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The sandbox speaks HTTP/2 to whoever trusts its certificate and to nobody
// else, and its standard output holds its address alone, though the library
// that makes fixtures prints there.
func TestSandboxOverTLS(t *testing.T) {
	t.Parallel()
	box := exec.CommandContext(t.Context(), "florin", "sandbox", "--ephemeral", "--tls", "--json", "--listen", "127.0.0.1:0")
	out, err := box.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, box.Start())
	printed := json.NewDecoder(out)
	var where struct{ URL, Certificate string }
	require.NoError(t, printed.Decode(&where))

	pem, err := os.ReadFile(where.Certificate)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}}
	request, err := http.NewRequest(http.MethodGet, where.URL+"/v1/climate/products", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer sk_test_anything")
	answer, err := client.Do(request)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, 2, answer.ProtoMajor)
	assert.Equal(t, "true", answer.Header.Get("Sandbox-Fixture"))

	stranger := &http.Client{Transport: &http.Transport{}}
	_, err = stranger.Get(where.URL)
	assert.ErrorContains(t, err, "certificate")

	client.CloseIdleConnections()
	require.NoError(t, box.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	assert.Empty(t, string(rest))
	require.NoError(t, box.Wait())
	assert.NoFileExists(t, where.Certificate)
}
