package operation

import stripego "github.com/stripe/stripe-go/v85"

// PaymentLink is a payment page that anybody who has its address can use, again
// and again.
type PaymentLink struct {
	ID       string            `json:"id"`
	URL      string            `json:"url" jsonschema:"The address to share."`
	Active   bool              `json:"active"`
	Currency string            `json:"currency"`
	Metadata map[string]string `json:"metadata"`
	Livemode bool              `json:"livemode"`
	Object   raw               `json:"object"`
}

var paymentLinkOperations = []declaration{
	{
		name: "create-payment-link", resource: "payment links",
		summary: "Makes a payment page whose address can be shared.",
		call:    post[stripego.PaymentLinkCreateParams]("/v1/payment_links"),
		takes: params(
			rows("line_items", "What is sold, up to 20 prices.",
				priceIDs.id("A price.").required(),
				whole("quantity", "How many of it.").from(1).required(),
			).required(),
			yes("allow_promotion_codes", "Let customers type promotion codes."),
			choice("after_completion", "What happens when it is paid: Stripe's own page, or another one.", "hosted_confirmation", "redirect").as("after_completion[type]"),
			text("redirect_url", "Where customers go afterwards.").as("after_completion[redirect][url]"),
			metadata,
		),
		rules: []rule{
			needsWhen("after_completion", "redirect", "redirect_url"),
			onlyWhen("redirect_url", "after_completion", "redirect"),
		},
		gives:   gives[PaymentLink](),
		example: `{"line_items": [{"price_id": "price_Example", "quantity": 1}]}`,
	},
	{
		name: "get-payment-link", resource: "payment links",
		summary: "Reads a payment link.",
		call:    get[stripego.PaymentLinkRetrieveParams]("/v1/payment_links/{payment_link_id}"),
		takes:   params(linkIDs.id("The link to read.").required()),
		gives:   gives[PaymentLink](),
		example: `{"payment_link_id": "plink_Example"}`,
	},
	{
		name: "list-payment-links", resource: "payment links",
		summary: "Lists payment links, newest first.",
		call:    get[stripego.PaymentLinkListParams]("/v1/payment_links"),
		takes:   params(yes("active", "Only those that work, or do not."), page),
		gives:   gives[Page[PaymentLink]](),
		example: `{"limit": 10, "active": true}`,
	},
	{
		name: "update-payment-link", resource: "payment links",
		summary: "Switches a payment link on or off, or changes its metadata.",
		call:    post[stripego.PaymentLinkUpdateParams]("/v1/payment_links/{payment_link_id}"),
		takes: params(
			linkIDs.id("The link to change.").required(),
			yes("active", "Whether it works."),
			yes("allow_promotion_codes", "Let customers type promotion codes."),
			metadata,
		),
		gives:   gives[PaymentLink](),
		example: `{"payment_link_id": "plink_Example", "metadata": {"campaign": "summer"}}`,
	},
	{
		name: "deactivate-payment-link", resource: "payment links",
		summary: "Switches a payment link off, so that nobody can pay on it.",
		call:    post[stripego.PaymentLinkUpdateParams]("/v1/payment_links/{payment_link_id}"),
		always:  [][2]string{{"active", "false"}},
		takes:   params(linkIDs.id("The link to switch off.").required()),
		gives:   gives[PaymentLink](),
		example: `{"payment_link_id": "plink_Example"}`,
	},
}
