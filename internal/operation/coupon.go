package operation

import stripego "github.com/stripe/stripe-go/v85"

// Coupon is a discount.
type Coupon struct {
	ID               string            `json:"id"`
	Name             *string           `json:"name"`
	PercentOff       *float64          `json:"percent_off"`
	AmountOff        *int64            `json:"amount_off" jsonschema:"In minor units."`
	Currency         *string           `json:"currency" jsonschema:"Of amount_off."`
	Duration         string            `json:"duration" jsonschema:"forever, once or repeating."`
	DurationInMonths *int64            `json:"duration_in_months"`
	TimesRedeemed    int64             `json:"times_redeemed"`
	Valid            bool              `json:"valid" jsonschema:"Whether it can still be redeemed."`
	Metadata         map[string]string `json:"metadata"`
	Created          int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode         bool              `json:"livemode"`
	Object           raw               `json:"object"`
}

// couponID is no id of Stripe's: whoever makes a coupon chooses it.
func couponID(about string) parameter { return text("coupon_id", about).as("coupon") }

var couponOperations = []declaration{
	{
		name: "create-coupon", resource: "coupons",
		summary: "Makes a discount of a percentage or of an amount.",
		call:    post[stripego.CouponCreateParams]("/v1/coupons"),
		takes: params(
			text("id", "The ID or code to give it, such as SUMMER2024; no other coupon has it. Stripe alone would make one up.").required(),
			decimal("percent_off", "The percentage to take off, above 0 and up to 100; decimals are allowed.").between(0, 100),
			minor("amount_off", "The amount to take off, in minor units."),
			currency("The currency of amount_off."),
			choice("duration", "How long the coupon applies to a subscription. Once, unless given.", "forever", "once", "repeating"),
			digits("duration_in_months", "For how many months, when the duration is repeating.").between(1, 1200),
			text("name", "A display name for the coupon, on invoices too."),
			whole("max_redemptions", "How often it can be redeemed by all customers together.").from(1),
			moment("redeem_by", "The last time at which it can be redeemed."),
			metadata,
		),
		rules: []rule{
			exactlyOne("percent_off", "amount_off"),
			needs("amount_off", "currency"),
			needsWhen("duration", "repeating", "duration_in_months"),
			onlyWhen("duration_in_months", "duration", "repeating"),
		},
		gives:   gives[Coupon](),
		example: `{"id": "SUMMER2024", "percent_off": 25, "duration": "repeating", "duration_in_months": "3", "name": "Summer"}`,
	},
	{
		name: "get-coupon", resource: "coupons",
		summary: "Reads a coupon.",
		call:    get[stripego.CouponRetrieveParams]("/v1/coupons/{coupon_id}"),
		takes:   params(couponID("The coupon to read.").required()),
		gives:   gives[Coupon](),
		example: `{"coupon_id": "coupon_Example"}`,
	},
	{
		name: "list-coupons", resource: "coupons",
		summary: "Lists the account's coupons, newest first.",
		call:    get[stripego.CouponListParams]("/v1/coupons"),
		takes:   params(created, page),
		gives:   gives[Page[Coupon]](),
		example: `{"limit": 10}`,
	},
	{
		name: "update-coupon", resource: "coupons",
		summary: "Changes a coupon's name or metadata; what it takes off stays as it is.",
		call:    post[stripego.CouponUpdateParams]("/v1/coupons/{coupon_id}"),
		takes:   params(couponID("The coupon to change.").required(), text("name", "The new display name."), metadata),
		gives:   gives[Coupon](),
		example: `{"coupon_id": "coupon_Example", "name": "Late summer"}`,
	},
	{
		name: "delete-coupon", resource: "coupons",
		summary: "Deletes a coupon; discounts that were given with it stay.",
		call:    erase[stripego.CouponDeleteParams]("/v1/coupons/{coupon_id}"),
		takes:   params(couponID("The coupon to delete.").required()),
		gives:   gives[Deleted](),
		example: `{"coupon_id": "coupon_Example"}`,
	},
}
