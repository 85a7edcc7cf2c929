package dashboard

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"florin/internal/engine"
	"florin/internal/pay"
)

// testCards are the payment methods that people try first
// (docs.stripe.com/testing).
var testCards = []struct{ Method, Says string }{
	{"pm_card_visa", "succeeds"},
	{"pm_card_mastercard", "succeeds"},
	{"pm_card_chargeDeclined", "is declined"},
	{"pm_card_chargeDeclinedInsufficientFunds", "has no money"},
	{"pm_card_threeDSecure2Required", "asks the customer"},
	{"pm_card_createDispute", "is disputed afterwards"},
}

var orders = []struct {
	Order pay.PaymentOrder
	Says  string
}{
	{pay.NewestFirst, "newest first"}, {pay.OldestFirst, "oldest first"},
	{pay.LargestFirst, "largest first"}, {pay.SmallestFirst, "smallest first"},
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// inCurrency is an amount that may be nothing, in the currency of another.
func inCurrency(m, of pay.Money) pay.Money {
	if m.Currency == "" {
		return pay.Amount(0, of.Currency)
	}
	return m
}

// detailOf is what a moment has to say beyond its summary, as JSON.
func detailOf(m engine.Moment) string {
	if len(m.Detail) == 0 {
		return ""
	}
	text, err := json.MarshalIndent(m.Detail, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// nameOf is what people call a partner.
func nameOf(a pay.Account) string {
	return cmp.Or(a.Name, a.Email, a.ProviderRef, string(a.ID))
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func orDash(text string) string { return cmp.Or(text, "–") }

// every is how often a plan is due, in words.
func every(p pay.Plan) string {
	if p.IntervalCount == 1 {
		return "every " + string(p.Interval)
	}
	return "every " + strconv.Itoa(p.IntervalCount) + " " + string(p.Interval) + "s"
}
