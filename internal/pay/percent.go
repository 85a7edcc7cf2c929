package pay

import (
	"strconv"
	"strings"
)

// Percent is a share in basis points, hundredths of a percent: 2000 is 20 %.
// Stripe takes no finer ones (docs.stripe.com/api/subscriptions/create,
// "application_fee_percent").
type Percent int

// WholePercent is all of an amount.
const WholePercent Percent = 100_00

// ParsePercent reads a decimal with at most two places, such as 20 or "17.5".
//
// Errors: invalid_field, which names field.
func ParsePercent(s, field string) (Percent, error) {
	bad := Invalid(CodeInvalidField, field, `%s is a percentage from 0 to 100 with at most two decimals, such as "20" or "17.5"`, field)
	whole, fraction, dotted := strings.Cut(s, ".")
	if dotted && fraction == "" || len(whole) == 0 || len(whole) > 3 || len(fraction) > 2 {
		return 0, bad
	}
	digits := whole + fraction + strings.Repeat("0", 2-len(fraction))
	if strings.Trim(digits, "0123456789") != "" {
		return 0, bad
	}
	points, err := strconv.Atoi(digits)
	if err != nil || Percent(points) > WholePercent {
		return 0, bad
	}
	return Percent(points), nil
}

// String is the percentage as ParsePercent reads it: "20", "17.5".
func (p Percent) String() string {
	text := strconv.Itoa(int(p / 100))
	if rest := int(p % 100); rest != 0 {
		text += "." + strings.TrimRight(strconv.Itoa(rest/10)+strconv.Itoa(rest%10), "0")
	}
	return text
}

// Of is the share of an amount, rounded half up to the minor unit.
func (p Percent) Of(m Money) Money {
	// MaxAmount times WholePercent is far from an int64's end.
	return Amount((m.Minor*int64(p)+int64(WholePercent)/2)/int64(WholePercent), m.Currency)
}
