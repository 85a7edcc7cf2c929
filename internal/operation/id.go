package operation

import (
	"fmt"
	"strings"
)

// ids is one kind of Stripe's ids: how they begin, and where one is found.
type ids struct {
	param string // as operations name it: customer_id
	word  string // as Stripe's parameters name it: customer
	opens []string
	find  string
}

// The kinds of ids. Stripe's older objects have other openings, which still
// work (docs.stripe.com/upgrades, "Object IDs").
var (
	accountIDs      = ids{"account_id", "account", []string{"acct_"}, "in the Dashboard under Connected accounts, or with list-accounts"}
	balanceIDs      = ids{"balance_transaction_id", "id", []string{"txn_"}, "in the balance_transaction of a charge, refund or payout, or with list-balance-transactions"}
	bankIDs         = ids{"bank_account_id", "bank_account", []string{"ba_"}, "among the sources of the customer"}
	cardIDs         = ids{"card_id", "card", []string{"card_"}, "among the sources of the customer"}
	chargeIDs       = ids{"charge_id", "charge", []string{"ch_", "py_"}, "in the Dashboard under Transactions > Payments, or with list-charges"}
	checkoutIDs     = ids{"checkout_session_id", "session", []string{"cs_"}, "in the answer of create-checkout-session, or with list-checkout-sessions"}
	customerIDs     = ids{"customer_id", "customer", []string{"cus_"}, "in the address of the customer's page in the Dashboard, after /customers/, or with list-customers"}
	disputeIDs      = ids{"dispute_id", "dispute", []string{"dp_", "du_", "pdp_"}, "in the Dashboard under Transactions > Disputes, or with list-disputes"}
	eventIDs        = ids{"event_id", "id", []string{"evt_"}, "in the Dashboard under Developers > Events, or with list-events"}
	intentIDs       = ids{"payment_intent_id", "payment_intent", []string{"pi_"}, "in the Dashboard under Transactions > Payments, or in the answer of create-payment-intent"}
	invoiceIDs      = ids{"invoice_id", "invoice", []string{"in_"}, "in the Dashboard under Billing > Invoices, or with list-invoices"}
	linkIDs         = ids{"payment_link_id", "payment_link", []string{"plink_"}, "in the Dashboard under Payment Links, or with list-payment-links"}
	meterIDs        = ids{"meter_id", "id", []string{"mtr_"}, "in the Dashboard under Billing > Usage-based > Meters, or with list-meters"}
	methodIDs       = ids{"payment_method_id", "payment_method", []string{"pm_", "card_", "src_", "ba_"}, "on the customer's page in the Dashboard under Payment methods, or with list-payment-methods"}
	payoutIDs       = ids{"payout_id", "payout", []string{"po_"}, "in the Dashboard under Balances > Payouts, or with list-payouts"}
	priceIDs        = ids{"price_id", "price", []string{"price_", "plan_"}, "on the product's page in the Dashboard, or with list-prices"}
	promotionIDs    = ids{"promotion_code_id", "promotion_code", []string{"promo_"}, "on the coupon's page in the Dashboard, or with list-promotion-codes"}
	refundIDs       = ids{"refund_id", "refund", []string{"re_", "pyr_"}, "in the answer of create-refund, or with list-refunds"}
	setupIDs        = ids{"setup_intent_id", "setup_intent", []string{"seti_"}, "in the answer of create-setup-intent"}
	sourceIDs       = ids{"source", "source", []string{"tok_", "card_", "ba_", "btok_", "src_"}, "in the answer of Stripe.js or create-token, or among the sources of the customer"}
	subscriptionIDs = ids{"subscription_id", "subscription", []string{"sub_"}, "in the Dashboard under Billing > Subscriptions, or with list-subscriptions"}
	itemIDs         = ids{"id", "id", []string{"si_"}, "among the items of the subscription"}
	tokenIDs        = ids{"token", "token", []string{"tok_"}, "in the answer of Stripe.js or create-token; tok_visa and others are there for tests"}
	anyTokenIDs     = ids{"token", "token", []string{"tok_", "btok_"}, "in the answer of Stripe.js or create-token"}
	transferIDs     = ids{"transfer_id", "transfer", []string{"tr_"}, "in the Dashboard under Balances, or with list-transfers"}
)

// id is a parameter of this kind under its usual name.
func (k ids) id(about string) parameter { return idOf(k, k.param, about).as(k.word) }

// idOf is an id of some kind.
func idOf(k ids, name, about string) parameter {
	p := of(kindID, name, about)
	p.opens, p.find = k.opens, k.find
	return p
}

// customerID is the parameter customer_id.
func customerID(about string) parameter { return customerIDs.id(about) }

// checkID says whether a text can be an id that begins as it should.
//
// Errors: it cannot; the text says where such an id is found.
func (p parameter) checkID(text string) error {
	for _, opening := range p.opens {
		if rest, ok := strings.CutPrefix(text, opening); ok && isPlain(rest) {
			return nil
		}
	}
	return fmt.Errorf("begins with %s; it is found %s", either(p.opens), p.find)
}

// longestID bounds an id in characters, as Stripe's own documents do.
const longestID = 255

// isPlain reports whether a text has only the characters of ids.
func isPlain(text string) bool {
	return text != "" && len(text) <= longestID && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-'
	})
}
