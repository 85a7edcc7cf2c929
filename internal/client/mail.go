package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Mail is a mail to a customer as the server shows it.
type Mail struct {
	ID        string     `json:"id"`
	Mode      string     `json:"mode"`
	Template  string     `json:"template"` // receipt, refund, invoice or payment_failed
	ObjectID  string     `json:"object_id"`
	To        string     `json:"to"`
	From      string     `json:"from"`
	ReplyTo   string     `json:"reply_to"`
	Locale    string     `json:"locale"`
	Subject   string     `json:"subject"`
	Text      string     `json:"text"`
	HTML      string     `json:"html"`
	Status    string     `json:"status"` // pending, sent, kept or failed
	Attempts  int        `json:"attempts"`
	Problem   *string    `json:"problem"`
	NextAt    *time.Time `json:"next_attempt_at"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// MailFilter is which mails Mails goes through; what is empty does not filter.
type MailFilter struct {
	Statuses []string
	ObjectID string
	Limit    int // of a page
}

func (f MailFilter) values() url.Values {
	return url.Values(parameters{}.list("status", f.Statuses).text("object_id", f.ObjectID).number("limit", f.Limit))
}

// Mail reads a mail to a customer.
func (c *Client) Mail(ctx context.Context, id string) (Mail, error) {
	return get[Mail](ctx, c, pathOf("/v1/mails/", id, ""), nil)
}

// Mails goes through all mails that a filter lets through, newest first.
func (c *Client) Mails(ctx context.Context, f MailFilter) iter.Seq2[Mail, error] {
	return each[Mail](ctx, c, "/v1/mails", f.values())
}

// Template is a mail's template.
type Template struct {
	Name      string     `json:"name"`
	BuiltIn   bool       `json:"built_in"`
	Subject   string     `json:"subject"`
	Text      string     `json:"text"`
	HTML      string     `json:"html"`
	UpdatedAt *time.Time `json:"updated_at"`
}

// TemplateText is what a template is replaced by.
type TemplateText struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html,omitempty"`
}

// Template reads a mail's template.
func (c *Client) Template(ctx context.Context, name string) (Template, error) {
	return get[Template](ctx, c, pathOf("/v1/merchant/templates/", name, ""), nil)
}

// SetTemplate replaces a mail's template by one's own.
func (c *Client) SetTemplate(ctx context.Context, name string, t TemplateText, options ...Option) (Template, error) {
	return send[Template](ctx, c, call{method: http.MethodPut, path: pathOf("/v1/merchant/templates/", name, ""), body: t}, options)
}

// ResetTemplate brings a mail's built-in template back.
func (c *Client) ResetTemplate(ctx context.Context, name string, options ...Option) (Template, error) {
	return send[Template](ctx, c, call{method: http.MethodDelete, path: pathOf("/v1/merchant/templates/", name, "")}, options)
}
