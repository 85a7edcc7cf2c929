package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// listed is how many rows the lists of these tests have: four pages of three.
const listed, pageSize = 11, 3

// walkPages reads a list to its end, a page at a time, and checks that every
// page but the last is full.
func walkPages[T any](t *testing.T, w *World, fetch func(tx *store.Tx, page pay.Page) (pay.List[T], error)) []T {
	t.Helper()
	var all []T
	page := pay.Page{Limit: pageSize}
	for pages := 1; ; pages++ {
		var got pay.List[T]
		w.Read(t, func(tx *store.Tx) (err error) {
			got, err = fetch(tx, page)
			return err
		})
		all = append(all, got.Items...)
		if got.Next == "" {
			return all
		}
		require.Len(t, got.Items, pageSize)
		require.Less(t, pages, 100, "the list has no end")
		page.Cursor = got.Next
	}
}

// newest sorts as lists do: by time and then id, both falling.
func newest[T any](rows []T, at func(T) time.Time, id func(T) pay.ID) []pay.ID {
	rows = slices.SortedFunc(slices.Values(rows), func(a, b T) int {
		return cmp.Or(at(b).Compare(at(a)), cmp.Compare(id(b), id(a)))
	})
	return idsOf(rows, id)
}

func idsOf[T any](rows []T, id func(T) pay.ID) []pay.ID {
	ids := make([]pay.ID, len(rows))
	for i, row := range rows {
		ids[i] = id(row)
	}
	return ids
}

// testPages walks every list over four pages. Half of the rows share their
// time with another, so that the id must decide.
func testPages(t *testing.T, s *store.Store) {
	t.Run("payments", func(t *testing.T) { pagesOfPayments(t, NewWorld(t, s)) })
	t.Run("refunds", func(t *testing.T) { pagesOfRefunds(t, NewWorld(t, s)) })
	t.Run("cards", func(t *testing.T) { pagesOfCards(t, NewWorld(t, s)) })
	t.Run("keys", func(t *testing.T) { pagesOfKeys(t, NewWorld(t, s)) })
	t.Run("deliveries", func(t *testing.T) { pagesOfDeliveries(t, NewWorld(t, s)) })
}

func pagesOfPayments(t *testing.T, w *World) {
	var all []pay.Payment
	for i := range listed {
		p := w.NewPayment()
		p.CreatedAt, p.Amount = w.at(i/2), pay.Amount(int64(4000+100*(i%4)), "USD")
		p.Captured, p.Refunded = pay.Amount(0, "USD"), pay.Amount(0, "USD")
		p.Status = []pay.PaymentStatus{pay.PaymentCompleted, pay.PaymentFailed, pay.PaymentPending}[i%3]
		all = append(all, p)
		w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(p) })
	}
	byTime := func(a, b pay.Payment) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) }
	byAmount := func(a, b pay.Payment) int { return cmp.Or(cmp.Compare(a.Amount.Minor, b.Amount.Minor), byTime(a, b)) }
	orders := map[pay.PaymentOrder]func(a, b pay.Payment) int{
		"":                byTimeFalling(byTime),
		pay.NewestFirst:   byTimeFalling(byTime),
		pay.OldestFirst:   byTime,
		pay.LargestFirst:  byTimeFalling(byAmount),
		pay.SmallestFirst: byAmount,
	}
	choices := [][]pay.PaymentStatus{nil, {pay.PaymentCompleted, pay.PaymentFailed, pay.PaymentPending, pay.PaymentCompleted}}
	for by, compare := range orders {
		for _, statuses := range choices {
			got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Payment], error) {
				return tx.Payments(w.Owner, pay.PaymentFilter{Order: by, Statuses: statuses}, page)
			})
			assert.Equal(t, slices.SortedFunc(slices.Values(all), compare), got, "order %q, statuses %v", by, statuses)
		}
	}
}

func byTimeFalling(compare func(a, b pay.Payment) int) func(a, b pay.Payment) int {
	return func(a, b pay.Payment) int { return compare(b, a) }
}

func pagesOfRefunds(t *testing.T, w *World) {
	p := w.NewPayment()
	w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(p) })
	var all []pay.Refund
	for i := range listed {
		r := w.NewRefund(p)
		r.CreatedAt, r.Status = w.at(i/2), pay.RefundStatuses[i%4]
		all = append(all, r)
		w.Write(t, func(tx *store.Tx) error { return tx.InsertRefund(r) })
	}
	want := newest(all, func(r pay.Refund) time.Time { return r.CreatedAt }, refundID)
	for _, f := range []pay.RefundFilter{{}, {Payment: p.ID}, {Statuses: pay.RefundStatuses}, {Since: w.at(0), Until: w.at(listed)}} {
		got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Refund], error) { return tx.Refunds(w.Owner, f, page) })
		assert.Equal(t, want, idsOf(got, refundID), "%+v", f)
	}
	for f, n := range map[*pay.RefundFilter]int{
		{Since: w.at(1), Until: w.at(2)}:              2,
		{Statuses: []pay.RefundStatus{"pending"}}:     3,
		{Payment: NewID()}:                            0,
		{Payment: p.ID, Since: w.at(listed)}:          0,
		{Payment: p.ID, Statuses: pay.RefundStatuses}: listed,
	} {
		got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Refund], error) { return tx.Refunds(w.Owner, *f, page) })
		assert.Len(t, got, n, "%+v", f)
	}
}

func refundID(r pay.Refund) pay.ID { return r.ID }

func pagesOfCards(t *testing.T, w *World) {
	all := []pay.Card{w.Card}
	for i := range listed - 1 {
		c := w.NewCard()
		c.CreatedAt, c.Default = w.at(i/2), false
		all = append(all, c)
		gone := w.NewCard()
		gone.Status, gone.Default = pay.CardRemoved, false
		w.Write(t, func(tx *store.Tx) error {
			require.NoError(t, tx.InsertCard(gone))
			return tx.InsertCard(c)
		})
	}
	id := func(c pay.Card) pay.ID { return c.ID }
	want := newest(all, func(c pay.Card) time.Time { return c.CreatedAt }, id)
	for _, customer := range []pay.ID{"", w.Customer.ID} {
		got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Card], error) {
			return tx.Cards(w.Owner, customer, page)
		})
		assert.Equal(t, want, idsOf(got, id))
	}
	assert.Empty(t, walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Card], error) { return tx.Cards(w.Owner, NewID(), page) }))
}

func pagesOfKeys(t *testing.T, w *World) {
	live := w.OtherMode(t)
	var own, both []pay.APIKey
	for i := range listed {
		k, l := w.NewAPIKey(), live.NewAPIKey()
		k.CreatedAt, l.CreatedAt = w.at(i/2), w.at(i/3)
		own, both = append(own, k), append(both, k, l)
		w.Write(t, func(tx *store.Tx) error {
			require.NoError(t, tx.InsertAPIKey(l))
			return tx.InsertAPIKey(k)
		})
	}
	at := func(k pay.APIKey) time.Time { return k.CreatedAt }
	id := func(k pay.APIKey) pay.ID { return pay.ID(k.ID) }
	got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.APIKey], error) { return tx.APIKeys(w.Owner, page) })
	assert.Equal(t, newest(own, at, id), idsOf(got, id))
	got = walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.APIKey], error) {
		return tx.MerchantAPIKeys(w.Owner.Merchant, page)
	})
	assert.Equal(t, newest(both, at, id), idsOf(got, id))
}

func pagesOfDeliveries(t *testing.T, w *World) {
	to := w.NewEndpoint()
	w.Write(t, func(tx *store.Tx) error { return tx.InsertEndpoint(to) })
	var all []pay.Delivery
	for i := range listed {
		e := w.NewEvent(w.PendingPayment())
		e.Payment = ""
		d := w.NewDelivery(e, to)
		d.CreatedAt = w.at(i / 2)
		all = append(all, d)
		w.Write(t, func(tx *store.Tx) error {
			require.NoError(t, tx.InsertEvent(e))
			return tx.InsertDelivery(d)
		})
	}
	id := func(d pay.Delivery) pay.ID { return d.ID }
	want := newest(all, func(d pay.Delivery) time.Time { return d.CreatedAt }, id)
	for _, f := range []pay.DeliveryFilter{{}, {Endpoint: to.ID}, {Status: pay.DeliveryPending}, {Type: pay.EventPaymentCompleted}} {
		got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Delivery], error) {
			return tx.Deliveries(w.Owner, f, page)
		})
		assert.Equal(t, want, idsOf(got, id), "%+v", f)
	}
	for f, n := range map[pay.DeliveryFilter]int{
		{Event: all[0].Event}: 1, {Status: pay.DeliveryFailed}: 0, {Type: pay.EventPing}: 0, {Endpoint: NewID()}: 0,
	} {
		got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Delivery], error) {
			return tx.Deliveries(w.Owner, f, page)
		})
		assert.Len(t, got, n, "%+v", f)
	}
}

// testMerchants walks the list that no owner bounds.
func testMerchants(t *testing.T, s *store.Store) {
	w := &World{Store: s, Now: time.UnixMicro(1).UTC()}
	var all []pay.Merchant
	for i := range listed {
		m := pay.Merchant{ID: NewID(), Name: fmt.Sprintf("merchant %d", i), CreatedAt: w.at(i / 2)}
		all = append(all, m)
		kept(t, w, func(tx *store.Tx) error { return tx.InsertMerchant(m) }, m, func(tx *store.Tx) (pay.Merchant, error) {
			return tx.MerchantByName(m.Name)
		})
		kept(t, w, func(*store.Tx) error { return nil }, m, func(tx *store.Tx) (pay.Merchant, error) { return tx.Merchant(m.ID) })
	}
	id := func(m pay.Merchant) pay.ID { return m.ID }
	got := walkPages(t, w, func(tx *store.Tx, page pay.Page) (pay.List[pay.Merchant], error) { return tx.Merchants(page) })
	assert.Equal(t, newest(all, func(m pay.Merchant) time.Time { return m.CreatedAt }, id), idsOf(got, id))
}

// testCursors tries what is no cursor of the list, and page sizes at the edge.
func testCursors(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	for range pay.DefaultPage + 1 {
		w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(w.NewPayment()) })
	}
	w.Read(t, func(tx *store.Tx) error {
		first, err := tx.Payments(w.Owner, pay.PaymentFilter{}, pay.Page{})
		require.NoError(t, err)
		assert.Len(t, first.Items, pay.DefaultPage, "no limit means the default")
		all, err := tx.Payments(w.Owner, pay.PaymentFilter{}, pay.Page{Limit: 1 << 40})
		require.NoError(t, err)
		assert.Len(t, all.Items, pay.DefaultPage+1, "a limit above the greatest means the greatest")
		assert.Empty(t, all.Next)
		for _, cursor := range []string{"x", "!", "bm90aGluZw", first.Next + "A", first.Next[:8]} {
			_, err := tx.Payments(w.Owner, pay.PaymentFilter{}, pay.Page{Cursor: cursor})
			assert.Equal(t, pay.CodeInvalidCursor, pay.CodeOf(err), cursor)
		}
		_, err = tx.Payments(w.Owner, pay.PaymentFilter{Order: pay.LargestFirst}, pay.Page{Cursor: first.Next})
		assert.Equal(t, pay.CodeInvalidCursor, pay.CodeOf(err), "a cursor of another order")
		_, err = tx.Refunds(w.Owner, pay.RefundFilter{}, pay.Page{Cursor: first.Next})
		assert.Equal(t, pay.CodeInvalidCursor, pay.CodeOf(err), "a cursor of another list")
		_, err = tx.Payments(w.Owner, pay.PaymentFilter{Order: "random()"}, pay.Page{})
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(err))
		return nil
	})
}
