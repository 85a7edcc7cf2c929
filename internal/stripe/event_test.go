package stripe_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85/webhook"

	"florin/internal/pay"
	"florin/internal/stripe"
)

var (
	gateway   = stripe.New(stripe.Config{})
	signedAt  = time.Unix(1700000000, 0)
	eventBody = []byte(`{"id":"evt_1","object":"event"}`)
	eventKey  = pay.NewSecret("whsec_test_secret")
	newKey    = pay.NewSecret("whsec_another")
)

// goldenSignature was made by hand with HMAC-SHA-256 over "1700000000.<body>".
const goldenSignature = "0c8670ed117751cc551a20e35839447075c42800ea3cf3e8a2fbda99cd1e6edd"

const goldenHeader = "t=1700000000,v1=" + goldenSignature

func sign(at time.Time, body []byte, key pay.Secret) string {
	return hex.EncodeToString(webhook.ComputeSignature(at, body, key.Reveal()))
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	only := []pay.Secret{eventKey}
	rows := map[string]struct {
		body    string
		header  string
		secrets []pay.Secret
		now     time.Time
		code    pay.Code // empty: valid
	}{
		"valid":                          {string(eventBody), goldenHeader, only, signedAt, ""},
		"with a dummy for test mode":     {string(eventBody), goldenHeader + ",v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39", only, signedAt, ""},
		"while rolled, theirs first":     {string(eventBody), "t=1700000000,v1=" + sign(signedAt, eventBody, newKey) + ",v1=" + goldenSignature, only, signedAt, ""},
		"while rolled, ours second":      {string(eventBody), goldenHeader, []pay.Secret{newKey, eventKey}, signedAt, ""},
		"300 seconds old":                {string(eventBody), goldenHeader, only, signedAt.Add(300 * time.Second), ""},
		"301 seconds old":                {string(eventBody), goldenHeader, only, signedAt.Add(301 * time.Second), pay.CodeSignatureExpired},
		"300 seconds ahead":              {string(eventBody), goldenHeader, only, signedAt.Add(-300 * time.Second), ""},
		"301 seconds ahead":              {string(eventBody), goldenHeader, only, signedAt.Add(-301 * time.Second), pay.CodeSignatureExpired},
		"old and false":                  {string(eventBody) + " ", goldenHeader, only, signedAt.Add(time.Hour), pay.CodeSignatureInvalid},
		"another body":                   {string(eventBody) + "\n", goldenHeader, only, signedAt, pay.CodeSignatureInvalid},
		"another time":                   {string(eventBody), "t=1700000001,v1=" + goldenSignature, only, signedAt, pay.CodeSignatureInvalid},
		"another secret":                 {string(eventBody), goldenHeader, []pay.Secret{newKey}, signedAt, pay.CodeSignatureInvalid},
		"no secret":                      {string(eventBody), goldenHeader, nil, signedAt, pay.CodeSignatureInvalid},
		"no header":                      {string(eventBody), "", only, signedAt, pay.CodeSignatureInvalid},
		"junk":                           {string(eventBody), "junk", only, signedAt, pay.CodeSignatureInvalid},
		"no time":                        {string(eventBody), "v1=" + goldenSignature, only, signedAt, pay.CodeSignatureInvalid},
		"no signature":                   {string(eventBody), "t=1700000000", only, signedAt, pay.CodeSignatureInvalid},
		"only the dummy":                 {string(eventBody), "t=1700000000,v0=" + goldenSignature, only, signedAt, pay.CodeSignatureInvalid},
		"an empty key, signed with":      {string(eventBody), "t=1700000000,v1=" + sign(signedAt, eventBody, pay.Secret{}), []pay.Secret{{}}, signedAt, pay.CodeSignatureInvalid},
		"a second time to look fresh":    {string(eventBody), "t=1700009000," + goldenHeader, only, signedAt.Add(9000 * time.Second), pay.CodeSignatureExpired},
		"a last time to look fresh":      {string(eventBody), goldenHeader + ",t=1700009000", only, signedAt.Add(9000 * time.Second), pay.CodeSignatureInvalid},
		"a thousand signatures to check": {string(eventBody), goldenHeader + strings.Repeat(",v1=00", 1000), only, signedAt, pay.CodeSignatureInvalid},
	}
	for name, row := range rows {
		err := gateway.Verify([]byte(row.body), row.header, row.secrets, row.now)
		if row.code == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.True(t, pay.Is(err, row.code), "%s: %v", name, err)
	}
}

func TestReadEvent(t *testing.T) {
	t.Parallel()
	object := intent(t, fields{"status": "requires_capture", "amount_received": 0})
	got, err := gateway.Read([]byte(`{"id":"evt_1","object":"event","type":"payment_intent.amount_capturable_updated","api_version":"2026-03-25.dahlia",
		"created":1700000000,"livemode":false,"data":{"object":` + object + `,"previous_attributes":{"status":"processing"}}}`))
	require.NoError(t, err)
	require.NotNil(t, got.Payment)
	assert.Equal(t, pay.PaymentAuthorized, got.Payment.Status)
	assert.Equal(t, "ch_3Test", got.Payment.ChargeRef)
	got.Payment = nil
	assert.Equal(t, pay.EventHint{
		Ref: "evt_1", Type: "payment_intent.amount_capturable_updated", APIVersion: "2026-03-25.dahlia", ObjectRef: "pi_3Test", PaymentRef: "pi_3Test",
		PaymentID: paymentID, MerchantID: merchantID, Topic: pay.TopicPayment, CreatedAt: signedAt.UTC(),
	}, got)
}

// Other objects, other API versions, and what nobody has seen yet.
func TestReadEventsOfAllKinds(t *testing.T) {
	t.Parallel()
	tags := fmt.Sprintf(`"metadata":{"florin_payment":%q,"florin_merchant":%q}`, paymentID, merchantID)
	rows := map[string]struct {
		kind, object string
		want         pay.EventHint
	}{
		"charge":                 {"charge.updated", `{"id":"ch_1","object":"charge","payment_intent":"pi_1",` + tags + `}`, pay.EventHint{ObjectRef: "ch_1", PaymentRef: "pi_1", PaymentID: paymentID, MerchantID: merchantID, Topic: pay.TopicPayment}},
		"charge, expanded":       {"charge.refunded", `{"id":"ch_1","object":"charge","payment_intent":{"id":"pi_1"}}`, pay.EventHint{ObjectRef: "ch_1", PaymentRef: "pi_1", Topic: pay.TopicPayment, Refunds: true}},
		"charge of 2015":         {"charge.updated", `{"id":"ch_1","object":"charge","card":{"last4":4242},"metadata":[]}`, pay.EventHint{Topic: pay.TopicPayment}},
		"refund":                 {"refund.failed", `{"id":"re_1","object":"refund","payment_intent":"pi_1","charge":"ch_1",` + tags + `}`, pay.EventHint{ObjectRef: "re_1", PaymentRef: "pi_1", PaymentID: paymentID, MerchantID: merchantID, Topic: pay.TopicPayment, Refunds: true}},
		"refund, deprecated":     {"charge.refund.updated", `{"id":"re_1","object":"refund","payment_intent":null}`, pay.EventHint{ObjectRef: "re_1", Topic: pay.TopicPayment, Refunds: true}},
		"dispute":                {"charge.dispute.created", `{"id":"dp_1","object":"dispute","payment_intent":"pi_1"}`, pay.EventHint{ObjectRef: "dp_1", PaymentRef: "pi_1"}},
		"unknown type":           {"quantum.entangled", `{"id":"qe_1","object":"quantum"}`, pay.EventHint{ObjectRef: "qe_1"}},
		"no object":              {"payment_intent.succeeded", `null`, pay.EventHint{Topic: pay.TopicPayment}},
		"an object that is none": {"payment_intent.succeeded", `"pi_1"`, pay.EventHint{Topic: pay.TopicPayment}},
		"an unreadable intent":   {"payment_intent.succeeded", `{"id":"pi_1","object":"payment_intent","amount":"ten"}`, pay.EventHint{ObjectRef: "pi_1", PaymentRef: "pi_1", Topic: pay.TopicPayment}},
		"metadata of others":     {"refund.created", `{"id":"re_1","object":"refund","payment_intent":7,"metadata":{"florin_payment":"x","florin_merchant":9}}`, pay.EventHint{ObjectRef: "re_1", Topic: pay.TopicPayment, Refunds: true}},
	}
	for name, row := range rows {
		got, err := gateway.Read([]byte(`{"id":"evt_1","type":"` + row.kind + `","api_version":null,"created":1700000000,"data":{"object":` + row.object + `}}`))
		require.NoError(t, err, name)
		row.want.Ref, row.want.Type, row.want.CreatedAt = "evt_1", row.kind, signedAt.UTC()
		assert.Equal(t, row.want, got, name)
	}
}

// The PaymentIntent of 2019 had its charges within; what we need is the same.
func TestReadIntentOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	got, err := gateway.Read([]byte(`{"id":"evt_1","type":"payment_intent.payment_failed","api_version":"2019-02-11","created":1700000000,"data":{"object":{
		"id":"pi_1","object":"payment_intent","amount":1000,"allowed_source_types":["card"],"charges":{"object":"list","data":[{"id":"ch_1"}]},"currency":"usd",
		"status":"requires_payment_method","last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"do_not_honor","message":"No."},"next_source_action":null}}}`))
	require.NoError(t, err)
	assert.Equal(t, &pay.Report{Status: pay.PaymentFailed, ProviderRef: "pi_1", Failure: pay.Failure{Code: pay.CodeCardDeclined, Message: "No.", DeclineCode: "do_not_honor"}}, got.Payment)
}

func TestWhatIsNoEvent(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "[]", "null", `"evt_1"`, `{}`, `{"id":"evt_1"}`, `{"type":"charge.succeeded"}`, `{"id":7,"type":"x"}`} {
		_, err := gateway.Read([]byte(body))
		assert.True(t, pay.Is(err, pay.CodeInvalidBody), "%s: %v", body, err)
	}
}

// FuzzVerify looks for a header that passes without the signature of exactly
// this body at exactly this time being in it.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(eventBody), goldenHeader, int64(1700000000))
	f.Add([]byte(eventBody), "t=1700009000,t=1700000000,v1="+goldenSignature, int64(1700000000))
	f.Add([]byte("{}"), "t=,v1=,,=,t=9223372036854775808", int64(-1))
	f.Fuzz(func(t *testing.T, body []byte, header string, now int64) {
		if gateway.Verify(body, header, []pay.Secret{eventKey}, time.Unix(now, 0)) != nil {
			return
		}
		genuine := false
		for at := now - 300; at <= now+300; at++ {
			genuine = genuine || strings.Contains(strings.ToLower(header), sign(time.Unix(at, 0), body, eventKey))
		}
		if !genuine {
			t.Fatalf("%q passed for %q at %d", header, body, now)
		}
	})
}

// FuzzRead looks for a body that makes the reader panic, or that it takes for
// an event without saying which.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"id":"evt_1","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1","object":"charge","payment_intent":{"id":"pi_1"},"metadata":{"florin_payment":"x"}}}}`))
	f.Add([]byte(`{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","object":"payment_intent","status":"succeeded","currency":"isk","amount_received":9223372036854775807,"next_action":{},"latest_charge":{"payment_method_details":{},"balance_transaction":{"currency":"x"}}}}}`))
	f.Add([]byte(`{"id":"evt_1","type":"payment_intent.canceled","data":{"object":{"id":"pi_1","object":"payment_intent","status":"requires_payment_method","last_payment_error":{"payment_method":{"card":null}}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		hint, err := gateway.Read(body)
		if err != nil && pay.CodeOf(err) != pay.CodeInvalidBody {
			t.Fatalf("%s: %v", body, err)
		}
		if err == nil && (hint.Ref == "" || hint.Type == "") {
			t.Fatalf("%s was taken for an event", body)
		}
		for _, id := range []pay.ID{hint.PaymentID, hint.MerchantID} {
			if _, err := pay.ParseID(string(id)); id != "" && err != nil {
				t.Fatalf("%s brought in the id %q", body, id)
			}
		}
	})
}
