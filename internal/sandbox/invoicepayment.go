package sandbox

import "net/http"

// Statuses of an invoice payment.
const (
	invoicePaymentOpen     = "open"
	invoicePaymentPaid     = "paid"
	invoicePaymentCanceled = "canceled"
)

// invoicePayment ties an invoice to the payment intent that pays it (§2.18.5).
type invoicePayment struct {
	head
	AmountPaid        *int64                    `json:"amount_paid"` // minor units
	AmountRequested   int64                     `json:"amount_requested"`
	Created           int64                     `json:"created"`
	Currency          string                    `json:"currency"`
	Invoice           string                    `json:"invoice" expand:"invoice"`
	IsDefault         bool                      `json:"is_default"`
	Livemode          bool                      `json:"livemode"`
	Payment           invoicePaymentBy          `json:"payment"`
	Status            string                    `json:"status"`
	StatusTransitions invoicePaymentTransitions `json:"status_transitions"`
}

type invoicePaymentBy struct {
	PaymentIntent string `json:"payment_intent" expand:"payment_intent"`
	Type          string `json:"type"`
}

type invoicePaymentTransitions struct {
	CanceledAt *int64 `json:"canceled_at"`
	PaidAt     *int64 `json:"paid_at"`
}

func (p *invoicePayment) createdAt() int64 { return p.Created }

var invoicePayments = declare[invoicePayment](kind{name: "invoice_payment", prefix: "inpay_1", length: 23, noun: "invoice payment"})

func invoicePaymentResource() *resource {
	id := &invoicePayments.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			p := o.(*invoicePayment)
			return []indexKey{{"invoice", p.Invoice}, {"payment_intent", p.Payment.PaymentIntent}}
		},
		routes: []route{
			{method: http.MethodGet, path: "/v1/invoice_payments", title: "List the payments of invoices", returns: id, list: true,
				params: paged(text("invoice"), text("status"), hash("payment", text("payment_intent"), enum("type", "payment_intent", "payment_record").must())),
				do:     listInvoicePayments},
			{method: http.MethodGet, path: "/v1/invoice_payments/{id}", title: "Retrieve a payment of an invoice", returns: id, do: invoicePayments.retrieve},
		},
	}
}

func newInvoicePayment(w *work, of *invoice, by *paymentIntent) {
	invoicePayments.add(w, &invoicePayment{AmountRequested: of.AmountDue, Created: w.now, Currency: of.Currency, Invoice: of.ID, IsDefault: true,
		Payment: invoicePaymentBy{by.ID, "payment_intent"}, Status: invoicePaymentOpen})
}

// settle records that the money came; outside of Stripe, nothing came this way.
func (p *invoicePayment) settle(w *work, outside bool) {
	if outside || p.Status != invoicePaymentOpen {
		return
	}
	p.Status, p.AmountPaid, p.StatusTransitions.PaidAt = invoicePaymentPaid, &p.AmountRequested, pointer(w.now)
	emit(w, "invoice_payment.paid", p)
}

func (p *invoicePayment) cancel(w *work) {
	if p.Status == invoicePaymentOpen {
		p.Status, p.StatusTransitions.CanceledAt = invoicePaymentCanceled, pointer(w.now)
	}
}

func listInvoicePayments(c *call) (any, error) {
	key := c.filtered("invoice")
	if id := c.hash("payment").text("payment_intent"); id != "" {
		key = indexKey{"payment_intent", id}
	}
	return c.pageOf(query{kind: &invoicePayments.kind, key: key, keep: func(o object) bool {
		p := o.(*invoicePayment)
		return c.equals("status", p.Status) && c.equals("invoice", p.Invoice)
	}})
}

// paymentsOfInvoice is invoice.payments, for expand[].
func paymentsOfInvoice(v *view, o object) any {
	out := &page{url: "/v1/invoices/payments"}
	for _, p := range invoicePayments.where(v.work, indexKey{"invoice", o.identity().ID}) {
		out.objects = append(out.objects, p)
	}
	return out
}

// confirmation is how a browser may confirm an invoice's payment.
type confirmation struct {
	ClientSecret string `json:"client_secret"`
	Type         string `json:"type"`
}

// confirmationSecret is invoice.confirmation_secret, for expand[].
func confirmationSecret(v *view, o object) any {
	p, ok := paymentIntents.find(v.work, o.(*invoice).secret.Intent)
	if !ok {
		return none(nil)
	}
	return confirmation{p.ClientSecret, "payment_intent"}
}
