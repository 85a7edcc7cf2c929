package operation

import (
	"strings"

	"florin/internal/pay"
)

// kind is how a parameter's value is read, and how its type is documented.
type kind struct {
	schema string // of JSON Schema
	says   string // what a wrong value is told to be: "a whole number"
	code   pay.Code
	read   func(p parameter, value any) (any, error) // to what the form takes; nil for what holds others
}

// parameter is one row of an operation's input. The row documents it, checks it
// and says where it goes in the request to Stripe.
type parameter struct {
	name     string // as callers write it
	stripe   string // as Stripe does, brackets and all: shipping[address][line1]
	about    string
	kind     *kind
	must     bool
	preset   any         // used when the caller gives none; nil when Stripe decides
	allowed  []string    // the only values
	least    *int64      // of numbers
	most     *int64      // of numbers
	opens    []string    // how an id may begin: cus_
	find     string      // where an id is to be had
	inside   []parameter // of an object, or of each object in a list
	items    *parameter  // of a list of plain values
	local    bool        // is not sent in the form: the path or a header has it
	testCard bool        // of a test card: is not refused for looking like a real one's
}

// required is for what the caller must give.
func (p parameter) required() parameter { p.must = true; return p }

// or is for what has a value when the caller gives none.
func (p parameter) or(value any) parameter { p.preset = value; return p }

// as is Stripe's name, where it is another.
func (p parameter) as(stripe string) parameter { p.stripe = stripe; return p }

// named is the caller's name; Stripe's stays.
func (p parameter) named(name string) parameter { p.name = name; return p }

// between bounds a number, both ends included.
func (p parameter) between(least, most int64) parameter { p.least, p.most = &least, &most; return p }

// from bounds a number from below.
func (p parameter) from(least int64) parameter { p.least = &least; return p }

func of(k *kind, name, about string) parameter {
	return parameter{name: name, stripe: name, about: about, kind: k}
}

func text(name, about string) parameter    { return of(kindText, name, about) }
func whole(name, about string) parameter   { return of(kindWhole, name, about) }
func decimal(name, about string) parameter { return of(kindDecimal, name, about) }
func yes(name, about string) parameter     { return of(kindYes, name, about) }
func moment(name, about string) parameter  { return of(kindMoment, name, about) }

// digits is a whole number that may also come as text, as its contract has it.
func digits(name, about string) parameter { return of(kindDigits, name, about) }

// choice is a text of which only some values exist.
func choice(name, about string, values ...string) parameter {
	p := of(kindText, name, about)
	p.allowed = values
	return p
}

// list is a list of plain values.
func list(name, about string, item parameter) parameter {
	p := of(kindList, name, about)
	p.items = &item
	return p
}

// object holds others.
func object(name, about string, inside ...parameter) parameter {
	p := of(kindObject, name, about)
	p.inside = inside
	return p
}

// rows is a list of objects.
func rows(name, about string, inside ...parameter) parameter {
	p := of(kindList, name, about)
	p.items = &parameter{kind: kindObject, inside: inside}
	return p
}

// minor is an amount in minor units of a currency.
func minor(name, about string) parameter {
	p := of(kindAmount, name, about)
	return p.between(1, largestAmount)
}

// largestAmount is above anything that Stripe takes in one call: twelve digits,
// for currencies such as IDR (docs.stripe.com/currencies).
const largestAmount = 999_999_999_999

func currency(about string) parameter { return of(kindCurrency, "currency", about) }

// metadata is on every create and update.
var metadata = of(kindLabels, "metadata", "Your own labels, up to 50: names of up to 40 characters with values of up to 500. An empty value removes a label.")

// expand is on every operation that gives an object of Stripe's.
var expand = list("expand", "Ids in `object` to replace by what they stand for, such as customer; in lists data.customer.", text("", ""))

// actingAs is on every operation.
var actingAs = func() parameter {
	p := idOf(accountIDs, "stripe_account", "Act as this connected account, with its customers, balance and payments (Stripe's `Stripe-Account` header).")
	p.local = true
	return p
}()

// page is what every list takes.
var page = []parameter{
	whole("limit", "How many to return, 1 to 100.").required().or(int64(10)).between(1, 100),
	text("starting_after", "The id of the last object of the page before: `next_cursor` of its answer."),
	text("ending_before", "The id of the first object of the page after: `previous_cursor` of its answer, to go back."),
}

// created is what lists of things with a date take.
var created = []parameter{
	moment("created_gte", "Only what was created at this time or later.").as("created[gte]"),
	moment("created_gt", "Only what was created after this time.").as("created[gt]"),
	moment("created_lte", "Only what was created at this time or earlier.").as("created[lte]"),
	moment("created_lt", "Only what was created before this time.").as("created[lt]"),
}

// found is what every search takes.
var found = []parameter{
	text("query", "What to look for, in Stripe's search language: `email:\"ann@example.com\"`, `metadata[\"order\"]:\"17\"`, `amount>1000`. What was made within the last minute may be missing.").required(),
	whole("limit", "How many to return, 1 to 100.").required().or(int64(10)).between(1, 100),
	text("page", "The next page: `next_cursor` of the answer before."),
}

// params joins groups of parameters and single ones.
func params(parts ...any) []parameter {
	var all []parameter
	for _, part := range parts {
		switch part := part.(type) {
		case parameter:
			all = append(all, part)
		case []parameter:
			all = append(all, part...)
		}
	}
	return all
}

// title is a name as people write it: customer_id is Customer ID.
func title(name string) string {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '_' || c == '-' || c == '.' })
	for i, word := range words {
		switch word {
		case "id", "url", "cvc", "tos", "ip":
			words[i] = strings.ToUpper(word)
		case "in", "of", "to", "and":
		default:
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}
