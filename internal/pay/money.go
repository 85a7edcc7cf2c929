package pay

import (
	"math"
	"strconv"
	"strings"
)

// MaxAmount is the largest amount of one payment in minor units: Stripe takes
// eight digits ("Amount must be no more than $999,999.99"; a few currencies
// allow more, which Florin does not).
const MaxAmount = 99_999_999

// Money is an amount of one currency in its minor units: 1050 USD is $10.50,
// 1050 JPY is ¥1050. It is never a float, and amounts of different currencies
// are never added.
type Money struct {
	Minor    int64
	Currency Currency
}

// Amount is an amount in code: minor units first. Names such as USD(10) would
// leave open which units are meant.
func Amount(minor int64, c Currency) Money { return Money{Minor: minor, Currency: c} }

// ParseMoney reads a decimal such as 10, 10.5 or "10.50" in the currency's own
// digits. It refuses signs, exponents, more decimals than the currency has
// (unless they are zeros) and anything above MaxAmount.
//
// Errors: invalid_amount, amount_too_large.
func ParseMoney(s string, c Currency) (Money, error) {
	bad := Invalid(CodeInvalidAmount, "amount", "an amount of %s is a decimal above zero with at most %d decimals, such as %s",
		c, c.Digits(), Money{Minor: 1000, Currency: c}.Decimal())
	whole, fraction, dotted := strings.Cut(s, ".")
	if dotted && fraction == "" || len(s) > 40 {
		return Money{}, bad
	}
	digits := c.Digits()
	if len(fraction) > digits {
		if strings.Trim(fraction[digits:], "0") != "" {
			return Money{}, bad
		}
		fraction = fraction[:digits]
	}
	text := whole + fraction + strings.Repeat("0", digits-len(fraction))
	if whole == "" || strings.Trim(text, "0123456789") != "" {
		return Money{}, bad
	}
	text = strings.TrimLeft(text, "0")
	if text == "" {
		return Money{}, bad
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || minor > MaxAmount {
		return Money{}, Invalid(CodeAmountTooLarge, "amount", "the largest amount of one payment is %s %s", Money{Minor: MaxAmount, Currency: c}.Decimal(), c)
	}
	return Money{Minor: minor, Currency: c}, nil
}

// Decimal is the amount with all decimals of its currency, as the Payments API
// writes it: "10.50", "1050", "1.050".
func (m Money) Decimal() string {
	digits := m.Currency.Digits()
	sign, abs := "", uint64(m.Minor)
	if m.Minor < 0 {
		sign, abs = "-", -uint64(m.Minor)
	}
	s := strconv.FormatUint(abs, 10)
	if digits == 0 {
		return sign + s
	}
	if len(s) <= digits {
		s = strings.Repeat("0", digits-len(s)+1) + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// String is the amount with its currency, for people: "10.50 USD".
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

// IsZero reports whether the amount is zero, in whatever currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// Add is m + n.
//
// Errors: internal_error when the currencies differ or the sum overflows; both
// are defects, never a caller's doing.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, Errorf(CodeInternal, "cannot add %s to %s", n.Currency, m.Currency)
	}
	if n.Minor > 0 && m.Minor > math.MaxInt64-n.Minor || n.Minor < 0 && m.Minor < math.MinInt64-n.Minor {
		return Money{}, Errorf(CodeInternal, "%s plus %s overflows", m, n)
	}
	return Money{Minor: m.Minor + n.Minor, Currency: m.Currency}, nil
}

// Sub is m - n, with the errors of Add.
func (m Money) Sub(n Money) (Money, error) {
	if n.Minor == math.MinInt64 {
		return Money{}, Errorf(CodeInternal, "%s minus the smallest amount overflows", m)
	}
	return m.Add(Money{Minor: -n.Minor, Currency: n.Currency})
}

// minimums are Stripe's smallest charges by settlement currency
// (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts), in minor
// units. Other currencies have no fixed one: Stripe decides.
var minimums = map[Currency]int64{
	"USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50,
	"GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
	"RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
}

// CheckCharge says whether a payment of this amount can be taken.
//
// Errors: invalid_amount, amount_too_small, amount_too_large.
func (m Money) CheckCharge() error {
	switch least := minimums[m.Currency]; {
	case m.Minor <= 0:
		return Invalid(CodeInvalidAmount, "amount", "the amount must be above zero")
	case m.Minor < least:
		return Invalid(CodeAmountTooSmall, "amount", "the smallest payment in %s is %s", m.Currency, Amount(least, m.Currency).Decimal())
	case m.Minor > MaxAmount:
		return Invalid(CodeAmountTooLarge, "amount", "the largest payment in %s is %s", m.Currency, Amount(MaxAmount, m.Currency).Decimal())
	case m.Currency.Digits() == 3 && m.Minor%10 != 0:
		return Invalid(CodeInvalidAmount, "amount", "the last decimal of an amount of %s must be 0: card networks round to ten", m.Currency)
	}
	return nil
}
