package sandbox

import "net/http"

// maxText is the longest string that Stripe takes where it names no other
// limit (maxLength of its OpenAPI document, in characters).
const maxText = 5000

// route is one row of the API, and its documentation: the verb and path, what
// it does, every parameter it takes, and what it answers.
type route struct {
	method  string
	path    string // in net/http.ServeMux's pattern syntax
	title   string
	params  []param
	returns *kind // whose fields expand[] may name; nil when nothing expands
	list    bool  // answers a page of what it returns
	// browser routes also answer a publishable key (Stripe.js calls them).
	browser bool
	// mints says that this GET makes an object, as reading pm_card_visa does.
	mints bool
	do    func(*call) (any, error)
}

// reads says whether the route leaves the account as it was.
func (r *route) reads() bool { return r.method == http.MethodGet && !r.mints }

// resource is everything about one kind of object: one file declares it.
type resource struct {
	kind   *kind
	routes []route
	// indexes are the filters of its list that must cost the same at any size.
	indexes func(object) []indexKey
	// due is when the clock must look at the object (Unix seconds, 0 never),
	// and wake is what happens then.
	due  func(object) int64
	wake func(*work, string) error
	// include makes the fields that exist only when expand[] asks for them.
	include map[string]func(*view, object) any
	// find is an object of a kind whose own table does not hold it: a card is
	// a payment method in its older shape.
	find func(*work, string) object
	// applied sees each new object once, for sums that are kept beside the objects.
	applied func(*account, object)
}

// resources is the table of contents: a new object is one new file and one
// line here.
func resources() []*resource {
	return []*resource{
		accountLinkResource(),
		accountResource(),
		applicationFeeResource(),
		balanceResource(),
		balanceTransactionResource(),
		bankAccountResource(),
		capabilityResource(),
		cardResource(),
		chargeResource(),
		checkoutResource(),
		couponResource(),
		customerResource(),
		discountResource(),
		disputeResource(),
		eventResource(),
		exchangeRateResource(),
		feeRefundResource(),
		fraudWarningResource(),
		invoiceItemResource(),
		invoicePaymentResource(),
		invoiceResource(),
		meterEventResource(),
		meterResource(),
		paymentIntentResource(),
		paymentLinkResource(),
		paymentMethodResource(),
		payoutResource(),
		payoutRunResource(),
		personResource(),
		planResource(),
		priceResource(),
		productResource(),
		promotionCodeResource(),
		refundResource(),
		setupAttemptResource(),
		setupIntentResource(),
		sourceResource(),
		subscriptionItemResource(),
		subscriptionResource(),
		testClockResource(),
		tokenResource(),
		topupResource(),
		transferResource(),
		transferReversalResource(),
		webhookEndpointResource(),
		deliveryResource(),
		idempotencyResource(),
	}
}

// form is how a parameter's value must look.
type form int

const (
	formText form = iota
	formInteger
	formBoolean
	formEnum
	formHash
	formList
	formMap
	formAny
)

// param declares one parameter of a route.
type param struct {
	name     string
	form     form
	required bool
	clear    bool     // an empty value unsets it
	max      int      // longest text, in characters
	enum     []string // what an enum may be
	fields   []param  // of a hash, or one element of a list
	orText   bool     // a hash that may also be a plain value
	orID     bool     // a hash that may also be the id of what it describes
}

func text(name string) param {
	return param{name: name, form: formText, clear: true, max: maxText}
}
func shortText(name string, max int) param {
	return param{name: name, form: formText, clear: true, max: max}
}
func integer(name string) param { return param{name: name, form: formInteger} }
func boolean(name string) param { return param{name: name, form: formBoolean} }
func metadata() param           { return param{name: "metadata", form: formMap, clear: true} }
func anything(name string) param {
	return param{name: name, form: formAny, clear: true}
}
func enum(name string, of ...string) param { return param{name: name, form: formEnum, enum: of} }
func hash(name string, fields ...param) param {
	return param{name: name, form: formHash, fields: fields, clear: true}
}
func list(name string, element param) param {
	return param{name: name, form: formList, fields: []param{element}, clear: true}
}

// must makes a parameter required.
func (p param) must() param {
	p.required, p.clear = true, false
	return p
}

// clearable lets an empty value unset a parameter that is not text.
func (p param) clearable() param {
	p.clear = true
	return p
}

// orValue lets a hash be sent as one plain value too, as in created=1700000000.
func (p param) orValue() param {
	p.orText = true
	return p
}

// orName lets a hash be sent as an id too.
func (p param) orName() param {
	p.orText, p.max = true, maxText
	return p
}

// named is a text that cannot be emptied.
func named(name string) param { return param{name: name, form: formText, max: maxText} }

// orToken lets a hash be sent as the id of a token too, as in card=tok_visa.
func (p param) orToken() param {
	p.orID = true
	return p
}

// Parameters that many routes share.
var (
	expandParam = list("expand", text(""))
	address     = hash("address", text("city"), text("country"), text("line1"), text("line2"), text("postal_code"), text("state"))
	created     = hash("created", integer("gt"), integer("gte"), integer("lt"), integer("lte")).orValue()
	pageParams  = []param{integer("limit"), text("starting_after"), text("ending_before"), created}
	shipping    = hash("shipping", required(address), text("carrier"), text("name").must(), text("phone"), text("tracking_number"))
	billing     = hash("billing_details", address, text("email"), text("name"), text("phone"), text("tax_id"))
)

func required(p param) param { return p.must() }

// paged declares the parameters of a list: its own filters, then the cursors.
func paged(filters ...param) []param { return append(filters, pageParams...) }
