package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"florin/internal/pay"
)

// The kinds of parameters.
var (
	kindText     = &kind{"string", "text", pay.CodeInvalidField, readText}
	kindID       = &kind{"string", "an id", pay.CodeInvalidID, readID}
	kindCurrency = &kind{"string", "a three-letter currency code such as usd", pay.CodeInvalidCurrency, readCurrency}
	kindWhole    = &kind{"integer", "a whole number", pay.CodeInvalidField, readWhole}
	kindAmount   = &kind{"integer", "a whole number of minor units", pay.CodeInvalidAmount, readAmount}
	kindMoment   = &kind{"integer", "a time in whole seconds since 1970 (Unix time)", pay.CodeInvalidField, readWhole}
	kindDecimal  = &kind{"number", "a number", pay.CodeInvalidField, readDecimal}
	kindDigits   = &kind{"string", "a number, as text or not", pay.CodeInvalidField, readDigits}
	kindYes      = &kind{"boolean", "true or false", pay.CodeInvalidField, readYes}
)

// The kinds of parameters that hold others. input.go reads them.
var (
	kindLabels = &kind{"object", "an object of texts", pay.CodeInvalidMetadata, nil}
	kindObject = &kind{"object", "an object", pay.CodeInvalidField, nil}
	kindList   = &kind{"array", "a list", pay.CodeInvalidField, nil}
)

// errKind says that a value is of another type; which one it should be is the
// kind's to say.
var errKind = errors.New("wrong type")

// longestText bounds a text in bytes. Stripe's longest is 40,000 characters of
// metadata-like text in an invoice's footer; most are far shorter.
const longestText = 40_000

func readText(p parameter, value any) (any, error) {
	text, ok := value.(string)
	switch {
	case !ok:
		return nil, errKind
	case len(text) > longestText:
		return nil, fmt.Errorf("has at most %d bytes", longestText)
	case strings.IndexByte(text, 0) >= 0:
		return nil, errors.New("cannot hold the character NUL")
	case len(p.allowed) > 0 && !slices.Contains(p.allowed, text):
		return nil, fmt.Errorf("is one of %s%s", strings.Join(p.allowed, ", "), meant(text, p.allowed))
	}
	return text, nil
}

func readID(p parameter, value any) (any, error) {
	text, ok := value.(string)
	if !ok {
		return nil, errKind
	}
	return text, p.checkID(text)
}

func readCurrency(_ parameter, value any) (any, error) {
	text, ok := value.(string)
	if !ok {
		return nil, errKind
	}
	code, err := pay.ParseCurrency(text)
	if err != nil {
		return nil, errors.New("is a three-letter currency code that Stripe takes, such as usd")
	}
	return strings.ToLower(string(code)), nil
}

// exact is the largest number up to which every whole one has a float of its
// own, so that 1000.0 can be taken for 1000.
const exact = 1 << 53

// wholeOf takes a number apart that may be written as 1000, 1000.0 or 1e3.
func wholeOf(value any) (n int64, isNumber, isWhole bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false, false
	}
	if n, err := number.Int64(); err == nil {
		return n, true, true
	}
	float, err := number.Float64()
	if err != nil || float != math.Trunc(float) || math.Abs(float) > exact {
		return 0, true, false
	}
	return int64(float), true, true
}

func readWhole(p parameter, value any) (any, error) {
	n, _, isWhole := wholeOf(value)
	if !isWhole {
		return nil, errKind
	}
	return n, p.checkRange(n)
}

func readAmount(p parameter, value any) (any, error) {
	n, isNumber, isWhole := wholeOf(value)
	switch {
	case !isNumber:
		return nil, errKind
	case !isWhole:
		return nil, errors.New("is a whole number of the currency's minor units: 1050 stands for 10.50 USD, and 1050 for 1050 JPY")
	}
	return n, p.checkRange(n)
}

func readDecimal(p parameter, value any) (any, error) {
	number, ok := value.(json.Number)
	if !ok {
		return nil, errKind
	}
	float, err := number.Float64()
	switch {
	case err != nil:
		return nil, errKind
	case p.least != nil && float < float64(*p.least), p.most != nil && float > float64(*p.most):
		return nil, p.rangeError()
	}
	return strconv.FormatFloat(float, 'f', -1, 64), nil
}

func readDigits(p parameter, value any) (any, error) {
	if text, ok := value.(string); ok {
		value = json.Number(strings.TrimSpace(text))
	}
	n, _, isWhole := wholeOf(value)
	if !isWhole {
		return nil, errors.New(`is a whole number, as 3 or "3"`)
	}
	return n, p.checkRange(n)
}

func readYes(_ parameter, value any) (any, error) {
	if _, ok := value.(bool); !ok {
		return nil, errKind
	}
	return value, nil
}

func (p parameter) checkRange(n int64) error {
	if p.least != nil && n < *p.least || p.most != nil && n > *p.most {
		return p.rangeError()
	}
	return nil
}

func (p parameter) rangeError() error {
	switch {
	case p.most == nil:
		return fmt.Errorf("is at least %d", *p.least)
	case p.least == nil:
		return fmt.Errorf("is at most %d", *p.most)
	default:
		return fmt.Errorf("is between %d and %d", *p.least, *p.most)
	}
}
