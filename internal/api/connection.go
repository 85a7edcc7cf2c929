package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Connection is the merchant's access to Stripe, without the secrets.
type Connection struct {
	ID        string            `json:"id" format:"uuid"`
	Provider  string            `json:"provider" enum:"stripe"`
	Mode      string            `json:"mode" enum:"test,live"`
	Kind      string            `json:"kind" enum:"stripe,sandbox" doc:"sandbox while the local Stripe stands in because no credentials were given."`
	Stripe    StripeCredentials `json:"stripe"`
	CreatedAt string            `json:"created_at" format:"date-time"`
	UpdatedAt string            `json:"updated_at" format:"date-time"`
}

// StripeCredentials is what may be shown of Stripe credentials.
type StripeCredentials struct {
	SecretKey        string `json:"secret_key" doc:"Shortened; the key itself is never returned." example:"sk_test_…1234"`
	WebhookSecretSet bool   `json:"webhook_secret_set"`
	AccountID        string `json:"account_id" example:"acct_1abc"`
	AccountName      string `json:"account_name"`
}

func connectionView(c pay.Connection) Connection {
	return Connection{
		ID: string(c.ID), Provider: pay.ProviderStripe, Mode: string(c.Owner.Mode), Kind: string(c.Kind),
		Stripe: StripeCredentials{
			SecretKey: c.KeyHint, WebhookSecretSet: len(c.WebhookSecret) > 0, AccountID: c.AccountRef, AccountName: c.AccountName,
		},
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
}

// NewConnection is the body of PUT /v1/merchant/providers.
type NewConnection struct {
	Provider string               `json:"provider" enum:"stripe"`
	Stripe   NewStripeCredentials `json:"stripe"`
}

// NewStripeCredentials is what Stripe's dashboard shows under API keys.
type NewStripeCredentials struct {
	SecretKey            string `json:"secret_key" minLength:"1" maxLength:"255" doc:"A secret (sk_…) or restricted (rk_…) key of the same mode as the API key."`
	WebhookSecret        string `json:"webhook_secret,omitempty" maxLength:"255" doc:"Signing secret (whsec_…) of the webhook endpoint at Stripe."`
	ConnectWebhookSecret string `json:"connect_webhook_secret,omitempty" maxLength:"255" doc:"Signing secret of a second endpoint at the same address, for events of connected accounts; for platforms with partners."`
}

func setProvider(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewConnection) (engine.Reply, error) {
	return e.SetProvider(ctx, ask, engine.Credentials{
		SecretKey: pay.NewSecret(body.Stripe.SecretKey), WebhookSecret: pay.NewSecret(body.Stripe.WebhookSecret),
		ConnectSecret: pay.NewSecret(body.Stripe.ConnectWebhookSecret),
	})
}

func provider(s *server, in *intake) error {
	found, err := s.engine.Provider(in.ctx(), in.key.Owner)
	if err != nil {
		return err
	}
	in.sendData(connectionView(found))
	return nil
}

var connectionRoutes = []Route{
	write(Route{
		Method: http.MethodPut, Path: "/v1/merchant/providers", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: merchantTag, Name: "setProvider", Status: http.StatusOK, Gives: Connection{},
		Summary: "Set the Stripe credentials",
		Detail: "The key is checked against Stripe before it is kept, encrypted, and never returned. Payments made earlier keep the account they were made with. " +
			"Without credentials, a test-mode merchant uses the sandbox.",
		Codes: []pay.Code{pay.CodeProviderKeyInvalid, pay.CodeProviderKeyKind, pay.CodeProviderKeyMode, pay.CodeProviderKeyRights,
			pay.CodeProviderUnreachable, pay.CodeProviderBusy},
	}, setProvider),
	{
		Method: http.MethodGet, Path: "/v1/merchant/providers", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
		Tag: merchantTag, Name: "getProvider", Status: http.StatusOK, Gives: Connection{},
		Summary: "Read the Stripe credentials, shortened", Codes: []pay.Code{pay.CodeProviderMissing}, handle: provider,
	},
}
