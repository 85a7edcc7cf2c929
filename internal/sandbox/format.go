package sandbox

import (
	"reflect"
)

// format is all that packed bytes leave out: the names and order of fields, and
// the phrases that have a number. A journal begins with the format it was
// written in, so that a program with other objects can still read it.
type format struct {
	Phrases []string           `json:"phrases"`
	Layouts map[string]*layout `json:"layouts"` // by the name of the kind

	numbers map[string]int            // of the phrases
	begins  [longestPhrase + 1]uint64 // by length: with which bytes phrases begin, one bit for each modulo 64
}

// layout is the shapes of a kind: what the API shows, and what it does not.
type layout struct {
	Public  *shape `json:"public"`
	Private *shape `json:"private,omitempty"`
}

// layoutOf derives the layout of an object's type.
func layoutOf(o object) *layout {
	l := &layout{Public: objectShape(reflect.TypeOf(o).Elem())}
	if c, ok := o.(concealed); ok {
		l.Private = shapeOf(reflect.TypeOf(c.private()).Elem())
	}
	return l
}

// deletedKind is what the layout of what is left of deleted objects is called.
const deletedKind = "deleted"

// longestPhrase is in bytes.
const longestPhrase = 48

// currentFormat is how this program packs. Declarations add their layouts to it.
var currentFormat = newFormat()

var deletedLayout = currentFormat.add(deletedKind, layoutOf(&deletedObject{}))

func newFormat() *format {
	f := &format{Layouts: map[string]*layout{}, numbers: map[string]int{}}
	for _, phrase := range phrases {
		f.phrase(phrase)
	}
	return f
}

func (f *format) phrase(s string) {
	if _, known := f.numbers[s]; !known {
		f.numbers[s] = len(f.Phrases)
		f.Phrases = append(f.Phrases, s)
		f.begins[len(s)] |= 1 << (s[0] % 64)
	}
}

// number finds a phrase. Most texts are ids, which the first look rules out.
func (f *format) number(s string) (int, bool) {
	if s == "" || len(s) > longestPhrase || f.begins[len(s)]&(1<<(s[0]%64)) == 0 {
		return 0, false
	}
	number, known := f.numbers[s]
	return number, known
}

func (f *format) add(name string, l *layout) *layout {
	f.phrase(name)
	f.Layouts[name] = l
	return l
}

// finish prepares a format that was read from a file.
func (f *format) finish() {
	for _, l := range f.Layouts {
		l.Public.finishAll()
		if l.Private != nil {
			l.Private.finishAll()
		}
	}
}

// show appends the public JSON of a packed object of a kind; packed JSON has no kind.
func (f *format) show(out []byte, kind string, p packed) []byte {
	if kind == "" {
		return append(out, p.own...)
	}
	r := f.read(p)
	return r.show(f.Layouts[kind].Public, out)
}

// phrases are texts that come again and again in what is kept: a packed object
// holds their number. Others are kept as they are, so a phrase that is missing
// costs some bytes and nothing else. The first 64 numbers take one byte.
var phrases = []string{
	apiVersion, "usd", "eur", "card", "succeeded", "visa", "US", "credit", "automatic", "automatic_async",
	"unavailable", "disabled", "approved_by_network", "normal", "Payment complete.", "authorized", "pass", "unregulated",
	"unspecified", "4242", "pending", "available", "payments", "Stripe processing fees", "stripe_fee", "requires_payment_method",
	statementDescriptor, "always", "4242424242424242", "manual", "requires_confirmation", "requires_capture", "open", "paid", "active",
	"payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "customer.created", "payment_method.attached",
	"charge.refunded", "charge.updated", "refund.created", "refund.updated", "charge.captured", "payment_intent.amount_capturable_updated",
	"payment_intent.payment_failed", "charge.failed", "charge.expired", "payment_intent.canceled", "balance.available",
	"/v1/payment_intents", "/v1/customers", "/v1/refunds", "/v1/charges", "/v1/payment_methods", "POST",
	"mastercard", "debit", "requires_action", "canceled", "failed", "daily", "off_session", "charge_automatically", "month", "recurring",
	"per_unit", "licensed", "subscription_cycle", "subscription_create", "invoice.created", "invoice.finalized", "invoice.paid",
	"invoice.payment_succeeded", "customer.subscription.created", "customer.subscription.updated", "transfer.created", "payout.created", "payout.paid",
}
