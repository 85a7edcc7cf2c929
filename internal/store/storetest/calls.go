package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// openCall keeps a payment with an open call that is due at a time.
func openCall(t *testing.T, w *World, due time.Time) pay.Call {
	t.Helper()
	p := w.PendingPayment()
	c := w.NewCall(p)
	c.DueAt = due
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		return tx.InsertCall(c)
	})
	return c
}

func lease(t *testing.T, w *World, now, until time.Time, limit int) []pay.Call {
	t.Helper()
	var leased []pay.Call
	w.Write(t, func(tx *store.Tx) (err error) {
		leased, err = tx.LeaseCalls(now, until, limit)
		return err
	})
	return leased
}

// testFences lets an old holder answer after a new one took over.
func testFences(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	old := openCall(t, w, w.at(1_000_000))
	refused := func(c pay.Call, why string) {
		t.Helper()
		assert.ErrorIs(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.SettleCall(c) }), store.ErrFenced, why)
		assert.ErrorIs(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.DeferCall(c) }), store.ErrFenced, why)
	}
	late, unknown, settled := old, old, old
	late.Fence, late.State = 0, pay.CallAnswered
	refused(late, "a fence of before")
	unknown.ID = NewID()
	refused(unknown, "no such call")
	settled.State, settled.Outcome = pay.CallAbsent, pay.OutcomeNotSent
	w.Write(t, func(tx *store.Tx) error { return tx.SettleCall(settled) })
	refused(settled, "what is settled stays so")
	again := old
	again.ID = NewID()
	w.Write(t, func(tx *store.Tx) error { return tx.InsertCall(again) }) // the subject is free again
}

// testLeases lets many workers take what is due: each call goes to one.
func testLeases(t *testing.T, s *store.Store) {
	const total, workers = 60, 6
	w := NewWorld(t, s)
	due := map[pay.ID]pay.Call{}
	for i := range total {
		c := openCall(t, w, w.at(i))
		due[c.ID] = c
	}
	later := openCall(t, w, w.at(total))
	now, until := w.at(total-1), w.at(5000)
	var mu sync.Mutex
	var taken []pay.Call
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range total {
				got := lease(t, w, now, until, 7)
				mu.Lock()
				taken = append(taken, got...)
				mu.Unlock()
				if len(got) == 0 {
					return
				}
			}
		})
	}
	group.Wait()
	require.Len(t, taken, total, "each once")
	for _, c := range taken {
		want := due[c.ID]
		want.DueAt, want.Fence, want.Attempts = until, 2, 2
		assert.Equal(t, want, c)
		delete(due, c.ID)
	}
	assert.Empty(t, due)
	leaseAgain(t, w, later, taken[0])
}

// leaseAgain ends the leases, and shows that the first holder is fenced off.
func leaseAgain(t *testing.T, w *World, later, held pay.Call) {
	now := w.at(6000)
	got := lease(t, w, w.at(4999), w.at(7000), 100)
	require.Len(t, got, 1, "the one that was not yet due; the others are held")
	assert.Equal(t, later.ID, got[0].ID)
	assert.Empty(t, lease(t, w, w.at(1), w.at(2), 100), "nothing is due before its time")
	var released int
	w.Write(t, func(tx *store.Tx) (err error) {
		released, err = tx.ReleaseCalls(now)
		return err
	})
	assert.Equal(t, 1, released, "those due before now are free already")
	again := lease(t, w, now, w.at(8000), 1000)
	assert.Len(t, again, 61)
	held.State = pay.CallAnswered
	assert.ErrorIs(t, w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.SettleCall(held) }), store.ErrFenced)
}

// testDue sweeps for payments, refunds, deliveries and Stripe events of all
// owners: those whose time has come, longest waiting first.
func testDue(t *testing.T, s *store.Store) {
	a := NewWorld(t, s)
	var want [4][]pay.ID
	for i, w := range []*World{a, a.OtherMode(t), a.Sibling(t), a.Sibling(t)} {
		x := w.fill(t)
		x.payment.LookAt, x.refund.LookAt, x.delivery.NextAt = a.at(10-i), a.at(10-i), a.at(10-i)
		news := w.NewProviderEvent()
		news.ReceivedAt = a.at(10 - i)
		x.news.State = pay.ProviderEventIgnored
		if i == 3 {
			x.payment.LookAt, x.refund.LookAt, x.delivery.Status = time.Time{}, time.Time{}, pay.DeliveryDelivered
			news.State = pay.ProviderEventApplied
		} else {
			for n, id := range []pay.ID{x.payment.ID, x.refund.ID, x.delivery.ID, news.ID} {
				want[n] = append([]pay.ID{id}, want[n]...)
			}
		}
		w.Write(t, func(tx *store.Tx) error {
			_, err := tx.InsertProviderEvent(news)
			for _, err := range []error{
				err, tx.UpdatePayment(x.payment), tx.UpdateRefund(x.refund), tx.UpdateDelivery(x.delivery), tx.FinishProviderEvent(x.news),
			} {
				require.NoError(t, err)
			}
			return nil
		})
	}
	sweep(t, a, want)
}

// sweep compares each sweep with what is due, whole and cut short.
func sweep(t *testing.T, w *World, want [4][]pay.ID) {
	now := w.at(10)
	w.Read(t, func(tx *store.Tx) error {
		for _, limit := range []int{100, 2} {
			payments, err := tx.DuePayments(now, limit)
			require.NoError(t, err)
			refunds, err := tx.DueRefunds(now, limit)
			require.NoError(t, err)
			deliveries, err := tx.StaleDeliveries(now, limit)
			require.NoError(t, err)
			news, err := tx.StaleProviderEvents(now.Add(time.Microsecond), limit)
			require.NoError(t, err)
			got := [4][]pay.ID{
				idsOf(payments, func(p pay.Payment) pay.ID { return p.ID }), idsOf(refunds, refundID),
				idsOf(deliveries, func(d pay.Delivery) pay.ID { return d.ID }), idsOf(news, func(e pay.ProviderEvent) pay.ID { return e.ID }),
			}
			for n := range want {
				assert.Equal(t, want[n][:min(limit, 3)], got[n])
			}
		}
		early, err := tx.DuePayments(w.at(7), 100)
		assert.Empty(t, early, "nothing before its time")
		return err
	})
}

// testClaims lets fifty take one key at once: one gets it, and all others see
// the same holder.
func testClaims(t *testing.T, s *store.Store) {
	const callers = 50
	w := NewWorld(t, s)
	r := w.NewRequest()
	var mu sync.Mutex
	var winners []pay.ID
	seen := map[pay.ID]int{}
	var group sync.WaitGroup
	for range callers {
		mine := r
		mine.Resource = NewID()
		group.Go(func() {
			var held *pay.Request
			err := s.Write(t.Context(), func(tx *store.Tx) (err error) {
				held, err = tx.ClaimRequest(mine)
				return err
			})
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			if held == nil {
				winners = append(winners, mine.Resource)
				return
			}
			seen[held.Resource]++
		})
	}
	group.Wait()
	require.Len(t, winners, 1)
	assert.Equal(t, map[pay.ID]int{winners[0]: callers - 1}, seen)
}

// testReaping forgets old requests, but none that is still running.
func testReaping(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	var old []pay.Request
	for i := range 5 {
		r := w.NewRequest()
		r.State, r.FinishedAt = pay.RequestFinished, w.at(i)
		if i == 0 {
			r.State = pay.RequestRunning
		}
		old = append(old, r)
		w.Write(t, func(tx *store.Tx) error {
			_, err := tx.ClaimRequest(r)
			return err
		})
	}
	for _, want := range []int{2, 1, 0} {
		w.Write(t, func(tx *store.Tx) error {
			n, err := tx.ReapRequests(w.at(4), 2)
			assert.Equal(t, want, n)
			return err
		})
	}
	w.Read(t, func(tx *store.Tx) error {
		for i, r := range old {
			_, err := tx.Request(w.Owner, r.Key)
			assert.Equal(t, i == 0 || i == 4, err == nil, "%d: %v", i, err)
		}
		return nil
	})
}

// testKeyTouches keeps the latest use of each key, whatever the order.
func testKeyTouches(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	first, second := w.NewAPIKey(), w.NewAPIKey()
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertAPIKey(first))
		require.NoError(t, tx.InsertAPIKey(second))
		require.NoError(t, tx.TouchAPIKeys(map[string]time.Time{first.ID: w.at(100), second.ID: w.at(0), "unknown": w.at(1)}))
		return tx.TouchAPIKeys(map[string]time.Time{first.ID: w.at(99)})
	})
	w.Read(t, func(tx *store.Tx) error {
		got, err := tx.APIKey(first.ID)
		require.NoError(t, err)
		assert.Equal(t, w.at(100), got.LastUsed)
		got, err = tx.APIKey(second.ID)
		assert.Equal(t, second.LastUsed, got.LastUsed)
		return err
	})
}

// testWebhookConnections finds who may have sent a Stripe event: default ones
// first, then newer ones, never one without a secret.
func testWebhookConnections(t *testing.T, s *store.Store) {
	a, b := NewWorld(t, s), NewWorld(t, s)
	older, newer, mute := a.NewConnection(), a.NewConnection(), a.NewConnection()
	older.Name, older.Default, older.CreatedAt = "older", false, a.at(2)
	newer.Name, newer.Default, newer.CreatedAt = "newer", false, a.at(3)
	mute.Name, mute.Default, mute.WebhookSecret = "mute", false, nil
	a.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertConnection(older))
		require.NoError(t, tx.InsertConnection(newer))
		return tx.InsertConnection(mute)
	})
	id := func(c pay.Connection) pay.ID { return c.ID }
	a.Read(t, func(tx *store.Tx) error {
		own, err := tx.WebhookConnections(a.Owner.Merchant, 10)
		require.NoError(t, err)
		assert.Equal(t, []pay.ID{a.Connection.ID, newer.ID, older.ID}, idsOf(own, id))
		all, err := tx.WebhookConnections("", 3)
		require.NoError(t, err)
		assert.ElementsMatch(t, []pay.ID{a.Connection.ID, b.Connection.ID}, idsOf(all[:2], id))
		assert.Equal(t, newer.ID, all[2].ID)
		return nil
	})
}
