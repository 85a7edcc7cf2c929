package engine

import (
	"cmp"
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Mailer writes mail to customers and hands it to a server.
type Mailer interface {
	// BuiltIn is the template that a mail has unless the merchant replaces it.
	BuiltIn(name pay.MailTemplate) pay.CustomTemplate
	// CheckTemplate says whether a template can be filled in.
	//
	// Errors: invalid_field, missing_field; they name the part.
	CheckTemplate(t pay.CustomTemplate) error
	// CheckLocale says whether a name is one of a locale.
	//
	// Errors: invalid_field.
	CheckLocale(name, field string) error
	// Write fills a template in.
	//
	// Errors: invalid_field, which names the part.
	Write(t pay.CustomTemplate, f pay.MailFacts, locale string) (pay.WrittenMail, error)
	// Sends says whether there is a server for mail at all.
	Sends() bool
	// Send hands a mail to the connection's server, or to Florin's own when
	// that is zero.
	//
	// Errors: target_refused, target_unreachable.
	Send(ctx context.Context, server pay.ConnectionSecret, l pay.Letter) (pay.LetterAnswer, error)
}

// Tries of one mail. Waits double from a minute, so that the last try is half
// a day after the first: servers that greylist or restart are back by then.
const (
	maxMailTries  = 10
	firstMailWait = time.Minute
	mailBatch     = 200 // that one sweep takes up
)

// mails reports whether an owner's customers get mail from us. In live mode
// without a server they get Stripe's own, and nothing is noted here.
func (e *Engine) mails(tx *store.Tx, o pay.Owner) (bool, error) {
	if e.mailer == nil || o.Mode == pay.Live && !e.mailer.Sends() {
		return false, nil
	}
	settings, err := tx.BillingSettings(o)
	return settings.Terms.Mail.Send, err
}

// receiptByStripe is the address that Stripe shall send a receipt to: none when
// we send one, so that customers do not get two. In test mode Stripe sends
// none, and keeps the address to be seen.
func (e *Engine) receiptByStripe(tx *store.Tx, p pay.Payment) (string, error) {
	if p.ReceiptEmail == "" || p.Owner.Mode != pay.Live {
		return p.ReceiptEmail, nil
	}
	ours, err := e.mails(tx, p.Owner)
	if ours {
		return "", err
	}
	return p.ReceiptEmail, err
}

// noteMail notes that a customer is to be told of something, in the
// transaction that brings it about. Whether the mail can be written and sent
// shows later, and changes nothing here.
func (e *Engine) noteMail(tx *store.Tx, m pay.Mail) error {
	if m.Recipient == "" {
		return nil
	}
	wanted, err := e.mails(tx, m.Owner)
	if err != nil || !wanted {
		return err
	}
	m.ID, m.Status, m.CreatedAt, m.UpdatedAt, m.NextAt = newID(), pay.MailPending, tx.Now(), tx.Now(), tx.Now()
	err = tx.InsertMail(m)
	if pay.Is(err, pay.CodeExists) {
		return nil // the customer was told
	}
	if err != nil {
		return err
	}
	return tx.Enqueue(store.Job{Kind: store.JobMail, Owner: m.Owner, ID: m.ID}, tx.Now())
}

// noteReceipt mails a payment's receipt.
func (e *Engine) noteReceipt(tx *store.Tx, p pay.Payment) error {
	return e.noteMail(tx, pay.Mail{Owner: p.Owner, Template: pay.MailReceipt, Object: p.ID, Recipient: p.ReceiptEmail})
}

// noteRefund mails that money was given back, to who got the receipt.
func (e *Engine) noteRefund(tx *store.Tx, r pay.Refund, p pay.Payment) error {
	return e.noteMail(tx, pay.Mail{Owner: r.Owner, Template: pay.MailRefund, Object: r.ID, Recipient: p.ReceiptEmail})
}

// noteInvoice mails an invoice that is paid, or that could not be collected.
func (e *Engine) noteInvoice(tx *store.Tx, i pay.Invoice, event pay.EventType) error {
	m := pay.Mail{Owner: i.Owner, Object: i.ID}
	switch {
	case event == pay.EventInvoicePaid && i.Paid.Minor > 0:
		m.Template = pay.MailInvoice
	case event == pay.EventInvoicePaymentFailed && i.Reason != firstInvoice:
		m.Template, m.Occasion = pay.MailPaymentFailed, i.UpdatedAt.UTC().Format(time.RFC3339)
	default:
		return nil
	}
	customer, err := tx.Customer(i.Owner, i.Customer)
	if err != nil {
		return err
	}
	m.Recipient = customer.Email
	return e.noteMail(tx, m)
}

// mailing is all that writing one mail needs.
type mailing struct {
	mail     pay.Mail
	facts    pay.MailFacts
	template pay.CustomTemplate
	options  pay.MailOptions
	locale   string
	sandbox  bool // nobody's money moved: the mail is kept
}

// SendMail is the job of a mail: it is written, and sent or kept.
func (e *Engine) SendMail(ctx context.Context, job store.Job) (again time.Duration, err error) {
	work, err := read(ctx, e, func(tx *store.Tx) (mailing, error) { return e.mailingOf(tx, job) })
	if err != nil || work.mail.Status != pay.MailPending {
		return 0, err
	}
	m := work.write(e)
	if m.Status == pay.MailPending {
		m = e.handOver(ctx, m)
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error { return tx.UpdateMail(m) })
	if err != nil || m.NextAt.IsZero() {
		return 0, err
	}
	return m.NextAt.Sub(m.UpdatedAt), nil
}

// write fills the template in. A merchant's own that cannot be filled in gives
// way to the built-in one: the customer is told all the same.
func (w mailing) write(e *Engine) pay.Mail {
	m := w.mail
	m.UpdatedAt = e.clock.Now()
	written, err := e.mailer.Write(w.template, w.facts, w.locale)
	if err != nil {
		m.Problem = err.Error()
		if written, err = e.mailer.Write(e.mailer.BuiltIn(m.Template), w.facts, w.locale); err != nil {
			m.Status, m.Problem, m.NextAt = pay.MailFailed, err.Error(), time.Time{}
			return m
		}
	}
	m.Subject, m.Text, m.HTML, m.Locale = written.Subject, written.Text, written.HTML, w.locale
	m.From, m.ReplyTo = w.options.From, w.options.ReplyTo
	if w.sandbox || m.Owner.Mode == pay.Test && !e.mailer.Sends() {
		m.Status, m.NextAt = pay.MailKept, time.Time{}
	}
	return m
}

// handOver gives a mail to the server. Only what may pass is tried again.
func (e *Engine) handOver(ctx context.Context, m pay.Mail) pay.Mail {
	_, err := e.mailer.Send(ctx, pay.ConnectionSecret{}, pay.Letter{
		Owner: m.Owner, From: m.From, To: []string{m.Recipient}, ReplyTo: m.ReplyTo, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Key: string(m.ID),
	})
	m.Attempts++
	m.UpdatedAt, m.NextAt = e.clock.Now(), time.Time{}
	switch {
	case err == nil:
		m.Status, m.Problem = pay.MailSent, ""
	case m.Attempts < maxMailTries && !pay.Is(err, pay.CodeTargetRefused) && !pay.Is(err, pay.CodeInvalidField):
		m.Problem, m.NextAt = err.Error(), m.UpdatedAt.Add(firstMailWait<<(m.Attempts-1))
	default:
		m.Status, m.Problem = pay.MailFailed, err.Error()
	}
	return m
}

// mailingOf gathers what a mail tells.
func (e *Engine) mailingOf(tx *store.Tx, job store.Job) (w mailing, err error) {
	if w.mail, err = tx.Mail(job.Owner, job.ID); err != nil || w.mail.Status != pay.MailPending {
		return w, err
	}
	settings, err := tx.BillingSettings(job.Owner)
	if err != nil {
		return w, err
	}
	w.options = settings.Terms.Mail
	w.template, err = tx.MailTemplate(job.Owner, w.mail.Template)
	if pay.Is(err, pay.CodeNotFound) {
		w.template, err = e.mailer.BuiltIn(w.mail.Template), nil
	}
	if err != nil {
		return w, err
	}
	switch w.mail.Template {
	case pay.MailReceipt:
		err = w.ofPayment(tx, w.mail.Object)
	case pay.MailRefund:
		err = w.ofRefund(tx)
	default:
		err = w.ofInvoice(tx)
	}
	if err != nil {
		return w, err
	}
	merchant, err := tx.Merchant(job.Owner.Merchant)
	w.facts.Merchant, w.facts.Email, w.facts.Test = merchant.Name, w.mail.Recipient, job.Owner.Mode == pay.Test
	w.facts.Reference = w.mail.Object
	return w, err
}

// ofPayment takes the facts of a payment.
func (w *mailing) ofPayment(tx *store.Tx, id pay.ID) error {
	p, err := tx.Payment(w.mail.Owner, id)
	if err != nil {
		return err
	}
	w.locale = cmp.Or(w.locale, p.Metadata["locale"], w.options.Locale)
	w.facts.Amount, w.facts.At, w.facts.Description = p.Captured, p.CapturedAt, p.Description
	if p.CardLast4 != "" {
		w.facts.Card = p.CardBrand + " •••• " + p.CardLast4
	}
	if p.Customer != "" {
		customer, err := tx.Customer(p.Owner, p.Customer)
		if err != nil {
			return err
		}
		w.facts.Customer = customer.Name
	}
	c, err := tx.Connection(p.Owner, p.Connection)
	w.sandbox = c.Kind == pay.ConnectionSandbox
	return err
}

func (w *mailing) ofRefund(tx *store.Tx) error {
	r, err := tx.Refund(w.mail.Owner, w.mail.Object)
	if err != nil {
		return err
	}
	err = w.ofPayment(tx, r.Payment)
	w.facts.Amount, w.facts.At = r.Amount, r.UpdatedAt
	return err
}

func (w *mailing) ofInvoice(tx *store.Tx) error {
	i, err := tx.Invoice(w.mail.Owner, w.mail.Object)
	if err != nil {
		return err
	}
	s, err := tx.Subscription(i.Owner, i.Subscription)
	if err != nil {
		return err
	}
	w.locale = cmp.Or(s.Metadata["locale"], w.options.Locale)
	if i.Payment != "" {
		if err := w.ofPayment(tx, i.Payment); err != nil {
			return err
		}
	}
	customer, err := tx.Customer(i.Owner, i.Customer)
	if err != nil {
		return err
	}
	w.facts.Customer, w.facts.Number, w.facts.Amount, w.facts.At, w.facts.URL = customer.Name, i.Number, i.Due, i.FinalizedAt, i.HostedURL
	w.facts.Failure = i.Failure.Message
	if i.Dunning.Stopped == "" && i.Dunning.NextAt.After(pay.AtOnce) {
		w.facts.NextTry = i.Dunning.NextAt
	}
	for _, line := range i.Lines {
		w.facts.Lines = append(w.facts.Lines, pay.MailLine{Description: line.Description, Amount: pay.Amount(line.Amount, i.Due.Currency)})
	}
	c, err := tx.Connection(i.Owner, i.Connection)
	w.sandbox = c.Kind == pay.ConnectionSandbox
	return err
}

// ReviveMails makes jobs for mails that are due and have none.
func (e *Engine) ReviveMails(ctx context.Context) (int, error) {
	return e.revive(ctx, func(tx *store.Tx) ([]store.Job, error) {
		stale, err := tx.StaleMails(tx.Now().Add(-reviveAfter), mailBatch)
		jobs := make([]store.Job, len(stale))
		for i, m := range stale {
			jobs[i] = store.Job{Kind: store.JobMail, Owner: m.Owner, ID: m.ID}
		}
		return jobs, err
	})
}

// Mail is one mail.
//
// Errors: not_found.
func (e *Engine) Mail(ctx context.Context, o pay.Owner, id pay.ID) (pay.Mail, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Mail, error) { return tx.Mail(o, id) })
}

// Mails is a page of the mails that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Mails(ctx context.Context, o pay.Owner, f pay.MailFilter, page pay.Page) (pay.List[pay.Mail], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Mail], error) { return tx.Mails(o, f, page) })
}
