package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Mail is a mail to a customer as callers read it.
type Mail struct {
	ID         string  `json:"id" format:"uuid"`
	MerchantID string  `json:"merchant_id" format:"uuid"`
	Mode       string  `json:"mode" enum:"test,live"`
	Template   string  `json:"template" enum:"receipt,refund,invoice,payment_failed"`
	ObjectID   string  `json:"object_id" format:"uuid" doc:"The payment, refund or invoice that it tells of."`
	To         string  `json:"to"`
	From       string  `json:"from" doc:"Empty: the mail server's own."`
	ReplyTo    string  `json:"reply_to"`
	Locale     string  `json:"locale" example:"en-US"`
	Subject    string  `json:"subject"`
	Text       string  `json:"text"`
	HTML       string  `json:"html"`
	Status     string  `json:"status" enum:"pending,sent,kept,failed" doc:"kept: it is of the sandbox, and shown instead of sent."`
	Attempts   int     `json:"attempts"`
	Problem    *string `json:"problem" doc:"Why the last try failed, or why your own template gave way to the built-in one; null otherwise."`
	NextAt     *string `json:"next_attempt_at" format:"date-time"`
	CreatedAt  string  `json:"created_at" format:"date-time"`
	UpdatedAt  string  `json:"updated_at" format:"date-time"`
}

func mailView(m pay.Mail) Mail {
	return Mail{
		ID: string(m.ID), MerchantID: string(m.Owner.Merchant), Mode: string(m.Owner.Mode), Template: string(m.Template), ObjectID: string(m.Object),
		To: m.Recipient, From: m.From, ReplyTo: m.ReplyTo, Locale: m.Locale, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Status: string(m.Status),
		Attempts: m.Attempts, Problem: orNull(m.Problem), NextAt: stampOrNull(m.NextAt), CreatedAt: stamp(m.CreatedAt), UpdatedAt: stamp(m.UpdatedAt),
	}
}

// MailQuery is the query of GET /v1/mails.
type MailQuery struct {
	Page
	Status   []string `json:"status,omitempty" enum:"pending,sent,kept,failed" doc:"One or several, repeated or with commas."`
	ObjectID string   `json:"object_id,omitempty" maxLength:"64" doc:"Of this payment, refund or invoice."`
}

func mails(ctx context.Context, e *engine.Engine, o pay.Owner, q MailQuery) (pay.List[pay.Mail], error) {
	object, err := parseID(q.ObjectID, "object_id")
	if err != nil {
		return pay.List[pay.Mail]{}, err
	}
	return e.Mails(ctx, o, pay.MailFilter{Statuses: words[pay.MailStatus](q.Status), Object: object}, q.page())
}

// Template is a mail's template.
type Template struct {
	Name      string  `json:"name" enum:"receipt,refund,invoice,payment_failed"`
	BuiltIn   bool    `json:"built_in" doc:"False when it is your own."`
	Subject   string  `json:"subject"`
	Text      string  `json:"text"`
	HTML      string  `json:"html" doc:"Empty: the mail has no HTML."`
	UpdatedAt *string `json:"updated_at" format:"date-time"`
}

func templateView(t pay.CustomTemplate) Template {
	return Template{string(t.Name), t.UpdatedAt.IsZero(), t.Subject, t.Text, t.HTML, stampOrNull(t.UpdatedAt)}
}

// MailTemplate is the reply to a write of a template.
func (Presenter) MailTemplate(t pay.CustomTemplate) engine.Reply {
	return reply("", templateView(t), engine.StandingDone, pay.Failure{})
}

// TemplateText is the body of PUT /v1/merchant/templates/{name}.
type TemplateText struct {
	Subject string `json:"subject" minLength:"1" maxLength:"1000"`
	Text    string `json:"text" minLength:"1" maxLength:"65536"`
	HTML    string `json:"html,omitempty" maxLength:"65536"`
}

const mailTag = "Mail"

// maxTemplateBody holds a text and an HTML of their longest, in bytes.
const maxTemplateBody = 256 << 10

const templateDetail = "Go's text/template (html: html/template). Fields: Merchant, Customer, Email, Reference, Number, Description, Amount, Date, Card, Failure, NextTry, URL, Lines (Description, Amount), Test; amounts and dates are written as the locale has them."

var mailRoutes = []Route{
	list(Route{
		Method: http.MethodGet, Path: "/v1/mails", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: mailTag, Name: "listMails", Status: http.StatusOK, Gives: Mail{}, List: true,
		Summary: "List mails to customers", Detail: "Newest first: receipts, refunds, invoices, and renewals that failed. In the sandbox they are kept and shown, not sent.",
		Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, mails, mailView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/mails/{id}", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: mailTag, Name: "getMail", Status: http.StatusOK, Gives: Mail{},
		Summary: "Read a mail to a customer", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Mail, mailView),
	{
		Method: http.MethodGet, Path: "/v1/merchant/templates/{name}", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
		Tag: mailTag, Name: "getTemplate", Status: http.StatusOK, Gives: Template{},
		Summary: "Read a mail's template", Codes: []pay.Code{pay.CodeNotFound}, handle: readTemplate,
	},
	Route{
		Method: http.MethodPut, Path: "/v1/merchant/templates/{name}", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: mailTag, Name: "setTemplate", Status: http.StatusOK, Gives: Template{}, maxBody: maxTemplateBody,
		Summary: "Replace a mail's template by your own", Detail: templateDetail, Codes: []pay.Code{pay.CodeNotFound},
	}.taking(TemplateText{}, setTemplate),
	Route{
		Method: http.MethodDelete, Path: "/v1/merchant/templates/{name}", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: mailTag, Name: "resetTemplate", Status: http.StatusOK, Gives: Template{},
		Summary: "Bring a mail's built-in template back", Codes: []pay.Code{pay.CodeNotFound},
	}.taking(nothing{}, resetTemplate),
}

func readTemplate(s *server, in *intake) error {
	found, err := s.engine.MailTemplate(in.ctx(), in.key.Owner, pay.MailTemplate(in.r.PathValue("name")))
	if err != nil {
		return err
	}
	in.sendData(templateView(found))
	return nil
}

func setTemplate(s *server, in *intake) (engine.Reply, error) {
	var body TemplateText
	if err := in.body(&body); err != nil {
		return engine.Reply{}, err
	}
	return s.engine.SetMailTemplate(in.ctx(), in.ask(), pay.CustomTemplate{
		Name: pay.MailTemplate(in.r.PathValue("name")), Subject: body.Subject, Text: body.Text, HTML: body.HTML,
	})
}

func resetTemplate(s *server, in *intake) (engine.Reply, error) {
	return s.engine.ResetMailTemplate(in.ctx(), in.ask(), pay.MailTemplate(in.r.PathValue("name")))
}
