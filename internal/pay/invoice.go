package pay

import (
	"slices"
	"time"
)

// InvoiceStatus is where an invoice stands, in Stripe's words.
type InvoiceStatus string

// The statuses of an invoice (docs.stripe.com/invoicing/overview).
const (
	InvoiceDraft         InvoiceStatus = "draft" // for about an hour; then it is final
	InvoiceOpen          InvoiceStatus = "open"
	InvoicePaid          InvoiceStatus = "paid"
	InvoiceVoid          InvoiceStatus = "void"
	InvoiceUncollectible InvoiceStatus = "uncollectible"
)

// InvoiceStatuses is every status, in the order of an invoice's life.
var InvoiceStatuses = []InvoiceStatus{InvoiceDraft, InvoiceOpen, InvoicePaid, InvoiceVoid, InvoiceUncollectible}

// InvoiceMoves is every legal change of an invoice, and the event each one
// emits. Every invoice begins as a draft here, however it stood when Stripe
// first told of it.
var InvoiceMoves = Moves[InvoiceStatus]{
	{InvoiceDraft, InvoiceOpen, EventInvoiceOpened},
	{InvoiceDraft, InvoicePaid, EventInvoicePaid},
	{InvoiceDraft, InvoiceVoid, EventInvoiceVoided},
	{InvoiceDraft, InvoiceUncollectible, EventInvoiceUncollectible},
	{InvoiceOpen, InvoiceOpen, EventInvoicePaymentFailed},
	{InvoiceOpen, InvoicePaid, EventInvoicePaid},
	{InvoiceOpen, InvoiceVoid, EventInvoiceVoided},
	{InvoiceOpen, InvoiceUncollectible, EventInvoiceUncollectible},
	{InvoiceUncollectible, InvoicePaid, EventInvoicePaid},
	{InvoiceUncollectible, InvoiceVoid, EventInvoiceVoided},
}

// Invoice is what a subscription asks for one period, or for a change. When it
// is paid, what was paid is a payment.
type Invoice struct {
	ID           ID
	Owner        Owner
	Connection   ID
	Subscription ID
	Customer     ID
	Account      ID // the partner who gets the rest; empty: all stays with the merchant
	ProviderRef  string
	CreatedAt    time.Time

	Status InvoiceStatus
	InvoiceDetails
	Payment   ID // of what was paid; empty until then, or when nothing was due
	Dunning   DunningState
	Sequence  int64
	UpdatedAt time.Time
	LookAt    time.Time // when to ask Stripe again if nothing is heard; zero when settled
}

// InvoiceDetails is what Stripe decides of an invoice, by its clock.
type InvoiceDetails struct {
	Number      string
	Reason      string // subscription_create, subscription_cycle, subscription_update, …
	Due         Money
	Paid        Money
	Lines       []InvoiceLine
	PaymentRef  string // pi_… that pays it; empty when nothing is due
	HostedURL   string // where the customer can pay and see it
	PDFURL      string
	Attempts    int       // to collect it that Stripe made by itself
	NextAttempt time.Time // of Stripe's own; zero: none is planned
	Failure     Failure   // of the last attempt
	FinalizedAt time.Time
	PaidAt      time.Time
	ClockRef    string // clock_… of Stripe's that it lives by; empty: real time
}

// InvoiceLine is one thing that an invoice asks money for, or gives back.
type InvoiceLine struct {
	Description string    `json:"description"`
	Amount      int64     `json:"amount"` // minor units of the invoice's currency
	Quantity    int64     `json:"quantity"`
	Proration   bool      `json:"proration"` // of a change within a period
	PeriodStart time.Time `json:"period_start"`
	PeriodEnd   time.Time `json:"period_end"`
}

// InvoiceReport is what Stripe says of an invoice at one moment.
type InvoiceReport struct {
	ProviderRef     string
	SubscriptionRef string // sub_…; empty: it is of no subscription
	SubscriptionID  ID     // ours, as Stripe kept it for us
	Status          InvoiceStatus
	AutoAdvance     bool // Stripe collects it by itself
	InvoiceDetails
}

// InvoiceChange is what applying a report did to an invoice.
type InvoiceChange struct {
	Invoice Invoice
	From    InvoiceStatus
	Event   EventType // empty when nothing changed that merchants are told
	Changed bool
}

// Apply takes over what Stripe reports, forward only, as Payment.Apply does.
// That an invoice is open is told as its failure when an attempt failed.
func (i Invoice) Apply(r InvoiceReport, now time.Time) InvoiceChange {
	move, legal := InvoiceMoves.Find(i.Status, r.Status)
	if r.Status != i.Status && !legal {
		return InvoiceChange{Invoice: i, From: i.Status}
	}
	next := i
	next.Status, next.InvoiceDetails = r.Status, r.InvoiceDetails
	if r.Status == i.Status && next.InvoiceDetails.same(i.InvoiceDetails) {
		return InvoiceChange{Invoice: i, From: i.Status}
	}
	event := move.Event
	failed := r.Status == InvoiceOpen && r.Failure.Code != "" && (r.Attempts > i.Attempts || i.Failure.Code == "")
	switch {
	case failed:
		event = EventInvoicePaymentFailed // also of one that is open only now: that it failed is the later fact
	case r.Status == i.Status:
		event = ""
	}
	next.Sequence++
	next.UpdatedAt = now
	return InvoiceChange{Invoice: next, From: i.Status, Event: event, Changed: true}
}

func (d InvoiceDetails) same(other InvoiceDetails) bool {
	return slices.Equal(d.Lines, other.Lines) && d.plain() == other.plain()
}

// plain is the details without the lines, which == cannot compare.
func (d InvoiceDetails) plain() any {
	type plain struct {
		number, reason, paymentRef, hostedURL, pdfURL, clockRef string
		due, paid                                               Money
		attempts                                                int
		nextAttempt, finalizedAt, paidAt                        time.Time
		failure                                                 Failure
	}
	return plain{d.Number, d.Reason, d.PaymentRef, d.HostedURL, d.PDFURL, d.ClockRef, d.Due, d.Paid, d.Attempts, d.NextAttempt, d.FinalizedAt, d.PaidAt, d.Failure}
}

// CheckPay says whether the invoice can be paid now.
//
// Errors: invoice_not_open.
func (i Invoice) CheckPay() error {
	if i.Status != InvoiceOpen && i.Status != InvoiceUncollectible {
		return Errorf(CodeInvoiceNotOpen, "the invoice is %s; only an open or uncollectible invoice can be paid", i.Status)
	}
	return nil
}

// CheckVoid says whether the invoice can be made void now.
//
// Errors: invoice_not_open.
func (i Invoice) CheckVoid() error {
	if i.Status != InvoiceOpen && i.Status != InvoiceUncollectible {
		return Errorf(CodeInvoiceNotOpen, "the invoice is %s; only an open or uncollectible invoice can be made void", i.Status)
	}
	return nil
}

// InvoicePreview is the invoice that a change would bring.
type InvoicePreview struct {
	Due       Money // what would be asked for
	Prorated  Money // what of it is for the rest of the running period; below zero is a credit
	Credit    Money // what would be kept for later invoices, when the change gives back more than it costs
	ComesAt   time.Time
	Immediate bool // the invoice comes at once, not with the next renewal
	Lines     []InvoiceLine
}

// InvoiceFilter is which invoices are wanted; empty fields do not filter.
type InvoiceFilter struct {
	Statuses     []InvoiceStatus
	Subscription ID
	Customer     ID
	Account      ID
}
