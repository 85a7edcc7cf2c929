package operation

import stripego "github.com/stripe/stripe-go/v85"

// Balance is what an account has at Stripe.
type Balance struct {
	Available []Funds `json:"available" jsonschema:"What can be paid out, by currency."`
	Pending   []Funds `json:"pending" jsonschema:"What will be available later, by currency."`
	Livemode  bool    `json:"livemode" jsonschema:"Whether this is real money."`
	Object    raw     `json:"object"`
}

// Funds are an amount of one currency.
type Funds struct {
	Amount   int64  `json:"amount" jsonschema:"In minor units; below zero when the account owes it."`
	Currency string `json:"currency"`
}

// BalanceTransaction is one movement of an account's balance.
type BalanceTransaction struct {
	ID          string  `json:"id"`
	Type        string  `json:"type" jsonschema:"What moved it: charge, refund, payout, transfer and so on."`
	Amount      int64   `json:"amount" jsonschema:"In minor units, before fees; below zero when it left the account."`
	Fee         int64   `json:"fee" jsonschema:"In minor units."`
	Net         int64   `json:"net" jsonschema:"In minor units, after fees."`
	Currency    string  `json:"currency"`
	Status      string  `json:"status" jsonschema:"available or pending."`
	AvailableOn int64   `json:"available_on" jsonschema:"Unix time in seconds."`
	SourceID    *string `json:"source_id" stripe:"source" jsonschema:"The charge, refund, payout or transfer behind it."`
	Description *string `json:"description"`
	Created     int64   `json:"created" jsonschema:"Unix time in seconds."`
	Object      raw     `json:"object"`
}

var balanceOperations = []declaration{
	{
		name: "get-balance", resource: "balance",
		summary: "Reads what the account has: available and pending, in each currency.",
		call:    get[stripego.BalanceRetrieveParams]("/v1/balance"),
		gives:   gives[Balance](),
		example: `{}`,
	},
	{
		name: "list-balance-transactions", resource: "balance",
		summary: "Lists what moved the account's balance, newest first.",
		call:    get[stripego.BalanceTransactionListParams]("/v1/balance_transactions"),
		takes: params(
			text("type", "Only movements of one type, such as charge, refund, payout or transfer."),
			currency("Only movements in this currency."),
			payoutIDs.id("Only what this payout paid out."),
			text("source_id", "Only the movements behind this charge, refund, payout or transfer.").as("source"),
			created, page,
		),
		gives:   gives[Page[BalanceTransaction]](),
		example: `{"limit": 10, "type": "charge"}`,
	},
	{
		name: "get-balance-transaction", resource: "balance",
		summary: "Reads one movement of the account's balance.",
		call:    get[stripego.BalanceTransactionRetrieveParams]("/v1/balance_transactions/{balance_transaction_id}"),
		takes:   params(balanceIDs.id("The movement to read.").required()),
		gives:   gives[BalanceTransaction](),
		example: `{"balance_transaction_id": "txn_Example"}`,
	},
}
