package scenario

import (
	"maps"
	"net/http"
	"slices"
)

// verb is a step that is one request to Florin. What stands in braces in its
// path is taken out of the step's fields.
type verb struct {
	method, path string
	once         bool // needs an Idempotency-Key
}

// verbs are the steps that are requests (docs/openapi.json has their fields).
var verbs = map[string]verb{
	"card":        {http.MethodPost, "/v1/payments/cards", true},
	"pay":         {http.MethodPost, "/v1/payments", true},
	"capture":     {http.MethodPost, "/v1/payments/{payment}/capture", true},
	"cancel":      {http.MethodPost, "/v1/payments/{payment}/cancel", true},
	"refund":      {http.MethodPost, "/v1/refunds", true},
	"account":     {http.MethodPost, "/v1/accounts", true},
	"transfer":    {http.MethodPost, "/v1/transfers", true},
	"reverse":     {http.MethodPost, "/v1/transfers/{transfer}/reversals", true},
	"payout":      {http.MethodPost, "/v1/payouts", true},
	"schedule":    {http.MethodPut, "/v1/accounts/{account}/payout_schedule", true},
	"debit":       {http.MethodPost, "/v1/accounts/{account}/debits", true},
	"credit":      {http.MethodPost, "/v1/accounts/{account}/credits", true},
	"plan":        {http.MethodPost, "/v1/plans", true},
	"subscribe":   {http.MethodPost, "/v1/subscriptions", true},
	"change":      {http.MethodPatch, "/v1/subscriptions/{subscription}", true},
	"unsubscribe": {http.MethodDelete, "/v1/subscriptions/{subscription}", true},
}

// sights are the things that a step can look at, by what they are called.
var sights = map[string]string{
	"payment": "/v1/payments/", "refund": "/v1/refunds/", "account": "/v1/accounts/", "transfer": "/v1/transfers/", "payout": "/v1/payouts/",
	"dispute": "/v1/disputes/", "plan": "/v1/plans/", "subscription": "/v1/subscriptions/", "invoice": "/v1/invoices/",
}

// special are the steps that are no request to Florin, and what each takes.
var special = map[string]string{
	"see":     "a thing, such as {payment: $ride}, which is looked at until it is as expected",
	"advance": "a length of time, such as 7d, or several, such as [30d, 2h]: the clock is moved on",
	"fault":   "a fault of the sandbox: {effect: error_after, method: POST, path: /v1/payment_intents}",
	"mend":    "all: the sandbox's faults are taken away",
	"onboard": "an account, such as $driver, whose owner fills in Stripe's form",
	"approve": "a payment, such as $sale, whose customer passes the bank's page",
	"refuse":  "a payment, such as $sale, whose customer fails at the bank's page",
	"stripe":  "a request to Stripe itself, behind Florin's back: {POST: /v1/refunds, charge: $sale.charge}",
}

// Verbs are all steps that there are.
func Verbs() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(verbs)), slices.Collect(maps.Keys(special))...)))
}

func known(name string) bool {
	_, request := verbs[name]
	_, other := special[name]
	return request || other
}
