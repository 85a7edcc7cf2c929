package api

import (
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"florin/internal/pay"
)

// Amount is a decimal in whole units of a currency, as the caller wrote it:
// the JSON number 10.00 or the string "10.00". It stays text until the
// currency is known, so that it is never a float.
type Amount string

// UnmarshalJSON keeps the text of a number or string.
func (a *Amount) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		*a = Amount(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return errors.New("not a number or string")
	}
	*a = Amount(number)
	return nil
}

// Schema says that a number or a string is taken.
func (Amount) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		OneOf: []*huma.Schema{
			{Type: huma.TypeString, MaxLength: new(longestAmount), Examples: []any{"10.00"}},
			{Type: huma.TypeNumber, Examples: []any{10.5}},
		},
	}
}

// longestAmount is more than the digits of pay.MaxAmount need, leading zeros
// and decimals included.
const longestAmount = 40

// money reads the amount in a currency.
//
// Errors: invalid_amount, amount_too_large.
func (a Amount) money(c pay.Currency) (pay.Money, error) { return pay.ParseMoney(string(a), c) }
