package operation

import stripego "github.com/stripe/stripe-go/v85"

// CheckoutSession is one visit to Stripe's own payment page.
type CheckoutSession struct {
	ID                string            `json:"id"`
	URL               *string           `json:"url" jsonschema:"The page to send the customer to."`
	Status            *string           `json:"status" jsonschema:"open, complete or expired."`
	PaymentStatus     string            `json:"payment_status" jsonschema:"paid, unpaid or no_payment_required."`
	Mode              string            `json:"mode"`
	AmountTotal       *int64            `json:"amount_total" jsonschema:"In minor units."`
	Currency          *string           `json:"currency"`
	CustomerID        *string           `json:"customer_id" stripe:"customer"`
	CustomerEmail     *string           `json:"customer_email" stripe:"customer_details.email"`
	PaymentIntentID   *string           `json:"payment_intent_id" stripe:"payment_intent"`
	SubscriptionID    *string           `json:"subscription_id" stripe:"subscription"`
	SetupIntentID     *string           `json:"setup_intent_id" stripe:"setup_intent"`
	ClientReferenceID *string           `json:"client_reference_id" jsonschema:"Your own number of the order."`
	ExpiresAt         int64             `json:"expires_at" jsonschema:"Unix time in seconds."`
	Metadata          map[string]string `json:"metadata"`
	Created           int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode          bool              `json:"livemode"`
	Object            raw               `json:"object"`
}

// lineItems are what is bought on a page of Stripe's: each by a price, or by a
// name, amount and currency.
var lineItems = rows("line_items", "What is bought: each by price_id, or by name, amount and currency.",
	priceIDs.id("A price."),
	text("name", "What a line without a price is called.").as("price_data[product_data][name]"),
	minor("amount", "What one of it costs, in minor units.").from(0).as("price_data[unit_amount]"),
	currency("The currency of amount.").as("price_data[currency]"),
	choice("interval", "How often a subscription charges amount.", "day", "week", "month", "year").as("price_data[recurring][interval]"),
	whole("quantity", "How many of it.").from(0),
)

// linesAreWhole is the rule of each line.
var linesAreWhole = eachOf("line_items", exactlyOne("price_id", "name"), needs("name", "amount", "currency"), needs("amount", "name"), needs("price_id", "quantity"), needs("name", "quantity"))

var checkoutOperations = []declaration{
	{
		name: "create-checkout-session", resource: "checkout sessions",
		summary: "Makes a page of Stripe's on which a customer pays, subscribes or saves a card.",
		call:    post[stripego.CheckoutSessionCreateParams]("/v1/checkout/sessions"),
		takes: params(
			choice("mode", "What the page is for.", "payment", "setup", "subscription").required(),
			text("success_url", "Where the customer goes afterwards; {CHECKOUT_SESSION_ID} in it is replaced.").required(),
			text("cancel_url", "Where the customer goes who gives up."),
			lineItems,
			customerID("The customer."),
			text("customer_email", "The email address to fill in for a new customer."),
			text("client_reference_id", "Your own number of the order."),
			yes("allow_promotion_codes", "Let the customer type promotion codes."),
			couponID("A coupon to apply.").as("discounts[0][coupon]"),
			promotionIDs.id("A promotion code to apply.").as("discounts[0][promotion_code]"),
			list("payment_method_types", "Which kinds of payment methods are taken, such as card.", text("", "")),
			currency("The currency, for mode setup."),
			moment("expires_at", "When the page closes, 30 minutes to 24 hours from now."),
			whole("trial_period_days", "Charge a subscription nothing for this many days.").between(1, 730).as("subscription_data[trial_period_days]"),
			metadata,
		),
		rules: []rule{
			needsWhen("mode", "payment", "line_items"),
			needsWhen("mode", "subscription", "line_items"),
			linesAreWhole,
			atMostOne("customer_id", "customer_email"),
			atMostOne("coupon_id", "promotion_code_id", "allow_promotion_codes"),
			onlyWhen("trial_period_days", "mode", "subscription"),
		},
		gives:   gives[CheckoutSession](),
		example: `{"mode": "payment", "success_url": "https://shop.example/done", "line_items": [{"name": "T-shirt", "amount": 2000, "currency": "usd", "quantity": 2}]}`,
	},
	{
		name: "get-checkout-session", resource: "checkout sessions",
		summary: "Reads a checkout session.",
		call:    get[stripego.CheckoutSessionRetrieveParams]("/v1/checkout/sessions/{checkout_session_id}"),
		takes:   params(checkoutIDs.id("The session to read.").required()),
		gives:   gives[CheckoutSession](),
		example: `{"checkout_session_id": "cs_Example"}`,
	},
	{
		name: "list-checkout-sessions", resource: "checkout sessions",
		summary: "Lists checkout sessions, newest first.",
		call:    get[stripego.CheckoutSessionListParams]("/v1/checkout/sessions"),
		takes: params(
			customerID("Only those of this customer."),
			intentIDs.id("Only the one of this payment intent."),
			subscriptionIDs.id("Only the one of this subscription."),
			linkIDs.id("Only those of this payment link."),
			choice("status", "Only those that stand so.", "complete", "expired", "open"),
			created, page,
		),
		gives:   gives[Page[CheckoutSession]](),
		example: `{"limit": 10, "status": "open"}`,
	},
	{
		name: "update-checkout-session", resource: "checkout sessions",
		summary: "Changes a checkout session's metadata.",
		call:    post[stripego.CheckoutSessionUpdateParams]("/v1/checkout/sessions/{checkout_session_id}"),
		takes:   params(checkoutIDs.id("The session to change.").required(), metadata),
		gives:   gives[CheckoutSession](),
		example: `{"checkout_session_id": "cs_Example", "metadata": {"order": "17"}}`,
	},
	{
		name: "expire-checkout-session", resource: "checkout sessions",
		summary: "Closes an open checkout session, so that nobody can pay on it.",
		call:    post[stripego.CheckoutSessionExpireParams]("/v1/checkout/sessions/{checkout_session_id}/expire"),
		takes:   params(checkoutIDs.id("The session to close.").required()),
		gives:   gives[CheckoutSession](),
		example: `{"checkout_session_id": "cs_Example"}`,
	},
}
