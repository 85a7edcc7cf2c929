package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

func (p *program) apikeyCommand() *cobra.Command {
	return group("apikey", "Make, list, revoke and rotate API keys",
		"An API key lets a merchant's software in. It has one mode, test or live, and\nscopes that say what it may do. Florin keeps a hash only: a key is shown once.",
		p.apikeyCreateCommand(), p.apikeyListCommand(), p.apikeyRevokeCommand(), p.apikeyRotateCommand())
}

// newKeyView is a new API key as --json prints it; scripts rest on its shape.
type newKeyView struct {
	ID     string         `json:"id"`
	Key    string         `json:"key"` // shown now and never again
	Mode   pay.Mode       `json:"mode"`
	Scopes []pay.Scope    `json:"scopes"`
	Limits *pay.KeyLimits `json:"limits,omitempty"`
}

func (p *program) apikeyCreateCommand() *cobra.Command {
	var (
		merchant, mode, scopes string
		asJSON                 bool
		limits                 limitOptions
	)
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make an API key and show it once",
		Long: "Makes an API key and prints it; it cannot be shown again. Works beside a running\n" +
			"server, which knows the key at once.\n\nScopes: " + pay.JoinScopes(pay.Scopes) + ".\n\n" + limitHelp,
		Example: "  florin apikey create\n" +
			"  florin apikey create --merchant acme --mode live --scopes payments:read,payments:write\n" +
			"  KEY=$(florin apikey create --json | jq -r .key)\n" +
			"  florin apikey create --scopes operations:read,operations:write --allow 'get-*,list-*,create-refund' \\\n" +
			"    --max-amount usd:10000 --max-per-day usd:50000 --approval above:5000",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().StringVar(&merchant, "merchant", pay.DefaultMerchant, "The `name` of the merchant that owns the key.")
	cmd.Flags().StringVar(&mode, "mode", string(pay.Test), "The `mode` of the key: test or live.")
	cmd.Flags().StringVar(&scopes, "scopes", "all", "What the key may do: a comma-separated `list`, or all. A key with limits has "+limitedScopes+" when left out.")
	cmd.Flags().BoolVar(&asJSON, "json", false, `Print {"id","key","mode","scopes"}, and "limits" when there are.`)
	limits.bind(cmd)
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		m, err := pay.ParseMode(mode)
		if err != nil {
			return err
		}
		bounds, err := limits.parse()
		if err != nil {
			return err
		}
		if !bounds.IsZero() && !cmd.Flags().Changed("scopes") {
			scopes = limitedScopes
		}
		list, err := pay.ParseScopes(scopes)
		if err != nil {
			return err
		}
		p.warnOfScopes(bounds, list)
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			owner, err := merchantNamed(ctx, parts, merchant)
			if err != nil {
				return err
			}
			key, text, err := parts.Engine.CreateAPIKey(ctx, pay.Owner{Merchant: owner.ID, Mode: m}, list, bounds)
			if err != nil {
				return err
			}
			return p.printNewKey(key, text, asJSON)
		})
	})
	return cmd
}

func (p *program) printNewKey(key pay.APIKey, text string, asJSON bool) error {
	if asJSON {
		return printJSON(p.Out, newKeyView{ID: key.ID, Key: text, Mode: key.Owner.Mode, Scopes: key.Scopes, Limits: limitsOf(key)})
	}
	fmt.Fprintf(p.Out, "%s\n", text)
	fmt.Fprintf(p.Err, "This is the key %s (%s mode, %s). It is not shown again.\n", key.ID, key.Owner.Mode, pay.JoinScopes(key.Scopes))
	return nil
}

// keyView is an API key as a list prints it.
type keyView struct {
	ID        string         `json:"id"`
	Hint      string         `json:"hint"`
	Merchant  string         `json:"merchant"`
	Mode      pay.Mode       `json:"mode"`
	Scopes    []pay.Scope    `json:"scopes"`
	Status    string         `json:"status"` // valid, revoked or expired
	CreatedAt time.Time      `json:"created_at"`
	LastUsed  *time.Time     `json:"last_used_at"` // to the minute; null when never
	ExpiresAt *time.Time     `json:"expires_at"`
	RevokedAt *time.Time     `json:"revoked_at"`
	Replaces  string         `json:"replaces,omitempty"`
	Limits    *pay.KeyLimits `json:"limits,omitempty"`
}

func viewKey(k pay.APIKey, merchant string, now time.Time) keyView {
	status := "valid"
	switch err := k.Check(now); {
	case pay.Is(err, pay.CodeKeyRevoked):
		status = "revoked"
	case err != nil:
		status = "expired"
	}
	return keyView{
		ID: k.ID, Hint: k.Hint, Merchant: merchant, Mode: k.Owner.Mode, Scopes: k.Scopes, Status: status, CreatedAt: k.CreatedAt.UTC(),
		LastUsed: optional(k.LastUsed), ExpiresAt: optional(k.ExpiresAt), RevokedAt: optional(k.RevokedAt), Replaces: k.Replaces,
		Limits: limitsOf(k),
	}
}

func (p *program) apikeyListCommand() *cobra.Command {
	var (
		merchant string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List API keys, without their secrets",
		Long:    "Lists the API keys of one merchant or of all, with when each was last used.",
		Example: "  florin apikey list\n  florin apikey list --merchant acme --json",
		Args:    cobra.NoArgs,
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().StringVar(&merchant, "merchant", "", "The `name` of the merchant; all when left out.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			views, err := listKeys(ctx, parts, merchant)
			if err != nil {
				return err
			}
			return p.printKeys(views, asJSON)
		})
	})
	return cmd
}

func listKeys(ctx context.Context, parts *app.Parts, merchant string) ([]keyView, error) {
	merchants, err := merchantsMeant(ctx, parts, merchant)
	if err != nil {
		return nil, err
	}
	views := []keyView{}
	for _, m := range merchants {
		keys, err := all(func(page pay.Page) (pay.List[pay.APIKey], error) { return parts.Engine.APIKeys(ctx, m.ID, page) })
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			views = append(views, viewKey(k, m.Name, time.Now()))
		}
	}
	return views, nil
}

// merchantsMeant is the merchant of a name, or every merchant without one.
func merchantsMeant(ctx context.Context, parts *app.Parts, name string) ([]pay.Merchant, error) {
	if name == "" {
		return allMerchants(ctx, parts)
	}
	m, err := merchantNamed(ctx, parts, name)
	return []pay.Merchant{m}, err
}

func (p *program) printKeys(views []keyView, asJSON bool) error {
	if asJSON {
		return printJSON(p.Out, views)
	}
	rows := make([][]any, len(views))
	for i, v := range views {
		used := time.Time{}
		if v.LastUsed != nil {
			used = *v.LastUsed
		}
		rows[i] = []any{v.ID, v.Merchant, v.Mode, v.Status, pay.JoinScopes(v.Scopes), limitsIn(v), moment(v.CreatedAt), moment(used)}
	}
	printTable(p.Out, []any{"id", "merchant", "mode", "status", "scopes", "limits", "created", "last used"}, rows)
	return nil
}

func (p *program) apikeyRevokeCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "End an API key at once",
		Long: "Ends an API key: the next request with it is refused. The argument is the key's\n" +
			"id, or a whole key that leaked. Revoking a key again changes nothing.",
		Example: "  florin apikey revoke 4fT0aXbQ2LmN",
		Args:    cobra.ExactArgs(1),
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the key's state as JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			var key pay.APIKey
			name, err := atOwner(ctx, parts, args[0], func(merchant pay.ID, id string) error {
				var err error
				key, err = parts.Engine.RevokeAPIKey(ctx, merchant, id)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, viewKey(key, name, time.Now()))
			}
			fmt.Fprintf(p.Out, "The API key %s of %s is revoked.\n", key.Hint, name)
			return nil
		})
	})
	return cmd
}

func (p *program) apikeyRotateCommand() *cobra.Command {
	var (
		overlap string
		asJSON  bool
	)
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Replace an API key; the old one works on for a while",
		Long: "Makes a key with the merchant, mode and scopes of an old one and shows it once.\n" +
			"The old key works until the overlap is over, so that nothing stops meanwhile.",
		Example: "  florin apikey rotate 4fT0aXbQ2LmN --overlap 24h\n  florin apikey rotate 4fT0aXbQ2LmN --overlap 0s --json",
		Args:    cobra.ExactArgs(1),
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().StringVar(&overlap, "overlap", "24h", "How `long` the old key works on, such as 90m, 24h or 7d.")
	cmd.Flags().BoolVar(&asJSON, "json", false, `Print {"id","key","mode","scopes"} of the new key.`)
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		span, err := parseSpan(overlap)
		if err != nil {
			return usagef("--overlap: %s", err)
		}
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			var (
				key  pay.APIKey
				text string
			)
			_, err := atOwner(ctx, parts, args[0], func(merchant pay.ID, id string) error {
				var err error
				key, text, err = parts.Engine.RotateAPIKey(ctx, merchant, id, span)
				return err
			})
			if err != nil {
				return err
			}
			return p.printNewKey(key, text, asJSON)
		})
	})
	return cmd
}

// atOwner does something to a key whose merchant the command line does not
// name, and returns that merchant's name.
//
// Errors: not_found when no merchant has the key.
func atOwner(ctx context.Context, parts *app.Parts, shown string, do func(merchant pay.ID, id string) error) (string, error) {
	id := keyID(shown)
	merchants, err := allMerchants(ctx, parts)
	if err != nil {
		return "", err
	}
	for _, m := range merchants {
		if err := do(m.ID, id); !pay.Is(err, pay.CodeNotFound) {
			return m.Name, err
		}
	}
	return "", pay.NotFound("API key", id)
}

// keyID is the public part of what a person pasted: an id, or a whole key.
func keyID(shown string) string {
	for _, mode := range []pay.Mode{pay.Test, pay.Live} {
		if rest, ok := strings.CutPrefix(shown, "sk_"+string(mode)+"_flr_"); ok {
			id, _, _ := strings.Cut(rest, "_")
			return id
		}
	}
	return shown
}
