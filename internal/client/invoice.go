package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Invoice is an invoice as the server shows it.
type Invoice struct {
	ID             string        `json:"id"`
	MerchantID     string        `json:"merchant_id"`
	Mode           string        `json:"mode"`
	SubscriptionID string        `json:"subscription_id"`
	CustomerID     string        `json:"customer_id"`
	AccountID      *string       `json:"account_id"`
	PaymentID      *string       `json:"payment_id"` // what it was paid with
	Number         string        `json:"number"`
	Reason         string        `json:"reason"`
	Status         string        `json:"status"`     // draft, open, paid, void or uncollectible
	AmountDue      string        `json:"amount_due"` // decimal, whole units
	AmountPaid     string        `json:"amount_paid"`
	Currency       string        `json:"currency"`
	Lines          []InvoiceLine `json:"lines"`
	Dunning        *Dunned       `json:"dunning"`
	Error          *Failure      `json:"error"`
	HostedURL      *string       `json:"hosted_url"`
	PDFURL         *string       `json:"pdf_url"`
	ProviderRef    string        `json:"provider_ref"` // in_…
	FinalizedAt    *time.Time    `json:"finalized_at"`
	PaidAt         *time.Time    `json:"paid_at"`
	TestClock      *string       `json:"test_clock"`
	Sequence       int64         `json:"sequence"`
	CreatedAt      time.Time     `json:"created_at"`
	UpdatedAt      time.Time     `json:"updated_at"`
}

// InvoiceLine is one thing that an invoice asks money for, or gives back.
type InvoiceLine struct {
	Description string     `json:"description"`
	Amount      string     `json:"amount"` // below zero for a credit
	Quantity    int64      `json:"quantity"`
	Proration   bool       `json:"proration"`
	PeriodStart *time.Time `json:"period_start"`
	PeriodEnd   *time.Time `json:"period_end"`
}

// Dunned is how the collecting of a renewal that failed goes.
type Dunned struct {
	Since   time.Time  `json:"since"`
	Tries   int        `json:"tries"`
	NextAt  *time.Time `json:"next_retry_at"`
	Stopped *string    `json:"stopped"`
}

// InvoicePreview is the invoice that a change would bring.
type InvoicePreview struct {
	AmountDue string        `json:"amount_due"`
	Proration string        `json:"proration"`
	Credit    string        `json:"credit"`
	Currency  string        `json:"currency"`
	Immediate bool          `json:"immediate"`
	ComesAt   *time.Time    `json:"comes_at"`
	Lines     []InvoiceLine `json:"lines"`
}

// InvoiceFilter is which invoices Invoices goes through; what is empty does
// not filter.
type InvoiceFilter struct {
	Statuses                              []string
	SubscriptionID, CustomerID, AccountID string
	Limit                                 int // of a page
}

func (f InvoiceFilter) values() url.Values {
	return url.Values(parameters{}.list("status", f.Statuses).text("subscription_id", f.SubscriptionID).text("customer_id", f.CustomerID).
		text("account_id", f.AccountID).number("limit", f.Limit))
}

// Invoice reads an invoice.
func (c *Client) Invoice(ctx context.Context, id string) (Invoice, error) {
	return get[Invoice](ctx, c, pathOf("/v1/invoices/", id, ""), nil)
}

// Invoices goes through all invoices that a filter lets through, newest first.
func (c *Client) Invoices(ctx context.Context, f InvoiceFilter) iter.Seq2[Invoice, error] {
	return each[Invoice](ctx, c, "/v1/invoices", f.values())
}

// PayInvoice collects an invoice now, with a saved card or, when that is empty,
// with its subscription's.
func (c *Client) PayInvoice(ctx context.Context, id, card string, options ...Option) (Invoice, error) {
	body := map[string]string{}
	if card != "" {
		body["card_id"] = card
	}
	return send[Invoice](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/invoices/", id, "/pay"), body: body}, options)
}

// VoidInvoice makes an invoice void.
func (c *Client) VoidInvoice(ctx context.Context, id string, options ...Option) (Invoice, error) {
	return send[Invoice](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/invoices/", id, "/void")}, options)
}
