package operation

import stripego "github.com/stripe/stripe-go/v85"

// Invoice is what a customer owes, line by line.
type Invoice struct {
	ID               string            `json:"id"`
	Number           *string           `json:"number"`
	Status           *string           `json:"status" jsonschema:"draft, open, paid, uncollectible or void."`
	CustomerID       *string           `json:"customer_id" stripe:"customer"`
	CustomerEmail    *string           `json:"customer_email"`
	SubscriptionID   *string           `json:"subscription_id" stripe:"parent.subscription_details.subscription"`
	Currency         string            `json:"currency"`
	Total            int64             `json:"total" jsonschema:"In minor units, after discounts and taxes."`
	AmountDue        int64             `json:"amount_due" jsonschema:"In minor units."`
	AmountPaid       int64             `json:"amount_paid" jsonschema:"In minor units."`
	AmountRemaining  int64             `json:"amount_remaining" jsonschema:"In minor units."`
	CollectionMethod string            `json:"collection_method"`
	DueDate          *int64            `json:"due_date" jsonschema:"Unix time in seconds."`
	HostedURL        *string           `json:"hosted_invoice_url" jsonschema:"A page where the customer pays it."`
	PDF              *string           `json:"invoice_pdf" jsonschema:"The address of its PDF."`
	Attempted        bool              `json:"attempted"`
	Description      *string           `json:"description"`
	Metadata         map[string]string `json:"metadata"`
	Created          int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode         bool              `json:"livemode"`
	Object           raw               `json:"object"`
}

// InvoiceItem is a line that waits for a customer's next invoice, or stands on
// a draft.
type InvoiceItem struct {
	ID          string            `json:"id"`
	CustomerID  string            `json:"customer_id" stripe:"customer"`
	InvoiceID   *string           `json:"invoice_id" stripe:"invoice"`
	Amount      int64             `json:"amount" jsonschema:"In minor units."`
	Currency    string            `json:"currency"`
	Quantity    int64             `json:"quantity"`
	Description *string           `json:"description"`
	Metadata    map[string]string `json:"metadata"`
	Date        int64             `json:"date" jsonschema:"Unix time in seconds."`
	Livemode    bool              `json:"livemode"`
	Object      raw               `json:"object"`
}

// invoiceID is on whatever is done to one.
func invoiceID(about string) parameter { return invoiceIDs.id(about).required() }

// invoiceDetails can be given, and changed while it is a draft.
var invoiceDetails = params(
	text("description", "A text on the invoice."),
	text("footer", "A text at its foot."),
	yes("auto_advance", "Let Stripe finalize and collect it by itself after about an hour."),
	choice("collection_method", "Charge the payment method, or send it to be paid within days_until_due.", "charge_automatically", "send_invoice"),
	whole("days_until_due", "How many days the customer has to pay it.").between(0, 365),
	idOf(methodIDs, "default_payment_method_id", "What it charges; the customer's default unless given.").as("default_payment_method"),
	couponID("A coupon to apply.").as("discounts[0][coupon]"),
)

var invoiceOperations = []declaration{
	{
		name: "create-invoice", resource: "invoices",
		summary: "Makes a draft of an invoice; create-invoice-item adds lines.",
		call:    post[stripego.InvoiceCreateParams]("/v1/invoices"),
		takes: params(
			customerID("The customer who is to pay.").required(),
			currency("The currency; the customer's unless given."),
			choice("pending_invoice_items_behavior", "Include takes the items that wait for the customer's next invoice.", "include", "exclude"),
			subscriptionIDs.id("Invoice the pending items of this subscription."),
			invoiceDetails, metadata,
		),
		rules: []rule{
			needsWhen("collection_method", "send_invoice", "days_until_due"),
			onlyWhen("days_until_due", "collection_method", "send_invoice"),
		},
		gives:   gives[Invoice](),
		example: `{"customer_id": "cus_Example", "collection_method": "send_invoice", "days_until_due": 14}`,
	},
	{
		name: "create-invoice-item", resource: "invoices",
		summary: "Adds a line to a draft, or to the customer's next invoice.",
		call:    post[stripego.InvoiceItemCreateParams]("/v1/invoiceitems"),
		takes: params(
			customerID("The customer who is to pay.").required(),
			of(kindAmount, "amount", "The line's amount in minor units; below zero is a credit.").between(-largestAmount, largestAmount),
			currency("The currency of amount."),
			priceIDs.id("A price to charge once, instead of an amount.").as("pricing[price]"),
			whole("quantity", "How many of the price. One unless given.").from(0),
			text("description", "What the line says."),
			invoiceIDs.id("The draft to add it to. The customer's next invoice unless given."),
			metadata,
		),
		rules: []rule{
			exactlyOne("amount", "price_id"),
			needs("amount", "currency"),
			needs("quantity", "price_id"),
		},
		gives:   gives[InvoiceItem](),
		example: `{"customer_id": "cus_Example", "amount": 1500, "currency": "usd", "description": "An hour of work"}`,
	},
	{
		name: "get-invoice", resource: "invoices",
		summary: "Reads an invoice.",
		call:    get[stripego.InvoiceRetrieveParams]("/v1/invoices/{invoice_id}"),
		takes:   params(invoiceID("The invoice to read.")),
		gives:   gives[Invoice](),
		example: `{"invoice_id": "in_Example"}`,
	},
	{
		name: "list-invoices", resource: "invoices",
		summary: "Lists invoices, newest first.",
		call:    get[stripego.InvoiceListParams]("/v1/invoices"),
		takes: params(
			customerID("Only those of this customer."),
			subscriptionIDs.id("Only those of this subscription."),
			choice("status", "Only those that stand so.", "draft", "open", "paid", "uncollectible", "void"),
			created, page,
		),
		gives:   gives[Page[Invoice]](),
		example: `{"limit": 10, "customer_id": "cus_Example"}`,
	},
	{
		name: "search-invoices", resource: "invoices",
		summary: "Finds invoices by customer, number, status, total, metadata and more.",
		call:    get[stripego.InvoiceSearchParams]("/v1/invoices/search"),
		takes:   found,
		gives:   gives[Found[Invoice]](),
		example: `{"query": "status:\"open\"", "limit": 10}`,
	},
	{
		name: "update-invoice", resource: "invoices",
		summary: "Changes an invoice: all of a draft, little of one that is finalized.",
		call:    post[stripego.InvoiceUpdateParams]("/v1/invoices/{invoice_id}"),
		takes:   params(invoiceID("The invoice to change."), invoiceDetails, metadata),
		gives:   gives[Invoice](),
		example: `{"invoice_id": "in_Example", "description": "Thank you"}`,
	},
	{
		name: "finalize-invoice", resource: "invoices",
		summary: "Makes a draft final: it gets a number, and can be paid.",
		call:    post[stripego.InvoiceFinalizeInvoiceParams]("/v1/invoices/{invoice_id}/finalize"),
		takes:   params(invoiceID("The draft to finalize."), yes("auto_advance", "Let Stripe collect it by itself.")),
		gives:   gives[Invoice](),
		example: `{"invoice_id": "in_Example"}`,
	},
	{
		name: "pay-invoice", resource: "invoices",
		summary: "Charges an invoice now, or marks it as paid elsewhere.",
		call:    post[stripego.InvoicePayParams]("/v1/invoices/{invoice_id}/pay"),
		takes: params(
			invoiceID("The invoice to pay."),
			methodIDs.id("What to charge; the customer's default unless given."),
			yes("paid_out_of_band", "It was paid in another way: charge nothing."),
			yes("off_session", "True when the customer is not there to authenticate."),
		),
		rules:   []rule{atMostOne("payment_method_id", "paid_out_of_band")},
		gives:   gives[Invoice](),
		moves:   unstated,
		example: `{"invoice_id": "in_Example", "paid_out_of_band": true}`,
	},
	{
		name: "send-invoice", resource: "invoices",
		summary: "Sends an invoice to the customer by email; test mode sends none.",
		call:    post[stripego.InvoiceSendInvoiceParams]("/v1/invoices/{invoice_id}/send"),
		takes:   params(invoiceID("The invoice to send, made with collection_method send_invoice.")),
		gives:   gives[Invoice](),
		example: `{"invoice_id": "in_Example"}`,
	},
	{
		name: "void-invoice", resource: "invoices",
		summary: "Makes a finalized invoice void, for good: nothing is owed.",
		call:    post[stripego.InvoiceVoidInvoiceParams]("/v1/invoices/{invoice_id}/void"),
		takes:   params(invoiceID("The invoice to void.")),
		gives:   gives[Invoice](),
		example: `{"invoice_id": "in_Example"}`,
	},
	{
		name: "mark-invoice-uncollectible", resource: "invoices",
		summary: "Writes an invoice off as bad debt; it can still be paid.",
		call:    post[stripego.InvoiceMarkUncollectibleParams]("/v1/invoices/{invoice_id}/mark_uncollectible"),
		takes:   params(invoiceID("The invoice to write off.")),
		gives:   gives[Invoice](),
		example: `{"invoice_id": "in_Example"}`,
	},
	{
		name: "delete-invoice", resource: "invoices",
		summary: "Deletes a draft.",
		call:    erase[stripego.InvoiceDeleteParams]("/v1/invoices/{invoice_id}"),
		takes:   params(invoiceID("The draft to delete.")),
		gives:   gives[Deleted](),
		example: `{"invoice_id": "in_Example"}`,
	},
}
