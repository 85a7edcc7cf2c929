package pay_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

func TestParsePercent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pay.Percent{"0": 0, "20": 2000, "17.5": 1750, "2.90": 290, "0.05": 5, "100": pay.WholePercent, "100.00": pay.WholePercent} {
		got, err := pay.ParsePercent(text, "platform_percent")
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, bad := range []string{"", ".", "20.", ".5", "-1", "+1", "1e1", "20%", "17.555", "100.01", "101", "1000", "٢"} {
		_, err := pay.ParsePercent(bad, "platform_percent")
		require.Error(t, err, bad)
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(err), bad)
	}
}

// What is written is read back, and a share is what exact arithmetic rounds
// half up.
func TestPercentIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := pay.Percent(rapid.IntRange(0, int(pay.WholePercent)).Draw(t, "points"))
		back, err := pay.ParsePercent(p.String(), "f")
		require.NoError(t, err)
		require.Equal(t, p, back)
		minor := rapid.Int64Range(0, pay.MaxAmount).Draw(t, "minor")
		exact := new(big.Rat).SetFrac64(minor*int64(p), int64(pay.WholePercent))
		exact.Add(exact, big.NewRat(1, 2))
		want := new(big.Int).Quo(exact.Num(), exact.Denom())
		require.Equal(t, pay.Amount(want.Int64(), "USD"), p.Of(pay.Amount(minor, "USD")))
	})
}
