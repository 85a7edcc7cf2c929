package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// amount is money in thousandths of a whole unit, which every currency has room
// in. Stories say no more than the decimals that the API writes.
type amount int64

// decimals is how many decimals an amount is kept with.
const decimals = 3

// parseAmount reads a signed decimal.
func parseAmount(text string) (amount, error) {
	sign, digits := "", text
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		sign, digits = "-", rest
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || len(fraction) > decimals {
		return 0, fmt.Errorf("%q is no amount", text)
	}
	n, err := strconv.ParseInt(sign+whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no amount", text)
	}
	return amount(n), nil
}

// String is the amount with two decimals, or three where it has them.
func (a amount) String() string {
	sign, n := "", a
	if a < 0 {
		sign, n = "-", -a
	}
	text := fmt.Sprintf("%s%d.%03d", sign, n/1000, n%1000)
	return strings.TrimSuffix(text, "0")
}
