package store

import (
	"time"

	"florin/internal/pay"
)

var invoices = define(table[pay.Invoice]{
	name:  "invoices",
	what:  "invoice",
	fixed: "merchant mode id connection subscription customer account provider_ref created_at",
	mutable: "status number reason due paid currency lines payment_ref hosted_url pdf_url attempts next_attempt failure_code failure_message " +
		"decline_code finalized_at paid_at clock_ref payment dunning retry_at sequence updated_at look_at",
	fields: func(i *pay.Invoice) []any {
		return []any{
			&i.Owner.Merchant, &i.Owner.Mode, &i.ID, &i.Connection, &i.Subscription, &i.Customer, opt(&i.Account), &i.ProviderRef, moment{&i.CreatedAt},
			&i.Status, &i.Number, &i.Reason, &i.Due.Minor, &i.Paid.Minor, &i.Due.Currency, document[[]pay.InvoiceLine]{&i.Lines},
			&i.PaymentRef, &i.HostedURL, &i.PDFURL, &i.Attempts, moment{&i.NextAttempt},
			&i.Failure.Code, &i.Failure.Message, &i.Failure.DeclineCode, moment{&i.FinalizedAt}, moment{&i.PaidAt}, &i.ClockRef,
			opt(&i.Payment), document[pay.DunningState]{&i.Dunning}, derived(func() any { return micros(i.Dunning.NextAt) }),
			&i.Sequence, moment{&i.UpdatedAt}, moment{&i.LookAt},
		}
	},
	loaded: func(i *pay.Invoice) { i.Paid.Currency = i.Due.Currency },
})

var invoicesNewest = order[pay.Invoice]{
	name: "invoices", columns: []string{"created_at"}, descending: true,
	key: func(i pay.Invoice) []int64 { return []int64{micros(i.CreatedAt)} },
	id:  func(i pay.Invoice) string { return string(i.ID) },
}

// InsertInvoice adds an invoice.
//
// Errors: already_exists, when the id or Stripe's reference is taken.
func (tx *Tx) InsertInvoice(i pay.Invoice) error { return invoices.insert(tx, i) }

// Invoice reads an invoice.
//
// Errors: not_found.
func (tx *Tx) Invoice(o pay.Owner, id pay.ID) (pay.Invoice, error) { return invoices.get(tx, o, id) }

// LockInvoice reads an invoice and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockInvoice(o pay.Owner, id pay.ID) (pay.Invoice, error) {
	return invoices.lock(tx, o, id)
}

// InvoiceByRef reads the invoice that Stripe calls ref (in_…).
//
// Errors: not_found.
func (tx *Tx) InvoiceByRef(o pay.Owner, ref string) (pay.Invoice, error) {
	return invoices.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdateInvoice writes all that may change of an invoice.
//
// Errors: not_found.
func (tx *Tx) UpdateInvoice(i pay.Invoice) error { return invoices.update(tx, i, i.ID) }

// Invoices lists the invoices that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Invoices(o pay.Owner, f pay.InvoiceFilter, page pay.Page) (pay.List[pay.Invoice], error) {
	c := owned(o)
	if f.Subscription != "" {
		c.and("subscription =", f.Subscription)
	}
	if f.Customer != "" {
		c.and("customer =", f.Customer)
	}
	if f.Account != "" {
		c.and("account =", f.Account)
	}
	return listAny(tx, invoices, oneOf(c, "status =", f.Statuses), invoicesNewest, page)
}

// DueInvoices reads up to limit invoices of every owner that Stripe should be
// asked about by now, those that waited longest first.
func (tx *Tx) DueInvoices(now time.Time, limit int) ([]pay.Invoice, error) {
	return invoices.all(tx, "WHERE look_at > 0 AND look_at <= $1 ORDER BY look_at, id LIMIT $2", micros(now), limit)
}

// RetryInvoices reads up to limit invoices of every owner that a clock (empty:
// real time) says are to be collected again by now, the oldest first.
func (tx *Tx) RetryInvoices(clock string, now time.Time, limit int) ([]pay.Invoice, error) {
	return invoices.all(tx, "WHERE clock_ref = $1 AND retry_at > 0 AND retry_at <= $2 ORDER BY retry_at, id LIMIT $3", clock, micros(now), limit)
}

// UrgentInvoices reads up to limit invoices of every owner and clock that are
// to be collected at once.
func (tx *Tx) UrgentInvoices(limit int) ([]pay.Invoice, error) {
	return invoices.all(tx, "WHERE retry_at = $1 ORDER BY id LIMIT $2", micros(pay.AtOnce), limit)
}

// SandboxInvoices reads up to limit invoices of every owner at a sandbox that
// are to be collected again some time, the first first: the sandbox's clock may
// be ahead of ours.
func (tx *Tx) SandboxInvoices(limit int) ([]pay.Invoice, error) {
	return invoices.all(tx, `WHERE clock_ref = '' AND retry_at > 0 AND EXISTS (SELECT 1 FROM connections c
		WHERE c.merchant = invoices.merchant AND c.mode = invoices.mode AND c.id = invoices.connection AND c.kind = $1)
		ORDER BY retry_at, id LIMIT $2`, pay.ConnectionSandbox, limit)
}

// OpenInvoices reads every invoice of a subscription that still waits to be
// paid, oldest first.
func (tx *Tx) OpenInvoices(o pay.Owner, subscription pay.ID) ([]pay.Invoice, error) {
	return invoices.all(tx, "WHERE merchant = $1 AND mode = $2 AND subscription = $3 AND status = 'open' ORDER BY created_at, id",
		o.Merchant, o.Mode, subscription)
}
