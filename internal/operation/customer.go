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
	Deleted         bool              `json:"deleted" jsonschema:"True for a customer who was deleted; then only the id is left."`
	Livemode        bool              `json:"livemode"`
	Object          raw               `json:"object"`
}

// customerDefaults are how a customer pays when nothing else is said.
var customerDefaults = []parameter{
	idOf(methodIDs, "default_payment_method_id", "What invoices and subscriptions charge when they name no payment method.").as("invoice_settings[default_payment_method]"),
	sourceIDs.id("A token or source to save and make the default."),
}

var customerOperations = []declaration{
	{
		name: "list-customers", resource: "customers",
		summary: "Lists the account's customers, newest first.",
		call:    get[stripego.CustomerListParams]("/v1/customers"),
		takes:   params(text("email", "Only customers with exactly this email address; capitals count."), created, page),
		gives:   gives[Page[Customer]](),
		example: `{"limit": 10, "email": "ann@example.com"}`,
	},
	{
		name: "create-customer", resource: "customers",
		summary: "Makes a new customer.",
		call:    post[stripego.CustomerCreateParams]("/v1/customers"),
		takes: params(
			text("email", "The customer's email address.").required(),
			text("name", "The customer's full name.").required(),
			text("phone", "The customer's own phone number; the receiver's is shipping_phone."),
			text("description", "A description of the customer."),
			methodIDs.id("A payment method to attach to the customer."),
			customerDefaults, shipping, metadata,
		),
		rules:   []rule{shippingIsWhole},
		gives:   gives[Customer](),
		example: `{"email": "ann@example.com", "name": "Ann Example"}`,
	},
	{
		name: "get-customer", resource: "customers",
		summary: "Reads a customer.",
		call:    get[stripego.CustomerRetrieveParams]("/v1/customers/{customer_id}"),
		takes:   params(customerID("The customer to read.").required()),
		gives:   gives[Customer](),
		example: `{"customer_id": "cus_Example"}`,
	},
	{
		name: "find-customer", resource: "customers",
		summary: "Finds a customer by their ID; get-customer under the name that flows know it by.",
		call:    get[stripego.CustomerRetrieveParams]("/v1/customers/{customer_id}"),
		takes:   params(customerID("The customer to find.").required()),
		gives:   gives[Customer](),
		example: `{"customer_id": "cus_Example"}`,
	},
	{
		name: "search-customers", resource: "customers",
		summary: "Finds customers by email, name, phone or metadata.",
		call:    get[stripego.CustomerSearchParams]("/v1/customers/search"),
		takes:   found,
		gives:   gives[Found[Customer]](),
		example: `{"query": "email:\"ann@example.com\"", "limit": 10}`,
	},
	{
		name: "update-customer", resource: "customers",
		summary: "Changes a customer; what is not given stays as it is, and an empty text is removed.",
		call:    post[stripego.CustomerUpdateParams]("/v1/customers/{customer_id}"),
		takes: params(
			customerID("The customer to change.").required(),
			text("email", "The new email address."),
			text("name", "The new full name."),
			text("phone", "The new phone number of the customer; the receiver's is shipping_phone."),
			text("description", "The new description."),
			customerDefaults, shipping, metadata,
		),
		rules:   []rule{shippingIsWhole},
		gives:   gives[Customer](),
		example: `{"customer_id": "cus_Example", "phone": "+1 555 0100", "metadata": {"plan": "gold"}}`,
	},
	{
		name: "delete-customer", resource: "customers",
		summary: "Deletes a customer for good, and cancels their subscriptions at once.",
		call:    erase[stripego.CustomerDeleteParams]("/v1/customers/{customer_id}"),
		takes:   params(customerID("The customer to delete.").required()),
		gives:   gives[Deleted](),
		example: `{"customer_id": "cus_Example"}`,
	},
}
