package pay

import "time"

// BillingSettings is how an owner wants renewals collected and mail written.
type BillingSettings struct {
	Owner     Owner
	Terms     BillingTerms
	UpdatedAt time.Time // zero: never set; the terms are the default ones
}

// BillingTerms is what can be set.
type BillingTerms struct {
	Dunning Dunning     `json:"dunning"`
	Mail    MailOptions `json:"mail"`
}

// DefaultBilling is the terms of an owner who set none.
var DefaultBilling = BillingTerms{Dunning: DefaultDunning, Mail: MailOptions{Send: true, Locale: "en-US"}}

// MailOptions is how mail to customers is written.
type MailOptions struct {
	Send    bool   `json:"send"` // receipts, invoices and notices are mailed
	From    string `json:"from,omitempty"`
	ReplyTo string `json:"reply_to,omitempty"`
	Locale  string `json:"locale"` // BCP 47: of dates and amounts, unless a payment's metadata names another
}
