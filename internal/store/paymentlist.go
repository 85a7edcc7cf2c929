package store

import (
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
// otherwise. Each way to sort and each filter has an index; free text and
// metadata sorted by amount look at rows one by one.
//
// Errors: invalid_cursor; invalid_field for an order that does not exist.
func (tx *Tx) Payments(o pay.Owner, f pay.PaymentFilter, page pay.Page) (pay.List[pay.Payment], error) {
	if f.Order == "" {
		f.Order = pay.NewestFirst
	}
	by, ok := paymentOrders[f.Order]
	if !ok {
		return pay.List[pay.Payment]{}, pay.Invalid(pay.CodeInvalidField, "sort", "there is no order %q", f.Order)
	}
	c := paymentCondition(o, f)
	return listAny(tx, payments, c, by, page, walk(f, "status")+" =", f.Statuses)
}

// paymentCondition is the filter in SQL, but for the statuses.
func paymentCondition(o pay.Owner, f pay.PaymentFilter) *condition {
	c := owned(o)
	texts := []struct{ column, value string }{
		{"provider", f.Provider},
		{walk(f, "currency"), string(f.Currency)},
		{"customer", string(f.Customer)},
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
	if !f.Since.IsZero() {
		c.and("created_at >=", micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("created_at <", micros(f.Until))
	}
	metadataCondition(c, f.Metadata)
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

// metadataCondition asks for every pair. The side table has an index on it.
func metadataCondition(c *condition, pairs map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		c.raw("id IN (SELECT m.payment FROM payment_metadata m WHERE m.merchant = $1 AND m.mode = $2 AND m.key = " +
			c.place(key) + " AND m.value = " + c.place(pairs[key]) + ")")
	}
}

// escape keeps what people type from being read as a wildcard.
var escape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// pattern finds a text anywhere, in whatever case.
func pattern(query string) string { return "%" + escape.Replace(strings.ToLower(query)) + "%" }
