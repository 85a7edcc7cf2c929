package operation

import (
	"slices"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// Token stands for a card or bank account, once.
type Token struct {
	ID        string  `json:"id"`
	Type      string  `json:"type" jsonschema:"card or bank_account."`
	Used      bool    `json:"used"`
	CardID    *string `json:"card_id" stripe:"card.id"`
	CardBrand *string `json:"card_brand" stripe:"card.brand"`
	Last4     *string `json:"card_last4" stripe:"card.last4"`
	BankID    *string `json:"bank_account_id" stripe:"bank_account.id"`
	Created   int64   `json:"created" jsonschema:"Unix time in seconds."`
	Livemode  bool    `json:"livemode"`
	Object    raw     `json:"object"`
}

// kindTestCard takes the numbers that belong to nobody, and no other.
var kindTestCard = &kind{"string", "one of Stripe's test card numbers", pay.CodeRawCardData, func(_ parameter, value any) (any, error) {
	if number, ok := value.(string); ok && slices.Contains(testCards, number) {
		return number, nil
	}
	return nil, errKind
}}

// ofTestCard is a part of a test card, which may look like one of a real card.
func ofTestCard(k *kind, name, about string) parameter {
	p := of(k, name, about)
	p.testCard = true
	return p
}

var tokenOperations = []declaration{
	{
		name: "create-token", resource: "tokens",
		summary: "Makes a token of a customer's saved card or bank account, for a connected account to charge; in the sandbox also of a test card. Real card numbers are never taken.",
		call:    post[stripego.TokenCreateParams]("/v1/tokens"),
		takes: params(
			customerID("The platform's customer whose saved card or bank account it will be; the default one unless named."),
			cardIDs.id("The customer's saved card."),
			bankIDs.id("The customer's saved bank account."),
			ofTestCard(kindTestCard, "test_card_number", "One of Stripe's published test numbers, such as 4242424242424242.").as("card[number]"),
			ofTestCard(kindDigits, "exp_month", "The month in which the test card expires, 1 to 12.").between(1, 12).as("card[exp_month]"),
			ofTestCard(kindDigits, "exp_year", "The year in which the test card expires, in four digits.").between(2000, 2999).as("card[exp_year]"),
			ofTestCard(kindText, "cvc", "Any three digits, or four.").as("card[cvc]"),
		),
		rules: []rule{
			exactlyOne("customer_id", "test_card_number"),
			needs("customer_id", "stripe_account"),
			needs("card_id", "customer_id"),
			needs("bank_account_id", "customer_id"),
			atMostOne("card_id", "bank_account_id"),
			needs("test_card_number", "exp_month", "exp_year"),
			needs("exp_month", "test_card_number"),
			needs("exp_year", "test_card_number"),
			needs("cvc", "test_card_number"),
			sandboxOnly("Collect cards with Stripe.js elsewhere.", "test_card_number"),
		},
		gives:   gives[Token](),
		example: `{"test_card_number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}`,
	},
	{
		name: "get-token", resource: "tokens",
		summary: "Reads a token.",
		call:    get[stripego.TokenRetrieveParams]("/v1/tokens/{token}"),
		takes:   params(idOf(anyTokenIDs, "token", "The token to read.").required()),
		gives:   gives[Token](),
		example: `{"token": "tok_Example"}`,
	},
}
