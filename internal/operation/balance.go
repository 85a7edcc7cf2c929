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

var balanceOperations = []declaration{
	{
		name: "get-balance", resource: "balance",
		summary: "Reads what the account has: available and pending, in each currency.",
		call:    get[stripego.BalanceRetrieveParams]("/v1/balance"),
		gives:   gives[Balance](),
		example: `{}`,
	},
}
