package stripe

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"florin/internal/pay"
)

const (
	// tolerance is how far a signature's time may be away, as in Stripe's own
	// libraries; theirs let the future pass, where a stolen event could wait.
	tolerance = webhook.DefaultTolerance
	// maxSignatures bounds the parts of a signature header. Stripe sends one a
	// secret, of which there are two while one is rolled.
	maxSignatures = 16
	// maxSecrets bounds how many secrets one event is checked against.
	maxSecrets = 16
)

// change is what events of one type can change here.
type change struct {
	topic   pay.Topic
	refunds bool // the payment's refunds may have changed
}

var (
	ofPayment = change{topic: pay.TopicPayment}
	ofRefunds = change{topic: pay.TopicPayment, refunds: true}
	ofAccount = change{topic: pay.TopicAccount}
	ofCard    = change{topic: pay.TopicCard}
	ofSetup   = change{topic: pay.TopicSetup}

	ofTransfer = change{topic: pay.TopicTransfer}

	ofPlan         = change{topic: pay.TopicPlan}
	ofSubscription = change{topic: pay.TopicSubscription}
	ofInvoice      = change{topic: pay.TopicInvoice}
)

// handled has the types of events that can change something here
// (docs.stripe.com/api/events/types). Of what Stripe tells twice, once of the
// charge and once of its intent, the intent's event is enough: every payment
// here is an intent.
var handled = map[string]change{
	"payment_intent.succeeded":                 ofPayment,
	"payment_intent.payment_failed":            ofPayment,
	"payment_intent.canceled":                  ofPayment,
	"payment_intent.amount_capturable_updated": ofPayment,
	"payment_intent.requires_action":           ofPayment,
	"payment_intent.processing":                ofPayment,
	"charge.updated":                           ofPayment, // brings the fee
	"charge.refunded":                          ofRefunds,
	"refund.created":                           ofRefunds,
	"refund.updated":                           ofRefunds,
	"refund.failed":                            ofRefunds,
	"charge.refund.updated":                    ofRefunds,
	"account.updated":                          ofAccount,
	"account.application.deauthorized":         ofAccount,
	"account.external_account.created":         ofAccount,
	"account.external_account.updated":         ofAccount,
	"account.external_account.deleted":         ofAccount,
	"capability.updated":                       ofAccount,

	"transfer.created":  ofTransfer,
	"transfer.updated":  ofTransfer,
	"transfer.reversed": ofTransfer,
	"payout.created":    {topic: pay.TopicPayout},
	"payout.updated":    {topic: pay.TopicPayout},
	"payout.paid":       {topic: pay.TopicPayout},
	"payout.failed":     {topic: pay.TopicPayout},
	"payout.canceled":   {topic: pay.TopicPayout},

	"price.updated":                   ofPlan,
	"customer.subscription.created":   ofSubscription,
	"customer.subscription.updated":   ofSubscription,
	"customer.subscription.deleted":   ofSubscription,
	"customer.subscription.paused":    ofSubscription,
	"customer.subscription.resumed":   ofSubscription,
	"invoice.created":                 ofInvoice,
	"invoice.finalized":               ofInvoice,
	"invoice.paid":                    ofInvoice,
	"invoice.payment_failed":          ofInvoice,
	"invoice.payment_action_required": ofInvoice,
	"invoice.voided":                  ofInvoice,
	"invoice.marked_uncollectible":    ofInvoice,
	"test_helpers.test_clock.ready":   {topic: pay.TopicClock},
	"balance.available":               {topic: pay.TopicBalance},

	"payment_method.updated":               ofCard,
	"payment_method.automatically_updated": ofCard,
	"payment_method.detached":              ofCard,
	"setup_intent.succeeded":               ofSetup,
	"setup_intent.setup_failed":            ofSetup,
	"setup_intent.canceled":                ofSetup,
	"setup_intent.requires_action":         ofSetup,
}

// handledTypes is the types in order, to subscribe to.
func handledTypes() []string {
	types := make([]string, 0, len(handled))
	for name := range handled {
		types = append(types, name)
	}
	slices.Sort(types)
	return types
}

// Verify checks the Stripe-Signature header over the raw body against each
// secret, allowing 300 seconds of difference both ways. The signature is judged
// before its time, so that a stranger learns nothing of our clock.
//
// Errors: signature_invalid, signature_expired.
func (g *Gateway) Verify(body []byte, header string, secrets []pay.Secret, now time.Time) error {
	if !isSigned(body, header, secrets) {
		return pay.Errorf(pay.CodeSignatureInvalid, "the Stripe-Signature header does not match the body under any secret we have")
	}
	signedAt, ok := signatureTime(header)
	if !ok {
		return pay.Errorf(pay.CodeSignatureInvalid, "the Stripe-Signature header has no time")
	}
	if away := now.Sub(signedAt).Abs(); away > tolerance {
		return pay.Errorf(pay.CodeSignatureExpired, "the signature's time is %s away; at most %s is allowed", away.Round(time.Second), tolerance)
	}
	return nil
}

// isSigned leaves the cryptography to stripe-go, which does not look at the
// event's API version when it only validates.
func isSigned(body []byte, header string, secrets []pay.Secret) bool {
	if strings.Count(header, ",") > maxSignatures || len(secrets) > maxSecrets {
		return false
	}
	for _, secret := range secrets {
		if secret.IsZero() {
			continue // stripe-go would take the signature of an empty key
		}
		if webhook.ValidatePayloadIgnoringTolerance(body, header, secret.Reveal()) == nil {
			return true
		}
	}
	return false
}

// signatureTime reads the time out of a header that stripe-go found valid. Of
// several the last counts, as there; the signature covers that one.
func signatureTime(header string) (time.Time, bool) {
	var signedAt time.Time
	for part := range strings.SplitSeq(header, ",") {
		if text, ok := strings.CutPrefix(part, "t="); ok {
			seconds, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return time.Time{}, false
			}
			signedAt = time.Unix(seconds, 0)
		}
	}
	return signedAt, !signedAt.IsZero()
}

// event is what is read of a Stripe event of any API version: the envelope, and
// of its object the ids, which no version has moved.
type event struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	APIVersion string `json:"api_version"`
	Account    string `json:"account"` // of a connected account's event
	Created    int64  `json:"created"`
	Data       struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

type eventObject struct {
	ID            string         `json:"id"`
	Object        string         `json:"object"`
	PaymentIntent reference      `json:"payment_intent"`
	Metadata      map[string]any `json:"metadata"`
}

// reference is the id of another object, given as such or within the object.
type reference string

// UnmarshalJSON takes both forms, and anything else for no reference.
func (r *reference) UnmarshalJSON(data []byte) error {
	var id string
	if json.Unmarshal(data, &id) != nil {
		id = idOf(data)
	}
	*r = reference(id)
	return nil
}

// Read takes apart an event of any API version. The report is what the event
// claims of a payment, when it says enough; it is only a hint.
//
// Errors: invalid_body.
func (g *Gateway) Read(body []byte) (pay.EventHint, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return pay.EventHint{}, pay.Errorf(pay.CodeInvalidBody, "the body is not a Stripe event").Because(err)
	}
	if e.ID == "" || e.Type == "" {
		return pay.EventHint{}, pay.Errorf(pay.CodeInvalidBody, "the body is not a Stripe event: it has no id or type")
	}
	kind := handled[e.Type]
	hint := pay.EventHint{
		Ref: e.ID, Type: e.Type, APIVersion: e.APIVersion, Account: e.Account,
		Topic: kind.topic, Refunds: kind.refunds, CreatedAt: time.Unix(e.Created, 0).UTC(),
	}
	addObject(&hint, e.Data.Object)
	return hint, nil
}

// addObject takes what it can from the event's object; an object that cannot be
// read leaves a hint without one.
func addObject(hint *pay.EventHint, raw json.RawMessage) {
	var object eventObject
	if decode(raw, objectMembers, &object) != nil {
		return
	}
	hint.ObjectRef, hint.PaymentRef = object.ID, string(object.PaymentIntent)
	hint.PaymentID = ourID(textOf(object.Metadata[keyPayment]))
	hint.SubscriptionID = ourID(textOf(object.Metadata[keySubscription]))
	hint.MerchantID = ourID(textOf(object.Metadata[keyMerchant]))
	if object.Object != "payment_intent" {
		return
	}
	hint.PaymentRef = object.ID
	if report, err := readPayment(raw); err == nil {
		hint.Payment = &report
	}
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}
