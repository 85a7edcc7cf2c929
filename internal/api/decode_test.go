package api

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// known is every schema, made once: checking only reads it.
var known = newSchemas(Routes())

// bindText reads a body as the server does.
func bindText(body string, into any) error {
	fields, err := parseObject([]byte(body))
	if err != nil {
		return err
	}
	if err := refuseCardData(fields); err != nil {
		return err
	}
	return known.bind(fields, into)
}

// wantError asserts code and field of a pay.Error.
func wantError(t *testing.T, err error, code pay.Code, field string) {
	t.Helper()
	var known *pay.Error
	require.True(t, errors.As(err, &known), "got %v", err)
	assert.Equal(t, code, known.Code, "%v", known)
	assert.Equal(t, field, known.Field, "%v", known)
}

func TestABodyIsRefusedByTheNameOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	const rest = `"currency":"USD","payment_method":"pm_card_visa"`
	for _, c := range []struct {
		body  string
		code  pay.Code
		field string
	}{
		{`{"amount":10,"amuont":10,` + rest + `}`, pay.CodeUnknownField, "amuont"},
		{`{"amuont":10,` + rest + `}`, pay.CodeUnknownField, "amuont"}, // not amount, which is missing because of it
		{`{"Amount":10,` + rest + `}`, pay.CodeUnknownField, "Amount"},
		{`{` + rest + `}`, pay.CodeMissingField, "amount"},
		{`{"amount":10}`, pay.CodeMissingField, "currency"},
		{`{"amount":true,` + rest + `}`, pay.CodeInvalidAmount, "amount"},
		{`{"amount":null,` + rest + `}`, pay.CodeInvalidAmount, "amount"},
		{`{"amount":[1],` + rest + `}`, pay.CodeInvalidAmount, "amount"},
		{`{"amount":10,"currency":840}`, pay.CodeInvalidCurrency, "currency"},
		{`{"amount":10,"return_url":5,` + rest + `}`, pay.CodeInvalidURL, "return_url"},
		{`{"amount":10,"provider":"adyen",` + rest + `}`, pay.CodeInvalidField, "provider"},
		{`{"amount":10,"capture":"later",` + rest + `}`, pay.CodeInvalidField, "capture"},
		{`{"amount":10,"description":{"a":1},` + rest + `}`, pay.CodeInvalidField, "description"},
		{`{"amount":10,"description":"` + strings.Repeat("x", 1001) + `",` + rest + `}`, pay.CodeInvalidField, "description"},
		{`{"amount":10,"metadata":{"order":17},` + rest + `}`, pay.CodeInvalidMetadata, "metadata.order"},
		{`{"amount":10,"metadata":"x",` + rest + `}`, pay.CodeInvalidMetadata, "metadata"},
		{`{"amount":10,"description":"a\u0000b",` + rest + `}`, pay.CodeInvalidField, "description"},
		{`{"amount":10,"metadata":{"a\u0000":"b"},` + rest + `}`, pay.CodeInvalidField, "metadata.a\x00"},
		{`{"amount":10,"amount":20,` + rest + `}`, pay.CodeInvalidBody, "amount"},
		{`{"metadata":{"a":"1","a":"2"},"amount":10,` + rest + `}`, pay.CodeInvalidBody, "metadata.a"},
		{``, pay.CodeMissingField, "amount"},
		{`[]`, pay.CodeInvalidBody, ""},
		{`"x"`, pay.CodeInvalidBody, ""},
		{`{"amount":10`, pay.CodeInvalidBody, ""},
		{`{"amount":10}{}`, pay.CodeInvalidBody, ""},
		{`{amount:10}`, pay.CodeInvalidBody, ""},
		{"{\"description\":\"\xff\"}", pay.CodeInvalidBody, ""},
		{`{"metadata":` + strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 20) + `}`, pay.CodeInvalidBody, "metadata" + strings.Repeat(".a", 16)},
	} {
		wantError(t, bindText(c.body, &NewPayment{}), c.code, c.field)
	}
	wantError(t, bindText(`{"provider":"stripe","stripe":{"secret":"sk_test_x"}}`, &NewConnection{}), pay.CodeUnknownField, "stripe.secret")
	wantError(t, bindText(`{"provider":"stripe","stripe":{}}`, &NewConnection{}), pay.CodeMissingField, "stripe.secret_key")
	wantError(t, bindText(`{"url":"https://a.example","events":["payment.completed",7]}`, &NewEndpoint{}), pay.CodeInvalidField, "events[1]")
	wantError(t, bindText(`{"overlap_seconds":1.5}`, &Rotation{}), pay.CodeInvalidField, "overlap_seconds")
	wantError(t, bindText(`{"overlap_seconds":700000}`, &Rotation{}), pay.CodeInvalidField, "overlap_seconds")
	wantError(t, bindText(`{"x":1}`, &nothing{}), pay.CodeUnknownField, "x")
}

func TestAnAmountKeepsItsDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`10`: "10.00", `10.00`: "10.00", `10.5`: "10.50", `"10.00"`: "10.00", `"29.99"`: "29.99", `29.99`: "29.99",
		`0.10`: "0.10", `999999.99`: "999999.99",
	} {
		var body NewPayment
		require.NoError(t, bindText(`{"currency":"usd","amount":`+text+`}`, &body), text)
		request, err := body.request()
		require.NoError(t, err, text)
		assert.Equal(t, want, request.Amount.Decimal(), text)
		assert.Equal(t, pay.Currency("USD"), request.Amount.Currency)
	}
	for _, text := range []string{`1e1`, `1E1`, `"1e1"`, `-1`, `"-1"`, `0`, `"0.00"`, `10.001`, `"10,00"`, `" 10"`, `"0x10"`, `"NaN"`} {
		var body NewPayment
		require.NoError(t, bindText(`{"currency":"USD","amount":`+text+`}`, &body), text)
		_, err := body.request()
		wantError(t, err, pay.CodeInvalidAmount, "amount")
	}
	var body NewPayment
	require.NoError(t, bindText(`{"currency":"USD","amount":""}`, &body))
	_, err := body.request()
	wantError(t, err, pay.CodeMissingField, "amount")
}

func TestTheGuidesBodiesAreTaken(t *testing.T) {
	t.Parallel()
	for body, into := range map[string]any{
		`{"amount":10.00,"currency":"USD","provider":"stripe","payment_method":"pm_card_visa"}`:                                                           &NewPayment{},
		`{"amount":50.00,"currency":"USD","provider":"stripe","payment_method":"pm_card_visa","return_url":"https://merchant.com/return"}`:                &NewPayment{},
		`{"amount":29.99,"currency":"USD","provider":"stripe","saved_card_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90"}`:                                    &NewPayment{},
		`{"provider":"stripe","stripe":{"secret_key":"sk_test_your_stripe_secret_key","webhook_secret":"whsec_your_webhook_signing_secret"}}`:             &NewConnection{},
		`{"webhook_url":"https://yourapp.com/webhooks/payments"}`:                                                                                         &NewWebhook{},
		`{"payment_method_id":"pm_1abc","customer_email":"user@example.com","customer_name":"Jane Doe"}`:                                                  &NewCard{},
		`{"payment_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90","amount":25.00}`:                                                                            &NewRefund{},
		`{"amount":"1","currency":"JPY","payment_method":null,"metadata":null,"description":null,"saved_card_id":"018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90"}`: &NewPayment{},
	} {
		assert.NoError(t, bindText(body, into), body)
	}
}

func TestTheExamplesOfTheDocsAreTaken(t *testing.T) {
	t.Parallel()
	taken := map[reflect.Type]bool{}
	for _, route := range Routes() {
		if route.takes == nil || route.takes == typeOf[nothing]() {
			continue
		}
		taken[route.takes] = true
		body, ok := exampleBodies[route.takes]
		require.True(t, ok, "%s has no example", route.Pattern())
		assert.NoError(t, bindText(body, reflect.New(route.takes).Interface()), route.Pattern())
	}
	assert.Len(t, exampleBodies, len(taken), "an example of nothing")
}

// FuzzDecode looks for bodies that are taken but read differently when they
// are written again, that break the checks, or whose error is not the caller's.
func FuzzDecode(f *testing.F) {
	for _, body := range exampleBodies {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"amount":1e400,"currency":"USD","metadata":{"a":"b","a ":""}}`))
	f.Add([]byte(`{"amount":{"a":[[[null]]]},"":"","\ud800":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var body NewPayment
		if err := bindText(string(raw), &body); err != nil {
			var told *pay.Error
			if !errors.As(err, &told) || told.Code == pay.CodeInternal {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		written, err := json.Marshal(body)
		require.NoError(t, err)
		var again NewPayment
		require.NoError(t, bindText(string(written), &again), "%s", written)
		require.Equal(t, body, again)
		if request, err := body.request(); err == nil && request.Amount.Minor <= 0 {
			t.Fatalf("%q: %v", raw, request.Amount)
		}
	})
}
