package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) connectionCommand() *cobra.Command {
	return group("connection", "Keep, try and rotate ways to Stripe and to other systems",
		"A connection is a name for credentials that operations and flows use. They are\nkept encrypted and never shown again. A connection belongs to the API key that\nmade it, unless it is shared with the merchant."+apiHelp,
		p.connectionCreateCommand(), p.connectionListCommand(), p.connectionShowCommand(), p.connectionTestCommand(),
		p.connectionRotateCommand(), p.connectionShareCommand(), p.connectionDeleteCommand())
}

// accessOptions are a connection's credentials on the command line.
type accessOptions struct {
	client.ConnectionAccess
	headers []string
}

const accessHelp = "\n\nA secret on the command line is visible in the process list: write - to have it\nread from standard input, or @file."

func accessFlags(cmd *cobra.Command) *accessOptions {
	o := &accessOptions{}
	f := cmd.Flags()
	f.StringVar(&o.StripeKey, "stripe-key", "", "stripe: the `secret` or restricted key (sk_…, rk_…).")
	f.StringVar(&o.BaseURL, "base-url", "", "http: the `url` that paths are added to.")
	f.StringArrayVar(&o.headers, "header", nil, "http: a `header` of every request, as \"Authorization: Bearer …\"; repeat it.")
	f.StringVar(&o.DatabaseURL, "database", "", "database: a `url`, postgres://… or sqlite:/….")
	f.StringVar(&o.SMTPURL, "smtp", "", "smtp: the mail server's `url`, smtp://user:password@host:587.")
	f.StringVar(&o.From, "from", "", "smtp: the `address` that mail comes from.")
	return o
}

// access reads the secrets that are not on the command line.
func (p *program) access(o *accessOptions) (client.ConnectionAccess, error) {
	for _, secret := range []*string{&o.StripeKey, &o.DatabaseURL, &o.SMTPURL} {
		text, err := p.secretText(*secret)
		if err != nil {
			return o.ConnectionAccess, err
		}
		*secret = text
	}
	o.Headers = map[string]string{}
	for _, header := range o.headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok {
			return o.ConnectionAccess, usagef("--header: write \"Name: value\"")
		}
		text, err := p.secretText(strings.TrimSpace(value))
		if err != nil {
			return o.ConnectionAccess, err
		}
		o.Headers[strings.TrimSpace(name)] = text
	}
	return o.ConnectionAccess, nil
}

// kindOf guesses the kind from the credentials that were given.
func kindOf(a client.ConnectionAccess) string {
	switch {
	case a.BaseURL != "":
		return "http"
	case a.DatabaseURL != "":
		return "database"
	case a.SMTPURL != "":
		return "smtp"
	case a.StripeKey != "":
		return "stripe"
	}
	return "sandbox"
}

func (p *program) connectionCreateCommand() *cobra.Command {
	var (
		kind   string
		shared bool
	)
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Keep a connection after trying it",
		Long: "Tries credentials, keeps them encrypted and gives them a name." + accessHelp + apiHelp,
		Example: "  florin connection create europe --stripe-key - < key.txt\n" +
			"  florin connection create play --kind sandbox\n" +
			"  florin connection create books --base-url https://books.example.com --header \"Authorization: @token.txt\" --shared",
		Args: cobra.ExactArgs(1),
	}
	o, access := api(cmd), accessFlags(cmd)
	cmd.Flags().StringVar(&kind, "kind", "", "The `kind`: stripe, sandbox, http, database or smtp; from the credentials when left out.")
	cmd.Flags().BoolVar(&shared, "shared", false, "Let every key of the merchant use it.")
	p.connectionWork(cmd, o, func(ctx context.Context, c *client.Client, name string) (client.Connection, error) {
		secrets, err := p.access(access)
		if err != nil {
			return client.Connection{}, err
		}
		if kind == "" {
			kind = kindOf(secrets)
		}
		return c.CreateConnection(ctx, client.NewConnection{Name: name, Kind: kind, Shared: shared, Access: secrets})
	})
	return cmd
}

// connectionWork makes a command out of something that ends with a connection,
// which is shown.
func (p *program) connectionWork(cmd *cobra.Command, o *apiOptions, work func(ctx context.Context, c *client.Client, name string) (client.Connection, error)) {
	asJSON := cmd.Flags().Bool("json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := work(ctx, c, args[0])
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(p.Out, found)
			}
			p.printConnection(found)
			return nil
		})
	})
}

func (p *program) printConnection(c client.Connection) {
	rows := [][]any{{"name", c.Name}, {"id", c.ID}, {"kind", c.Kind + ", " + c.Mode + " mode"}, {"leads to", c.Target}}
	if c.AccountID != nil {
		rows = append(rows, []any{"account", *c.AccountID + " " + orDash(c.AccountName)})
	}
	rows = append(rows, []any{"belongs to", belonging(c)}, []any{"state", stateOf(c)})
	for _, right := range c.Check.Rights {
		has := "no"
		if right.Has {
			has = "yes"
		}
		rows = append(rows, []any{"may " + right.Level + " " + right.Area, has})
	}
	printTable(p.Out, []any{"field", "value"}, rows)
}

func orDash(text *string) string {
	if text == nil {
		return "-"
	}
	return *text
}

func belonging(c client.Connection) string {
	switch {
	case c.Default:
		return "the merchant, for payments"
	case c.Own && c.Shared:
		return "this key, shared with the merchant"
	case c.Own:
		return "this key"
	}
	return "another key, shared with the merchant"
}

func stateOf(c client.Connection) string {
	check := c.Check
	switch {
	case check.Problem != nil:
		return "broken: " + *check.Problem
	case check.At == nil && c.Kind == "http":
		return "not tried: no request is without effect at every web server; the first step that uses it tries it"
	case check.At == nil:
		return "not tried"
	}
	return "works (" + moment(*check.At) + ")"
}

func (p *program) connectionListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the connections that the key may use",
		Long:    "Lists the connections that the key may use: its own and those that are shared." + apiHelp,
		Example: "  florin connection list\n  florin connection list --json",
		Args:    cobra.NoArgs,
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			found, err := client.Collect(c.Connections(ctx))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, append([]client.Connection{}, found...))
			}
			rows := make([][]any, len(found))
			for i, each := range found {
				rows[i] = []any{each.Name, each.Kind, each.Target, orDash(each.AccountID), belonging(each), stateOf(each)}
			}
			printTable(p.Out, []any{"name", "kind", "leads to", "account", "belongs to", "state"}, rows)
			return nil
		})
	})
	return cmd
}

func (p *program) connectionShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a connection, without its secrets",
		Long:    "Shows a connection by its name or id: where it leads, whose it is, and what the\nlast test found. Secrets are never shown." + apiHelp,
		Example: "  florin connection show default\n  florin connection show europe --json",
		Args:    cobra.ExactArgs(1),
	}
	p.connectionWork(cmd, api(cmd), func(ctx context.Context, c *client.Client, name string) (client.Connection, error) {
		return c.Connection(ctx, name)
	})
	return cmd
}

func (p *program) connectionTestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Try a connection now",
		Long:    "Tries a connection and tells whether it works, and which rights a restricted\nStripe key has." + apiHelp,
		Example: "  florin connection test europe",
		Args:    cobra.ExactArgs(1),
	}
	p.connectionWork(cmd, api(cmd), func(ctx context.Context, c *client.Client, name string) (client.Connection, error) {
		return c.TestConnection(ctx, name)
	})
	return cmd
}

func (p *program) connectionRotateCommand() *cobra.Command {
	var other bool
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Replace a connection's credentials; flows go on with the new ones",
		Long:    "Tries new credentials and puts them in the place of the old ones. A key of another\nStripe account is refused unless it is meant." + accessHelp + apiHelp,
		Example: "  florin connection rotate europe --stripe-key @new-key.txt",
		Args:    cobra.ExactArgs(1),
	}
	o, access := api(cmd), accessFlags(cmd)
	cmd.Flags().BoolVar(&other, "other-account", false, "The key may belong to another Stripe account.")
	p.connectionWork(cmd, o, func(ctx context.Context, c *client.Client, name string) (client.Connection, error) {
		secrets, err := p.access(access)
		if err != nil {
			return client.Connection{}, err
		}
		return c.RotateConnection(ctx, name, secrets, other)
	})
	return cmd
}

func (p *program) connectionShareCommand() *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Use: "share NAME", Short: "Let every key of the merchant use a connection, or only one's own",
		Long:    "Lets every key of the merchant use a connection. Only the key that made it may\nchange it, share it or end that." + apiHelp,
		Example: "  florin connection share europe\n  florin connection share europe --off",
		Args:    cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&off, "off", false, "Share it no longer.")
	p.connectionWork(cmd, o, func(ctx context.Context, c *client.Client, name string) (client.Connection, error) {
		shared := !off
		return c.ChangeConnection(ctx, name, client.ConnectionChange{Shared: &shared})
	})
	return cmd
}

func (p *program) connectionDeleteCommand() *cobra.Command {
	var force, asJSON bool
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Forget a connection's credentials",
		Long:    "Forgets a connection's credentials. While a flow uses it that is refused, unless\nit is forced." + apiHelp,
		Example: "  florin connection delete europe",
		Args:    cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "Delete it although something uses it.")
	cmd.Flags().BoolVar(&asJSON, "json", false, `Print {"name","deleted"}.`)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			if err := c.DeleteConnection(ctx, args[0], force); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, map[string]any{"name": args[0], "deleted": true})
			}
			fmt.Fprintf(p.Out, "The connection %s is deleted.\n", args[0])
			return nil
		})
	})
	return cmd
}
