package sandbox

import (
	"net/http"
	"slices"
)

// Statuses of an invoice (§2.18.1).
const (
	invoiceDraft         = "draft"
	invoiceOpen          = "open"
	invoicePaid          = "paid"
	invoiceUncollectible = "uncollectible"
	invoiceVoid          = "void"
)

// How an invoice is to be paid.
const (
	chargeAutomatically = "charge_automatically"
	sendInvoice         = "send_invoice"
)

// Why an invoice exists (§2.18.2).
const (
	reasonCreate = "subscription_create"
	reasonCycle  = "subscription_cycle"
	reasonUpdate = "subscription_update"
	reasonManual = "manual"
)

// invoice is what a customer owes for some things, until it is paid (§2.18).
type invoice struct {
	head
	AccountCountry          *string                  `json:"account_country"`
	AccountName             *string                  `json:"account_name"`
	AccountTaxIDs           none                     `json:"account_tax_ids"`
	AmountDue               int64                    `json:"amount_due"` // minor units, as are all amounts
	AmountOverpaid          int64                    `json:"amount_overpaid"`
	AmountPaid              int64                    `json:"amount_paid"`
	AmountPaidOffStripe     int64                    `json:"amount_paid_off_stripe"`
	AmountRemaining         int64                    `json:"amount_remaining"`
	AmountShipping          int64                    `json:"amount_shipping"`
	Application             none                     `json:"application"`
	AttemptCount            int64                    `json:"attempt_count"`
	Attempted               bool                     `json:"attempted"`
	AutoAdvance             bool                     `json:"auto_advance"`
	AutomaticTax            invoiceTax               `json:"automatic_tax"`
	AutomaticallyFinalizes  *int64                   `json:"automatically_finalizes_at"`
	BillingReason           string                   `json:"billing_reason"`
	CollectionMethod        string                   `json:"collection_method"`
	Created                 int64                    `json:"created"`
	Currency                string                   `json:"currency"`
	CustomFields            none                     `json:"custom_fields"`
	Customer                string                   `json:"customer" expand:"customer"`
	CustomerAccount         none                     `json:"customer_account"`
	CustomerAddress         *postalAddress           `json:"customer_address"`
	CustomerEmail           *string                  `json:"customer_email"`
	CustomerName            *string                  `json:"customer_name"`
	CustomerPhone           *string                  `json:"customer_phone"`
	CustomerShipping        *shippingDetails         `json:"customer_shipping"`
	CustomerTaxExempt       string                   `json:"customer_tax_exempt"`
	CustomerTaxIDs          []none                   `json:"customer_tax_ids"`
	DefaultPaymentMethod    *string                  `json:"default_payment_method" expand:"payment_method"`
	DefaultSource           none                     `json:"default_source"`
	DefaultTaxRates         []none                   `json:"default_tax_rates"`
	Description             *string                  `json:"description"`
	Discounts               []string                 `json:"discounts" expand:"discount"`
	DueDate                 *int64                   `json:"due_date"`
	EffectiveAt             *int64                   `json:"effective_at"`
	EndingBalance           *int64                   `json:"ending_balance"`
	Footer                  *string                  `json:"footer"`
	FromInvoice             none                     `json:"from_invoice"`
	HostedInvoiceURL        *string                  `json:"hosted_invoice_url"`
	InvoicePDF              *string                  `json:"invoice_pdf"`
	Issuer                  issuer                   `json:"issuer"`
	LastFinalizationError   none                     `json:"last_finalization_error"`
	LatestRevision          none                     `json:"latest_revision"`
	Lines                   listOf[*invoiceLine]     `json:"lines"`
	Livemode                bool                     `json:"livemode"`
	Metadata                map[string]string        `json:"metadata"`
	NextPaymentAttempt      *int64                   `json:"next_payment_attempt"`
	Number                  *string                  `json:"number"`
	OnBehalfOf              *string                  `json:"on_behalf_of" expand:"account"`
	Parent                  *invoiceParent           `json:"parent"`
	PaymentSettings         invoicePaymentSettings   `json:"payment_settings"`
	PeriodEnd               int64                    `json:"period_end"`
	PeriodStart             int64                    `json:"period_start"`
	PostPaymentCreditNotes  int64                    `json:"post_payment_credit_notes_amount"`
	PrePaymentCreditNotes   int64                    `json:"pre_payment_credit_notes_amount"`
	ReceiptNumber           none                     `json:"receipt_number"`
	Rendering               none                     `json:"rendering"`
	ShippingCost            none                     `json:"shipping_cost"`
	ShippingDetails         none                     `json:"shipping_details"`
	StartingBalance         int64                    `json:"starting_balance"`
	StatementDescriptor     *string                  `json:"statement_descriptor"`
	Status                  string                   `json:"status"`
	StatusTransitions       invoiceStatusTransitions `json:"status_transitions"`
	Subtotal                int64                    `json:"subtotal"`
	SubtotalExcludingTax    int64                    `json:"subtotal_excluding_tax"`
	TestClock               *string                  `json:"test_clock" expand:"test_helpers.test_clock"`
	Total                   int64                    `json:"total"`
	TotalDiscountAmounts    []discountAmount         `json:"total_discount_amounts"`
	TotalExcludingTax       int64                    `json:"total_excluding_tax"`
	TotalPretaxCreditAmount []none                   `json:"total_pretax_credit_amounts"`
	TotalTaxes              []none                   `json:"total_taxes"`
	WebhooksDeliveredAt     *int64                   `json:"webhooks_delivered_at"`

	secret invoiceSecret
}

// invoiceSecret is what an invoice knows and does not show.
type invoiceSecret struct {
	Intent               string           `json:"intent,omitempty"`
	ApplicationFee       *int64           `json:"application_fee,omitempty"` // minor units
	Transfer             *invoiceTransfer `json:"transfer,omitempty"`
	DaysUntilDue         int64            `json:"days_until_due,omitempty"`
	Overdue              bool             `json:"overdue,omitempty"` // was told
	Failures             int              `json:"failures,omitempty"`
	SubscriptionCanceled bool             `json:"subscription_canceled,omitempty"`
}

// invoiceTransfer is transfer_data: who gets the money, and how much of it
// (minor units; nil is all, less the application fee).
type invoiceTransfer struct {
	Destination string `json:"destination"`
	Amount      *int64 `json:"amount,omitempty"`
}

type invoiceTax struct {
	DisabledReason none `json:"disabled_reason"`
	Enabled        bool `json:"enabled"`
	Liability      none `json:"liability"`
	Provider       none `json:"provider"`
	Status         none `json:"status"`
}

type issuer struct {
	Type string `json:"type"`
}

type invoiceParent struct {
	QuoteDetails        none                 `json:"quote_details"`
	SubscriptionDetails *subscriptionDetails `json:"subscription_details"`
	Type                string               `json:"type"`
}

type subscriptionDetails struct {
	Metadata     map[string]string `json:"metadata"`
	Subscription string            `json:"subscription" expand:"subscription"`
}

type invoicePaymentSettings struct {
	DefaultMandate       none `json:"default_mandate"`
	PaymentMethodOptions none `json:"payment_method_options"`
	PaymentMethodTypes   none `json:"payment_method_types"`
}

type invoiceStatusTransitions struct {
	FinalizedAt           *int64 `json:"finalized_at"`
	MarkedUncollectibleAt *int64 `json:"marked_uncollectible_at"`
	PaidAt                *int64 `json:"paid_at"`
	VoidedAt              *int64 `json:"voided_at"`
}

// listOf is a list inside an object, complete.
type listOf[T any] struct {
	Object     string `json:"object"`
	Data       []T    `json:"data"`
	HasMore    bool   `json:"has_more"`
	TotalCount int    `json:"total_count"`
	URL        string `json:"url"`
}

func newListOf[T any](url string, data []T) listOf[T] {
	if data == nil {
		data = []T{}
	}
	return listOf[T]{"list", data, false, len(data), url}
}

func (i *invoice) private() any      { return &i.secret }
func (i *invoice) createdAt() int64  { return i.Created }
func (i *invoice) testClock() string { return value(i.TestClock) }

// subscription is the id of the subscription that the invoice is for, or "".
func (i *invoice) subscription() string {
	if i.Parent == nil {
		return ""
	}
	return i.Parent.SubscriptionDetails.Subscription
}

var invoices = declare[invoice](kind{name: "invoice", prefix: "in_1", length: 23, param: "invoice"})

// invoiceParams may be set on a draft, when creating and when updating.
var invoiceParams = []param{
	integer("application_fee_amount"), boolean("auto_advance"), enum("collection_method", chargeAutomatically, sendInvoice), integer("days_until_due"),
	text("default_payment_method"), text("description"), discountsParam, integer("due_date"), text("footer"), metadata(), text("on_behalf_of"),
	shortText("statement_descriptor", 22), hash("transfer_data", text("destination").must(), integer("amount")), anything("payment_settings"),
}

func invoiceResource() *resource {
	id := &invoices.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			i := o.(*invoice)
			return append(metadataKeys(i.Metadata), indexKey{"customer", i.Customer}, indexKey{"subscription", i.subscription()})
		},
		due:     func(o object) int64 { return o.(*invoice).dueAt() },
		wake:    wakeInvoice,
		include: map[string]func(*view, object) any{"payments": paymentsOfInvoice, "confirmation_secret": confirmationSecret},
		routes: []route{
			{method: http.MethodPost, path: "/v1/invoices", title: "Create a draft invoice", returns: id,
				params: allParams([]param{text("customer"), text("subscription"), text("currency"), enum("pending_invoice_items_behavior", "exclude", "include")},
					invoiceParams), do: createInvoice},
			{method: http.MethodGet, path: "/v1/invoices", title: "List invoices", returns: id, list: true,
				params: paged(text("customer"), text("subscription"), text("status"), text("collection_method")), do: listInvoices},
			{method: http.MethodGet, path: "/v1/invoices/search", title: "Search invoices", returns: id, list: true, params: searchParams, do: searching(id)},
			{method: http.MethodPost, path: "/v1/invoices/create_preview", title: "Show the invoice that would come; nothing is kept",
				returns: id, params: previewParams, do: previewInvoice},
			{method: http.MethodGet, path: "/v1/invoices/{id}", title: "Retrieve an invoice", returns: id, do: invoices.retrieve},
			{method: http.MethodPost, path: "/v1/invoices/{id}", title: "Update an invoice", returns: id, params: invoiceParams, do: updateInvoice},
			{method: http.MethodDelete, path: "/v1/invoices/{id}", title: "Delete a draft", do: deleteInvoice},
			{method: http.MethodGet, path: "/v1/invoices/{id}/lines", title: "List the lines of an invoice", list: true, params: paged(), do: listLines},
			{method: http.MethodPost, path: "/v1/invoices/{id}/finalize", title: "Finalise a draft", returns: id,
				params: []param{boolean("auto_advance")}, do: finalizeInvoice},
			{method: http.MethodPost, path: "/v1/invoices/{id}/pay", title: "Pay an invoice; a draft is finalised first", returns: id,
				params: []param{boolean("forgive"), boolean("off_session"), boolean("paid_out_of_band"), text("payment_method"), text("source")}, do: payInvoice},
			{method: http.MethodPost, path: "/v1/invoices/{id}/send", title: "Send an invoice to the customer", returns: id, do: sendInvoiceNow},
			{method: http.MethodPost, path: "/v1/invoices/{id}/void", title: "Void an open invoice", returns: id, do: voidInvoice},
			{method: http.MethodPost, path: "/v1/invoices/{id}/mark_uncollectible", title: "Give up on an invoice", returns: id, do: giveUpInvoice},
		},
	}
}

// newInvoice is an empty draft for a customer.
func newInvoice(w *work, owner *customer, reason, currency string) *invoice {
	made := &invoice{
		AccountCountry: pointer("US"), AccountName: pointer("Florin Sandbox"), BillingReason: reason, CollectionMethod: chargeAutomatically,
		Created: w.now, Currency: currency, Customer: owner.ID, CustomerAddress: owner.Address, CustomerEmail: owner.Email,
		CustomerName: owner.Name, CustomerPhone: owner.Phone, CustomerShipping: owner.Shipping, CustomerTaxExempt: owner.TaxExempt,
		CustomerTaxIDs: []none{}, DefaultTaxRates: []none{}, Discounts: []string{}, Issuer: issuer{"self"}, Metadata: map[string]string{},
		PeriodEnd: w.now, PeriodStart: w.now, StartingBalance: owner.Balance, Status: invoiceDraft, TestClock: owner.TestClock,
		TotalDiscountAmounts: []discountAmount{}, TotalPretaxCreditAmount: []none{}, TotalTaxes: []none{}, WebhooksDeliveredAt: pointer(w.now),
	}
	invoices.add(w, made)
	made.setLines(w, nil)
	return made
}

func createInvoice(c *call) (any, error) {
	sub, err := subscriptions.fromParam(c, "subscription")
	if err != nil {
		return nil, err
	}
	owner, err := customers.fromParam(c, "customer")
	switch {
	case err != nil:
		return nil, err
	case owner == nil && sub == nil:
		return nil, missingParam("customer")
	case owner == nil:
		owner, _ = customers.find(c.work, sub.Customer)
	}
	c.follow(owner.TestClock)
	currency, err := invoiceCurrency(c, owner, sub)
	if err != nil {
		return nil, err
	}
	made := newInvoice(c.work, owner, reasonManual, currency)
	if sub != nil {
		made.Parent = parentOf(sub)
		made.Discounts, made.CollectionMethod = slices.Clone(sub.Discounts), sub.CollectionMethod
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	if sub != nil || c.text("pending_invoice_items_behavior") == "include" {
		made.setLines(c.work, collectPending(c.work, made))
		if sub != nil && len(made.Lines.Data) == 0 {
			return nil, badState("invoice_no_subscription_line_items", "Nothing to invoice for subscription")
		}
	}
	emit(c.work, "invoice.created", made)
	return made, nil
}

// invoiceCurrency is the one asked for, or that of what the customer has.
func invoiceCurrency(c *call, owner *customer, sub *subscription) (string, error) {
	switch {
	case c.has("currency"):
		return c.currencyOf("currency")
	case sub != nil:
		return sub.Currency, nil
	}
	for _, item := range invoiceItems.where(c.work, indexKey{"pending", owner.ID}) {
		return item.Currency, nil
	}
	if owner.Currency != nil {
		return *owner.Currency, nil
	}
	return "usd", nil
}

// set changes what the parameters name.
func (i *invoice) set(c *call) error {
	if how := c.text("collection_method"); how != "" {
		i.CollectionMethod = how
	}
	if n, ok := c.integer("days_until_due"); ok {
		i.secret.DaysUntilDue = n
	}
	c.setInteger("due_date", &i.DueDate)
	if i.CollectionMethod == sendInvoice && i.DueDate == nil && i.secret.DaysUntilDue == 0 {
		return badParam("days_until_due", "parameter_missing", "You must specify either `days_until_due` or `due_date` when `collection_method` is `send_invoice`.")
	}
	if c.has("auto_advance") {
		i.advance(c.now, c.yes("auto_advance"))
	}
	c.setText("description", &i.Description)
	c.setText("footer", &i.Footer)
	c.setText("on_behalf_of", &i.OnBehalfOf)
	c.setText("statement_descriptor", &i.StatementDescriptor)
	c.setInteger("application_fee_amount", &i.secret.ApplicationFee)
	if sent := c.hash("transfer_data"); sent.text("destination") != "" {
		i.secret.Transfer = &invoiceTransfer{Destination: sent.text("destination")}
		sent.setInteger("amount", &i.secret.Transfer.Amount)
	}
	owner, _ := customers.find(c.work, i.Customer)
	if err := c.setDefaultMethod(&i.DefaultPaymentMethod, owner.ID); err != nil {
		return err
	}
	if c.has("discounts") {
		given, err := redeem(c, c.params, owner, func(d *discount) { d.Invoice = &i.ID })
		if err != nil {
			return err
		}
		i.Discounts = given
		i.total(c.work)
	}
	return c.setMetadata(&i.Metadata)
}

// setDefaultMethod changes a default payment method, which must be the customer's.
func (c *call) setDefaultMethod(field **string, owner string) error {
	if id := c.text("default_payment_method"); id != "" {
		if method, ok := paymentMethods.find(c.work, id); !ok || value(method.Customer) != owner {
			return badParam("default_payment_method", "resource_missing", "The customer does not have a payment method with the ID "+id+". The payment method must be attached to the customer.")
		}
	}
	c.setText("default_payment_method", field)
	return nil
}

// advance says whether the sandbox finalises and collects on its own.
func (i *invoice) advance(now int64, yes bool) {
	i.AutoAdvance, i.AutomaticallyFinalizes = yes, nil
	if !yes {
		i.NextPaymentAttempt = nil
	}
	if yes && i.Status == invoiceDraft {
		i.AutomaticallyFinalizes = pointer(max(now, i.Created+draftLife))
	}
}

// settledInvoiceParams may still be set once an invoice is final.
var settledInvoiceParams = []string{"auto_advance", "metadata", "default_payment_method", "description", "footer", "expand", "due_date", "days_until_due"}

func updateInvoice(c *call) (any, error) {
	old, err := invoices.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status != invoiceDraft {
		for _, name := range c.names {
			if !slices.Contains(settledInvoiceParams, name) {
				return nil, badState("invoice_not_editable", "Finalized invoices can't be updated in this way ("+name+").").withParam(name)
			}
		}
	}
	c.follow(old.TestClock)
	next := invoices.edit(c.work, c.id)
	if err := next.set(c); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "invoice.updated", next)
	return next, nil
}

func deleteInvoice(c *call) (any, error) {
	old, err := invoices.fromPath(c)
	switch {
	case err != nil:
		return nil, err
	case old.Status != invoiceDraft:
		return nil, badState("invoice_not_editable", "You can only delete draft invoices.")
	case old.subscription() != "":
		return nil, badState("", "You cannot delete an invoice of a subscription.")
	}
	for _, item := range invoiceItems.where(c.work, indexKey{"invoice", old.ID}) {
		invoiceItems.remove(c.work, item.ID, deleted)
	}
	emit(c.work, "invoice.deleted", old)
	return invoices.remove(c.work, old.ID, deleted), nil
}

func listInvoices(c *call) (any, error) {
	return c.pageOf(query{kind: &invoices.kind, key: c.filtered("subscription", "customer"), keep: func(o object) bool {
		i := o.(*invoice)
		return c.equals("customer", i.Customer) && c.equals("status", i.Status) && c.equals("collection_method", i.CollectionMethod)
	}})
}

func listLines(c *call) (any, error) {
	found, err := invoices.fromPath(c)
	if err != nil {
		return nil, err
	}
	return c.pageIn(toObjects(found.Lines.Data))
}
