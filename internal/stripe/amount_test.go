package stripe

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

// Examples from docs.stripe.com/currencies.
func TestAmountsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		money pay.Money
		wire  int64
	}{
		{pay.Amount(1000, "USD"), 1000}, {pay.Amount(500, "JPY"), 500}, {pay.Amount(5, "ISK"), 500}, {pay.Amount(5, "UGX"), 500},
		{pay.Amount(5120, "KWD"), 5120}, {pay.Amount(45, "HUF"), 45}, {pay.Amount(800, "TWD"), 800}, {pay.Amount(10, "MGA"), 10},
	} {
		assert.Equal(t, row.wire, toWire(row.money), row.money)
		assert.Equal(t, row.money, fromWire(row.wire, strings.ToLower(string(row.money.Currency))))
	}
}

func TestFractionsOfPaddedCurrenciesAreRounded(t *testing.T) {
	t.Parallel()
	for wire, minor := range map[int64]int64{149: 1, 150: 2, 151: 2, 0: 0, 49: 0, -149: -1, -150: -2} {
		assert.Equal(t, pay.Amount(minor, "ISK"), fromWire(wire, "isk"), "%d", wire)
	}
}

func TestEveryAmountSurvivesTheWire(t *testing.T) {
	t.Parallel()
	currencies := pay.Currencies()
	rapid.Check(t, func(t *rapid.T) {
		money := pay.Amount(rapid.Int64Range(-pay.MaxAmount, pay.MaxAmount).Draw(t, "minor"), rapid.SampledFrom(currencies).Draw(t, "currency"))
		assert.Equal(t, money, fromWire(toWire(money), currencyOnWire(money.Currency)))
	})
}
