package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Account is a partner's connected account as the server shows it.
type Account struct {
	ID               string            `json:"id"`
	MerchantID       string            `json:"merchant_id"`
	Mode             string            `json:"mode"`
	Type             string            `json:"type"`         // standard, express or custom
	Status           string            `json:"status"`       // pending, enabled, restricted, rejected, failed or removed
	ProviderRef      string            `json:"provider_ref"` // acct_…; empty until Stripe answered
	Country          string            `json:"country"`
	Currency         string            `json:"currency"`
	Email            string            `json:"email"`
	Name             string            `json:"name"`
	ChargesEnabled   bool              `json:"charges_enabled"`
	TransfersEnabled bool              `json:"transfers_enabled"`
	PayoutsEnabled   bool              `json:"payouts_enabled"`
	DetailsSubmitted bool              `json:"details_submitted"`
	Requirements     Requirements      `json:"requirements"`
	DebtLimit        int64             `json:"debt_limit"` // minor units of each currency
	Metadata         map[string]string `json:"metadata"`
	Error            *Failure          `json:"error"`
	Sequence         int64             `json:"sequence"`
	CreatedAt        time.Time         `json:"created_at"`
	UpdatedAt        time.Time         `json:"updated_at"`
}

// Requirements is what Stripe still wants to know of a partner.
type Requirements struct {
	CurrentlyDue        []string   `json:"currently_due"`
	PastDue             []string   `json:"past_due"`
	EventuallyDue       []string   `json:"eventually_due"`
	PendingVerification []string   `json:"pending_verification"`
	DisabledReason      *string    `json:"disabled_reason"`
	Deadline            *time.Time `json:"deadline"`
}

// NewAccount is what CreateAccount asks for: a type, or the account that is
// connected already.
type NewAccount struct {
	Type         string            `json:"type,omitempty"`
	ProviderRef  string            `json:"provider_ref,omitempty"`
	Country      string            `json:"country,omitempty"`
	Email        string            `json:"email,omitempty"`
	Name         string            `json:"name,omitempty"`
	BusinessType string            `json:"business_type,omitempty"`
	Capabilities []string          `json:"capabilities,omitempty"`
	Details      map[string]any    `json:"details,omitempty"` // in Stripe's names
	DebtLimit    int64             `json:"debt_limit,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// AccountChange is what UpdateAccount changes; what is nil or empty stays.
type AccountChange struct {
	Name         *string           `json:"name,omitempty"`
	Email        *string           `json:"email,omitempty"`
	BusinessType string            `json:"business_type,omitempty"`
	Capabilities []string          `json:"capabilities,omitempty"`
	Details      map[string]any    `json:"details,omitempty"`
	DebtLimit    *int64            `json:"debt_limit,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// CreateAccount connects a partner.
func (c *Client) CreateAccount(ctx context.Context, a NewAccount, options ...Option) (Account, error) {
	return send[Account](ctx, c, call{method: http.MethodPost, path: "/v1/accounts", body: a}, options)
}

// Account reads a partner's account.
func (c *Client) Account(ctx context.Context, id string) (Account, error) {
	return get[Account](ctx, c, pathOf("/v1/accounts/", id, ""), nil)
}

// Accounts goes through all accounts, newest first, of some statuses unless
// none is named.
func (c *Client) Accounts(ctx context.Context, statuses ...string) iter.Seq2[Account, error] {
	return each[Account](ctx, c, "/v1/accounts", url.Values(parameters{}.list("status", statuses)))
}

// UpdateAccount changes an account.
func (c *Client) UpdateAccount(ctx context.Context, id string, change AccountChange, options ...Option) (Account, error) {
	return send[Account](ctx, c, call{method: http.MethodPatch, path: pathOf("/v1/accounts/", id, ""), body: change}, options)
}

// RejectAccount ends a partner's account for good; the reason is fraud,
// terms_of_service or other.
func (c *Client) RejectAccount(ctx context.Context, id, reason string, options ...Option) (Account, error) {
	body := map[string]string{"reason": reason}
	return send[Account](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/accounts/", id, "/reject"), body: body}, options)
}

// DeleteAccount deletes an account at Stripe.
func (c *Client) DeleteAccount(ctx context.Context, id string, options ...Option) (Account, error) {
	return send[Account](ctx, c, call{method: http.MethodDelete, path: pathOf("/v1/accounts/", id, "")}, options)
}

// OnboardingLink is a page of Stripe's for one visit.
type OnboardingLink struct {
	AccountID string    `json:"account_id"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// CreateOnboardingLink makes a link to the page where the partner tells who
// they are; empty addresses are pages of the server's own.
func (c *Client) CreateOnboardingLink(ctx context.Context, id, returnURL, refreshURL string, options ...Option) (OnboardingLink, error) {
	body := map[string]string{}
	if returnURL != "" {
		body["return_url"] = returnURL
	}
	if refreshURL != "" {
		body["refresh_url"] = refreshURL
	}
	return send[OnboardingLink](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/accounts/", id, "/onboarding-link"), body: body}, options)
}
