package sandbox

import (
	"bytes"
	"encoding/json"
	"strings"
)

// change is one step back in the history of the API (§6.2): to requests of a
// version before its date, one kind of object is shown as it was then. An
// object goes through all steps that its version needs, the newest first, so
// each knows only its neighbour.
type change struct {
	date string // of the version that brought today's shape
	kind string // Stripe's "object"
	back func(*view, *fields)
}

// versionChanges are all steps, newest first. The sandbox keeps and makes
// today's shapes; those of 2018 are at the far end.
var versionChanges = []change{
	{"2025-09-30", "discount", func(v *view, f *fields) { f.lift(v, "source", "coupon") }},
	{"2025-09-30", "promotion_code", func(v *view, f *fields) { f.lift(v, "promotion", "coupon") }},
	{"2025-09-30", "balance_transaction", func(_ *view, f *fields) { f.drop("balance_type") }},
	{"2025-03-31", "subscription", periodOnSubscription},
	{"2025-03-31", "subscription_item", func(_ *view, f *fields) { f.drop("current_period_start", "current_period_end") }},
	{"2025-03-31", "invoice", paymentOnInvoice},
	{"2024-04-10", "payment_intent", func(_ *view, f *fields) { f.translate("capture_method", "automatic_async", "automatic") }},
	{"2022-11-15", "payment_intent", chargesOfIntent},
	{"2022-11-15", "charge", func(v *view, f *fields) { f.inline(v, "refunds") }},
	{"2020-08-27", "customer", func(v *view, f *fields) { f.inline(v, "sources", "subscriptions") }},
	{"2019-10-17", "customer", func(_ *view, f *fields) { f.rename("balance", "account_balance") }},
	{"2019-10-17", "subscription", func(_ *view, f *fields) {
		f.rename("collection_method", "billing")
		f.rename("start_date", "start")
		f.set("tax_percent", nil)
	}},
	{"2019-10-17", "invoice", func(_ *view, f *fields) { f.rename("collection_method", "billing") }},
	{"2019-02-11", "payment_intent", func(_ *view, f *fields) {
		f.translate("status", intentNeedsMethod, "requires_source")
		f.translate("status", intentNeedsAction, "requires_source_action")
	}},
	{"2018-02-05", "plan", namesOnPlan},
}

// today is the first date at which nothing has to be stepped back.
var today = versionChanges[0].date

// stepBack renders a body as a version shows it. It costs nothing for versions
// that show today's shapes.
func (v *view) stepBack(body []byte, version string) []byte {
	if isOlder(version) {
		day, _, _ := strings.Cut(version, ".")
		return v.older(body, day)
	}
	return body
}

// isOlder says whether a version shows some object in another shape than today's.
func isOlder(version string) bool {
	day, _, _ := strings.Cut(version, ".")
	return day < today
}

// older walks into a rendered value; the steps on an object come before those
// on what is inside it. Metadata is the merchant's, and is left alone.
func (v *view) older(raw json.RawMessage, day string) json.RawMessage {
	switch {
	case bytes.HasPrefix(raw, []byte("[")):
		return eachOf(raw, func(one json.RawMessage) json.RawMessage { return v.older(one, day) })
	case !bytes.HasPrefix(raw, []byte("{")):
		return raw
	}
	f := fields(membersOf(raw))
	name := f.text("object")
	for _, step := range versionChanges {
		if step.kind == name && day < step.date {
			step.back(v, &f)
		}
	}
	for at := range f {
		if f[at].name != "metadata" {
			f[at].value = v.older(f[at].value, day)
		}
	}
	return joinMembers(f)
}

// before says whether the request's version is older than a date.
func (c *call) before(date string) bool {
	day, _, _ := strings.Cut(c.version, ".")
	return day < date
}

// fields is a rendered object that a step changes.
type fields []member

func (f fields) value(name string) json.RawMessage {
	for _, m := range f {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// text is a field that holds a string, "" for any other.
func (f fields) text(name string) string {
	var s string
	if json.Unmarshal(f.value(name), &s) != nil {
		return ""
	}
	return s
}

// set gives a field a value; nil is null.
func (f *fields) set(name string, raw json.RawMessage) {
	if raw == nil {
		raw = json.RawMessage("null")
	}
	for at := range *f {
		if (*f)[at].name == name {
			(*f)[at].value = raw
			return
		}
	}
	*f = append(*f, member{name, raw})
}

func (f *fields) drop(names ...string) {
	kept := (*f)[:0]
	for _, m := range *f {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+m.name+" ") {
			kept = append(kept, m)
		}
	}
	*f = kept
}

func (f *fields) rename(from, to string) {
	for at := range *f {
		if (*f)[at].name == from {
			(*f)[at].name = to
		}
	}
}

// translate says a word of today as it was said before.
func (f *fields) translate(name, now, before string) {
	if f.text(name) == now {
		f.set(name, marshal(before))
	}
}

// lift brings an object that a nested hash names up, whole, as it was before.
func (f *fields) lift(v *view, from, name string) {
	f.set(name, fields(membersOf(f.value(from))).value(name))
	f.drop(from)
	f.show(v, name)
}

// show puts an object in the place of its id; the field is called as its kind.
func (f *fields) show(v *view, name string) {
	if found := v.named(f.value(name), []string{name}); found != nil {
		f.set(name, v.object(found, nil))
	}
}

// inline adds the lists that today exist only when expand[] asks for them,
// with the count that lists had.
func (f *fields) inline(v *view, names ...string) {
	k := v.work.sandbox.kinds[f.text("object")]
	rec := v.work.seek(k, f.text("id"))
	if rec == nil || rec.state != live {
		return
	}
	for _, name := range names {
		include := v.work.sandbox.resources[k].include[name]
		if include == nil || f.value(name) != nil {
			continue
		}
		f.set(name, counted(v.render(include(v, rec.object()), nil)))
	}
}

// counted adds total_count to a list that is answered whole.
func counted(list json.RawMessage) json.RawMessage {
	f := fields(membersOf(list))
	var data []json.RawMessage
	if json.Unmarshal(f.value("data"), &data) == nil {
		f.set("total_count", marshal(len(data)))
	}
	return joinMembers(f)
}

// periodOnSubscription shows the period of the first item as the subscription's.
func periodOnSubscription(v *view, f *fields) {
	var items []json.RawMessage
	list := fields(membersOf(f.value("items")))
	if json.Unmarshal(list.value("data"), &items) != nil || len(items) == 0 {
		return
	}
	first := fields(membersOf(items[0]))
	for _, name := range []string{"current_period_start", "current_period_end"} {
		f.set(name, first.value(name))
	}
	if len(items) == 1 {
		f.set("plan", first.value("plan"))
		f.set("quantity", first.value("quantity"))
	}
	f.set("discount", nil)
	var discounts []json.RawMessage
	if json.Unmarshal(f.value("discounts"), &discounts) == nil && len(discounts) > 0 {
		f.set("discount", discounts[0])
		f.show(v, "discount")
	}
}

// paymentOnInvoice shows on an invoice by what it was paid, and for which
// subscription.
func paymentOnInvoice(v *view, f *fields) {
	parent := fields(membersOf(f.value("parent")))
	about := fields(membersOf(parent.value("subscription_details")))
	f.set("subscription", about.value("subscription"))
	f.set("paid", marshal(f.text("status") == "paid"))
	f.set("payment_intent", nil)
	f.set("charge", nil)
	payments := invoicePayments.matching(v.work, indexKey{"invoice", f.text("id")})
	if len(payments) == 0 {
		return
	}
	id := payments[len(payments)-1].Payment.PaymentIntent
	f.set("payment_intent", marshal(textOrNil(id)))
	if paid, ok := paymentIntents.find(v.work, id); ok {
		f.set("charge", marshal(paid.LatestCharge))
	}
}

// chargesOfIntent shows the attempts of an intent, the newest first.
func chargesOfIntent(v *view, f *fields) {
	id := f.text("id")
	all := charges.matching(v.work, indexKey{"payment_intent", id})
	list := &page{url: "/v1/charges?payment_intent=" + id}
	for at := range all {
		list.objects = append(list.objects, all[len(all)-1-at])
	}
	f.set("charges", counted(v.page(list, nil)))
}

// namesOnPlan shows the name of a plan's product as its own.
func namesOnPlan(v *view, f *fields) {
	f.set("name", nil)
	f.set("statement_descriptor", nil)
	if made, ok := products.find(v.work, f.text("product")); ok {
		f.set("name", marshal(made.Name))
		f.set("statement_descriptor", marshal(made.StatementDescriptor))
	}
}
