package cli

import (
	"context"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

const mcpHelp = `Offers the catalogue of Stripe operations to an agent as tools of the Model
Context Protocol, over standard input and output, until the agent hangs up.

Without a key the agent may only read, as the merchant and in the mode that the
flags name. With --api-key it may do what the key may: give it one that is
limited, for example

  florin apikey create --scopes operations:read,operations:write \
    --allow 'get-*,list-*,create-refund' --max-amount usd:5000 --approval above:2000

The same tools are at /mcp of a running server, over HTTP, with an API key in
the Authorization header.`

func (p *program) mcpCommand() *cobra.Command {
	var writes bool
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Offer Stripe operations to an agent (Model Context Protocol)",
		Long:  mcpHelp,
		Example: "  florin mcp\n" +
			"  florin mcp --merchant acme --mode live\n" +
			"  FLORIN_API_KEY=sk_test_flr_… florin mcp",
		Args: cobra.NoArgs,
	}
	flags := settings(cmd, operationSettings...)
	who := actorFlags(cmd)
	cmd.Flags().BoolVar(&writes, "allow-writes", false, "Without a key: offer operations that write, too.")
	cmd.MarkFlagsMutuallyExclusive("api-key", "allow-writes")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			owner, key, err := p.identify(ctx, parts, who)
			if err != nil {
				return err
			}
			if key.ID == "" {
				key = keyless(owner, writes)
			}
			return parts.Agents().ServeStdio(ctx, key)
		})
	})
	return cmd
}

// keyless is the key of an agent that was given none: it has the rights that
// the command line gave it, and no secret.
func keyless(o pay.Owner, writes bool) pay.APIKey {
	scopes := []pay.Scope{pay.ScopeOperationsRead}
	if writes {
		scopes = append(scopes, pay.ScopeOperationsWrite)
	}
	return pay.APIKey{ID: "mcp", Hint: "of standard input", Owner: o, Scopes: scopes}
}
