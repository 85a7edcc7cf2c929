package client

import (
	"context"
	"net/http"
	"net/url"
)

// BankAccount is where an account's payouts go.
type BankAccount struct {
	ProviderRef string `json:"provider_ref"` // ba_… or card_…
	AccountID   string `json:"account_id"`
	Kind        string `json:"kind"` // bank_account or card
	Bank        string `json:"bank"`
	Last4       string `json:"last4"`
	Routing     string `json:"routing_number"`
	Holder      string `json:"holder"`
	Country     string `json:"country"`
	Currency    string `json:"currency"`
	Status      string `json:"status"`
	IsDefault   bool   `json:"is_default"`
}

// AddExternalAccount adds where an account's payouts go, by a token of
// Stripe.js.
func (c *Client) AddExternalAccount(ctx context.Context, account, token string, isDefault bool, options ...Option) (BankAccount, error) {
	body := map[string]any{"external_account": token, "is_default": isDefault}
	return send[BankAccount](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/accounts/", account, "/external-accounts"), body: body}, options)
}

// ExternalAccounts reads where an account's payouts may go.
func (c *Client) ExternalAccounts(ctx context.Context, account string) ([]BankAccount, error) {
	return get[[]BankAccount](ctx, c, pathOf("/v1/accounts/", account, "/external-accounts"), nil)
}

// RemoveExternalAccount forgets where payouts went.
func (c *Client) RemoveExternalAccount(ctx context.Context, account, ref string, options ...Option) (Account, error) {
	path := pathOf("/v1/accounts/", account, "/external-accounts/"+url.PathEscape(ref))
	return send[Account](ctx, c, call{method: http.MethodDelete, path: path}, options)
}
