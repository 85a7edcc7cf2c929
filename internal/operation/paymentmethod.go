package operation

import stripego "github.com/stripe/stripe-go/v85"

// PaymentMethod is what a customer pays with.
type PaymentMethod struct {
	ID         string            `json:"id"`
	Type       string            `json:"type" jsonschema:"card, us_bank_account, sepa_debit and so on."`
	CustomerID *string           `json:"customer_id" stripe:"customer" jsonschema:"Null when attached to nobody."`
	CardBrand  *string           `json:"card_brand" stripe:"card.brand"`
	CardLast4  *string           `json:"card_last4" stripe:"card.last4"`
	ExpMonth   *int64            `json:"card_exp_month" stripe:"card.exp_month"`
	ExpYear    *int64            `json:"card_exp_year" stripe:"card.exp_year"`
	Email      *string           `json:"billing_email" stripe:"billing_details.email"`
	Name       *string           `json:"billing_name" stripe:"billing_details.name"`
	Metadata   map[string]string `json:"metadata"`
	Created    int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode   bool              `json:"livemode"`
	Object     raw               `json:"object"`
}

// billing is whom a payment method belongs to.
var billing = []parameter{
	text("billing_name", "The holder's full name.").as("billing_details[name]"),
	text("billing_email", "The holder's email address.").as("billing_details[email]"),
	text("billing_phone", "The holder's phone number.").as("billing_details[phone]"),
	text("billing_address_line1", "Street and number.").as("billing_details[address][line1]"),
	text("billing_address_city", "City, town or village.").as("billing_details[address][city]"),
	text("billing_address_postal_code", "ZIP or postal code.").as("billing_details[address][postal_code]"),
	text("billing_address_country", "Two-letter country code, such as US.").as("billing_details[address][country]"),
}

var paymentMethodOperations = []declaration{
	{
		name: "create-payment-method", resource: "payment methods",
		summary: "Makes a payment method of a card's token; card numbers are never taken.",
		call:    post[stripego.PaymentMethodCreateParams]("/v1/payment_methods"),
		always:  [][2]string{{"type", "card"}},
		takes: params(
			tokenIDs.id("The card's token. In test mode also tok_visa, tok_mastercard and the like.").as("card[token]").required(),
			billing, metadata,
		),
		gives:   gives[PaymentMethod](),
		example: `{"token": "tok_visa", "billing_name": "Ann Example"}`,
	},
	{
		name: "get-payment-method", resource: "payment methods",
		summary: "Reads a payment method.",
		call:    get[stripego.PaymentMethodRetrieveParams]("/v1/payment_methods/{payment_method_id}"),
		takes:   params(methodIDs.id("The payment method to read.").required()),
		gives:   gives[PaymentMethod](),
		example: `{"payment_method_id": "pm_Example"}`,
	},
	{
		name: "list-payment-methods", resource: "payment methods",
		summary: "Lists the payment methods of a customer.",
		call:    get[stripego.PaymentMethodListParams]("/v1/payment_methods"),
		takes: params(
			customerID("Whose payment methods.").required(),
			text("type", "Only one kind, such as card."),
			page,
		),
		gives:   gives[Page[PaymentMethod]](),
		example: `{"limit": 10, "customer_id": "cus_Example", "type": "card"}`,
	},
	{
		name: "update-payment-method", resource: "payment methods",
		summary: "Changes whom a payment method belongs to, a card's expiry, or its metadata.",
		call:    post[stripego.PaymentMethodUpdateParams]("/v1/payment_methods/{payment_method_id}"),
		takes: params(
			methodIDs.id("The payment method to change.").required(),
			billing,
			whole("card_exp_month", "The month in which the card expires, 1 to 12.").between(1, 12).as("card[exp_month]"),
			whole("card_exp_year", "The year in which the card expires, in four digits.").between(2000, 2999).as("card[exp_year]"),
			metadata,
		),
		gives:   gives[PaymentMethod](),
		example: `{"payment_method_id": "pm_Example", "billing_email": "ann@example.com"}`,
	},
	{
		name: "attach-payment-method", resource: "payment methods",
		summary: "Attaches a payment method to a customer, to be charged later.",
		call:    post[stripego.PaymentMethodAttachParams]("/v1/payment_methods/{payment_method_id}/attach"),
		takes: params(
			methodIDs.id("The payment method to attach.").required(),
			customerID("The customer to attach it to.").required(),
		),
		gives:   gives[PaymentMethod](),
		example: `{"payment_method_id": "pm_card_visa", "customer_id": "cus_Example"}`,
	},
	{
		name: "detach-payment-method", resource: "payment methods",
		summary: "Takes a payment method from its customer, for good.",
		call:    post[stripego.PaymentMethodDetachParams]("/v1/payment_methods/{payment_method_id}/detach"),
		takes:   params(methodIDs.id("The payment method to detach.").required()),
		gives:   gives[PaymentMethod](),
		example: `{"payment_method_id": "pm_Example"}`,
	},
}
