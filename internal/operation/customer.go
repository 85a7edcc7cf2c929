package operation

import stripego "github.com/stripe/stripe-go/v85"

// Customer is somebody who pays.
type Customer struct {
	ID              string            `json:"id"`
	Email           *string           `json:"email"`
	Name            *string           `json:"name"`
	Phone           *string           `json:"phone"`
	Description     *string           `json:"description"`
	Currency        *string           `json:"currency" jsonschema:"That of the customer's subscriptions and invoices."`
	Balance         int64             `json:"balance" jsonschema:"In minor units: below zero is credit, above is added to the next invoice."`
	Delinquent      bool              `json:"delinquent" jsonschema:"Whether the latest invoice was not paid in time."`
	DefaultSourceID *string           `json:"default_source_id" stripe:"default_source"`
	DefaultMethodID *string           `json:"default_payment_method_id" stripe:"invoice_settings.default_payment_method"`
	Metadata        map[string]string `json:"metadata"`
	Created         int64             `json:"created" jsonschema:"Unix time in seconds."`
	Deleted         bool              `json:"deleted" jsonschema:"True for a customer who was deleted."`
	Livemode        bool              `json:"livemode"`
	Object          raw               `json:"object"`
}

var customerOperations = []declaration{
	{
		name: "create-customer", resource: "customers",
		summary: "Creates a new customer record in Stripe.",
		call:    post[stripego.CustomerCreateParams]("/v1/customers"),
		takes: params(
			text("email", "The customer's email address.").required(),
			text("name", "The customer's full name.").required(),
			text("phone", "The customer's own phone number; the receiver's is shipping_phone."),
			text("description", "A description of the customer."),
			shipping, metadata,
		),
		rules:   []rule{shippingIsWhole},
		gives:   gives[Customer](),
		example: `{"email": "ann@example.com", "name": "Ann Example"}`,
	},
}
