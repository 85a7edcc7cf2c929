// Package operationtest is what the catalogue's operations are proved with: how
// the things are made that their examples name, and an input for each rule that
// breaks it. Tests of every door take it, so that a new operation or rule meets
// all of them. Only tests import it.
package operationtest

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// placeholder is an id in an example: cus_Example.
var placeholder = regexp.MustCompile(`[a-z]+_(Example|Empty|Bare)`)

// RefusedBySandbox are operations on things that the sandbox never has, with
// what it says: its refunds are of cards, and never wait for the customer.
var RefusedBySandbox = map[string]string{"cancel-refund": "cannot be canceled"}

// Account is an account at Stripe in which examples are carried out.
type Account struct {
	do   func(name, input string) json.RawMessage
	made map[string]string // what placeholders of examples stand for
}

// NewAccount is an account that nobody else uses. Its do carries an operation
// out there and returns the output; it fails the test when there is none.
func NewAccount(do func(name, input string) json.RawMessage) *Account {
	return &Account{do: do, made: map[string]string{}}
}

// Example is an operation's example with ids of things that are there, after
// all that it needs has been made.
func (a *Account) Example(t *testing.T, op pay.Operation) string {
	t.Helper()
	require.NotEmpty(t, op.Example, "an example is the proof of %s", op.Name)
	example := placeholder.ReplaceAllStringFunc(string(op.Example), func(id string) string { return a.Real(t, op.Name, id) })
	if prepare := preparations[op.Name]; prepare != nil {
		prepare(t, a)
	}
	return example
}

// maker makes a thing and returns its id.
type maker func(t *testing.T, a *Account) string

// Make runs an operation and returns the id of what it made.
func (a *Account) Make(t *testing.T, name, input string) string {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal(a.do(name, input), &made))
	return made.ID
}

// makes is a maker of one operation, whose input may have placeholders itself.
func makes(name, input string) maker {
	return func(t *testing.T, a *Account) string {
		t.Helper()
		return a.Make(t, name, placeholder.ReplaceAllStringFunc(input, func(id string) string { return a.Real(t, "", id) }))
	}
}

// Real is the id that a placeholder stands for in the example of an operation.
func (a *Account) Real(t *testing.T, operation, id string) string {
	t.Helper()
	if known := a.made[id]; known != "" {
		return known
	}
	make := makers()[id]
	if special := specials()[operation+" "+id]; special != nil {
		make = special
	}
	require.NotNil(t, make, "nothing is known of how %s is made", id)
	a.made[id] = make(t, a)
	return a.made[id]
}

const paidIntent = `{"amount": 1000, "currency": "usd", "customer_id": "cus_Example", "payment_method_id": "pm_card_visa", "payment_method_types": ["card"], "confirm": true}`

// makers are how the things of the examples are made.
func makers() map[string]maker {
	return map[string]maker{
		"cus_Example":    makes("create-customer", `{"email": "ann@example.com", "name": "Ann Example", "source": "tok_visa"}`),
		"ch_Example":     makes("create-charge", `{"amount": 1000, "currency": "usd", "source": "tok_bypassPending"}`),
		"pi_Example":     makes("create-payment-intent", `{"amount": 1000, "currency": "usd"}`),
		"re_Example":     makes("create-refund", `{"charge_id": "ch_Example"}`),
		"pm_Example":     makes("attach-payment-method", `{"payment_method_id": "pm_card_visa", "customer_id": "cus_Example"}`),
		"seti_Example":   makes("create-setup-intent", `{"customer_id": "cus_Example"}`),
		"tok_Example":    makes("create-token", `{"test_card_number": "4242424242424242", "exp_month": 12, "exp_year": 2034}`),
		"coupon_Example": makes("create-coupon", `{"id": "EXAMPLE", "percent_off": 10}`),
		"promo_Example":  makes("create-promotion-code", `{"coupon_id": "coupon_Example"}`),
		"prod_Example":   makes("create-product", `{"name": "Gold plan", "default_price_amount": 2000, "default_price_currency": "usd"}`),
		"prod_Bare":      makes("create-product", `{"name": "Nothing"}`),
		"price_Example":  makes("create-price", `{"unit_amount": 2000, "currency": "usd", "product_name": "Silver plan", "interval": "month"}`),
		"sub_Example":    makes("create-subscription", `{"customer_id": "cus_Example", "items": [{"price_id": "price_Example"}]}`),
		"in_Example":     makes("create-invoice", `{"customer_id": "cus_Example", "collection_method": "send_invoice", "days_until_due": 14}`),
		"mtr_Example":    makes("create-meter", `{"display_name": "API requests", "event_name": "api_requests", "formula": "sum"}`),
		"cs_Example":     makes("create-checkout-session", `{"mode": "payment", "success_url": "https://shop.example", "line_items": [{"name": "Shirt", "amount": 2000, "currency": "usd", "quantity": 1}]}`),
		"plink_Example":  makes("create-payment-link", `{"line_items": [{"price_id": "price_Example", "quantity": 1}]}`),
		"acct_Empty":     makes("create-account", `{"type": "express"}`),
		"acct_Example":   readyAccount,
		"tr_Example":     makes("create-transfer", `{"amount": 500, "currency": "usd", "destination": "acct_Example", "source_charge_id": "ch_Example"}`),
		"po_Example": func(t *testing.T, a *Account) string {
			a.fund(t)
			return makes("create-payout", `{"amount": 500, "currency": "usd"}`)(t, a)
		},
		"txn_Example": func(t *testing.T, a *Account) string {
			a.Real(t, "", "ch_Example")
			return a.first(t, "list-balance-transactions")
		},
		"evt_Example": func(t *testing.T, a *Account) string { a.Real(t, "", "ch_Example"); return a.first(t, "list-events") },
		"dp_Example": func(t *testing.T, a *Account) string {
			a.Make(t, "create-charge", `{"amount": 1000, "currency": "usd", "source": "tok_createDispute"}`)
			return a.first(t, "list-disputes")
		},
	}
}

// specials are makers for operations that want a thing in a certain state.
func specials() map[string]maker {
	return map[string]maker{
		"capture-charge ch_Example":         makes("create-charge", `{"amount": 1000, "currency": "usd", "source": "tok_visa", "capture": false}`),
		"list-charges cus_Example":          makes("create-customer", `{"email": "ann@example.com", "name": "Ann Example", "source": "tok_visa"}`),
		"capture-payment-intent pi_Example": makes("create-payment-intent", strings.Replace(paidIntent, `"confirm"`, `"capture_method": "manual", "confirm"`, 1)),
		"pay-invoice in_Example":            finalInvoice,
		"void-invoice in_Example":           finalInvoice,
		"send-invoice in_Example":           finalInvoice,

		"mark-invoice-uncollectible in_Example": finalInvoice,
	}
}

// readyAccount makes a connected account that may take cards and transfers.
func readyAccount(t *testing.T, a *Account) string {
	id := a.Make(t, "create-account", `{"type": "custom", "country": "US", "business_type": "individual", "request_transfers": true, "request_card_payments": true,
		"email": "a@example.org", "business_url": "https://a.example", "business_mcc": "5734", "payout_interval": "manual"}`)
	a.do("stripe.request", `{"method": "POST", "path": "/v1/accounts/`+id+`", "params": {
		"external_account": "btok_us_verified", "tos_acceptance": {"date": 1774905600, "ip": "127.0.0.1"},
		"individual": {"first_name": "Jenny", "last_name": "Rosen", "dob": {"day": 1, "month": 1, "year": 1901}, "email": "a@example.org", "phone": "+10000000000",
			"address": {"line1": "address_full_match", "city": "B", "state": "CA", "postal_code": "94111"}, "ssn_last_4": "0000"}}}`)
	return id
}

// finalInvoice makes an invoice that can be paid.
func finalInvoice(t *testing.T, a *Account) string {
	id := a.Real(t, "", "in_Example")
	a.Make(t, "create-invoice-item", `{"customer_id": "`+a.made["cus_Example"]+`", "amount": 1500, "currency": "usd", "invoice_id": "`+id+`"}`)
	a.Make(t, "finalize-invoice", `{"invoice_id": "`+id+`"}`)
	return id
}

// preparations are what some operations need besides what their examples name.
var preparations = map[string]maker{
	"create-payout":             func(t *testing.T, a *Account) string { a.fund(t); return "" },
	"create-meter-event":        needing("mtr_Example"),
	"list-balance-transactions": needing("ch_Example"),
	"list-charges":              makes("create-charge", `{"amount": 1000, "currency": "usd", "customer": "cus_Example"}`),
	"list-coupons":              needing("coupon_Example"),
	"list-customers":            needing("cus_Example"),
	"list-events":               needing("ch_Example"),
	"list-payment-intents":      makes("create-payment-intent", paidIntent),
	"list-products":             needing("prod_Example"),
	"list-promotion-codes":      needing("promo_Example"),
	"list-refunds":              needing("re_Example"),
	"list-setup-intents":        needing("seti_Example"),
	"search-charges":            needing("ch_Example"),
	"search-customers":          needing("cus_Example"),
	"search-payment-intents":    makes("create-payment-intent", `{"amount": 1000, "currency": "usd", "metadata": {"order": 17}}`),
	"search-prices":             needing("price_Example"),
	"search-products":           needing("prod_Example"),
	"search-invoices":           finalInvoice,
	"search-subscriptions":      needing("sub_Example"),
	"list-payment-links":        needing("plink_Example"),
	"list-checkout-sessions":    needing("cs_Example"),
	"list-meters":               needing("mtr_Example"),
	"list-disputes":             needing("dp_Example"),
	"list-accounts":             needing("acct_Empty"),
	"list-transfers":            needing("tr_Example"),
	"list-payouts":              needing("po_Example"),
	"list-invoices":             needing("in_Example"),
	"list-subscriptions":        needing("sub_Example"),
	"list-payment-methods":      needing("pm_Example"),
}

// needing makes the thing behind a placeholder.
func needing(id string) maker {
	return func(t *testing.T, a *Account) string { return a.Real(t, "", id) }
}

// fund fills the balance with money that is there at once, and gives the
// account a bank.
func (a *Account) fund(t *testing.T) {
	t.Helper()
	a.Make(t, "create-charge", `{"amount": 5000, "currency": "usd", "source": "tok_bypassPending"}`)
}

// first is the id of the first thing in a list.
func (a *Account) first(t *testing.T, list string) string {
	t.Helper()
	var found struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	require.NoError(t, json.Unmarshal(a.do(list, `{"limit": 1}`), &found))
	require.NotEmpty(t, found.Data)
	return found.Data[0].ID
}
