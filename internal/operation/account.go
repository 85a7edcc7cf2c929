package operation

import stripego "github.com/stripe/stripe-go/v85"

// Account is a partner's account at Stripe, connected to the platform's.
type Account struct {
	ID               string            `json:"id"`
	Type             *string           `json:"type" jsonschema:"standard, express, custom or none."`
	Email            *string           `json:"email"`
	Country          *string           `json:"country"`
	BusinessType     *string           `json:"business_type"`
	BusinessName     *string           `json:"business_name" stripe:"business_profile.name"`
	ChargesEnabled   bool              `json:"charges_enabled" jsonschema:"Whether it can take payments."`
	PayoutsEnabled   bool              `json:"payouts_enabled" jsonschema:"Whether it can be paid out."`
	DetailsSubmitted bool              `json:"details_submitted" jsonschema:"Whether onboarding was completed."`
	CurrentlyDue     []string          `json:"currently_due" stripe:"requirements.currently_due" jsonschema:"What Stripe still wants to know."`
	DisabledReason   *string           `json:"disabled_reason" stripe:"requirements.disabled_reason"`
	DefaultCurrency  *string           `json:"default_currency"`
	Metadata         map[string]string `json:"metadata"`
	Created          int64             `json:"created" jsonschema:"Unix time in seconds."`
	Object           raw               `json:"object"`
}

// AccountLink is where a partner goes to be onboarded.
type AccountLink struct {
	URL       string `json:"url" jsonschema:"Works once, and for the account's holder only."`
	ExpiresAt int64  `json:"expires_at" jsonschema:"Unix time in seconds; minutes away."`
	Created   int64  `json:"created" jsonschema:"Unix time in seconds."`
	Object    raw    `json:"object"`
}

// accountDetails can be given and changed.
var accountDetails = params(
	text("email", "The holder's email address."),
	choice("business_type", "What the holder is.", "company", "government_entity", "individual", "non_profit"),
	text("business_name", "The name that customers see.").as("business_profile[name]"),
	text("business_url", "The address of the business's site.").as("business_profile[url]"),
	text("business_mcc", "The merchant category code, in four digits.").as("business_profile[mcc]"),
	yes("request_card_payments", "Ask that it may take cards.").as("capabilities[card_payments][requested]"),
	yes("request_transfers", "Ask that it may get transfers.").as("capabilities[transfers][requested]"),
	choice("payout_interval", "How often it is paid out.", "daily", "manual", "monthly", "weekly").as("settings[payouts][schedule][interval]"),
)

var accountOperations = []declaration{
	{
		name: "create-account", resource: "accounts",
		summary: "Makes a connected account for a partner.",
		call:    post[stripego.AccountCreateParams]("/v1/accounts"),
		takes: params(
			choice("type", "Whose rules it follows: standard is the partner's own, express is Stripe's pages under the platform's name, custom is the platform's.", "standard", "express", "custom").required(),
			text("country", "Two-letter country code, such as US; the platform's unless given."),
			accountDetails, metadata,
		),
		gives:   gives[Account](),
		example: `{"type": "express", "country": "US", "email": "partner@example.com", "request_transfers": true}`,
	},
	{
		name: "get-account", resource: "accounts",
		summary: "Reads a connected account.",
		call:    get[stripego.AccountRetrieveParams]("/v1/accounts/{account_id}"),
		takes:   params(accountIDs.id("The account to read.").required()),
		gives:   gives[Account](),
		example: `{"account_id": "acct_Example"}`,
	},
	{
		name: "list-accounts", resource: "accounts",
		summary: "Lists the platform's connected accounts, newest first.",
		call:    get[stripego.AccountListParams]("/v1/accounts"),
		takes:   params(created, page),
		gives:   gives[Page[Account]](),
		example: `{"limit": 10}`,
	},
	{
		name: "update-account", resource: "accounts",
		summary: "Changes a connected account, as far as its type lets the platform.",
		call:    post[stripego.AccountUpdateParams]("/v1/accounts/{account_id}"),
		takes:   params(accountIDs.id("The account to change.").required(), accountDetails, metadata),
		gives:   gives[Account](),
		example: `{"account_id": "acct_Example", "business_url": "https://partner.example"}`,
	},
	{
		name: "delete-account", resource: "accounts",
		summary: "Deletes a connected account that has no balance left.",
		call:    erase[stripego.AccountDeleteParams]("/v1/accounts/{account_id}"),
		takes:   params(accountIDs.id("The account to delete.").required()),
		gives:   gives[Deleted](),
		example: `{"account_id": "acct_Empty"}`,
	},
	{
		name: "create-account-link", resource: "accounts",
		summary: "Makes the address of a page where a partner is onboarded.",
		call:    post[stripego.AccountLinkCreateParams]("/v1/account_links"),
		takes: params(
			accountIDs.id("The account to onboard.").required(),
			choice("type", "Onboarding asks for what is missing; updates are for custom accounts.", "account_onboarding", "account_update").required(),
			text("refresh_url", "Where Stripe sends the partner when the page no longer works: make a new one there."),
			text("return_url", "Where Stripe sends the partner afterwards."),
		),
		rules: []rule{
			needsWhen("type", "account_onboarding", "refresh_url", "return_url"),
		},
		gives:   gives[AccountLink](),
		example: `{"account_id": "acct_Example", "type": "account_onboarding", "refresh_url": "https://shop.example/again", "return_url": "https://shop.example/done"}`,
	},
}
