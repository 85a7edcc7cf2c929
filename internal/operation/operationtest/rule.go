package operationtest

import "florin/internal/pay"

const (
	missing = pay.CodeMissingField
	invalid = pay.CodeInvalidField
	whole   = "Any of shipping_… needs shipping_name and shipping_address_line1."
)

// Broken is an input that breaks one rule of an operation.
type Broken struct {
	Operation string
	Rule      string // its sentence
	Input     string // JSON
	Field     string // the parameter that the refusal names
	Code      pay.Code
}

// BrokenRules has an input for each rule that the sandbox holds callers to.
var BrokenRules = []Broken{
	{"create-customer", whole, `{"email": "a@example.com", "name": "A", "shipping_phone": "1"}`, "shipping_name", missing},
	{"update-customer", whole, `{"customer_id": "cus_1", "shipping_name": "A"}`, "shipping_address_line1", missing},
	{"create-payment-intent", "return_url is for confirm true only.", `{"amount": 1, "currency": "usd", "return_url": "https://a.example"}`, "return_url", invalid},
	{"create-payment-intent", "off_session is for confirm true only.", `{"amount": 1, "currency": "usd", "off_session": true, "confirm": false}`, "off_session", invalid},
	{"create-payment-intent", "allow_redirects needs automatic_payment_methods.", `{"amount": 1, "currency": "usd", "allow_redirects": "never"}`, "automatic_payment_methods", missing},
	{"create-payment-intent", "Give at most one of automatic_payment_methods and payment_method_types.", `{"amount": 1, "currency": "usd", "automatic_payment_methods": true, "payment_method_types": ["card"]}`, "payment_method_types", invalid},
	{"create-payment-intent", "application_fee_amount needs transfer_destination unless stripe_account is given.", `{"amount": 100, "currency": "usd", "application_fee_amount": 10}`, "transfer_destination", missing},
	{"create-payment-intent", whole, `{"amount": 1, "currency": "usd", "shipping_carrier": "UPS"}`, "shipping_name", missing},
	{"update-payment-intent", whole, `{"payment_intent_id": "pi_1", "shipping_address_city": "Bath"}`, "shipping_name", missing},
	{"create-charge", "Give at least one of source and customer.", `{"amount": 1, "currency": "usd"}`, "source", missing},
	{"create-charge", "source that begins with card_ or ba_ needs customer.", `{"amount": 1, "currency": "usd", "source": "ba_1"}`, "customer", missing},
	{"create-charge", whole, `{"amount": 1, "currency": "usd", "source": "tok_visa", "shipping_name": "Ann"}`, "shipping_address_line1", missing},
	{"update-charge", whole, `{"charge_id": "ch_1", "shipping_address_line1": "1 Main"}`, "shipping_name", missing},
	{"create-refund", "Give exactly one of charge_id and payment_intent_id.", `{}`, "charge_id", missing},
	{"create-setup-intent", "return_url is for confirm true only.", `{"return_url": "https://a.example"}`, "return_url", invalid},
	{"create-setup-intent", "confirm true needs payment_method_id.", `{"confirm": true}`, "payment_method_id", missing},
	{"create-token", "Give exactly one of customer_id and test_card_number.", `{}`, "customer_id", missing},
	{"create-token", "customer_id needs stripe_account.", `{"customer_id": "cus_1"}`, "stripe_account", missing},
	{"create-token", "card_id needs customer_id.", `{"test_card_number": "4242424242424242", "exp_month": 1, "exp_year": 2034, "card_id": "card_1"}`, "customer_id", missing},
	{"create-token", "bank_account_id needs customer_id.", `{"test_card_number": "4242424242424242", "exp_month": 1, "exp_year": 2034, "bank_account_id": "ba_1"}`, "customer_id", missing},
	{"create-token", "Give at most one of card_id and bank_account_id.", `{"customer_id": "cus_1", "stripe_account": "acct_1", "card_id": "card_1", "bank_account_id": "ba_1"}`, "bank_account_id", invalid},
	{"create-token", "test_card_number needs exp_month and exp_year.", `{"test_card_number": "4242424242424242", "exp_month": 1}`, "exp_year", missing},
	{"create-token", "exp_month needs test_card_number.", `{"customer_id": "cus_1", "stripe_account": "acct_1", "exp_month": 1}`, "test_card_number", missing},
	{"create-token", "exp_year needs test_card_number.", `{"customer_id": "cus_1", "stripe_account": "acct_1", "exp_year": 2034}`, "test_card_number", missing},
	{"create-token", "cvc needs test_card_number.", `{"customer_id": "cus_1", "stripe_account": "acct_1", "cvc": "123"}`, "test_card_number", missing},
	{"create-coupon", "Give exactly one of percent_off and amount_off.", `{"id": "A", "percent_off": 1, "amount_off": 1, "currency": "usd"}`, "amount_off", invalid},
	{"create-coupon", "amount_off needs currency.", `{"id": "A", "amount_off": 1}`, "currency", missing},
	{"create-coupon", "duration repeating needs duration_in_months.", `{"id": "A", "percent_off": 1, "duration": "repeating"}`, "duration_in_months", missing},
	{"create-coupon", "duration_in_months is for duration repeating only.", `{"id": "A", "percent_off": 1, "duration": "once", "duration_in_months": "3"}`, "duration_in_months", invalid},
	{"create-promotion-code", "minimum_amount needs minimum_amount_currency.", `{"coupon_id": "A", "minimum_amount": 100}`, "minimum_amount_currency", missing},
	{"create-product", "default_price_amount needs default_price_currency.", `{"name": "A", "default_price_amount": 1}`, "default_price_currency", missing},
	{"create-product", "default_price_currency needs default_price_amount.", `{"name": "A", "default_price_currency": "usd"}`, "default_price_amount", missing},
	{"create-product", "default_price_interval needs default_price_amount.", `{"name": "A", "default_price_interval": "month"}`, "default_price_amount", missing},
	{"create-price", "Give exactly one of product_id and product_name.", `{"unit_amount": 1, "currency": "usd", "product_id": "prod_1", "product_name": "A"}`, "product_name", invalid},
	{"create-price", "interval_count needs interval.", `{"unit_amount": 1, "currency": "usd", "product_name": "A", "interval_count": 3}`, "interval", missing},
	{"create-price", "usage_type needs interval.", `{"unit_amount": 1, "currency": "usd", "product_name": "A", "usage_type": "licensed"}`, "interval", missing},
	{"create-price", "usage_type metered needs meter_id.", `{"unit_amount": 1, "currency": "usd", "product_name": "A", "interval": "month", "usage_type": "metered"}`, "meter_id", missing},
	{"create-price", "meter_id is for usage_type metered only.", `{"unit_amount": 1, "currency": "usd", "product_name": "A", "interval": "month", "meter_id": "mtr_1"}`, "meter_id", invalid},
	{"create-price", "transfer_lookup_key needs lookup_key.", `{"unit_amount": 1, "currency": "usd", "product_name": "A", "transfer_lookup_key": true}`, "lookup_key", missing},
	{"update-price", "transfer_lookup_key needs lookup_key.", `{"price_id": "price_1", "transfer_lookup_key": true}`, "lookup_key", missing},
	{"create-subscription", "collection_method send_invoice needs days_until_due.", `{"customer_id": "cus_1", "items": [{"price_id": "price_1"}], "collection_method": "send_invoice"}`, "days_until_due", missing},
	{"create-subscription", "Give at most one of trial_period_days and trial_end.", `{"customer_id": "cus_1", "items": [{"price_id": "price_1"}], "trial_period_days": 1, "trial_end": 1800000000}`, "trial_end", invalid},
	{"create-subscription", "days_until_due is for collection_method send_invoice only.", `{"customer_id": "cus_1", "items": [{"price_id": "price_1"}], "days_until_due": 1}`, "days_until_due", invalid},
	{"create-subscription", "Give at most one of coupon_id and promotion_code_id.", `{"customer_id": "cus_1", "items": [{"price_id": "price_1"}], "coupon_id": "A", "promotion_code_id": "promo_1"}`, "promotion_code_id", invalid},
	{"create-subscription", "Give at most one of cancel_at and cancel_at_period_end.", `{"customer_id": "cus_1", "items": [{"price_id": "price_1"}], "cancel_at": 1800000000, "cancel_at_period_end": true}`, "cancel_at_period_end", invalid},
	{"update-subscription", "Give at most one of coupon_id and promotion_code_id.", `{"subscription_id": "sub_1", "coupon_id": "A", "promotion_code_id": "promo_1"}`, "promotion_code_id", invalid},
	{"update-subscription", "Give at most one of cancel_at and cancel_at_period_end.", `{"subscription_id": "sub_1", "cancel_at": 1800000000, "cancel_at_period_end": true}`, "cancel_at_period_end", invalid},
	{"create-invoice", "collection_method send_invoice needs days_until_due.", `{"customer_id": "cus_1", "collection_method": "send_invoice"}`, "days_until_due", missing},
	{"create-invoice", "days_until_due is for collection_method send_invoice only.", `{"customer_id": "cus_1", "days_until_due": 3}`, "days_until_due", invalid},
	{"create-invoice-item", "Give exactly one of amount and price_id.", `{"customer_id": "cus_1"}`, "amount", missing},
	{"create-invoice-item", "amount needs currency.", `{"customer_id": "cus_1", "amount": -5}`, "currency", missing},
	{"create-invoice-item", "quantity needs price_id.", `{"customer_id": "cus_1", "amount": 5, "currency": "usd", "quantity": 2}`, "price_id", missing},
	{"pay-invoice", "Give at most one of payment_method_id and paid_out_of_band.", `{"invoice_id": "in_1", "payment_method_id": "pm_1", "paid_out_of_band": true}`, "paid_out_of_band", invalid},
	{"create-checkout-session", "mode payment needs line_items.", `{"mode": "payment", "success_url": "https://a.example"}`, "line_items", missing},
	{"create-checkout-session", "mode subscription needs line_items.", `{"mode": "subscription", "success_url": "https://a.example"}`, "line_items", missing},
	{
		"create-checkout-session", "In each of line_items: Give exactly one of price_id and name. name needs amount and currency. amount needs name. price_id needs quantity. name needs quantity.",
		`{"mode": "payment", "success_url": "https://a.example", "line_items": [{"price_id": "price_1", "quantity": 1}, {"name": "A", "amount": 1, "quantity": 1}]}`, "line_items[1].currency", missing,
	},
	{"create-checkout-session", "Give at most one of customer_id and customer_email.", `{"mode": "setup", "success_url": "https://a.example", "customer_id": "cus_1", "customer_email": "a@example.com"}`, "customer_email", invalid},
	{"create-checkout-session", "Give at most one of coupon_id, promotion_code_id and allow_promotion_codes.", `{"mode": "setup", "success_url": "https://a.example", "coupon_id": "A", "allow_promotion_codes": true}`, "allow_promotion_codes", invalid},
	{"create-checkout-session", "trial_period_days is for mode subscription only.", `{"mode": "setup", "success_url": "https://a.example", "trial_period_days": 1}`, "trial_period_days", invalid},
	{"create-payment-link", "after_completion redirect needs redirect_url.", `{"line_items": [{"price_id": "price_1", "quantity": 1}], "after_completion": "redirect"}`, "redirect_url", missing},
	{"create-payment-link", "redirect_url is for after_completion redirect only.", `{"line_items": [{"price_id": "price_1", "quantity": 1}], "redirect_url": "https://a.example"}`, "redirect_url", invalid},
	{"create-account-link", "type account_onboarding needs refresh_url and return_url.", `{"account_id": "acct_1", "type": "account_onboarding", "refresh_url": "https://a.example"}`, "return_url", missing},
	{"list-events", "Give at most one of type and types.", `{"type": "charge.succeeded", "types": ["charge.failed"]}`, "types", invalid},
}

// BrokenForStripe are rules that only a connection to the real Stripe breaks.
var BrokenForStripe = []Broken{
	{
		"create-token", "test_card_number is for connections to the sandbox only. Collect cards with Stripe.js elsewhere.",
		`{"test_card_number": "4242424242424242", "exp_month": 1, "exp_year": 2034}`, "test_card_number", pay.CodeRawCardData,
	},
}
