package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// The statuses of a payment.
const (
	PaymentPending           = "pending"
	PaymentAuthorized        = "authorized"
	PaymentCompleted         = "completed"
	PaymentPartiallyRefunded = "partially_refunded"
	PaymentRefunded          = "refunded"
	PaymentFailed            = "failed"
	PaymentCanceled          = "canceled"
)

// Payment is a payment as the server shows it.
type Payment struct {
	ID                  string            `json:"id"`
	MerchantID          string            `json:"merchant_id"`
	Mode                string            `json:"mode"`
	Amount              string            `json:"amount"` // decimal, whole units
	AmountCaptured      string            `json:"amount_captured"`
	AmountRefunded      string            `json:"amount_refunded"`
	Fee                 *string           `json:"fee"` // nil until it is known
	Currency            string            `json:"currency"`
	Provider            string            `json:"provider"`
	Status              string            `json:"status"`
	ProviderRef         string            `json:"provider_ref"` // pi_…; empty until Stripe answered
	PaymentMethod       string            `json:"payment_method"`
	Card                *CardFace         `json:"card"`
	AccountID           *string           `json:"account_id"`
	ChargeType          *string           `json:"charge_type"` // direct, destination or separate
	ApplicationFee      *string           `json:"application_fee"`
	PlatformPercent     *string           `json:"platform_percent"`
	PartnerShare        *string           `json:"partner_share"` // nil until captured
	OnBehalfOf          bool              `json:"on_behalf_of"`
	SavedCardID         *string           `json:"saved_card_id"`
	CustomerID          *string           `json:"customer_id"`
	Capture             string            `json:"capture"`
	Description         string            `json:"description"`
	StatementDescriptor string            `json:"statement_descriptor"`
	ReceiptEmail        string            `json:"receipt_email"`
	ReturnURL           string            `json:"return_url"`
	Metadata            map[string]string `json:"metadata"`
	NextAction          *NextAction       `json:"next_action"`
	Error               *Failure          `json:"error"`
	IdempotencyKey      string            `json:"idempotency_key"`
	Sequence            int64             `json:"sequence"` // grows with every change
	CreatedAt           time.Time         `json:"created_at"`
	UpdatedAt           time.Time         `json:"updated_at"`
	AuthorizedAt        *time.Time        `json:"authorized_at"`
	ExpiresAt           *time.Time        `json:"authorization_expires_at"`
	CapturedAt          *time.Time        `json:"captured_at"`
	AvailableOn         *time.Time        `json:"available_on"`
}

// CardFace is what may be shown of a card.
type CardFace struct {
	Brand string `json:"brand"`
	Last4 string `json:"last4"`
}

// NextAction is what the customer must do.
type NextAction struct {
	Type        string `json:"type"` // redirect
	RedirectURL string `json:"redirect_url"`
}

// Failure is why a payment, refund or card failed.
type Failure struct {
	Code        string `json:"code"`
	Message     string `json:"message"`
	DeclineCode string `json:"decline_code"`
}

// NewPayment is what CreatePayment asks for: an amount, a currency, and either
// a payment method or a saved card.
type NewPayment struct {
	Amount              string            `json:"amount"` // decimal, whole units
	Currency            string            `json:"currency"`
	Provider            string            `json:"provider,omitempty"`
	PaymentMethod       string            `json:"payment_method,omitempty"`
	SavedCardID         string            `json:"saved_card_id,omitempty"`
	CustomerID          string            `json:"customer_id,omitempty"`
	ReturnURL           string            `json:"return_url,omitempty"`
	Capture             string            `json:"capture,omitempty"` // automatic or manual
	Description         string            `json:"description,omitempty"`
	StatementDescriptor string            `json:"statement_descriptor,omitempty"`
	ReceiptEmail        string            `json:"receipt_email,omitempty"`
	Metadata            map[string]string `json:"metadata,omitempty"`
	Account             string            `json:"account,omitempty"`     // a partner's, to share with
	ChargeType          string            `json:"charge_type,omitempty"` // direct, destination or separate
	ApplicationFee      string            `json:"application_fee,omitempty"`
	PlatformPercent     string            `json:"platform_percent,omitempty"`
	OnBehalfOf          bool              `json:"on_behalf_of,omitempty"`
}

// PaymentFilter is which payments Payments goes through; what is empty does
// not filter.
type PaymentFilter struct {
	Provider       string
	Statuses       []string
	Currency       string
	MinAmount      string // decimal, whole units
	MaxAmount      string
	Since          time.Time // created at or after
	Until          time.Time // created before
	CustomerID     string
	Account        string // shared with this partner
	Last4          string
	ProviderRef    string
	IdempotencyKey string
	Metadata       map[string]string
	Query          string
	Sort           string // created_at, -created_at, amount or -amount
	Limit          int    // of a page; the server's default when zero
	Cursor         string // where to begin
}

func (f PaymentFilter) values() url.Values {
	return url.Values(parameters{}.
		text("provider", f.Provider).list("status", f.Statuses).text("currency", f.Currency).
		text("min_amount", f.MinAmount).text("max_amount", f.MaxAmount).moment("since", f.Since).moment("until", f.Until).
		text("customer_id", f.CustomerID).text("account", f.Account).text("last4", f.Last4).text("provider_ref", f.ProviderRef).
		text("idempotency_key", f.IdempotencyKey).entries("metadata", f.Metadata).text("q", f.Query).
		text("sort", f.Sort).number("limit", f.Limit).text("cursor", f.Cursor))
}

// CreatePayment takes a payment. It needs an IdempotencyKey. A declined
// payment is returned together with the error that says why.
func (c *Client) CreatePayment(ctx context.Context, p NewPayment, options ...Option) (Payment, error) {
	return send[Payment](ctx, c, call{method: http.MethodPost, path: "/v1/payments", body: p}, options)
}

// Payment reads a payment.
func (c *Client) Payment(ctx context.Context, id string) (Payment, error) {
	return get[Payment](ctx, c, pathOf("/v1/payments/", id, ""), nil)
}

// Payments goes through all payments that a filter lets through.
func (c *Client) Payments(ctx context.Context, f PaymentFilter) iter.Seq2[Payment, error] {
	return each[Payment](ctx, c, "/v1/payments", f.values())
}

// PaymentPage reads one page of payments.
func (c *Client) PaymentPage(ctx context.Context, f PaymentFilter) (Page[Payment], error) {
	return listPage[Payment](ctx, c, "/v1/payments", f.values())
}

// CapturePayment takes held money; all of it when amount is empty. It needs an
// IdempotencyKey.
func (c *Client) CapturePayment(ctx context.Context, id, amount string, options ...Option) (Payment, error) {
	body := struct {
		Amount string `json:"amount,omitempty"`
	}{amount}
	return send[Payment](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/payments/", id, "/capture"), body: body}, options)
}

// CancelPayment calls off a payment of which nothing was taken.
func (c *Client) CancelPayment(ctx context.Context, id string, options ...Option) (Payment, error) {
	return send[Payment](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/payments/", id, "/cancel")}, options)
}

// Moment is one thing that happened to a payment.
type Moment struct {
	At      time.Time      `json:"at"`
	Source  string         `json:"source"`
	Kind    string         `json:"kind"`
	Summary string         `json:"summary"`
	Ref     string         `json:"ref"`
	Detail  map[string]any `json:"detail"`
}

// Timeline reads everything that happened to a payment, oldest first.
func (c *Client) Timeline(ctx context.Context, id string) ([]Moment, error) {
	return get[[]Moment](ctx, c, pathOf("/v1/payments/", id, "/timeline"), nil)
}
