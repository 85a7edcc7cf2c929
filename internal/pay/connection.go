package pay

import (
	"strings"
	"time"
)

// ConnectionKind is which Stripe a connection speaks to.
type ConnectionKind string

// Which Stripe a connection speaks to.
const (
	ConnectionSandbox ConnectionKind = "sandbox" // the local one, made without the merchant's doing
	ConnectionStripe  ConnectionKind = "stripe"  // with the merchant's own credentials
)

// DefaultConnection is the name of the connection that new payments use: what
// PUT /v1/merchant/providers set last, or the sandbox.
const DefaultConnection = "default"

// Connection is a merchant's named, encrypted Stripe credentials. A payment
// remembers its connection, so that it can be refunded after the merchant has
// moved on to another account.
type Connection struct {
	ID            ID
	Owner         Owner
	Name          string
	Kind          ConnectionKind
	AccountRef    string // acct_…
	AccountName   string
	SecretKey     []byte // sealed
	KeyHint       string // sk_test_…1234
	WebhookSecret []byte // sealed; empty when none was given
	Default       bool   // new payments use it
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// CheckProviderKey says whether s can be a Stripe key that Florin may use in
// this mode, judged by its looks alone.
//
// Errors: provider_key_wrong_kind, provider_key_wrong_mode,
// provider_key_invalid.
func CheckProviderKey(s string, mode Mode) error {
	const field = "stripe.secret_key"
	prefix, rest, _ := strings.Cut(s, "_")
	keyMode, body, _ := strings.Cut(rest, "_")
	switch {
	case prefix == "pk":
		return Invalid(CodeProviderKeyKind, field, "this is a publishable key, which can only create tokens; send the secret key (sk_%s_…)", mode)
	case prefix == "whsec":
		return Invalid(CodeProviderKeyKind, field, "this is a webhook secret; send it as stripe.webhook_secret")
	case strings.HasPrefix(body, "flr_"):
		return Invalid(CodeProviderKeyKind, field, "this is a Florin key; send Stripe's own secret key")
	case prefix != "sk" && prefix != "rk":
		return Invalid(CodeProviderKeyKind, field, "a Stripe secret key begins with sk_%s_ or rk_%s_", mode, mode)
	case keyMode != string(Test) && keyMode != string(Live):
		return Invalid(CodeProviderKeyKind, field, "a Stripe secret key begins with sk_%s_ or rk_%s_", mode, mode)
	case keyMode != string(mode):
		return Invalid(CodeProviderKeyMode, field, "this is a %s key, but the API key of this request is a %s key", keyMode, mode)
	case body == "" || len(s) > 255 || strings.Trim(body, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "":
		return Invalid(CodeProviderKeyInvalid, field, "a Stripe key has letters, digits and underscores only")
	}
	return nil
}
