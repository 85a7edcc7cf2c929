package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Balance is what stands for a partner in one currency; amounts are decimals in
// whole units.
type Balance struct {
	Currency  string `json:"currency"`
	Available string `json:"available"`
	Pending   string `json:"pending"`
	Held      string `json:"held"`
	AtStripe  string `json:"at_stripe"`
}

// AccountBalance is what stands for a partner.
type AccountBalance struct {
	AccountID string    `json:"account_id"`
	DebtLimit int64     `json:"debt_limit"` // minor units
	Balances  []Balance `json:"balances"`
}

// NewBalanceChange is what DebitAccount and CreditAccount ask for.
type NewBalanceChange struct {
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Reason    string `json:"reason"`
	Against   string `json:"against,omitempty"` // partner_fees or adjustments
	PaymentID string `json:"payment_id,omitempty"`
}

// BalanceChange is a debit or credit of a partner.
type BalanceChange struct {
	ID        string    `json:"id"`
	AccountID string    `json:"account_id"`
	Kind      string    `json:"kind"`
	Amount    string    `json:"amount"`
	Currency  string    `json:"currency"`
	Reason    string    `json:"reason"`
	PaymentID *string   `json:"payment_id"`
	Available string    `json:"available"` // after it
	CreatedAt time.Time `json:"created_at"`
}

// AccountBalance reads what stands for a partner.
func (c *Client) AccountBalance(ctx context.Context, id string) (AccountBalance, error) {
	return get[AccountBalance](ctx, c, pathOf("/v1/accounts/", id, "/balance"), nil)
}

// DebitAccount lets a partner pay in-app; it needs an idempotency key.
func (c *Client) DebitAccount(ctx context.Context, id string, change NewBalanceChange, options ...Option) (BalanceChange, error) {
	return send[BalanceChange](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/accounts/", id, "/debits"), body: change}, options)
}

// CreditAccount gives to a partner in-app; it needs an idempotency key.
func (c *Client) CreditAccount(ctx context.Context, id string, change NewBalanceChange, options ...Option) (BalanceChange, error) {
	return send[BalanceChange](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/accounts/", id, "/credits"), body: change}, options)
}

// LedgerBalance is what stands on one ledger account.
type LedgerBalance struct {
	LedgerAccount string `json:"ledger_account"`
	Balance       string `json:"balance"` // signed
	Currency      string `json:"currency"`
}

// LedgerBalances reads what stands on each ledger account.
func (c *Client) LedgerBalances(ctx context.Context) ([]LedgerBalance, error) {
	return get[[]LedgerBalance](ctx, c, "/v1/ledger/balances", nil)
}

// LedgerEntry is one signed line of a balanced ledger transaction.
type LedgerEntry struct {
	TransactionID string    `json:"transaction_id"`
	Number        int       `json:"number"`
	LedgerAccount string    `json:"ledger_account"`
	AccountID     *string   `json:"account_id"`
	Amount        string    `json:"amount"`
	Currency      string    `json:"currency"`
	Kind          string    `json:"kind"`
	SourceID      string    `json:"source_id"`
	PaymentID     *string   `json:"payment_id"`
	Reason        string    `json:"reason"`
	CreatedAt     time.Time `json:"created_at"`
}

// LedgerFilter is which entries LedgerEntries goes through; what is empty does
// not filter.
type LedgerFilter struct {
	AccountID     string // a partner's
	LedgerAccount string
	Kind          string
	Currency      string
	PaymentID     string
	SourceID      string
	TransactionID string
	Since         time.Time // booked at or after
	Until         time.Time // booked before
	Sort          string    // -created_at or created_at
	Limit         int       // of a page
	Cursor        string
}

func (f LedgerFilter) values() url.Values {
	return url.Values(parameters{}.text("account_id", f.AccountID).text("ledger_account", f.LedgerAccount).text("kind", f.Kind).
		text("currency", f.Currency).text("payment_id", f.PaymentID).text("source_id", f.SourceID).text("transaction_id", f.TransactionID).
		moment("since", f.Since).moment("until", f.Until).text("sort", f.Sort).number("limit", f.Limit).text("cursor", f.Cursor))
}

// LedgerEntries goes through all entries that a filter lets through, newest
// first unless it says otherwise.
func (c *Client) LedgerEntries(ctx context.Context, f LedgerFilter) iter.Seq2[LedgerEntry, error] {
	return each[LedgerEntry](ctx, c, "/v1/ledger/entries", f.values())
}

// LedgerPage reads one page of them.
func (c *Client) LedgerPage(ctx context.Context, f LedgerFilter) (Page[LedgerEntry], error) {
	return listPage[LedgerEntry](ctx, c, "/v1/ledger/entries", f.values())
}

// StatementLine is a ledger account in one currency over a while.
type StatementLine struct {
	LedgerAccount string `json:"ledger_account"`
	Currency      string `json:"currency"`
	Opening       string `json:"opening"`
	In            string `json:"in"`
	Out           string `json:"out"`
	Closing       string `json:"closing"`
	Entries       int    `json:"entries"`
}

// Statement reads what the accounts of a filter had, moved and have: a
// partner's, one ledger account, or all of the merchant's own. Of the filter it
// takes accounts, currency and times.
func (c *Client) Statement(ctx context.Context, f LedgerFilter) ([]StatementLine, error) {
	return get[[]StatementLine](ctx, c, "/v1/ledger/statement", f.values())
}

// StatementCSV writes the same with every entry, as CSV.
func (c *Client) StatementCSV(ctx context.Context, f LedgerFilter, w io.Writer) error {
	request, err := c.request(ctx, call{method: http.MethodGet, path: "/v1/ledger/statement", query: f.values()})
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/csv")
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was read, or is of no use any more
	if answer.StatusCode == http.StatusOK {
		_, err := io.Copy(w, answer.Body)
		return err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	_, said := read(answer, body, nil)
	return errors.Join(err, said)
}
