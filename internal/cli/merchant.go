package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

// maxListed bounds what a command lists or searches, so that it ends: an
// installation with more merchants than this has a database to ask.
const maxListed = 10_000

var errTooMany = errors.New("there are more than 10000; ask the database itself")

func (p *program) merchantCommand() *cobra.Command {
	return group("merchant", "Add and list merchants",
		"A merchant owns API keys, Stripe credentials and payments, and never sees what\nanother one owns. The first start of florin serve makes the merchant \"default\".",
		p.merchantCreateCommand(), p.merchantListCommand())
}

// merchantView is a merchant as the command line prints it.
type merchantView struct {
	ID        pay.ID    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

func viewMerchant(m pay.Merchant) merchantView {
	return merchantView{ID: m.ID, Name: m.Name, CreatedAt: m.CreatedAt.UTC()}
}

func (p *program) merchantCreateCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Add a merchant",
		Long: "Adds a merchant. It has no API key yet: make one with florin apikey create.\n" +
			"Works beside a running server.",
		Example: "  florin merchant create acme\n  florin merchant create \"Acme GmbH\" --json",
		Args:    cobra.ExactArgs(1),
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			m, err := parts.Engine.CreateMerchant(ctx, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, viewMerchant(m))
			}
			fmt.Fprintf(p.Out, "Merchant %s was added (%s).\nNext: florin apikey create --merchant %q\n", m.Name, m.ID, m.Name)
			return nil
		})
	})
	return cmd
}

func (p *program) merchantListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List merchants, newest first",
		Long:    "Lists all merchants, newest first. Works beside a running server.",
		Example: "  florin merchant list\n  florin merchant list --json",
		Args:    cobra.NoArgs,
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			merchants, err := allMerchants(ctx, parts)
			if err != nil {
				return err
			}
			return p.printMerchants(merchants, asJSON)
		})
	})
	return cmd
}

func (p *program) printMerchants(merchants []pay.Merchant, asJSON bool) error {
	views := make([]merchantView, len(merchants))
	rows := make([][]any, len(merchants))
	for i, m := range merchants {
		views[i] = viewMerchant(m)
		rows[i] = []any{m.ID, m.Name, moment(m.CreatedAt)}
	}
	if asJSON {
		return printJSON(p.Out, views)
	}
	printTable(p.Out, []any{"id", "name", "created"}, rows)
	return nil
}

func allMerchants(ctx context.Context, parts *app.Parts) ([]pay.Merchant, error) {
	return all(func(page pay.Page) (pay.List[pay.Merchant], error) { return parts.Engine.Merchants(ctx, page) })
}

// all reads every page of a list, up to maxListed.
func all[T any](next func(pay.Page) (pay.List[T], error)) ([]T, error) {
	items := []T{}
	page := pay.Page{Limit: pay.MaxPage}
	for len(items) < maxListed {
		list, err := next(page)
		if err != nil {
			return nil, err
		}
		items = append(items, list.Items...)
		if list.Next == "" {
			return items, nil
		}
		page.Cursor = list.Next
	}
	return nil, errTooMany
}

// merchantNamed is the merchant that a flag names. The default one is made if
// this is the first command in a new data folder.
//
// Errors: not_found, with the remedy.
func merchantNamed(ctx context.Context, parts *app.Parts, name string) (pay.Merchant, error) {
	if name == pay.DefaultMerchant {
		return parts.Engine.EnsureDefaultMerchant(ctx)
	}
	m, err := parts.Engine.MerchantNamed(ctx, name)
	if pay.Is(err, pay.CodeNotFound) {
		return m, pay.Invalid(pay.CodeNotFound, "merchant", "there is no merchant %q; make it with: florin merchant create %q", name, name)
	}
	return m, err
}
