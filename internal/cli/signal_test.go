package cli_test

import (
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startSandbox runs the sandbox as a process and returns its address.
func startSandbox(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "florin", "sandbox", "--listen", "127.0.0.1:0", "--ephemeral", "--json")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := lines(out)
	require.True(t, said.Scan(), "it never said where it listens")
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(said.Text())
	require.NotEmpty(t, url)
	return cmd, url
}

func TestASignalEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd, _ := startSandbox(t)
			require.NoError(t, cmd.Process.Signal(signal))
			require.NoError(t, cmd.Wait())
		})
	}
}

// TestASecondSignalKills holds a request open, which the first signal would
// wait for.
func TestASecondSignalKills(t *testing.T) {
	t.Parallel()
	cmd, url := startSandbox(t)
	post(t, url+"/_sandbox/faults", `{"effect":{"type":"hang"}}`)
	cut := make(chan error, 1)
	go func() {
		request, err := http.NewRequest(http.MethodGet, url+"/v1/balance", nil)
		if err == nil {
			request.SetBasicAuth("sk_test_signal", "")
			_, err = http.DefaultClient.Do(request)
		}
		cut <- err
	}()
	require.Eventually(t, func() bool { return strings.Contains(get(t, url+"/_sandbox/faults"), `"struck":1`) },
		patience, 5*time.Millisecond, "the request never arrived")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Eventually(t, func() bool { _, err := http.Get(url + "/_sandbox/health"); return err != nil },
		patience, time.Millisecond, "it goes on listening after the first signal")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, syscall.SIGINT, exit.Sys().(syscall.WaitStatus).Signal())
	require.Error(t, <-cut)
}
