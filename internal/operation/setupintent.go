package operation

import stripego "github.com/stripe/stripe-go/v85"

// SetupIntent is a payment method that is to be saved, with the customer's
// authentication where the bank wants it.
type SetupIntent struct {
	ID               string            `json:"id"`
	Status           string            `json:"status" jsonschema:"requires_payment_method, requires_confirmation, requires_action, processing, canceled or succeeded."`
	CustomerID       *string           `json:"customer_id" stripe:"customer"`
	PaymentMethodID  *string           `json:"payment_method_id" stripe:"payment_method"`
	Usage            string            `json:"usage"`
	ClientSecret     *string           `json:"client_secret" jsonschema:"For Stripe.js in the customer's browser; keep it out of logs."`
	RedirectURL      *string           `json:"redirect_url" stripe:"next_action.redirect_to_url.url" jsonschema:"Where the customer authenticates, when the status is requires_action."`
	LastErrorMessage *string           `json:"last_error_message" stripe:"last_setup_error.message"`
	Metadata         map[string]string `json:"metadata"`
	Created          int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode         bool              `json:"livemode"`
	Object           raw               `json:"object"`
}

var setupIntentOperations = []declaration{
	{
		name: "create-setup-intent", resource: "setup intents",
		summary: "Prepares a payment method to be saved for later.",
		call:    post[stripego.SetupIntentCreateParams]("/v1/setup_intents"),
		takes: params(
			customerID("Whose payment method it will be."),
			methodIDs.id("The payment method to save."),
			yes("confirm", "Try to save it at once."),
			choice("usage", "Whether the customer will be there when it is charged. Off_session unless given.", "on_session", "off_session"),
			list("payment_method_types", "Which kinds of payment methods are taken, such as card.", text("", "")),
			text("return_url", "Where the bank sends the customer back to after authentication."),
			text("description", "A description."),
			metadata,
		),
		rules:   []rule{onlyWhen("return_url", "confirm", "true"), needsWhen("confirm", "true", "payment_method_id")},
		gives:   gives[SetupIntent](),
		example: `{"customer_id": "cus_Example", "payment_method_types": ["card"]}`,
	},
	{
		name: "get-setup-intent", resource: "setup intents",
		summary: "Reads a setup intent.",
		call:    get[stripego.SetupIntentRetrieveParams]("/v1/setup_intents/{setup_intent_id}"),
		takes:   params(setupIDs.id("The setup intent to read.").required()),
		gives:   gives[SetupIntent](),
		example: `{"setup_intent_id": "seti_Example"}`,
	},
	{
		name: "list-setup-intents", resource: "setup intents",
		summary: "Lists setup intents, newest first.",
		call:    get[stripego.SetupIntentListParams]("/v1/setup_intents"),
		takes:   params(customerID("Only those of this customer."), methodIDs.id("Only those of this payment method."), created, page),
		gives:   gives[Page[SetupIntent]](),
		example: `{"limit": 10, "customer_id": "cus_Example"}`,
	},
	{
		name: "confirm-setup-intent", resource: "setup intents",
		summary: "Tries to save a payment method.",
		call:    post[stripego.SetupIntentConfirmParams]("/v1/setup_intents/{setup_intent_id}/confirm"),
		takes: params(
			setupIDs.id("The setup intent to confirm.").required(),
			methodIDs.id("The payment method to save, when the intent does not say it."),
			text("return_url", "Where the bank sends the customer back to after authentication."),
		),
		gives:   gives[SetupIntent](),
		example: `{"setup_intent_id": "seti_Example", "payment_method_id": "pm_card_visa", "return_url": "https://shop.example/back"}`,
	},
	{
		name: "cancel-setup-intent", resource: "setup intents",
		summary: "Gives a setup intent up.",
		call:    post[stripego.SetupIntentCancelParams]("/v1/setup_intents/{setup_intent_id}/cancel"),
		takes: params(
			setupIDs.id("The setup intent to cancel.").required(),
			choice("cancellation_reason", "Why.", "abandoned", "duplicate", "requested_by_customer"),
		),
		gives:   gives[SetupIntent](),
		example: `{"setup_intent_id": "seti_Example", "cancellation_reason": "abandoned"}`,
	},
}
