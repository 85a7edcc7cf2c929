package pay_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

// However much is captured, the two parts are all of it, and nobody's is below
// zero; a lower capture never brings a higher fee.
func TestPartsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(1, pay.MaxAmount).Draw(t, "amount")
		captured := rapid.Int64Range(1, amount).Draw(t, "captured")
		share := pay.Share{Account: "a", Type: pay.ChargeSeparate, Percent: pay.Percent(rapid.IntRange(0, int(pay.WholePercent)).Draw(t, "percent"))}
		if share.Percent == 0 {
			share.Fee = pay.Amount(rapid.Int64Range(0, amount).Draw(t, "fee"), "USD")
		}
		full, part := share.FeeOf(pay.Amount(amount, "USD")), share.FeeOf(pay.Amount(captured, "USD"))
		p := pay.Payment{Amount: pay.Amount(amount, "USD"), Captured: pay.Amount(captured, "USD"), Share: share}
		p.Share.Fee = part
		assert.LessOrEqual(t, part.Minor, full.Minor)
		assert.GreaterOrEqual(t, part.Minor, int64(0))
		assert.GreaterOrEqual(t, p.PartnerShare().Minor, int64(0))
		assert.Equal(t, captured, p.PartnerShare().Minor+part.Minor)
	})
}

func TestSharesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	usd := func(minor int64) pay.Money { return pay.Amount(minor, "USD") }
	for field, share := range map[string]pay.Share{
		"account":         {Type: pay.ChargeDirect},
		"on_behalf_of":    {Account: "a", Type: pay.ChargeDirect, OnBehalfOf: true},
		"application_fee": {Account: "a", Type: pay.ChargeDestination, Fee: usd(101)},
	} {
		err := share.CheckFee(usd(100))
		var known *pay.Error
		require.ErrorAs(t, err, &known)
		assert.Equal(t, field, known.Field, fmt.Sprint(err))
	}
	require.NoError(t, pay.Share{Account: "a", Type: pay.ChargeDestination, Fee: usd(100)}.CheckFee(usd(100)))
	require.NoError(t, pay.Share{}.CheckFee(usd(100)))
}
