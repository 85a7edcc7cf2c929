package operation

import stripego "github.com/stripe/stripe-go/v85"

// Dispute is a charge that the customer questions at the bank.
type Dispute struct {
	ID              string            `json:"id"`
	Status          string            `json:"status" jsonschema:"warning_needs_response, warning_under_review, warning_closed, needs_response, under_review, won, lost or prevented."`
	Amount          int64             `json:"amount" jsonschema:"In minor units."`
	Currency        string            `json:"currency"`
	Reason          string            `json:"reason"`
	ChargeID        *string           `json:"charge_id" stripe:"charge"`
	PaymentIntentID *string           `json:"payment_intent_id" stripe:"payment_intent"`
	DueBy           *int64            `json:"due_by" stripe:"evidence_details.due_by" jsonschema:"When evidence must be there, in Unix time."`
	SubmissionCount int64             `json:"submission_count" stripe:"evidence_details.submission_count"`
	IsRefundable    bool              `json:"is_charge_refundable" jsonschema:"Whether a refund would settle it."`
	Metadata        map[string]string `json:"metadata"`
	Created         int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode        bool              `json:"livemode"`
	Object          raw               `json:"object"`
}

// evidence is what a merchant can bring forward. Files are named by the id
// (file_…) that Stripe gave them when they were uploaded.
var evidence = []parameter{
	text("product_description", "What was sold."),
	text("customer_name", "The customer's name."),
	text("customer_email_address", "The customer's email address."),
	text("customer_purchase_ip", "The address on the internet that the customer bought from."),
	text("customer_communication", "A file with what was written between you and the customer."),
	text("customer_signature", "A file with the customer's signature."),
	text("billing_address", "The customer's billing address."),
	text("receipt", "A file with the receipt."),
	text("access_activity_log", "What the customer did with a digital product, and when."),
	text("service_date", "When the service was rendered."),
	text("service_documentation", "A file that proves the service."),
	text("shipping_address", "Where the goods went."),
	text("shipping_carrier", "Who carried them."),
	text("shipping_date", "When they were sent."),
	text("shipping_tracking_number", "The carrier's number of the parcel."),
	text("shipping_documentation", "A file that proves the shipment."),
	text("refund_policy", "A file with your refund policy."),
	text("refund_policy_disclosure", "How the customer was told of it."),
	text("refund_refusal_explanation", "Why no refund is due."),
	text("cancellation_policy", "A file with your cancellation policy."),
	text("cancellation_policy_disclosure", "How the customer was told of it."),
	text("cancellation_rebuttal", "Why the customer's cancellation does not count."),
	text("duplicate_charge_id", "The charge that this one is said to repeat."),
	text("duplicate_charge_explanation", "How the two differ."),
	text("duplicate_charge_documentation", "A file that proves it."),
	text("uncategorized_text", "Whatever else there is to say."),
	text("uncategorized_file", "Whatever other file there is."),
}

var disputeOperations = []declaration{
	{
		name: "get-dispute", resource: "disputes",
		summary: "Reads a dispute.",
		call:    get[stripego.DisputeRetrieveParams]("/v1/disputes/{dispute_id}"),
		takes:   params(disputeIDs.id("The dispute to read.").required()),
		gives:   gives[Dispute](),
		example: `{"dispute_id": "dp_Example"}`,
	},
	{
		name: "list-disputes", resource: "disputes",
		summary: "Lists disputes, newest first.",
		call:    get[stripego.DisputeListParams]("/v1/disputes"),
		takes:   params(chargeIDs.id("Only the one of this charge."), intentIDs.id("Only those of this payment intent."), created, page),
		gives:   gives[Page[Dispute]](),
		example: `{"limit": 10}`,
	},
	{
		name: "update-dispute", resource: "disputes",
		summary: "Brings evidence forward in a dispute.",
		call:    post[stripego.DisputeUpdateParams]("/v1/disputes/{dispute_id}"),
		takes: params(
			disputeIDs.id("The dispute to answer.").required(),
			object("evidence", "What speaks for you.", evidence...),
			yes("submit", "Hand the evidence to the bank now, which can be done once. True unless given; false only keeps it."),
			metadata,
		),
		gives:   gives[Dispute](),
		example: `{"dispute_id": "dp_Example", "evidence": {"product_description": "A yearly plan", "customer_email_address": "ann@example.com"}, "submit": false}`,
	},
	{
		name: "close-dispute", resource: "disputes",
		summary: "Accepts a dispute as lost, for good.",
		call:    post[stripego.DisputeCloseParams]("/v1/disputes/{dispute_id}/close"),
		takes:   params(disputeIDs.id("The dispute to give up.").required()),
		gives:   gives[Dispute](),
		example: `{"dispute_id": "dp_Example"}`,
	},
}
