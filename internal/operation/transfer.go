package operation

import stripego "github.com/stripe/stripe-go/v85"

// Transfer is money moved from the platform to a connected account.
type Transfer struct {
	ID             string            `json:"id"`
	Amount         int64             `json:"amount" jsonschema:"In minor units."`
	AmountReversed int64             `json:"amount_reversed" jsonschema:"In minor units."`
	Currency       string            `json:"currency"`
	DestinationID  *string           `json:"destination_id" stripe:"destination" jsonschema:"The connected account."`
	SourceID       *string           `json:"source_charge_id" stripe:"source_transaction" jsonschema:"The charge that it is paid from, if any."`
	Reversed       bool              `json:"reversed" jsonschema:"Whether all of it was taken back."`
	TransferGroup  *string           `json:"transfer_group"`
	Description    *string           `json:"description"`
	Metadata       map[string]string `json:"metadata"`
	Created        int64             `json:"created" jsonschema:"Unix time in seconds."`
	Livemode       bool              `json:"livemode"`
	Object         raw               `json:"object"`
}

// Reversal is money taken back from a connected account.
type Reversal struct {
	ID         string            `json:"id"`
	TransferID string            `json:"transfer_id" stripe:"transfer"`
	Amount     int64             `json:"amount" jsonschema:"In minor units."`
	Currency   string            `json:"currency"`
	Metadata   map[string]string `json:"metadata"`
	Created    int64             `json:"created" jsonschema:"Unix time in seconds."`
	Object     raw               `json:"object"`
}

var transferOperations = []declaration{
	{
		name: "create-transfer", resource: "transfers",
		summary: "Moves money from the platform's balance to a connected account.",
		call:    post[stripego.TransferCreateParams]("/v1/transfers"),
		takes: params(
			minor("amount", "How much to move, in minor units.").required(),
			currency("The three-letter ISO currency code, such as usd.").required(),
			idOf(accountIDs, "destination", "The connected account that gets it.").required(),
			idOf(chargeIDs, "source_charge_id", "Move money of this charge, as soon as it is available.").as("source_transaction"),
			text("transfer_group", "Groups this transfer with payments."),
			text("description", "A description."),
			metadata,
		),
		gives:   gives[Transfer](),
		moves:   amountAndCurrency,
		example: `{"amount": 500, "currency": "usd", "destination": "acct_Example", "source_charge_id": "ch_Example"}`,
	},
	{
		name: "get-transfer", resource: "transfers",
		summary: "Reads a transfer.",
		call:    get[stripego.TransferRetrieveParams]("/v1/transfers/{transfer_id}"),
		takes:   params(transferIDs.id("The transfer to read.").required()),
		gives:   gives[Transfer](),
		example: `{"transfer_id": "tr_Example"}`,
	},
	{
		name: "list-transfers", resource: "transfers",
		summary: "Lists transfers to connected accounts, newest first.",
		call:    get[stripego.TransferListParams]("/v1/transfers"),
		takes: params(
			idOf(accountIDs, "destination", "Only transfers to this account."),
			text("transfer_group", "Only transfers of this group."),
			created, page,
		),
		gives:   gives[Page[Transfer]](),
		example: `{"limit": 10, "destination": "acct_Example"}`,
	},
	{
		name: "update-transfer", resource: "transfers",
		summary: "Changes what is written about a transfer.",
		call:    post[stripego.TransferUpdateParams]("/v1/transfers/{transfer_id}"),
		takes:   params(transferIDs.id("The transfer to change.").required(), text("description", "The new description."), metadata),
		gives:   gives[Transfer](),
		example: `{"transfer_id": "tr_Example", "description": "Share of order 17"}`,
	},
	{
		name: "reverse-transfer", resource: "transfers",
		summary: "Takes all or part of a transfer back.",
		call:    post[stripego.TransferReversalCreateParams]("/v1/transfers/{transfer_id}/reversals"),
		takes: params(
			transferIDs.id("The transfer to take back.").required(),
			minor("amount", "How much to take back, in minor units. All that is left, unless given."),
			text("description", "A description."),
			yes("refund_application_fee", "Give the platform's fee back too."),
			metadata,
		),
		gives:   gives[Reversal](),
		moves:   [2]string{"amount"},
		example: `{"transfer_id": "tr_Example", "amount": 200}`,
	},
}
