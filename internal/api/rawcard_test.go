package api

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

func TestCardDataIsRefusedAnywhere(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{"card":{"number":"4242424242424242","cvc":"123"}}`:            "card.cvc",
		`{"card":{"number":"17"}}`:                                      "card.number",
		`{"number":4242424242424242}`:                                   "number",
		`{"card[number]":"x"}`:                                          "card[number]",
		`{"CVC":"123"}`:                                                 "CVC",
		`{"cvv":123}`:                                                   "cvv",
		`{"amount":4242424242424242}`:                                   "amount",
		`{"description":"pay with 4242 4242 4242 4242 please"}`:         "description",
		`{"metadata":{"note":"5555-5555-5555-4444"}}`:                   "metadata.note",
		`{"metadata":{"4242424242424242":"x"}}`:                         "metadata.4242424242424242",
		`{"metadata":{"number":"4242424242424242"}}`:                    "metadata.number",
		`{"metadata":{"cvc":"123"}}`:                                    "metadata.cvc",
		`{"events":["a","378282246310005"]}`:                            "events",
		`{"a":[{"b":{"card-number":"0"}}]}`:                             "a.b.card-number",
		`{"payment_method":"4242424242424242","saved_card_id":"00-00"}`: "payment_method",
	} {
		fields, err := parseObject([]byte(body))
		require.NoError(t, err, body)
		err = refuseCardData(fields)
		require.Error(t, err, body)
		wantError(t, err, pay.CodeRawCardData, field)
		var told *pay.Error
		require.ErrorAs(t, err, &told)
		assert.NotContains(t, told.Message, "4242", "the value is not repeated")
	}
	for _, body := range []string{
		`{"metadata":{"number":"17b","house_number":"4"}}`, `{"cvc":null,"number":""}`, `{"amount":10.00}`,
		`{"webhook_secret":"whsec_your_webhook_signing_secret"}`,
	} {
		var fields object
		require.NoError(t, json.Unmarshal([]byte(body), &fields))
		assert.NoError(t, refuseCardData(fields), body)
	}
}
