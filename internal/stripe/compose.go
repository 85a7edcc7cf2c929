package stripe

import (
	"maps"
	"net/http"
	"regexp"

	stripego "github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/form"

	"florin/internal/pay"
)

// The metadata by which Stripe keeps our ids: they find a payment again whose
// answer was lost, and tell our objects from others in the same account.
const (
	keyPayment  = "florin_payment"
	keyRefund   = "florin_refund"
	keyCustomer = "florin_customer"
	keyMerchant = "florin_merchant"
	keyAccount  = "florin_account"
	keyCard     = "florin_card"
	keyTransfer = "florin_transfer"
	keyReversal = "florin_reversal"
	keyPayout   = "florin_payout"
	keyPrefix   = "florin_" // of all of them

	keyPlan         = "florin_plan"
	keySubscription = "florin_subscription"
)

// expandFee asks for Stripe's fee and the card's brand in the same answer.
const expandFee = "latest_charge.balance_transaction"

// compose writes a POST of stripe-go's parameters. The form is in the order of
// the struct's fields, and maps are sorted, so equal parameters give equal
// bytes; what is kept is sent, whatever a later version would write.
func compose(path string, params any) pay.Wire {
	values := &form.Values{}
	form.AppendTo(values, params)
	return pay.Wire{Method: http.MethodPost, Path: path, Body: values.Encode(), APIVersion: stripego.APIVersion}
}

// tagged is the caller's metadata together with ours, which wins.
func tagged(metadata map[string]string, ours map[string]string) map[string]string {
	all := make(map[string]string, len(metadata)+len(ours))
	maps.Copy(all, metadata)
	maps.Copy(all, ours)
	return all
}

// optional leaves a parameter out when it is empty: an empty one would unset
// what Stripe knows.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return stripego.String(text)
}

// methodForm is what the id of a payment method looks like: of today (pm_…) or
// of Stripe's older kinds that still charge. Ids are opaque, at most 255
// characters (docs.stripe.com/upgrades, "Object IDs").
var methodForm = regexp.MustCompile(`^(pm|card|src)_[A-Za-z0-9_]{1,250}$`)

// declinedAlias is the test card by the name that Florin's users know it by;
// Stripe's own name is declinedMethod.
const (
	declinedAlias  = "pm_card_declined"
	declinedMethod = "pm_card_chargeDeclined"
)

// methodRef is a payment method's id as Stripe knows it.
//
// Errors: invalid_payment_method, when it cannot be one.
func methodRef(ref string, mode pay.Mode, field string) (string, error) {
	if !methodForm.MatchString(ref) {
		return "", pay.Invalid(pay.CodeInvalidPaymentMeth, field, "a payment method is Stripe's id of one, such as pm_1Ab2…")
	}
	if ref == declinedAlias && mode == pay.Test {
		return declinedMethod, nil
	}
	return ref, nil
}
