package operation

import stripego "github.com/stripe/stripe-go/v85"

// Refund is money given back.
type Refund struct {
	ID                   string            `json:"id"`
	Status               *string           `json:"status" jsonschema:"pending, requires_action, succeeded, failed or canceled."`
	Amount               int64             `json:"amount" jsonschema:"In minor units."`
	Currency             string            `json:"currency"`
	ChargeID             *string           `json:"charge_id" stripe:"charge"`
	PaymentIntentID      *string           `json:"payment_intent_id" stripe:"payment_intent"`
	BalanceTransactionID *string           `json:"balance_transaction_id" stripe:"balance_transaction"`
	Reason               *string           `json:"reason"`
	FailureReason        *string           `json:"failure_reason" jsonschema:"Why it failed."`
	Metadata             map[string]string `json:"metadata"`
	Created              int64             `json:"created" jsonschema:"Unix time in seconds."`
	Object               raw               `json:"object"`
}

var refundOperations = []declaration{
	{
		name: "create-refund", resource: "refunds",
		summary: "Gives back all or part of a charge or payment intent.",
		call:    post[stripego.RefundCreateParams]("/v1/refunds"),
		takes: params(
			chargeIDs.id("The charge to refund."),
			intentIDs.id("The payment intent to refund, instead of a charge."),
			minor("amount", "How much to give back, in minor units. All that is left of the charge, unless given."),
			choice("reason", "Why. A fraudulent one puts the card and email on Stripe's block lists.", "duplicate", "fraudulent", "requested_by_customer"),
			yes("reverse_transfer", "Take the partner's share back too, of a charge with a destination."),
			yes("refund_application_fee", "Give the platform's fee back too."),
			metadata,
		),
		rules:   []rule{exactlyOne("charge_id", "payment_intent_id")},
		gives:   gives[Refund](),
		moves:   [2]string{"amount"},
		example: `{"charge_id": "ch_Example", "amount": 500, "reason": "requested_by_customer"}`,
	},
	{
		name: "get-refund", resource: "refunds",
		summary: "Reads a refund.",
		call:    get[stripego.RefundRetrieveParams]("/v1/refunds/{refund_id}"),
		takes:   params(refundIDs.id("The refund to read.").required()),
		gives:   gives[Refund](),
		example: `{"refund_id": "re_Example"}`,
	},
	{
		name: "list-refunds", resource: "refunds",
		summary: "Lists refunds, newest first.",
		call:    get[stripego.RefundListParams]("/v1/refunds"),
		takes: params(
			chargeIDs.id("Only refunds of this charge."),
			intentIDs.id("Only refunds of this payment intent."),
			created, page,
		),
		gives:   gives[Page[Refund]](),
		example: `{"limit": 10, "charge_id": "ch_Example"}`,
	},
	{
		name: "update-refund", resource: "refunds",
		summary: "Changes a refund's metadata, which is all that can be changed.",
		call:    post[stripego.RefundUpdateParams]("/v1/refunds/{refund_id}"),
		takes:   params(refundIDs.id("The refund to change.").required(), metadata),
		gives:   gives[Refund](),
		example: `{"refund_id": "re_Example", "metadata": {"ticket": "4711"}}`,
	},
	{
		name: "cancel-refund", resource: "refunds",
		summary: "Stops a refund that waits for the customer (status requires_action).",
		call:    post[stripego.RefundCancelParams]("/v1/refunds/{refund_id}/cancel"),
		takes:   params(refundIDs.id("The refund to stop.").required()),
		gives:   gives[Refund](),
		example: `{"refund_id": "re_Example"}`,
	},
}
