package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/config"
)

const (
	// healthTimeout is shorter than the 30 seconds after which Docker calls a
	// check failed.
	healthTimeout = 5 * time.Second
	// maxHealthAnswer bounds what is read, in bytes; the answer is one line.
	maxHealthAnswer = 4 << 10
)

func (p *program) healthcheckCommand() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running server whether it is ready",
		Long: "Asks a running server for /readyz and ends with 0 when it is ready to answer\n" +
			"requests. Made for containers, whose images need no curl then.",
		Example: "  florin healthcheck\n  florin healthcheck --url http://127.0.0.1:9090\n\n" +
			"  HEALTHCHECK CMD [\"florin\", \"healthcheck\"]",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&address, "url", "", "The `url` of the server; from FLORIN_LISTEN when left out.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		base, err := p.serverURL(address)
		if err != nil {
			return err
		}
		if err := askReady(ctx, base); err != nil {
			return err
		}
		fmt.Fprintln(p.Out, "ready")
		return nil
	})
	return cmd
}

// serverURL is where the server is reached: as a flag says, or else where the
// settings make it listen. A public URL may lead through a proxy that is down.
func (p *program) serverURL(given string) (string, error) {
	if given != "" {
		return webAddress("--url", given)
	}
	cfg, err := config.Load(nil, p.Getenv)
	if err != nil {
		return "", err
	}
	return config.PublicURLFor(cfg.Listen), nil
}

// webAddress is the address that a flag gives, without a closing slash.
func webAddress(flag, given string) (string, error) {
	parsed, err := url.Parse(given)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return "", usagef("%s: write a whole URL such as http://127.0.0.1:8080", flag)
	}
	return strings.TrimSuffix(given, "/"), nil
}

func askReady(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, maxHealthAnswer)) // for the message only
		return fmt.Errorf("the server is not ready: %s %s", answer.Status, strings.TrimSpace(string(said)))
	}
	return nil
}
