package sandbox

import (
	"fmt"
	"math/big"
	"strings"
)

// maxDecimals is how many digits may follow the point of a unit amount (§2.15).
const maxDecimals = 12

// decimal is an exact number, which JSON carries as a string: a unit amount in
// minor units, or fractions of them.
type decimal struct{ *big.Rat }

// whole is the decimal of a whole number.
func whole(n int64) decimal { return decimal{new(big.Rat).SetInt64(n)} }

// times multiplies; the result is in the units of the decimal.
func (d decimal) times(n int64) decimal { return decimal{new(big.Rat).Mul(d.Rat, whole(n).Rat)} }

// plus adds.
func (d decimal) plus(other decimal) decimal { return decimal{new(big.Rat).Add(d.Rat, other.Rat)} }

// round is the nearest whole number, halves away from zero.
func (d decimal) round() int64 { return roundRatio(d.Num(), d.Denom()) }

// roundRatio divides and rounds halves away from zero.
func roundRatio(num, den *big.Int) int64 {
	twice := new(big.Int).Mul(new(big.Int).Abs(num), big.NewInt(2))
	twice.Add(twice, den)
	out := twice.Quo(twice, new(big.Int).Mul(den, big.NewInt(2))).Int64()
	if num.Sign() < 0 {
		return -out
	}
	return out
}

// share is amount × part ÷ of, halves away from zero (§9.7).
func share(amount, part, of int64) int64 {
	if of == 0 {
		return 0
	}
	return roundRatio(new(big.Int).Mul(big.NewInt(amount), big.NewInt(part)), big.NewInt(of))
}

// whole64 is the value, if it is a whole number.
func (d decimal) whole64() *int64 {
	if !d.IsInt() {
		return nil
	}
	return pointer(d.Num().Int64())
}

// String spells the number without trailing zeros: "1000", "0.5".
func (d decimal) String() string {
	out := d.FloatString(maxDecimals)
	return strings.TrimSuffix(strings.TrimRight(out, "0"), ".")
}

// MarshalText spells the number, for JSON strings.
func (d decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *decimal) UnmarshalText(text []byte) error {
	parsed, ok := parseDecimal(string(text), maxDecimals)
	if !ok {
		return fmt.Errorf("sandbox: %q is not a decimal", text)
	}
	*d = parsed
	return nil
}

// parseDecimal reads digits with at most so many places, nothing else: no
// exponents and no fractions.
func parseDecimal(text string, places int) (decimal, bool) {
	digits, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if strings.Trim(digits+fraction, "0123456789") != "" || digits == "" || len(digits) > maxDecimals || len(fraction) > maxDecimals {
		return decimal{}, false
	}
	if len(strings.TrimRight(fraction, "0")) > places {
		return decimal{}, false
	}
	value, ok := new(big.Rat).SetString(text)
	return decimal{value}, ok
}

// percent is a percentage in hundredths of a percent, as exact as Stripe takes
// them; JSON shows it as a number.
type percent int64

// percentPlaces is how many decimals a percentage may have (§2.16, §2.17.2),
// and oneHundred is 100 %.
const (
	percentPlaces         = 2
	oneHundred    percent = 100_00
)

// of is the part of an amount, in its minor units, halves away from zero.
func (p percent) of(amount int64) int64 { return share(amount, int64(p), int64(oneHundred)) }

// MarshalJSON shows 12.5 for 1250.
func (p percent) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// String spells the percentage without its sign: "12.5".
func (p percent) String() string {
	return decimal{big.NewRat(int64(p), 100)}.String()
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *percent) UnmarshalJSON(raw []byte) error {
	parsed, ok := parseDecimal(string(raw), percentPlaces)
	if !ok {
		return fmt.Errorf("sandbox: %q is not a percentage", raw)
	}
	*p = percent(parsed.times(100).round())
	return nil
}

// percent is the parameter's value, nil when it was not sent; more than 100 or
// less than least hundredths are refused.
func (p params) percent(name string, least percent) (*percent, error) {
	text := p.text(name)
	if text == "" {
		return nil, nil
	}
	parsed, ok := parseDecimal(text, maxDecimals) // clients send more places than count: 12.5000
	if !ok {
		return nil, badParam(name, "parameter_invalid_decimal", "Invalid decimal: "+text+"; must contain at maximum two decimal places.")
	}
	hundredths := parsed.times(100)
	value := percent(hundredths.round())
	if !hundredths.IsInt() || value < least || value > oneHundred {
		return nil, badParam(name, "parameter_invalid_decimal", "Invalid decimal: "+text+"; must be at most 100, and contain at maximum two decimal places.")
	}
	return &value, nil
}

// decimalOf is the parameter's value, nil when it was not sent.
func (p params) decimalOf(name string) (*decimal, error) {
	text := p.text(name)
	if text == "" {
		return nil, nil
	}
	parsed, ok := parseDecimal(text, maxDecimals)
	if !ok {
		return nil, badParam(name, "parameter_invalid_decimal", "Invalid decimal: "+text+"; must contain at maximum 12 decimal places.")
	}
	return &parsed, nil
}
