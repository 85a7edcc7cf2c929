package client

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// BalanceTransaction is one movement of a balance at Stripe. Amounts are signed
// decimals in whole units.
type BalanceTransaction struct {
	ID          string    `json:"id"`
	MerchantID  string    `json:"merchant_id"`
	Mode        string    `json:"mode"`
	Type        string    `json:"type"` // in Stripe's words
	Amount      string    `json:"amount"`
	Fee         string    `json:"fee"`
	Net         string    `json:"net"`
	Currency    string    `json:"currency"`
	Status      string    `json:"status"` // pending or available
	AvailableOn time.Time `json:"available_on"`
	ProviderRef string    `json:"provider_ref"` // txn_…
	Source      *string   `json:"source"`
	Origin      *string   `json:"origin"`
	PaymentID   *string   `json:"payment_id"`
	Account     *string   `json:"account"` // acct_…; nil for the merchant's own balance
	Payout      *string   `json:"payout"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
}

// BalanceFilter is which balance transactions Transactions goes through; what
// is empty does not filter.
type BalanceFilter struct {
	Types     []string
	Status    string
	Currency  string
	Source    string
	Payout    string
	PaymentID string
	Account   string    // acct_…, or self
	Since     time.Time // created at or after
	Until     time.Time // created before
	Limit     int       // of a page
	Cursor    string
}

func (f BalanceFilter) values() url.Values {
	return url.Values(parameters{}.list("type", f.Types).text("status", f.Status).text("currency", f.Currency).
		text("source", f.Source).text("payout", f.Payout).text("payment_id", f.PaymentID).text("account", f.Account).
		moment("since", f.Since).moment("until", f.Until).number("limit", f.Limit).text("cursor", f.Cursor))
}

// Transactions goes through all balance transactions that a filter lets
// through, newest first.
func (c *Client) Transactions(ctx context.Context, f BalanceFilter) iter.Seq2[BalanceTransaction, error] {
	return each[BalanceTransaction](ctx, c, "/v1/transactions", f.values())
}

// TransactionPage reads one page of them.
func (c *Client) TransactionPage(ctx context.Context, f BalanceFilter) (Page[BalanceTransaction], error) {
	return listPage[BalanceTransaction](ctx, c, "/v1/transactions", f.values())
}

// Transaction reads a balance transaction.
func (c *Client) Transaction(ctx context.Context, id string) (BalanceTransaction, error) {
	return get[BalanceTransaction](ctx, c, pathOf("/v1/transactions/", id, ""), nil)
}
