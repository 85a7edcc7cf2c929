package cli

import (
	"context"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

// operationSettings are the settings of commands that open the database and
// ask Stripe, or the sandbox of a server that runs beside them.
var operationSettings = append([]string{"stripe-api-base", "sandbox-listen", "call-timeout"}, storedSettings...)

// actor is in whose name a command runs operations: an API key's, whose rights
// and limits then hold, or a merchant's, for who runs the program beside the
// database and could do anything.
type actor struct {
	key, merchant, mode string
}

// actorFlags adds what says in whose name a command runs operations.
func actorFlags(cmd *cobra.Command) *actor {
	var a actor
	f := cmd.Flags()
	f.StringVar(&a.key, "api-key", "", "The API `key` whose rights and limits hold [FLORIN_API_KEY]. As a flag it is visible in the process list.")
	f.StringVar(&a.merchant, "merchant", pay.DefaultMerchant, "The `name` of the merchant, without a key.")
	f.StringVar(&a.mode, "mode", string(pay.Test), "The `mode`, without a key: test or live.")
	return &a
}

// identify finds the owner, and the API key where there is one.
func (p *program) identify(ctx context.Context, parts *app.Parts, a *actor) (pay.Owner, pay.APIKey, error) {
	shown := a.key
	if shown == "" {
		shown = p.Getenv("FLORIN_API_KEY")
	}
	if shown != "" {
		key, err := parts.Engine.Authenticate(ctx, shown)
		return key.Owner, key, err
	}
	mode, err := pay.ParseMode(a.mode)
	if err != nil {
		return pay.Owner{}, pay.APIKey{}, err
	}
	merchant, err := merchantNamed(ctx, parts, a.merchant)
	return pay.Owner{Merchant: merchant.ID, Mode: mode}, pay.APIKey{}, err
}
