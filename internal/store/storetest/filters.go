package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
	"florin/internal/store"
)

// filtered is how many payments the filters are tried on.
const filtered = 120

// testPaymentFilters compares what the database finds under random filters with
// what a loop in Go finds among the same payments.
func testPaymentFilters(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	all := variousPayments(t, w)
	rapid.Check(t, func(rt *rapid.T) {
		f := anyFilter(rt, w, all)
		got := walkFilter(rt, w, f)
		var want []pay.ID
		for _, p := range all {
			if matches(p, f) {
				want = append(want, p.ID)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(rt, want, got, "%+v", f)
	})
}

// walkFilter reads all that match, over as many pages as it takes.
func walkFilter(rt *rapid.T, w *World, f pay.PaymentFilter) []pay.ID {
	var ids []pay.ID
	page := pay.Page{Limit: rapid.IntRange(5, pay.MaxPage).Draw(rt, "limit")}
	for range filtered {
		var got pay.List[pay.Payment]
		err := w.Store.Read(rt.Context(), func(tx *store.Tx) (err error) {
			got, err = tx.Payments(w.Owner, f, page)
			return err
		})
		require.NoError(rt, err)
		for _, p := range got.Items {
			ids = append(ids, p.ID)
		}
		if got.Next == "" {
			return ids
		}
		page.Cursor = got.Next
	}
	rt.Fatal("the list has no end")
	return nil
}

// Values that payments of this test have, few of each so that filters meet.
var (
	someCurrencies   = []pay.Currency{"USD", "JPY", "KWD"}
	someDescriptions = []string{"100% wool", "100 wool", "a_b", "aXb", `back\slash`, "ÄRGER", ""}
	someLast4        = []string{"4242", "0005", ""}
	someMetadata     = []map[string]string{nil, {"channel": "web"}, {"channel": "web", "vip": "yes"}, {"channel": "app"}}
)

func variousPayments(t *testing.T, w *World) []pay.Payment {
	t.Helper()
	all := make([]pay.Payment, filtered)
	for i := range all {
		p := w.NewPayment()
		p.Amount = pay.Amount(int64(1+i%7)*100, someCurrencies[i%3])
		p.Captured, p.Refunded = pay.Amount(0, p.Amount.Currency), pay.Amount(0, p.Amount.Currency)
		p.Status = pay.PaymentStatuses[i%len(pay.PaymentStatuses)]
		p.CreatedAt = w.at(i / 3)
		p.Description, p.CardLast4 = someDescriptions[i%len(someDescriptions)], someLast4[i%len(someLast4)]
		p.Metadata = someMetadata[i%len(someMetadata)]
		p.ReceiptEmail = fmt.Sprintf("Person%d@Example.com", i%5)
		if i%2 == 0 {
			p.Customer, p.ProviderRef = "", ""
		}
		if i%4 == 0 {
			p.IdempotencyKey = fmt.Sprintf("order-%d", i%8)
		}
		all[i] = p
		w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(p) })
	}
	return all
}

// anyFilter draws a filter, most of whose fields are empty.
func anyFilter(rt *rapid.T, w *World, all []pay.Payment) pay.PaymentFilter {
	some := func(name string) bool { return rapid.IntRange(0, 5).Draw(rt, name) == 0 }
	one := rapid.SampledFrom(all).Draw(rt, "one")
	f := pay.PaymentFilter{Order: rapid.SampledFrom([]pay.PaymentOrder{
		"", pay.NewestFirst, pay.OldestFirst, pay.LargestFirst, pay.SmallestFirst,
	}).Draw(rt, "order")}
	if some("statuses") {
		f.Statuses = rapid.SliceOfN(rapid.SampledFrom(pay.PaymentStatuses), 1, 4).Draw(rt, "which")
	}
	if some("currency") {
		f.Currency = one.Amount.Currency
	}
	if some("least") {
		f.MinMilli = one.Amount.Milli()
	}
	if some("most") {
		f.MaxMilli = rapid.SampledFrom(all).Draw(rt, "other").Amount.Milli()
	}
	if some("since") {
		f.Since = one.CreatedAt
	}
	if some("until") {
		f.Until = w.at(rapid.IntRange(1, filtered/3).Draw(rt, "end"))
	}
	if some("metadata") {
		f.Metadata = one.Metadata
	}
	if some("query") {
		f.Query = rapid.SampledFrom([]string{"100%", "a_b", `K\S`, "ärg", "person3@", "pi_", "4242", "order-4", "no such", string(one.ID)}).Draw(rt, "text")
	}
	exact := []func(){
		func() { f.Provider = pay.ProviderStripe }, func() { f.Provider = "other" }, func() { f.Customer = one.Customer },
		func() { f.CardLast4 = one.CardLast4 }, func() { f.ProviderRef = one.ProviderRef }, func() { f.IdempotencyKey = one.IdempotencyKey },
	}
	if some("exact") {
		rapid.SampledFrom(exact).Draw(rt, "field")()
	}
	return f
}

// matches is the filter as a reader of pay.PaymentFilter understands it.
func matches(p pay.Payment, f pay.PaymentFilter) bool {
	equal := func(want, have string) bool { return want == "" || want == have }
	within := func(t time.Time) bool {
		return (f.Since.IsZero() || !t.Before(f.Since)) && (f.Until.IsZero() || t.Before(f.Until))
	}
	text := strings.ToLower(strings.Join([]string{
		string(p.ID), p.Description, p.ReceiptEmail, p.ProviderRef, p.ChargeRef, p.IdempotencyKey, p.CardLast4,
	}, "\n"))
	for _, key := range slices.Collect(maps.Keys(f.Metadata)) {
		if p.Metadata[key] != f.Metadata[key] {
			return false
		}
	}
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, p.Status)) &&
		equal(f.Provider, p.Provider) && equal(string(f.Currency), string(p.Amount.Currency)) &&
		equal(string(f.Customer), string(p.Customer)) && equal(f.CardLast4, p.CardLast4) &&
		equal(f.ProviderRef, p.ProviderRef) && equal(f.IdempotencyKey, p.IdempotencyKey) &&
		(f.MinMilli == 0 || p.Amount.Milli() >= f.MinMilli) && (f.MaxMilli == 0 || p.Amount.Milli() <= f.MaxMilli) &&
		within(p.CreatedAt) && strings.Contains(text, strings.ToLower(f.Query))
}

// testUniqueness tries to keep things twice; the transaction stays usable.
func testUniqueness(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	x := w.fill(t)
	merchant := pay.Merchant{ID: NewID(), Name: "unique " + string(NewID()), CreatedAt: w.Now}
	connection, customer, refund := w.NewConnection(), w.NewCustomer(), w.NewRefund(x.payment)
	connection.Default, customer.Email, refund.ProviderRef = false, w.Customer.Email, x.refund.ProviderRef
	payment, call, endpoint := w.NewPayment(), w.NewCall(x.payment), w.NewEndpoint()
	payment.ProviderRef, endpoint.Default = x.payment.ProviderRef, true
	second := merchant
	second.ID = NewID()
	key := x.key
	key.Owner = w.Sibling(t).Owner
	tries := map[string]func(tx *store.Tx) error{
		"merchant name":    func(tx *store.Tx) error { return tx.InsertMerchant(second) },
		"key id":           func(tx *store.Tx) error { return tx.InsertAPIKey(key) },
		"connection name":  func(tx *store.Tx) error { return tx.InsertConnection(connection) },
		"customer e-mail":  func(tx *store.Tx) error { return tx.InsertCustomer(customer) },
		"card id":          func(tx *store.Tx) error { c := w.Card; c.Default = false; return tx.InsertCard(c) },
		"default endpoint": func(tx *store.Tx) error { return tx.InsertEndpoint(endpoint) },
	}
	late := map[string]func(tx *store.Tx) error{ // those that nobody waits for within the transaction
		"payment id":  func(tx *store.Tx) error { return tx.InsertPayment(x.payment) },
		"payment ref": func(tx *store.Tx) error { return tx.InsertPayment(payment) },
		"refund ref":  func(tx *store.Tx) error { return tx.InsertRefund(refund) },
		"open call":   func(tx *store.Tx) error { return tx.InsertCall(call) },
		"event id":    func(tx *store.Tx) error { return tx.InsertEvent(x.event) },
		"delivery":    func(tx *store.Tx) error { return tx.InsertDelivery(w.NewDelivery(x.event, x.endpoint)) },
		"attempt":     func(tx *store.Tx) error { return tx.InsertAttempt(w.Owner, w.NewAttempt(x.delivery, 1)) },
	}
	for name, try := range late {
		assert.Equal(t, pay.CodeExists, pay.CodeOf(s.Write(t.Context(), try)), name)
	}
	w.Write(t, func(tx *store.Tx) error { return tx.InsertMerchant(merchant) })
	w.Write(t, func(tx *store.Tx) error {
		for name, try := range tries {
			assert.Equal(t, pay.CodeExists, pay.CodeOf(try(tx)), name)
		}
		fresh, err := tx.InsertProviderEvent(x.news)
		assert.False(t, fresh)
		return err
	})
	other := w.NewPayment()
	w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(other) })
	other.ProviderRef = x.payment.ProviderRef
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdatePayment(other) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err), "a reference taken by an update")
	assert.Equal(t, x.payment.Metadata["order"], metadataOf(t, w, x.payment), "a refused row leaves no parts")
}

func metadataOf(t *testing.T, w *World, p pay.Payment) string {
	t.Helper()
	var found pay.List[pay.Payment]
	w.Read(t, func(tx *store.Tx) (err error) {
		found, err = tx.Payments(w.Owner, pay.PaymentFilter{Metadata: p.Metadata}, pay.Page{})
		return err
	})
	require.Len(t, found.Items, 1)
	return found.Items[0].Metadata["order"]
}

// testDefaults checks that a new default takes the place of the old one, and
// that others are left alone.
func testDefaults(t *testing.T, s *store.Store) {
	w, other := NewWorld(t, s), NewWorld(t, s)
	connection, card := w.NewConnection(), w.NewCard()
	connection.Name, connection.Default, card.Default = "second", false, false
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertConnection(connection))
		return tx.InsertCard(card)
	})
	connection.Default, card.Default = true, true
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.UpdateConnection(connection))
		return tx.UpdateCard(card)
	})
	third, fourth := w.NewConnection(), w.NewCard()
	third.Name = "third"
	for range 2 {
		w.Read(t, func(tx *store.Tx) error {
			got, err := tx.DefaultConnection(w.Owner)
			require.NoError(t, err)
			assert.Equal(t, connection.ID, got.ID)
			for _, c := range []pay.Card{w.Card, card, fourth} {
				if kept, err := tx.Card(w.Owner, c.ID); !pay.Is(err, pay.CodeNotFound) {
					require.NoError(t, err)
					assert.Equal(t, c.ID == card.ID, kept.Default)
				}
			}
			theirs, err := tx.Card(other.Owner, other.Card.ID)
			assert.True(t, theirs.Default)
			return err
		})
		w.Write(t, func(tx *store.Tx) error {
			if _, err := tx.Connection(w.Owner, third.ID); err == nil {
				return nil
			}
			require.NoError(t, tx.InsertConnection(third))
			return tx.InsertCard(fourth)
		})
		connection, card = third, fourth
	}
}
