package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/app"
)

// stateTimeout is long enough for the largest snapshot, or seed file, on a
// slow machine.
const stateTimeout = 10 * time.Minute

// stream is ask for what is too large to hold: the body goes out as it is read,
// and the answer is read by the caller, who closes it.
func (c *control) stream(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the sandbox does not answer: %w", err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxControlAnswer))
	return nil, errors.Join(refusal(answer.Status, text), err)
}

func (p *program) snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "snapshot FILE",
		Short: "Write the sandbox's whole state to a file",
		Long: "Writes every account, object and event of a running sandbox to a file, as lines\n" +
			"of JSON, or to standard output when FILE is -. The file holds secrets of webhook\n" +
			"endpoints; only you can read it. Faults are not part of the state.",
		Example: "  florin sandbox snapshot before-the-test.ndjson",
		Args:    cobra.ExactArgs(1),
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		ctx, cancel := context.WithTimeout(ctx, stateTimeout)
		defer cancel()
		answer, err := c.stream(ctx, http.MethodGet, "/_sandbox/snapshot", nil)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if args[0] == "-" {
			_, err = io.Copy(p.Out, answer.Body)
			return err
		}
		size, err := writeWhole(args[0], answer.Body)
		if err == nil {
			fmt.Fprintf(p.Out, "%s: %d bytes\n", args[0], size)
		}
		return err
	})
	return cmd
}

// writeWhole writes a file that is there in full or not at all.
func writeWhole(path string, from io.Reader) (size int64, err error) {
	part, err := os.CreateTemp(filepath.Dir(path), ".snapshot-*") // readable by nobody else
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name()))
		}
	}()
	size, err = io.Copy(part, from)
	if err = errors.Join(err, part.Close()); err != nil {
		return 0, fmt.Errorf("the snapshot broke off: %w", err)
	}
	return size, os.Rename(part.Name(), path)
}

func (p *program) restoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the sandbox's whole state by a snapshot",
		Long: "Replaces every account of a running sandbox by those of a snapshot, or changes\n" +
			"nothing and says why. FILE is - for standard input. Time never runs backwards:\n" +
			"what has become due since the snapshot happens at once.",
		Example: "  florin sandbox restore before-the-test.ndjson",
		Args:    cobra.ExactArgs(1),
	}
	c := p.controlFlags(cmd)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		ctx, cancel := context.WithTimeout(ctx, stateTimeout)
		defer cancel()
		from := p.In
		if args[0] != "-" {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			from = file
		}
		answer, err := c.stream(ctx, http.MethodPost, "/_sandbox/restore", from)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		return c.printRestored(answer.Body)
	})
	return cmd
}

func (c *control) printRestored(from io.Reader) error {
	if c.asJSON {
		_, err := io.Copy(c.p.Out, io.LimitReader(from, maxControlAnswer))
		return err
	}
	_, err := fmt.Fprintln(c.p.Out, "The sandbox has the snapshot's state.")
	return err
}

const seedHelp = `Makes the requests of a YAML file at a running sandbox, in their order, and stops
at the first that is answered otherwise than the file expects. A later request
refers to what an earlier one answered:

  - as: ann
    path: /v1/customers
    params: {name: Ann, metadata: {plan: gold}}
  - path: /v1/payment_methods/pm_card_visa/attach
    params: {customer: "${ann.id}"}
  - path: /v1/payment_intents
    status: 402
    params:
      amount: 1000
      currency: usd
      confirm: true
      payment_method_types: [card]
      payment_method: pm_card_chargeDeclined

A request also takes method (POST when left out) and account, which is sent as
Stripe-Account. The same file makes nothing twice within a day. Only a sandbox is
asked: keys that do not begin with sk_test_ are refused there.`

// maxSeedFile is the largest seed file that is read, in bytes; the sandbox's
// own limit is below it and has the better words.
const maxSeedFile = 2 << 20

func (p *program) seedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "seed FILE", Short: "Make the requests of a YAML file", Long: seedHelp,
		Example: "  florin sandbox seed fixtures.yaml --key sk_test_anything", Args: cobra.ExactArgs(1),
	}
	c := p.controlFlags(cmd)
	var key string
	cmd.Flags().StringVar(&key, "key", "sk_test_anything", "The secret `key` of the account that gets the objects.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		ctx, cancel := context.WithTimeout(ctx, stateTimeout)
		defer cancel()
		text, err := readSome(args[0], maxSeedFile)
		if err != nil {
			return err
		}
		base, err := c.base()
		if err != nil {
			return err
		}
		planted, err := app.PlantSeed(ctx, text, base, key)
		if err != nil {
			err = fmt.Errorf("%s:%w", args[0], err)
		}
		return errors.Join(c.printPlanted(planted), err)
	})
	return cmd
}

func readSome(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}

func (c *control) printPlanted(planted []app.Planted) error {
	if c.asJSON {
		return printJSON(c.p.Out, planted)
	}
	rows := make([][]any, len(planted))
	for i, one := range planted {
		rows[i] = []any{one.As, one.ID, one.Status, one.Method + " " + one.Path}
	}
	if len(rows) > 0 {
		printTable(c.p.Out, []any{"as", "id", "status", "request"}, rows)
	}
	return nil
}
