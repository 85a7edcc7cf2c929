package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/app"
)

const dashboardHelp = `Prints a link to the dashboard that signs in once, within twelve hours, in the
name of an API key: what the key may see is what the dashboard shows. Without
--key it is the key of the newcomer, which florin serve makes in sandbox mode.`

func (p *program) dashboardCommand() *cobra.Command {
	var key string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "dashboard",
		Short:   "Print a link that signs in to the dashboard",
		Long:    dashboardHelp,
		Example: "  florin dashboard\n  florin dashboard --key sk_live_flr_…\n  xdg-open $(florin dashboard)",
		Args:    cobra.NoArgs,
	}
	flags := settings(cmd, append([]string{"listen", "public-url", "sandbox-listen"}, storedSettings...)...)
	cmd.Flags().StringVar(&key, "key", "", "The API key to sign in with.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			link, err := signInLink(ctx, parts, key)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, map[string]string{"url": link})
			}
			_, err = fmt.Fprintln(p.Out, link)
			return err
		})
	})
	return cmd
}

func signInLink(ctx context.Context, parts *app.Parts, key string) (string, error) {
	if key == "" {
		if !parts.Config.ServesSandbox() {
			return "", errors.New("there is no newcomer's key without the sandbox; name one with --key (florin apikey create makes one)")
		}
		var err error
		if key, err = parts.NewcomerKey(ctx); err != nil {
			return "", err
		}
	}
	return parts.SignInLink(ctx, key)
}
