package operation

import stripego "github.com/stripe/stripe-go/v85"

// Payout is money sent from Stripe to a bank account.
type Payout struct {
	ID             string            `json:"id"`
	Status         string            `json:"status" jsonschema:"pending, in_transit, paid, failed or canceled."`
	Amount         int64             `json:"amount" jsonschema:"In minor units."`
	Currency       string            `json:"currency"`
	ArrivalDate    int64             `json:"arrival_date" jsonschema:"When the bank should have it, in Unix time."`
	DestinationID  *string           `json:"destination_id" stripe:"destination" jsonschema:"The bank account or card."`
	Method         string            `json:"method" jsonschema:"standard or instant."`
	Automatic      bool              `json:"automatic" jsonschema:"Whether the account's schedule made it."`
	FailureCode    *string           `json:"failure_code"`
	FailureMessage *string           `json:"failure_message"`
	Description    *string           `json:"description"`
	Metadata       map[string]string `json:"metadata"`
	Created        int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode       bool              `json:"livemode"`
	Object         raw               `json:"object"`
}

var payoutOperations = []declaration{
	{
		name: "create-payout", resource: "payouts",
		summary: "Sends money from the balance to the account's bank.",
		call:    post[stripego.PayoutCreateParams]("/v1/payouts"),
		takes: params(
			minor("amount", "How much to send, in minor units.").required(),
			currency("The three-letter ISO currency code, such as usd.").required(),
			text("destination", "The bank account (ba_…) or card (card_…) to send it to. The default one of the currency unless given."),
			choice("method", "Instant arrives within minutes, costs more and needs a bank or card that takes it.", "standard", "instant"),
			text("statement_descriptor", "What the bank's statement says, up to 22 characters."),
			text("description", "A description."),
			metadata,
		),
		gives:   gives[Payout](),
		moves:   amountAndCurrency,
		example: `{"amount": 500, "currency": "usd"}`,
	},
	{
		name: "get-payout", resource: "payouts",
		summary: "Reads a payout.",
		call:    get[stripego.PayoutRetrieveParams]("/v1/payouts/{payout_id}"),
		takes:   params(payoutIDs.id("The payout to read.").required()),
		gives:   gives[Payout](),
		example: `{"payout_id": "po_Example"}`,
	},
	{
		name: "list-payouts", resource: "payouts",
		summary: "Lists payouts, newest first.",
		call:    get[stripego.PayoutListParams]("/v1/payouts"),
		takes: params(
			choice("status", "Only those that stand so.", "pending", "paid", "failed", "canceled"),
			text("destination", "Only those to this bank account or card."),
			created, page,
		),
		gives:   gives[Page[Payout]](),
		example: `{"limit": 10}`,
	},
	{
		name: "cancel-payout", resource: "payouts",
		summary: "Stops a payout that is still pending; the money returns to the balance.",
		call:    post[stripego.PayoutCancelParams]("/v1/payouts/{payout_id}/cancel"),
		takes:   params(payoutIDs.id("The payout to stop.").required()),
		gives:   gives[Payout](),
		example: `{"payout_id": "po_Example"}`,
	},
}
