package pay_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

func anyCurrency(t *rapid.T) pay.Currency {
	return rapid.SampledFrom([]pay.Currency{"USD", "EUR", "JPY", "ISK", "UGX", "KWD", "TND", "KES"}).Draw(t, "currency")
}

// What is written is read back: no cent is lost between text and number.
func TestMoneyReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := pay.Amount(rapid.Int64Range(1, pay.MaxAmount).Draw(t, "minor"), anyCurrency(t))
		back, err := pay.ParseMoney(m.Decimal(), m.Currency)
		require.NoError(t, err)
		assert.Equal(t, m, back)
	})
}

// Decimal agrees with exact rational arithmetic, an independent reading.
func TestMoneyDecimalIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := pay.Amount(rapid.Int64().Draw(t, "minor"), anyCurrency(t))
		text, ok := new(big.Rat).SetString(m.Decimal())
		require.True(t, ok, m.Decimal())
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.Currency.Digits())), nil)
		assert.Zero(t, text.Cmp(new(big.Rat).SetFrac(big.NewInt(m.Minor), unit)), m.Decimal())
	})
}

func TestMoneySumsAreExactOrRefused(t *testing.T) {
	t.Parallel()
	edge := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := edge.Draw(t, "a"), edge.Draw(t, "b")
		sum, err := pay.Amount(a, "USD").Add(pay.Amount(b, "USD"))
		exact := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		if !exact.IsInt64() {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, exact.Int64(), sum.Minor)
		if b == math.MinInt64 {
			return
		}
		back, err := sum.Sub(pay.Amount(b, "USD"))
		require.NoError(t, err)
		assert.Equal(t, a, back.Minor)
	})
}

func TestMoneyOfTwoCurrenciesIsNeverAdded(t *testing.T) {
	t.Parallel()
	_, err := pay.Amount(1, "USD").Add(pay.Amount(1, "EUR"))
	assert.True(t, pay.Is(err, pay.CodeInternal))
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		currency pay.Currency
		minor    int64
		code     pay.Code
	}{
		{"10", "USD", 1000, ""}, {"10.5", "USD", 1050, ""}, {"10.50", "USD", 1050, ""}, {"0.01", "USD", 1, ""},
		{"010.00", "USD", 1000, ""}, {"10.000", "USD", 1000, ""}, {"29.99", "USD", 2999, ""}, {"100", "KES", 10000, ""},
		{"500", "JPY", 500, ""}, {"500.00", "JPY", 500, ""}, {"5.124", "KWD", 5124, ""}, {"999999.99", "USD", 99_999_999, ""},
		{"10.005", "USD", 0, pay.CodeInvalidAmount}, {"500.5", "JPY", 0, pay.CodeInvalidAmount},
		{"", "USD", 0, pay.CodeInvalidAmount}, {"0", "USD", 0, pay.CodeInvalidAmount}, {"0.00", "USD", 0, pay.CodeInvalidAmount},
		{"-1", "USD", 0, pay.CodeInvalidAmount}, {"+1", "USD", 0, pay.CodeInvalidAmount}, {"1e3", "USD", 0, pay.CodeInvalidAmount},
		{"1,000", "USD", 0, pay.CodeInvalidAmount}, {" 1", "USD", 0, pay.CodeInvalidAmount}, {".5", "USD", 0, pay.CodeInvalidAmount},
		{"5.", "USD", 0, pay.CodeInvalidAmount}, {"0x10", "USD", 0, pay.CodeInvalidAmount}, {"١٠", "USD", 0, pay.CodeInvalidAmount},
		{"1.2.3", "USD", 0, pay.CodeInvalidAmount}, {"NaN", "USD", 0, pay.CodeInvalidAmount},
		{"1000000.00", "USD", 0, pay.CodeAmountTooLarge}, {strings.Repeat("9", 39), "USD", 0, pay.CodeAmountTooLarge},
	} {
		t.Run(fmt.Sprintf("%q %s", c.text, c.currency), func(t *testing.T) {
			t.Parallel()
			m, err := pay.ParseMoney(c.text, c.currency)
			if c.code != "" {
				assert.Equal(t, c.code, pay.CodeOf(err))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, pay.Amount(c.minor, c.currency), m)
		})
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"10", "10.50", "-1", "1e9", "0.001", "999999.99", "1000000", "..", "１"} {
		f.Add(seed, uint8(2))
	}
	names := map[uint8]pay.Currency{0: "JPY", 2: "USD", 3: "KWD"}
	f.Fuzz(func(t *testing.T, text string, digits uint8) {
		currency, ok := names[digits%4]
		if !ok {
			return
		}
		m, err := pay.ParseMoney(text, currency)
		if err != nil {
			return
		}
		if m.Minor <= 0 || m.Minor > pay.MaxAmount {
			t.Fatalf("%q became %d", text, m.Minor)
		}
		want, ok := new(big.Rat).SetString(text)
		got, _ := new(big.Rat).SetString(m.Decimal())
		if !ok || want.Cmp(got) != 0 {
			t.Fatalf("%q became %s", text, m.Decimal())
		}
	})
}

func TestMilliOrdersAcrossCurrencies(t *testing.T) {
	t.Parallel()
	assert.Equal(t, int64(100_000), pay.Amount(100, "JPY").Milli())
	assert.Equal(t, int64(100_000), pay.Amount(10_000, "USD").Milli())
	assert.Equal(t, int64(100_000), pay.Amount(100_000, "KWD").Milli())
	bound, err := pay.ParseMilli("100", "min_amount")
	require.NoError(t, err)
	assert.Equal(t, int64(100_000), bound)
	_, err = pay.ParseMilli("ten", "min_amount")
	assert.Equal(t, pay.CodeInvalidAmount, pay.CodeOf(err))
}

func TestCheckCharge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount pay.Money
		code   pay.Code
	}{
		{pay.Amount(50, "USD"), ""}, {pay.Amount(49, "USD"), pay.CodeAmountTooSmall}, {pay.Amount(0, "USD"), pay.CodeInvalidAmount},
		{pay.Amount(-50, "USD"), pay.CodeInvalidAmount}, {pay.Amount(pay.MaxAmount+1, "USD"), pay.CodeAmountTooLarge},
		{pay.Amount(50, "JPY"), ""}, {pay.Amount(1, "KES"), ""}, {pay.Amount(5120, "KWD"), ""}, {pay.Amount(5124, "KWD"), pay.CodeInvalidAmount},
	} {
		if c.code == "" {
			assert.NoError(t, c.amount.CheckCharge(), c.amount)
			continue
		}
		assert.Equal(t, c.code, pay.CodeOf(c.amount.CheckCharge()), c.amount)
	}
}
