package pay

import (
	"strings"
	"time"
)

// ConnectionKind is what a connection leads to.
type ConnectionKind string

// What a connection leads to.
const (
	ConnectionSandbox ConnectionKind = "sandbox" // the local one, made without the merchant's doing
	ConnectionStripe  ConnectionKind = "stripe"  // with the merchant's own credentials

	// What flows use besides Stripe; SecretKey then holds a JSON object.
	ConnectionHTTP     ConnectionKind = "http"
	ConnectionDatabase ConnectionKind = "database"
	ConnectionSMTP     ConnectionKind = "smtp"
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
	OwnerKey      string // lineage of the API key that made it; empty: the merchant's own
	Shared        bool   // every key of the merchant may use it
	Checked       ConnectionCheck
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// ConnectionCheck is what the last test of a connection found.
type ConnectionCheck struct {
	At       time.Time `json:"at,omitzero"`
	OK       bool      `json:"ok"`
	Problem  string    `json:"problem,omitempty"` // in words, when it cannot be used
	Code     Code      `json:"code,omitempty"`    // of the problem
	Livemode bool      `json:"livemode"`          // real money
	Rights   []Right   `json:"rights,omitempty"`  // what a restricted key may do, as far as was tried
}

// Right is whether a key may do something.
type Right struct {
	Area  string `json:"area"`  // as Stripe's dashboard names it: Charges and Refunds
	Level string `json:"level"` // read or write
	Has   bool   `json:"has"`
}

// IsStripe reports whether operations can run through the connection.
func (c Connection) IsStripe() bool { return c.Kind == ConnectionStripe || c.Kind == ConnectionSandbox }

// IsRetired reports whether the connection only serves payments that were made
// through it before the merchant moved on to another account.
func (c Connection) IsRetired() bool { return c.OwnerKey == "" && !c.Default }

// UsableBy reports whether a key of this lineage may use the connection; the
// program itself, without a key, may.
func (c Connection) UsableBy(lineage string) bool {
	return lineage == "" || c.OwnerKey == "" || c.Shared || c.OwnerKey == lineage
}

// OwnedBy reports whether a key of this lineage may change the connection.
func (c Connection) OwnedBy(lineage string) bool {
	return c.OwnerKey != "" && (lineage == "" || c.OwnerKey == lineage)
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
