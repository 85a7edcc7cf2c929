package operation

import stripego "github.com/stripe/stripe-go/v85"

// Product is what is sold.
type Product struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Description    *string           `json:"description"`
	Active         bool              `json:"active"`
	DefaultPriceID *string           `json:"default_price_id" stripe:"default_price"`
	Images         []string          `json:"images"`
	URL            *string           `json:"url"`
	Metadata       map[string]string `json:"metadata"`
	Created        int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode       bool              `json:"livemode"`
	Object         raw               `json:"object"`
}

// productID may be an id of Stripe's or one that its maker chose.
func productID(about string) parameter {
	return text("product_id", about+" It mostly begins with prod_, and is found with list-products.").as("product")
}

// productDetails can be given and changed.
var productDetails = params(
	text("description", "A description, which customers see."),
	yes("active", "Whether it can be bought."),
	list("images", "Addresses of up to 8 pictures.", text("", "")),
	text("url", "The address of a page about it."),
	text("unit_label", "What one of it is called on invoices, such as seat."),
	text("statement_descriptor", "What the customer's statement says, up to 22 characters."),
	text("tax_code", "Stripe's tax code of it (txcd_…)."),
	yes("shippable", "Whether it is goods that are shipped."),
)

var productOperations = []declaration{
	{
		name: "create-product", resource: "products",
		summary: "Makes a product, to which prices are added.",
		call:    post[stripego.ProductCreateParams]("/v1/products"),
		takes: params(
			text("name", "The product's name, which customers see.").required(),
			text("id", "An id to give it; Stripe makes one up unless given."),
			productDetails,
			minor("default_price_amount", "Make a price as well, of this amount in minor units.").from(0).as("default_price_data[unit_amount]"),
			currency("The currency of default_price_amount.").named("default_price_currency").as("default_price_data[currency]"),
			choice("default_price_interval", "How often default_price_amount is charged; once unless given.", "day", "week", "month", "year").as("default_price_data[recurring][interval]"),
			metadata,
		),
		rules: []rule{
			needs("default_price_amount", "default_price_currency"),
			needs("default_price_currency", "default_price_amount"),
			needs("default_price_interval", "default_price_amount"),
		},
		gives:   gives[Product](),
		example: `{"name": "Gold plan", "default_price_amount": 2000, "default_price_currency": "usd", "default_price_interval": "month"}`,
	},
	{
		name: "get-product", resource: "products",
		summary: "Reads a product.",
		call:    get[stripego.ProductRetrieveParams]("/v1/products/{product_id}"),
		takes:   params(productID("The product to read.").required()),
		gives:   gives[Product](),
		example: `{"product_id": "prod_Example"}`,
	},
	{
		name: "list-products", resource: "products",
		summary: "Lists products, newest first.",
		call:    get[stripego.ProductListParams]("/v1/products"),
		takes:   params(yes("active", "Only those that can be bought, or cannot."), created, page),
		gives:   gives[Page[Product]](),
		example: `{"limit": 10, "active": true}`,
	},
	{
		name: "search-products", resource: "products",
		summary: "Finds products by name, description or metadata.",
		call:    get[stripego.ProductSearchParams]("/v1/products/search"),
		takes:   found,
		gives:   gives[Found[Product]](),
		example: `{"query": "active:\"true\" AND name~\"gold\"", "limit": 10}`,
	},
	{
		name: "update-product", resource: "products",
		summary: "Changes a product; its prices stay as they are.",
		call:    post[stripego.ProductUpdateParams]("/v1/products/{product_id}"),
		takes: params(
			productID("The product to change.").required(),
			text("name", "The new name."),
			productDetails,
			idOf(priceIDs, "default_price_id", "The price to offer first.").as("default_price"),
			metadata,
		),
		gives:   gives[Product](),
		example: `{"product_id": "prod_Example", "description": "All that silver has, and more."}`,
	},
	{
		name: "delete-product", resource: "products",
		summary: "Deletes a product that has no prices; one that has can be made inactive.",
		call:    erase[stripego.ProductDeleteParams]("/v1/products/{product_id}"),
		takes:   params(productID("The product to delete.").required()),
		gives:   gives[Deleted](),
		example: `{"product_id": "prod_Bare"}`,
	},
}
