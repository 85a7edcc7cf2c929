package operation

import stripego "github.com/stripe/stripe-go/v85"

// PaymentIntent is money that is to be taken, whatever it takes: several
// attempts, a customer's authentication, a later capture.
type PaymentIntent struct {
	ID                string            `json:"id"`
	Status            string            `json:"status" jsonschema:"requires_payment_method, requires_confirmation, requires_action, processing, requires_capture, canceled or succeeded."`
	Amount            int64             `json:"amount" jsonschema:"In minor units."`
	AmountReceived    int64             `json:"amount_received" jsonschema:"In minor units."`
	AmountCapturable  int64             `json:"amount_capturable" jsonschema:"In minor units: what is held."`
	Currency          string            `json:"currency"`
	CustomerID        *string           `json:"customer_id" stripe:"customer"`
	PaymentMethodID   *string           `json:"payment_method_id" stripe:"payment_method"`
	LatestChargeID    *string           `json:"latest_charge_id" stripe:"latest_charge"`
	ClientSecret      *string           `json:"client_secret" jsonschema:"For Stripe.js in the customer's browser; keep it out of logs."`
	RedirectURL       *string           `json:"redirect_url" stripe:"next_action.redirect_to_url.url" jsonschema:"Where the customer authenticates, when the status is requires_action."`
	LastErrorCode     *string           `json:"last_error_code" stripe:"last_payment_error.code" jsonschema:"Why the last attempt failed."`
	LastErrorMessage  *string           `json:"last_error_message" stripe:"last_payment_error.message" jsonschema:"Why the last attempt failed, in words."`
	LastDeclineCode   *string           `json:"last_decline_code" stripe:"last_payment_error.decline_code" jsonschema:"The bank's reason."`
	CaptureMethod     string            `json:"capture_method"`
	Description       *string           `json:"description"`
	CanceledAt        *int64            `json:"canceled_at" jsonschema:"Unix time in seconds."`
	CancellationCause *string           `json:"cancellation_reason"`
	Metadata          map[string]string `json:"metadata"`
	Created           int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode          bool              `json:"livemode"`
	Object            raw               `json:"object"`
}

// confirming is what a payment intent takes while it is confirmed.
var confirming = []parameter{
	text("return_url", "Where the bank sends the customer back to after authentication."),
	yes("off_session", "True when the customer is not there to authenticate."),
}

// paymentIntentDetails can be given when one is made, and changed while it is
// not paid.
var paymentIntentDetails = params(
	customerID("The customer to associate with the payment."),
	text("description", "A description of the payment."),
	methodIDs.id("What to charge, such as pm_1Ab2…; in test mode also pm_card_visa."),
	choice("setup_future_usage", "Save the payment method for later: on_session when the customer will be there, off_session when not.", "on_session", "off_session"),
	text("receipt_email", "Where Stripe sends a receipt, in live mode."),
	text("statement_descriptor_suffix", "What the customer's statement says after the account's own name."),
	list("payment_method_types", "Which kinds of payment methods are taken, such as card. Those of the Dashboard's settings unless given.", text("", "")),
	minor("application_fee_amount", "The platform's fee, in minor units, of a payment with a destination.").from(0),
	text("transfer_group", "Groups this payment with transfers."),
)

var paymentIntentOperations = []declaration{
	{
		name: "create-payment-intent", resource: "payment intents",
		summary: "Prepares a payment, and takes it at once when confirm is true.",
		call:    post[stripego.PaymentIntentCreateParams]("/v1/payment_intents"),
		takes: params(
			minor("amount", "The payment amount in minor units: 1000 is 10.00 USD.").required(),
			currency("The three-letter ISO currency code, such as usd, eur or gbp.").required(),
			paymentIntentDetails,
			yes("confirm", "Try to take the money at once."),
			confirming,
			choice("capture_method", "Manual only holds the money until capture-payment-intent.", "automatic", "automatic_async", "manual"),
			choice("allow_redirects", "Never: only payment methods for which the customer need not leave the page, so that no return_url is needed.", "always", "never").as("automatic_payment_methods[allow_redirects]"),
			yes("automatic_payment_methods", "Take every kind of payment method that the Dashboard's settings allow.").as("automatic_payment_methods[enabled]"),
			idOf(accountIDs, "transfer_destination", "The connected account that gets the money.").as("transfer_data[destination]"),
			idOf(accountIDs, "on_behalf_of", "The connected account whose business this is, on statements and for fees."),
			shipping, delivery, metadata,
		),
		rules: []rule{
			onlyWhen("return_url", "confirm", "true"),
			onlyWhen("off_session", "confirm", "true"),
			needs("allow_redirects", "automatic_payment_methods"),
			atMostOne("automatic_payment_methods", "payment_method_types"),
			needs("application_fee_amount", "transfer_destination").unless("stripe_account"),
			shippingIsWhole,
		},
		gives:   gives[PaymentIntent](),
		moves:   amountAndCurrency,
		example: `{"amount": 1000, "currency": "usd", "customer_id": "cus_Example", "description": "Order 17"}`,
	},
	{
		name: "get-payment-intent", resource: "payment intents",
		summary: "Reads a payment intent.",
		call:    get[stripego.PaymentIntentRetrieveParams]("/v1/payment_intents/{payment_intent_id}"),
		takes:   params(intentIDs.id("The payment intent to read.").required()),
		gives:   gives[PaymentIntent](),
		example: `{"payment_intent_id": "pi_Example"}`,
	},
	{
		name: "update-payment-intent", resource: "payment intents",
		summary: "Changes a payment intent that is not paid yet.",
		call:    post[stripego.PaymentIntentUpdateParams]("/v1/payment_intents/{payment_intent_id}"),
		takes: params(
			intentIDs.id("The payment intent to change.").required(),
			minor("amount", "The new amount in minor units."),
			currency("The new currency."),
			paymentIntentDetails, shipping, delivery, metadata,
		),
		rules:   []rule{shippingIsWhole},
		gives:   gives[PaymentIntent](),
		moves:   amountAndCurrency,
		example: `{"payment_intent_id": "pi_Example", "amount": 1200, "metadata": {"order": "17"}}`,
	},
	{
		name: "confirm-payment-intent", resource: "payment intents",
		summary: "Tries to take the money of a payment intent.",
		call:    post[stripego.PaymentIntentConfirmParams]("/v1/payment_intents/{payment_intent_id}/confirm"),
		takes: params(
			intentIDs.id("The payment intent to confirm.").required(),
			methodIDs.id("What to charge, when the intent does not say it."),
			confirming,
			text("receipt_email", "Where Stripe sends a receipt, in live mode."),
			choice("setup_future_usage", "Save the payment method for later: on_session when the customer will be there, off_session when not.", "on_session", "off_session"),
		),
		gives:   gives[PaymentIntent](),
		moves:   unstated,
		example: `{"payment_intent_id": "pi_Example", "payment_method_id": "pm_card_visa", "return_url": "https://shop.example/back"}`,
	},
	{
		name: "capture-payment-intent", resource: "payment intents",
		summary: "Takes the money that a payment intent holds (status requires_capture).",
		call:    post[stripego.PaymentIntentCaptureParams]("/v1/payment_intents/{payment_intent_id}/capture"),
		takes: params(
			intentIDs.id("The payment intent to capture.").required(),
			minor("amount_to_capture", "How much to take, in minor units; the rest is let go. All of it unless given."),
			text("statement_descriptor_suffix", "What the customer's statement says after the account's own name."),
			metadata,
		),
		gives:   gives[PaymentIntent](),
		moves:   [2]string{"amount_to_capture"},
		example: `{"payment_intent_id": "pi_Example", "amount_to_capture": 800}`,
	},
	{
		name: "cancel-payment-intent", resource: "payment intents",
		summary: "Gives a payment intent up, and lets go what it holds.",
		call:    post[stripego.PaymentIntentCancelParams]("/v1/payment_intents/{payment_intent_id}/cancel"),
		takes: params(
			intentIDs.id("The payment intent to cancel.").required(),
			choice("cancellation_reason", "Why.", "duplicate", "fraudulent", "requested_by_customer", "abandoned"),
		),
		gives:   gives[PaymentIntent](),
		example: `{"payment_intent_id": "pi_Example", "cancellation_reason": "abandoned"}`,
	},
	{
		name: "list-payment-intents", resource: "payment intents",
		summary: "Lists payment intents, newest first.",
		call:    get[stripego.PaymentIntentListParams]("/v1/payment_intents"),
		takes:   params(customerID("Only those of this customer."), created, page),
		gives:   gives[Page[PaymentIntent]](),
		example: `{"limit": 10, "customer_id": "cus_Example"}`,
	},
	{
		name: "search-payment-intents", resource: "payment intents",
		summary: "Finds payment intents by amount, currency, customer, status, metadata and more.",
		call:    get[stripego.PaymentIntentSearchParams]("/v1/payment_intents/search"),
		takes:   found,
		gives:   gives[Found[PaymentIntent]](),
		example: `{"query": "metadata[\"order\"]:\"17\"", "limit": 10}`,
	},
}
