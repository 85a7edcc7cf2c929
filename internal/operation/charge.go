package operation

import stripego "github.com/stripe/stripe-go/v85"

// Charge is one attempt to take money.
type Charge struct {
	ID              string            `json:"id"`
	Status          string            `json:"status" jsonschema:"succeeded, pending or failed."`
	Amount          int64             `json:"amount" jsonschema:"In minor units."`
	AmountCaptured  int64             `json:"amount_captured" jsonschema:"In minor units."`
	AmountRefunded  int64             `json:"amount_refunded" jsonschema:"In minor units."`
	Currency        string            `json:"currency"`
	Captured        bool              `json:"captured" jsonschema:"Whether the money was taken and not only held."`
	Paid            bool              `json:"paid"`
	Refunded        bool              `json:"refunded" jsonschema:"Whether all of it was given back."`
	Disputed        bool              `json:"disputed"`
	CustomerID      *string           `json:"customer_id" stripe:"customer"`
	PaymentIntentID *string           `json:"payment_intent_id" stripe:"payment_intent"`
	PaymentMethodID *string           `json:"payment_method_id" stripe:"payment_method"`
	Description     *string           `json:"description"`
	ReceiptURL      *string           `json:"receipt_url" jsonschema:"A page with the receipt."`
	FailureCode     *string           `json:"failure_code" jsonschema:"Why it failed."`
	FailureMessage  *string           `json:"failure_message" jsonschema:"Why it failed, in words."`
	Metadata        map[string]string `json:"metadata"`
	Created         int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode        bool              `json:"livemode"`
	Object          raw               `json:"object"`
}

// shipping is where goods go. It is flat, so that a command has a flag for each
// part.
var shipping = []parameter{
	text("shipping_name", "Who receives the goods.").as("shipping[name]"),
	text("shipping_phone", "The receiver's telephone number, extension included.").as("shipping[phone]"),
	text("shipping_address_line1", "Street and number, or a post-office box.").as("shipping[address][line1]"),
	text("shipping_address_line2", "Flat, floor or building.").as("shipping[address][line2]"),
	text("shipping_address_city", "City, town or village.").as("shipping[address][city]"),
	text("shipping_address_state", "State, county or province.").as("shipping[address][state]"),
	text("shipping_address_postal_code", "ZIP or postal code.").as("shipping[address][postal_code]"),
	text("shipping_address_country", "Two-letter country code, such as US.").as("shipping[address][country]"),
}

// delivery is how goods travel; only payments have it.
var delivery = []parameter{
	text("shipping_carrier", "Who carries the goods, such as FedEx or UPS.").as("shipping[carrier]"),
	text("shipping_tracking_number", "The carrier's number of the parcel; several are separated by commas.").as("shipping[tracking_number]"),
}

// shippingIsWhole is Stripe's rule for every address that goods go to.
var shippingIsWhole = anyNeeds("shipping_", "shipping_name", "shipping_address_line1")

var chargeOperations = []declaration{
	{
		name: "create-charge", resource: "charges",
		summary: "Takes money at once, from a token, a saved card or bank account, or a customer's default payment method.",
		call:    post[stripego.ChargeCreateParams]("/v1/charges"),
		takes: params(
			minor("amount", "The charge amount in minor units: 1000 is 10.00 USD.").required(),
			currency("The three-letter ISO currency code, such as usd, eur or gbp.").required(),
			sourceIDs.id("What to charge: a one-time token (tok_…) made by Stripe.js, or a customer's saved card (card_…) or bank account (ba_…). In test mode Stripe's own tokens work: tok_visa, tok_mastercard, tok_chargeDeclined."),
			customerID("The customer to charge. Alone, the customer's default payment method is charged.").named("customer"),
			text("description", "A description of the charge."),
			yes("capture", "False only holds the money: it is taken with capture-charge, or let go after seven days. True unless given."),
			text("receipt_email", "Where Stripe sends a receipt, in live mode."),
			text("statement_descriptor_suffix", "What the customer's statement says after the account's own name."),
			shipping, delivery, metadata,
		),
		rules: []rule{
			atLeastOne("source", "customer"),
			beginningNeeds("source", []string{"card_", "ba_"}, "customer"),
			shippingIsWhole,
		},
		gives: gives[Charge](),
		moves: amountAndCurrency, example: `{"amount": 1000, "currency": "usd", "source": "tok_visa", "description": "Order 17"}`,
	},
	{
		name: "get-charge", resource: "charges",
		summary: "Reads a charge.",
		call:    get[stripego.ChargeRetrieveParams]("/v1/charges/{charge_id}"),
		takes:   params(chargeIDs.id("The charge to read.").required()),
		gives:   gives[Charge](),
		example: `{"charge_id": "ch_Example"}`,
	},
	{
		name: "update-charge", resource: "charges",
		summary: "Changes what is written about a charge; its money stays as it is.",
		call:    post[stripego.ChargeUpdateParams]("/v1/charges/{charge_id}"),
		takes: params(
			chargeIDs.id("The charge to change.").required(),
			text("description", "The new description; an empty one removes it."),
			customerID("The customer of a charge that has none."),
			text("receipt_email", "Where Stripe sends another receipt, in live mode."),
			shipping, delivery, metadata,
		),
		rules:   []rule{shippingIsWhole},
		gives:   gives[Charge](),
		example: `{"charge_id": "ch_Example", "description": "Order 17, gift"}`,
	},
	{
		name: "capture-charge", resource: "charges",
		summary: "Takes the money of a charge that only held it.",
		call:    post[stripego.ChargeCaptureParams]("/v1/charges/{charge_id}/capture"),
		takes: params(
			chargeIDs.id("The charge to capture, made with capture false.").required(),
			minor("amount", "How much to take, in minor units; the rest is let go. All of it unless given."),
			text("receipt_email", "Where Stripe sends a receipt, in live mode."),
			text("statement_descriptor_suffix", "What the customer's statement says after the account's own name."),
		),
		gives:   gives[Charge](),
		moves:   [2]string{"amount"},
		example: `{"charge_id": "ch_Example", "amount": 800}`,
	},
	{
		name: "list-charges", resource: "charges",
		summary: "Lists charges, newest first.",
		call:    get[stripego.ChargeListParams]("/v1/charges"),
		takes: params(
			customerID("Only charges of this customer."),
			intentIDs.id("Only charges of this payment intent."),
			text("transfer_group", "Only charges of this transfer group."),
			created, page,
		),
		gives:   gives[Page[Charge]](),
		example: `{"limit": 10, "customer_id": "cus_Example"}`,
	},
	{
		name: "search-charges", resource: "charges",
		summary: "Finds charges by amount, currency, customer, status, metadata and more.",
		call:    get[stripego.ChargeSearchParams]("/v1/charges/search"),
		takes:   found,
		gives:   gives[Found[Charge]](),
		example: `{"query": "status:\"succeeded\" AND amount>500", "limit": 10}`,
	},
}
