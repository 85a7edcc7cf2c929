package store

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"florin/internal/pay"
)

// paymentOrders are the ways to sort payments; each has an index. Equal amounts
// are sorted by time.
var paymentOrders = map[pay.PaymentOrder]order[pay.Payment]{
	pay.NewestFirst:   paymentOrder(pay.NewestFirst, true, "created_at"),
	pay.OldestFirst:   paymentOrder(pay.OldestFirst, false, "created_at"),
	pay.LargestFirst:  paymentOrder(pay.LargestFirst, true, "amount_milli", "created_at"),
	pay.SmallestFirst: paymentOrder(pay.SmallestFirst, false, "amount_milli", "created_at"),
}

func paymentOrder(name pay.PaymentOrder, descending bool, columns ...string) order[pay.Payment] {
	return order[pay.Payment]{
		name: "payments" + string(name), columns: columns, descending: descending,
		key: func(p pay.Payment) []int64 {
			if len(columns) == 1 {
				return []int64{micros(p.CreatedAt)}
			}
			return []int64{p.Amount.Milli(), micros(p.CreatedAt)}
		},
		id: func(p pay.Payment) string { return string(p.ID) },
	}
}

// Payments lists the payments that match a filter, newest first unless it says
// otherwise. Each way to sort and each filter has an index, so that a page
// costs the same however many payments there are; only free text, and rare
// values of few-valued fields in a list sorted by amount, look at rows one by
// one.
//
// Errors: invalid_cursor; invalid_field for an order that does not exist.
func (tx *Tx) Payments(o pay.Owner, f pay.PaymentFilter, page pay.Page) (pay.List[pay.Payment], error) {
	c, by, err := paymentQuery(o, f)
	if err != nil {
		return pay.List[pay.Payment]{}, err
	}
	return listAny(tx, payments, oneOf(c, walk(f, "status")+" =", f.Statuses), by, page)
}

// paymentQuery is the filter in SQL, but for the statuses, and the order that
// suits it.
//
// Errors: invalid_field for an order that does not exist.
func paymentQuery(o pay.Owner, f pay.PaymentFilter) (*condition, order[pay.Payment], error) {
	by, known := paymentOrders[cmp.Or(f.Order, pay.NewestFirst)]
	if !known {
		return nil, by, pay.Invalid(pay.CodeInvalidField, "sort", "there is no order %q", f.Order)
	}
	c := paymentCondition(o, f)
	switch {
	case len(f.Metadata) > 0 && !byAmount(f):
		by.columns, by.tie = []string{"meta_at"}, "meta_payment"
	case byAmount(f) && (f.Customer != "" || f.Account != "" || f.CardLast4 != "" || f.IdempotencyKey != ""):
		// Few rows match: find them by their index and sort them, rather than
		// walk all amounts in search of them.
		by.columns = []string{"amount_milli + 0", "created_at"}
	}
	return c, by, nil
}

// paymentCondition is the filter's WHERE.
func paymentCondition(o pay.Owner, f pay.PaymentFilter) *condition {
	c := owned(o)
	texts := []struct{ column, value string }{
		{"provider", f.Provider},
		{walk(f, "currency"), string(f.Currency)},
		{"customer", string(f.Customer)}, {"account", string(f.Account)},
		{"card_last4", f.CardLast4},
		{"provider_ref", f.ProviderRef},
		{"idempotency_key", f.IdempotencyKey},
	}
	for _, text := range texts {
		if text.value != "" {
			c.and(text.column+" =", text.value)
		}
	}
	amountCondition(c, f)
	created := "created_at"
	if len(f.Metadata) > 0 {
		metadataCondition(c, f.Metadata)
		created = "meta_at"
	}
	if !f.Since.IsZero() {
		c.and(created+" >=", micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.and(created+" <", micros(f.Until))
	}
	if f.Query != "" {
		c.raw("search LIKE " + c.place(pattern(f.Query)) + ` ESCAPE '\'`)
	}
	return c
}

func byAmount(f pay.PaymentFilter) bool {
	return f.Order == pay.LargestFirst || f.Order == pay.SmallestFirst
}

// walk names a column that has few values so that its index is not used when
// the list is sorted by amount: the database would sort all rows that match,
// where walking the amounts finds a page at once.
func walk(f pay.PaymentFilter, column string) string {
	if byAmount(f) {
		return column + " || ''"
	}
	return column
}

// amountCondition bounds the amount. One exact amount is sought by its index;
// a range is, when sorted by time, better met while walking the times.
func amountCondition(c *condition, f pay.PaymentFilter) {
	column := "amount_milli"
	if !byAmount(f) {
		column = "amount_milli + 0"
	}
	switch {
	case f.MinMilli != 0 && f.MinMilli == f.MaxMilli:
		c.and("amount_milli =", f.MinMilli)
		return
	case f.MinMilli != 0:
		c.and(column+" >=", f.MinMilli)
	}
	if f.MaxMilli != 0 {
		c.and(column+" <=", f.MaxMilli)
	}
}

// metadataCondition asks for every pair. The first leads: the index of the side
// table has its matches in the order of time. The others are looked up.
func metadataCondition(c *condition, pairs map[string]string) {
	const of = "FROM payment_metadata WHERE merchant = $1 AND mode = $2 AND key = "
	keys := slices.Sorted(maps.Keys(pairs))
	c.from = "(SELECT payment AS meta_payment, created_at AS meta_at " + of + c.place(keys[0]) + " AND value = " + c.place(pairs[keys[0]]) +
		") meta CROSS JOIN "
	c.raw("id = meta_payment")
	for _, key := range keys[1:] {
		c.raw("EXISTS (SELECT 1 " + of + c.place(key) + " AND value = " + c.place(pairs[key]) + " AND payment = meta_payment)")
	}
}

// escape keeps what people type from being read as a wildcard.
var escape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// pattern finds a text anywhere, in whatever case.
func pattern(query string) string { return "%" + escape.Replace(strings.ToLower(query)) + "%" }
