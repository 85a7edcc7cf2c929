package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/app"
	"florin/internal/client"
	"florin/internal/config"
)

const listenHelp = `Prints the events of a merchant as they come, and can forward each to a server
on your machine, signed as Florin signs webhooks (Standard Webhooks). It needs no
endpoint and no public address: it asks GET /v1/events and waits there.

It begins with what comes next. --after begins after an event, --all with the
first. When the connection is lost it tries again and leaves nothing out.

The API key needs the scope webhooks:read. Without --key and FLORIN_API_KEY, the
key is used that florin serve keeps in the data folder.`

// listenOptions are what a person says on the command line.
type listenOptions struct {
	url, key, after string
	forward, secret string
	types           []string
	fromStart       bool
	asJSON          bool
}

func (p *program) listenCommand() *cobra.Command {
	var o listenOptions
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Print events as they come, and forward them to your own server",
		Long:  listenHelp,
		Example: "  florin listen\n" +
			"  florin listen --types payment.completed,payment.failed --json\n" +
			"  florin listen --forward http://127.0.0.1:3000/webhooks",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, "data-dir")
	f := cmd.Flags()
	f.StringVar(&o.url, "url", "", "The `url` of the server; from FLORIN_LISTEN when left out.")
	f.StringVar(&o.key, "key", "", "The API `key` [FLORIN_API_KEY]. As a flag it is visible in the process list.")
	f.StringSliceVar(&o.types, "types", nil, "Only events of these `types`, separated by commas.")
	f.StringVar(&o.after, "after", "", "Begin after the event of this `id`.")
	f.BoolVar(&o.fromStart, "all", false, "Begin with the first event there is.")
	f.StringVar(&o.forward, "forward", "", "The `url` that each event is posted to.")
	f.StringVar(&o.secret, "secret", "", "The signing `secret` (whsec_…) for --forward; a new one is made and printed when left out.")
	f.BoolVar(&o.asJSON, "json", false, "Print each event as one line of JSON.")
	cmd.MarkFlagsMutuallyExclusive("after", "all")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		err := p.listen(ctx, flags, o)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // stopping is how listening ends
		}
		return err
	})
	return cmd
}

func (p *program) listen(ctx context.Context, flags *pflag.FlagSet, o listenOptions) error {
	base, err := p.serverURL(o.url)
	if err != nil {
		return err
	}
	key, err := p.listenKey(flags, o.key)
	if err != nil {
		return err
	}
	feed := newFeed(base, key, o.types)
	feed.lost = func(err error, span time.Duration) {
		fmt.Fprintf(p.Err, "no answer (%s); trying again in %s\n", wording(err), span)
	}
	receiver, err := newReceiver(o.forward, o.secret)
	if err != nil {
		return err
	}
	if feed.after = o.after; o.after == "" && !o.fromStart {
		if err := feed.skip(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.Err, "Listening to %s. Stop with Ctrl-C.\n", base)
	if receiver != nil {
		fmt.Fprintf(p.Err, "Forwarding to %s, signed with %s\n", receiver.url, receiver.secret)
	}
	for {
		batch, err := feed.next(ctx)
		if err != nil {
			return err
		}
		for _, heard := range batch {
			if err := p.pass(ctx, heard, receiver, o.asJSON); err != nil {
				return err
			}
		}
	}
}

// pass prints one event and forwards it.
func (p *program) pass(ctx context.Context, heard client.Event, to *receiver, asJSON bool) error {
	if asJSON {
		if err := printJSON(p.Out, heard); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.Out, "%s  %-26s %s  %s\n", heard.Timestamp.UTC().Format("15:04:05.000"), heard.Type, heard.ID, summary(heard.Data))
	}
	if to == nil {
		return nil
	}
	said, err := to.send(ctx, heard)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		said = err.Error()
	}
	fmt.Fprintf(p.Err, "  -> %s  %s\n", said, heard.ID) // standard output is for events
	return nil
}

// listenKey is the API key that a person gave, in whichever way.
func (p *program) listenKey(flags *pflag.FlagSet, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if key := p.Getenv("FLORIN_API_KEY"); key != "" {
		return key, nil
	}
	cfg, err := config.Load(flags, p.Getenv)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(cfg.DataDir, app.KeyFile))
	if err != nil {
		return "", usagef("no API key: give one with --key or FLORIN_API_KEY, or start florin serve in this folder first")
	}
	return strings.TrimSpace(string(text)), nil
}

// summary is as much of an event's object as a line has room for.
func summary(data json.RawMessage) string {
	var object struct {
		ID       string `json:"id"`
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
		Status   string `json:"status"`
	}
	if json.Unmarshal(data, &object) != nil {
		return "" // the line says type and id, and --json the rest
	}
	parts := []string{object.ID}
	if object.Amount != "" {
		parts = append(parts, object.Amount+" "+object.Currency)
	}
	return strings.Join(append(parts, object.Status), "  ")
}
