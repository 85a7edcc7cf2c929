package pay

import "time"

// MailTemplate names a kind of mail to customers.
type MailTemplate string

// The mails that customers get.
const (
	MailReceipt       MailTemplate = "receipt"        // a payment was taken, and says whom to write to
	MailRefund        MailTemplate = "refund"         // money was given back
	MailInvoice       MailTemplate = "invoice"        // a subscription's invoice is paid
	MailPaymentFailed MailTemplate = "payment_failed" // a renewal could not be collected
)

// MailTemplates is every kind.
var MailTemplates = []MailTemplate{MailReceipt, MailRefund, MailInvoice, MailPaymentFailed}

// MailStatus is where a mail stands.
type MailStatus string

// The statuses of a mail.
const (
	MailPending MailStatus = "pending" // about to be written, or to be sent again
	MailSent    MailStatus = "sent"    // a mail server has taken it
	MailKept    MailStatus = "kept"    // shown and not sent: it is of the sandbox
	MailFailed  MailStatus = "failed"  // it cannot be sent; problem says why
)

// MailStatuses is every status.
var MailStatuses = []MailStatus{MailPending, MailSent, MailKept, MailFailed}

// Mail is one mail to a customer about a payment, refund or invoice. It is
// noted in the transaction of what it tells, and written and sent after that:
// a mail that fails never fails a payment.
type Mail struct {
	ID        ID
	Owner     Owner
	Template  MailTemplate
	Object    ID     // the payment, refund or invoice that it tells of
	Occasion  string // tells mails of one template and object apart, such as two failed tries
	Recipient string
	CreatedAt time.Time

	From, ReplyTo string // empty until it is written
	Locale        string
	Subject       string
	Text          string
	HTML          string
	Status        MailStatus
	Attempts      int
	Problem       string    // why the last try failed
	NextAt        time.Time // of the next try; zero when there is none
	UpdatedAt     time.Time
}

// MailFilter is which mails are wanted; empty fields do not filter.
type MailFilter struct {
	Statuses []MailStatus
	Object   ID
}

// CustomTemplate is a merchant's own in place of a built-in one.
type CustomTemplate struct {
	Owner     Owner
	Name      MailTemplate
	Subject   string // Go's text/template, as is Text
	Text      string
	HTML      string    // Go's html/template; empty: the mail has no HTML
	UpdatedAt time.Time // zero for a built-in one
}

// MailFacts is what a mail can tell. Templates get it with amounts and dates
// written as the locale has them.
type MailFacts struct {
	Merchant    string
	Customer    string // name, or empty
	Email       string
	Reference   ID     // of the payment, refund or invoice
	Number      string // of the invoice, or empty
	Description string
	Amount      Money
	At          time.Time
	Card        string // as "visa •••• 4242", or empty
	Lines       []MailLine
	Failure     string    // why it could not be collected, or empty
	NextTry     time.Time // zero: none is planned
	URL         string    // where the customer can see or pay it, or empty
	Test        bool      // no money moved
}

// MailLine is one line of an invoice.
type MailLine struct {
	Description string
	Amount      Money
}

// WrittenMail is a template filled in.
type WrittenMail struct {
	Subject, Text, HTML string
}
