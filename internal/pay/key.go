package pay

import (
	"slices"
	"strings"
	"time"
)

// Scope is a right that an API key may have.
type Scope string

// The scopes. Reading never changes anything; writing does not include
// reading.
const (
	ScopePaymentsRead  Scope = "payments:read"
	ScopePaymentsWrite Scope = "payments:write"
	ScopeMerchantRead  Scope = "merchant:read"
	ScopeMerchantWrite Scope = "merchant:write"
	ScopeWebhooksRead  Scope = "webhooks:read"
	ScopeWebhooksWrite Scope = "webhooks:write"

	ScopeOperationsRead   Scope = "operations:read"
	ScopeOperationsWrite  Scope = "operations:write"
	ScopeConnectionsRead  Scope = "connections:read"
	ScopeConnectionsWrite Scope = "connections:write"
	ScopeApprovalsRead    Scope = "approvals:read"
	ScopeApprovalsWrite   Scope = "approvals:write"
	ScopeFlowsRead        Scope = "flows:read"
	ScopeFlowsWrite       Scope = "flows:write"

	ScopeAccountsRead       Scope = "accounts:read"
	ScopeAccountsWrite      Scope = "accounts:write"
	ScopeTransfersRead      Scope = "transfers:read" // transfers, payouts and disputes
	ScopeTransfersWrite     Scope = "transfers:write"
	ScopeLedgerRead         Scope = "ledger:read"
	ScopeLedgerWrite        Scope = "ledger:write"
	ScopeSubscriptionsRead  Scope = "subscriptions:read" // plans, subscriptions and invoices
	ScopeSubscriptionsWrite Scope = "subscriptions:write"
)

// Scopes is every scope.
var Scopes = []Scope{
	ScopePaymentsRead, ScopePaymentsWrite, ScopeMerchantRead, ScopeMerchantWrite, ScopeWebhooksRead, ScopeWebhooksWrite,
	ScopeOperationsRead, ScopeOperationsWrite, ScopeConnectionsRead, ScopeConnectionsWrite, ScopeApprovalsRead, ScopeApprovalsWrite,
	ScopeFlowsRead, ScopeFlowsWrite, ScopeAccountsRead, ScopeAccountsWrite, ScopeTransfersRead, ScopeTransfersWrite,
	ScopeLedgerRead, ScopeLedgerWrite, ScopeSubscriptionsRead, ScopeSubscriptionsWrite,
}

// ParseScopes reads a comma-separated list, or "all".
//
// Errors: invalid_scope.
func ParseScopes(list string) ([]Scope, error) {
	if strings.TrimSpace(list) == "all" {
		return slices.Clone(Scopes), nil
	}
	var scopes []Scope
	for name := range strings.SplitSeq(list, ",") {
		s := Scope(strings.TrimSpace(name))
		if !slices.Contains(Scopes, s) {
			return nil, Invalid(CodeInvalidScope, "scopes", "%q is not a scope; there are %s, and all", s, JoinScopes(Scopes))
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes, nil
}

// JoinScopes writes a list as ParseScopes reads it.
func JoinScopes(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ",")
}

// APIKey lets a merchant's software in. The secret itself is shown once and
// never kept; only its keyed hash is.
type APIKey struct {
	ID        string // the public part, which the key carries
	Owner     Owner
	Scopes    []Scope
	Hash      []byte // HMAC-SHA-256 of the whole key
	Hint      string // such as sk_test_flr_ab12…9xyz
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never; set by rotation to the end of the overlap
	RevokedAt time.Time // zero: valid
	LastUsed  time.Time // to the minute
	Replaces  string    // the key that this one was rotated from
	Lineage   string    // id of the first of the keys that this one was rotated from, or its own
	Limits    KeyLimits // on operations
}

// Check says whether the key is valid at a time.
//
// Errors: api_key_revoked, api_key_expired.
func (k APIKey) Check(now time.Time) error {
	if !k.RevokedAt.IsZero() {
		return Errorf(CodeKeyRevoked, "the API key %s was revoked", k.Hint)
	}
	if !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) {
		return Errorf(CodeKeyExpired, "the API key %s has expired", k.Hint)
	}
	return nil
}

// Allows reports whether the key has a scope.
func (k APIKey) Allows(s Scope) bool { return slices.Contains(k.Scopes, s) }
