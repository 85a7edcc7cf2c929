package client

import (
	"context"
	"net/http"
	"time"
)

// Billing is how a merchant wants renewals collected and mail written.
type Billing struct {
	Dunning   *Dunning     `json:"dunning,omitempty"`
	Mail      *MailOptions `json:"mail,omitempty"`
	UpdatedAt *time.Time   `json:"updated_at,omitempty"`
}

// Dunning is how failed renewals are tried again.
type Dunning struct {
	RetryDays []int  `json:"retry_days"` // from one failed try to the next
	End       string `json:"end"`        // cancel or leave
}

// MailOptions is how mail to customers is written.
type MailOptions struct {
	Send    bool   `json:"send"`
	From    string `json:"from,omitempty"`
	ReplyTo string `json:"reply_to,omitempty"`
	Locale  string `json:"locale"` // BCP 47
}

// Billing reads how renewals are collected and mail is written.
func (c *Client) Billing(ctx context.Context) (Billing, error) {
	return get[Billing](ctx, c, "/v1/merchant/billing", nil)
}

// SetBilling sets how renewals are collected and mail is written; what is nil
// stays.
func (c *Client) SetBilling(ctx context.Context, b Billing, options ...Option) (Billing, error) {
	b.UpdatedAt = nil
	return send[Billing](ctx, c, call{method: http.MethodPut, path: "/v1/merchant/billing", body: b}, options)
}
