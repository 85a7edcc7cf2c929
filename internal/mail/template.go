package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
	"time"

	"florin/internal/pay"
)

//go:embed templates
var builtIn embed.FS

// subjects of the built-in mails.
var subjects = map[pay.MailTemplate]string{
	pay.MailReceipt:       "Your receipt from {{.Merchant}}: {{.Amount}}",
	pay.MailRefund:        "{{.Merchant}} has given you back {{.Amount}}",
	pay.MailInvoice:       "Invoice {{.Number}} from {{.Merchant}}: {{.Amount}}",
	pay.MailPaymentFailed: "{{.Merchant}} could not collect {{.Amount}}",
}

const (
	// MaxTemplate bounds each part of a template, in bytes: far more than a
	// mail with its styles needs.
	MaxTemplate = 64 << 10
	// maxWritten bounds what a template may grow to: mail servers take little
	// more than 100 KiB of a body without attachments.
	maxWritten = 256 << 10
)

// letter is what templates get: all of it text, written as the locale has it.
type letter struct {
	Merchant, Customer, Email, Reference, Number, Description string
	Amount, Date, Card, Failure, NextTry, URL                 string
	Lines                                                     []letterLine
	Test                                                      bool
}

type letterLine struct{ Description, Amount string }

func letterOf(f pay.MailFacts, l locale) letter {
	out := letter{
		Merchant: f.Merchant, Customer: f.Customer, Email: f.Email, Reference: string(f.Reference), Number: f.Number, Description: f.Description,
		Amount: l.money(f.Amount), Date: l.date(f.At), Card: f.Card, Failure: f.Failure, URL: f.URL, Test: f.Test,
	}
	if !f.NextTry.IsZero() {
		out.NextTry = l.date(f.NextTry)
	}
	for _, line := range f.Lines {
		out.Lines = append(out.Lines, letterLine{line.Description, l.money(line.Amount)})
	}
	return out
}

// BuiltIn is the template that a mail has unless the merchant replaces it.
func (m *Mailer) BuiltIn(name pay.MailTemplate) pay.CustomTemplate {
	read := func(ending string) string {
		text, err := builtIn.ReadFile("templates/" + string(name) + ending)
		if err != nil {
			panic("mail: a template is missing: " + err.Error())
		}
		return string(text)
	}
	return pay.CustomTemplate{Name: name, Subject: subjects[name], Text: read(".txt"), HTML: read(".html")}
}

// Write fills a template in. The subject is one line, however the template
// breaks it.
//
// Errors: invalid_field, which names the part of the template.
func (m *Mailer) Write(t pay.CustomTemplate, f pay.MailFacts, localeName string) (pay.WrittenMail, error) {
	facts := letterOf(f, localeNamed(localeName))
	var out pay.WrittenMail
	var err error
	if out.Subject, err = writeText("subject", t.Subject, facts); err != nil {
		return out, err
	}
	out.Subject = strings.Join(strings.FieldsFunc(out.Subject, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }), " ")
	if out.Text, err = writeText("text", t.Text, facts); err != nil || t.HTML == "" {
		return out, err
	}
	out.HTML, err = writeHTML(t.HTML, facts)
	return out, err
}

// CheckTemplate says whether a template can be filled in, by doing so.
//
// Errors: invalid_field, which names the part and what is wrong with it.
func (m *Mailer) CheckTemplate(t pay.CustomTemplate) error {
	for part, text := range map[string]string{"subject": t.Subject, "text": t.Text, "html": t.HTML} {
		if len(text) > MaxTemplate {
			return pay.Invalid(pay.CodeInvalidField, part, "%s has at most %d bytes", part, MaxTemplate)
		}
	}
	if strings.TrimSpace(t.Subject) == "" || strings.TrimSpace(t.Text) == "" {
		return pay.Invalid(pay.CodeMissingField, "text", "a template has a subject and a text; html may be left out")
	}
	_, err := m.Write(t, Sample, "en-US")
	return err
}

// Sample is what templates are tried with.
var Sample = pay.MailFacts{
	Merchant: "Example Ltd", Customer: "Jane Doe", Email: "jane@example.com", Reference: "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90",
	Number: "A1B2C3D-0001", Description: "Order 17", Amount: pay.Amount(1000, "USD"), At: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
	Card: "visa •••• 4242", Lines: []pay.MailLine{{Description: "1 × Reader (at $10.00 / month)", Amount: pay.Amount(1000, "USD")}},
	Failure: "Your card was declined.", NextTry: time.Date(2026, 6, 4, 12, 0, 0, 0, time.UTC), URL: "https://invoice.example.com/1",
}

func writeText(part, source string, facts letter) (string, error) {
	t, err := texttemplate.New(part).Option("missingkey=error").Parse(source)
	if err != nil {
		return "", badTemplate(part, err)
	}
	if err := checkTree(t.Tree.Root, false); err != nil || len(t.Templates()) > 1 {
		return "", badTemplate(part, errors.Join(err, define(len(t.Templates()))))
	}
	var out bounded
	if err := t.Execute(&out, facts); err != nil {
		return "", badTemplate(part, err)
	}
	return out.String(), nil
}

func writeHTML(source string, facts letter) (string, error) {
	t, err := htmltemplate.New("html").Option("missingkey=error").Parse(source)
	if err != nil {
		return "", badTemplate("html", err)
	}
	if err := checkTree(t.Tree.Root, false); err != nil || len(t.Templates()) > 1 {
		return "", badTemplate("html", errors.Join(err, define(len(t.Templates()))))
	}
	var out bounded
	if err := t.Execute(&out, facts); err != nil {
		return "", badTemplate("html", err)
	}
	return out.String(), nil
}

func badTemplate(part string, err error) error {
	return pay.Invalid(pay.CodeInvalidField, part, "the template cannot be filled in: %s", err)
}

func define(templates int) error {
	if templates > 1 {
		return errors.New("a template cannot define others")
	}
	return nil
}

// bounded is a buffer that a template cannot fill without end.
type bounded struct{ bytes.Buffer }

// Write takes what there is room for.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxWritten {
		return 0, fmt.Errorf("it grows beyond %d bytes", maxWritten)
	}
	return b.Buffer.Write(p)
}

// checkTree refuses what could run for ever: a merchant's template runs in our
// process. A range goes over the lines alone, not within another, and no
// template calls one; then a template ends after as many steps as it is long,
// times the lines.
func checkTree(list *parse.ListNode, within bool) error {
	if list == nil {
		return nil
	}
	for _, node := range list.Nodes {
		if err := checkNode(node, within); err != nil {
			return err
		}
	}
	return nil
}

func checkNode(node parse.Node, within bool) error {
	switch n := node.(type) {
	case *parse.TemplateNode:
		return errors.New("a template cannot call another")
	case *parse.RangeNode:
		if within || strings.TrimSpace(n.Pipe.String()) != ".Lines" {
			return errors.New("a range goes over .Lines, and not within another")
		}
		return errors.Join(checkTree(n.List, true), checkTree(n.ElseList, within))
	case *parse.IfNode:
		return errors.Join(checkTree(n.List, within), checkTree(n.ElseList, within))
	case *parse.WithNode:
		return errors.Join(checkTree(n.List, within), checkTree(n.ElseList, within))
	}
	return nil
}
