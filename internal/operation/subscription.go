package operation

import stripego "github.com/stripe/stripe-go/v85"

// Subscription charges a customer again and again.
type Subscription struct {
	ID                string             `json:"id"`
	Status            string             `json:"status" jsonschema:"incomplete, incomplete_expired, trialing, active, past_due, canceled, unpaid or paused."`
	CustomerID        string             `json:"customer_id" stripe:"customer"`
	Items             []SubscriptionItem `json:"items" stripe:"items.data"`
	Currency          string             `json:"currency"`
	CollectionMethod  string             `json:"collection_method"`
	LatestInvoiceID   *string            `json:"latest_invoice_id" stripe:"latest_invoice"`
	DefaultMethodID   *string            `json:"default_payment_method_id" stripe:"default_payment_method"`
	CurrentPeriodEnd  *int64             `json:"current_period_end" stripe:"items.data.0.current_period_end" jsonschema:"When the first item is charged next, in Unix time."`
	TrialEnd          *int64             `json:"trial_end" jsonschema:"Unix time in seconds."`
	CancelAtPeriodEnd bool               `json:"cancel_at_period_end"`
	CancelAt          *int64             `json:"cancel_at" jsonschema:"Unix time in seconds."`
	CanceledAt        *int64             `json:"canceled_at" jsonschema:"Unix time in seconds."`
	EndedAt           *int64             `json:"ended_at" jsonschema:"Unix time in seconds."`
	Metadata          map[string]string  `json:"metadata"`
	Created           int64              `json:"created" jsonschema:"Unix time in seconds."`
	Livemode          bool               `json:"livemode"`
	Object            raw                `json:"object"`
}

// SubscriptionItem is one price of a subscription.
type SubscriptionItem struct {
	ID       string `json:"id"`
	PriceID  string `json:"price_id" stripe:"price"`
	Quantity *int64 `json:"quantity"`
}

// subscriptionDetails can be given and changed.
var subscriptionDetails = params(
	idOf(methodIDs, "default_payment_method_id", "What its invoices charge; the customer's default unless given.").as("default_payment_method"),
	choice("collection_method", "Charge the payment method, or send an invoice to be paid within days_until_due.", "charge_automatically", "send_invoice"),
	whole("days_until_due", "How many days the customer has to pay an invoice that was sent.").between(0, 365),
	choice("payment_behavior", "What to do when the first payment fails or needs the customer.", "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"),
	choice("proration_behavior", "Whether a change within a period is charged and credited in part.", "create_prorations", "none", "always_invoice"),
	yes("cancel_at_period_end", "Let it end with the period that was paid for."),
	moment("cancel_at", "When it ends."),
	couponID("A coupon to apply.").as("discounts[0][coupon]"),
	promotionIDs.id("A promotion code to apply, instead of a coupon.").as("discounts[0][promotion_code]"),
	text("description", "A description, which customers see."),
	decimal("application_fee_percent", "The platform's share of each invoice, of a subscription with a destination.").between(0, 100),
	idOf(accountIDs, "transfer_destination", "The connected account that gets the money.").as("transfer_data[destination]"),
	idOf(accountIDs, "on_behalf_of", "The connected account whose business this is."),
	yes("off_session", "True when the customer is not there to authenticate."),
)

// subscriptionRules hold for new ones and for changes.
var subscriptionRules = []rule{
	atMostOne("coupon_id", "promotion_code_id"),
	atMostOne("cancel_at", "cancel_at_period_end"),
}

var subscriptionOperations = []declaration{
	{
		name: "create-subscription", resource: "subscriptions",
		summary: "Starts to charge a customer again and again.",
		call:    post[stripego.SubscriptionCreateParams]("/v1/subscriptions"),
		takes: params(
			customerID("The customer to charge.").required(),
			rows("items", "What the customer subscribes to, up to 20 prices.",
				priceIDs.id("A recurring price.").required(),
				whole("quantity", "How many of it. One unless given.").from(0),
			).required(),
			whole("trial_period_days", "Charge nothing for this many days.").between(1, 730),
			moment("trial_end", "Charge nothing until this time."),
			subscriptionDetails, metadata,
		),
		rules:   append([]rule{needsWhen("collection_method", "send_invoice", "days_until_due"), onlyWhen("days_until_due", "collection_method", "send_invoice"), atMostOne("trial_period_days", "trial_end")}, subscriptionRules...),
		gives:   gives[Subscription](),
		moves:   unstated,
		example: `{"customer_id": "cus_Example", "items": [{"price_id": "price_Example"}], "trial_period_days": 14}`,
	},
	{
		name: "get-subscription", resource: "subscriptions",
		summary: "Reads a subscription.",
		call:    get[stripego.SubscriptionRetrieveParams]("/v1/subscriptions/{subscription_id}"),
		takes:   params(subscriptionIDs.id("The subscription to read.").required()),
		gives:   gives[Subscription](),
		example: `{"subscription_id": "sub_Example"}`,
	},
	{
		name: "list-subscriptions", resource: "subscriptions",
		summary: "Lists subscriptions, newest first; those that ended only when asked for.",
		call:    get[stripego.SubscriptionListParams]("/v1/subscriptions"),
		takes: params(
			customerID("Only those of this customer."),
			priceIDs.id("Only those with this price."),
			choice("status", "Only those that stand so; all are all of them, ended ones too.", "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"),
			created, page,
		),
		gives:   gives[Page[Subscription]](),
		example: `{"limit": 10, "customer_id": "cus_Example", "status": "all"}`,
	},
	{
		name: "search-subscriptions", resource: "subscriptions",
		summary: "Finds subscriptions by status or metadata.",
		call:    get[stripego.SubscriptionSearchParams]("/v1/subscriptions/search"),
		takes:   found,
		gives:   gives[Found[Subscription]](),
		example: `{"query": "status:\"active\"", "limit": 10}`,
	},
	{
		name: "update-subscription", resource: "subscriptions",
		summary: "Changes a subscription: its prices, quantities, payment method or end.",
		call:    post[stripego.SubscriptionUpdateParams]("/v1/subscriptions/{subscription_id}"),
		takes: params(
			subscriptionIDs.id("The subscription to change.").required(),
			rows("items", "The items to change (with their id) and to add (without).",
				idOf(itemIDs, "id", "The item to change."),
				priceIDs.id("Its new price, or the price to add."),
				whole("quantity", "How many of it.").from(0),
				yes("deleted", "True takes the item away."),
			),
			moment("trial_end", "When its trial ends."),
			subscriptionDetails, metadata,
		),
		rules:   subscriptionRules,
		gives:   gives[Subscription](),
		moves:   unstated,
		example: `{"subscription_id": "sub_Example", "cancel_at_period_end": true}`,
	},
	{
		name: "cancel-subscription", resource: "subscriptions",
		summary: "Ends a subscription at once; update-subscription ends it with its period.",
		call:    erase[stripego.SubscriptionCancelParams]("/v1/subscriptions/{subscription_id}"),
		takes: params(
			subscriptionIDs.id("The subscription to end.").required(),
			yes("invoice_now", "Invoice what was used and not charged yet."),
			yes("prorate", "Credit the time that was paid for and is left."),
			text("comment", "Why, in words.").as("cancellation_details[comment]"),
			choice("feedback", "Why, by the customer's reason.", "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused").as("cancellation_details[feedback]"),
		),
		gives:   gives[Subscription](),
		example: `{"subscription_id": "sub_Example", "prorate": true}`,
	},
}
