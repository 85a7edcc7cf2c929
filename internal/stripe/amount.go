package stripe

import (
	"strings"

	"florin/internal/pay"
)

// padded has the currencies that people pay in whole units but that Stripe
// writes with two decimals, always 00, for the sake of older clients
// (docs.stripe.com/currencies, "Special cases": ISK and UGX). Everywhere else
// Stripe's integers are pay's minor units: ×1 for zero-decimal currencies, ×100
// for most, ×1000 for the five with three. HUF and TWD are padded in payouts
// only, which are no business of this room.
var padded = map[pay.Currency]int64{"ISK": 100, "UGX": 100}

// toWire is the integer that Stripe takes for an amount.
func toWire(m pay.Money) int64 {
	if factor, ok := padded[m.Currency]; ok {
		return m.Minor * factor
	}
	return m.Minor
}

// fromWire reads an integer of Stripe's. Fees of padded currencies may come
// with a fraction of a unit, which is rounded half away from zero.
func fromWire(minor int64, currency string) pay.Money {
	c := pay.Currency(strings.ToUpper(currency))
	factor, ok := padded[c]
	if !ok {
		return pay.Amount(minor, c)
	}
	half := factor / 2
	if minor < 0 {
		half = -half
	}
	return pay.Amount((minor+half)/factor, c)
}

// currencyOnWire is how Stripe writes a currency.
func currencyOnWire(c pay.Currency) string { return strings.ToLower(string(c)) }
