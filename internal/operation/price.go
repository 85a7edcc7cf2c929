package operation

import stripego "github.com/stripe/stripe-go/v85"

// Price is what a product costs, once or again and again.
type Price struct {
	ID            string            `json:"id"`
	ProductID     string            `json:"product_id" stripe:"product"`
	Type          string            `json:"type" jsonschema:"one_time or recurring."`
	UnitAmount    *int64            `json:"unit_amount" jsonschema:"In minor units; null where it depends on the quantity."`
	Currency      string            `json:"currency"`
	Interval      *string           `json:"interval" stripe:"recurring.interval" jsonschema:"day, week, month or year, when recurring."`
	IntervalCount *int64            `json:"interval_count" stripe:"recurring.interval_count"`
	Active        bool              `json:"active"`
	Nickname      *string           `json:"nickname"`
	LookupKey     *string           `json:"lookup_key"`
	Metadata      map[string]string `json:"metadata"`
	Created       int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode      bool              `json:"livemode"`
	Object        raw               `json:"object"`
}

// priceDetails can be given and changed.
var priceDetails = params(
	text("nickname", "A name that customers do not see."),
	text("lookup_key", "A name of your own to find the price by, instead of its ID."),
	yes("transfer_lookup_key", "Take the lookup_key from the price that has it."),
	yes("active", "Whether it can be bought."),
	choice("tax_behavior", "Whether taxes are in the price.", "exclusive", "inclusive", "unspecified"),
)

var priceOperations = []declaration{
	{
		name: "create-price", resource: "prices",
		summary: "Makes a price of a product: once, or again and again with an interval.",
		call:    post[stripego.PriceCreateParams]("/v1/prices"),
		takes: params(
			minor("unit_amount", "What one costs, in minor units; 0 is free.").from(0).required(),
			currency("The three-letter ISO currency code, such as usd, eur or gbp.").required(),
			productID("The product that it is of."),
			text("product_name", "Make a product of this name for it.").as("product_data[name]"),
			choice("interval", "How often a subscription charges it.", "day", "week", "month", "year").as("recurring[interval]"),
			whole("interval_count", "Every so many intervals; 3 with month is a quarter.").from(1).as("recurring[interval_count]"),
			choice("usage_type", "Metered prices charge what meter events report; a meter_id is needed.", "licensed", "metered").as("recurring[usage_type]"),
			idOf(meterIDs, "meter_id", "The meter that counts the usage.").as("recurring[meter]"),
			priceDetails, metadata,
		),
		rules: []rule{
			exactlyOne("product_id", "product_name"),
			needs("interval_count", "interval"),
			needs("usage_type", "interval"),
			needsWhen("usage_type", "metered", "meter_id"),
			onlyWhen("meter_id", "usage_type", "metered"),
			needs("transfer_lookup_key", "lookup_key"),
		},
		gives:   gives[Price](),
		example: `{"unit_amount": 2000, "currency": "usd", "product_id": "prod_Example", "interval": "month"}`,
	},
	{
		name: "get-price", resource: "prices",
		summary: "Reads a price.",
		call:    get[stripego.PriceRetrieveParams]("/v1/prices/{price_id}"),
		takes:   params(priceIDs.id("The price to read.").required()),
		gives:   gives[Price](),
		example: `{"price_id": "price_Example"}`,
	},
	{
		name: "list-prices", resource: "prices",
		summary: "Lists prices, newest first.",
		call:    get[stripego.PriceListParams]("/v1/prices"),
		takes: params(
			productID("Only prices of this product."),
			choice("type", "Only those charged once, or again and again.", "one_time", "recurring"),
			yes("active", "Only those that can be bought, or cannot."),
			currency("Only prices in this currency."),
			list("lookup_keys", "Only the prices with these names of your own.", text("", "")),
			created, page,
		),
		gives:   gives[Page[Price]](),
		example: `{"limit": 10, "product_id": "prod_Example"}`,
	},
	{
		name: "search-prices", resource: "prices",
		summary: "Finds prices by product, lookup key, currency, type or metadata.",
		call:    get[stripego.PriceSearchParams]("/v1/prices/search"),
		takes:   found,
		gives:   gives[Found[Price]](),
		example: `{"query": "active:\"true\" AND type:\"recurring\"", "limit": 10}`,
	},
	{
		name: "update-price", resource: "prices",
		summary: "Changes what is written about a price; its amount never changes.",
		call:    post[stripego.PriceUpdateParams]("/v1/prices/{price_id}"),
		takes:   params(priceIDs.id("The price to change.").required(), priceDetails, metadata),
		rules:   []rule{needs("transfer_lookup_key", "lookup_key")},
		gives:   gives[Price](),
		example: `{"price_id": "price_Example", "nickname": "Monthly"}`,
	},
}
