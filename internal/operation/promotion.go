package operation

import stripego "github.com/stripe/stripe-go/v85"

// PromotionCode is a code with which customers redeem a coupon.
type PromotionCode struct {
	ID            string            `json:"id"`
	Code          string            `json:"code" jsonschema:"What the customer types."`
	CouponID      *string           `json:"coupon_id" stripe:"promotion.coupon"`
	CustomerID    *string           `json:"customer_id" stripe:"customer" jsonschema:"The only customer who may use it, if any."`
	Active        bool              `json:"active"`
	TimesRedeemed int64             `json:"times_redeemed"`
	ExpiresAt     *int64            `json:"expires_at" jsonschema:"Unix time in seconds."`
	Metadata      map[string]string `json:"metadata"`
	Created       int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode      bool              `json:"livemode"`
	Object        raw               `json:"object"`
}

var promotionOperations = []declaration{
	{
		name: "create-promotion-code", resource: "promotion codes",
		summary: "Makes a code with which customers redeem a coupon.",
		call:    post[stripego.PromotionCodeCreateParams]("/v1/promotion_codes"),
		always:  [][2]string{{"promotion[type]", "coupon"}},
		takes: params(
			couponID("The coupon behind it.").as("promotion[coupon]").required(),
			text("code", "What the customer types, in any case. Stripe makes one up unless given."),
			customerID("The only customer who may use it."),
			whole("max_redemptions", "How often it can be redeemed.").from(1),
			moment("expires_at", "When it stops working."),
			yes("active", "Whether it works at once. True unless given."),
			yes("first_time_transaction", "Only for customers who never paid before.").as("restrictions[first_time_transaction]"),
			whole("minimum_amount", "The least amount of a purchase, in minor units.").from(1).as("restrictions[minimum_amount]"),
			currency("The currency of minimum_amount.").named("minimum_amount_currency").as("restrictions[minimum_amount_currency]"),
			metadata,
		),
		rules:   []rule{needs("minimum_amount", "minimum_amount_currency")},
		gives:   gives[PromotionCode](),
		example: `{"coupon_id": "coupon_Example", "max_redemptions": 100}`,
	},
	{
		name: "get-promotion-code", resource: "promotion codes",
		summary: "Reads a promotion code.",
		call:    get[stripego.PromotionCodeRetrieveParams]("/v1/promotion_codes/{promotion_code_id}"),
		takes:   params(promotionIDs.id("The promotion code to read.").required()),
		gives:   gives[PromotionCode](),
		example: `{"promotion_code_id": "promo_Example"}`,
	},
	{
		name: "list-promotion-codes", resource: "promotion codes",
		summary: "Lists promotion codes, newest first.",
		call:    get[stripego.PromotionCodeListParams]("/v1/promotion_codes"),
		takes: params(
			text("code", "Only the code that customers type like this."),
			couponID("Only codes of this coupon."),
			customerID("Only codes for this customer."),
			yes("active", "Only those that work, or do not."),
			created, page,
		),
		gives:   gives[Page[PromotionCode]](),
		example: `{"limit": 10, "active": true}`,
	},
	{
		name: "update-promotion-code", resource: "promotion codes",
		summary: "Switches a promotion code on or off, or changes its metadata.",
		call:    post[stripego.PromotionCodeUpdateParams]("/v1/promotion_codes/{promotion_code_id}"),
		takes: params(
			promotionIDs.id("The promotion code to change.").required(),
			yes("active", "Whether it works."),
			metadata,
		),
		gives:   gives[PromotionCode](),
		example: `{"promotion_code_id": "promo_Example", "active": false}`,
	},
}
