package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

func eventID(e pay.Event) pay.ID { return e.ID }

// testFeed writes events from many goroutines while readers follow the feed,
// each from its last event: every reader sees every event once, in one order.
func testFeed(t *testing.T, s *store.Store) {
	const writers, each, readers = 6, 10, 3
	w := NewWorld(t, s)
	var feeds [readers][]pay.ID
	var following, writing sync.WaitGroup
	for i := range readers {
		following.Go(func() { feeds[i] = follow(t, w, writers*each) })
	}
	for range writers {
		writing.Go(func() {
			for range each {
				e := w.NewEvent(w.PendingPayment())
				e.Payment = ""
				assert.NoError(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertEvent(e) }))
			}
		})
	}
	writing.Wait()
	following.Wait()
	for i := range readers {
		assert.Len(t, feeds[i], writers*each)
		assert.Equal(t, feeds[0], feeds[i])
	}
	feedTypes(t, NewWorld(t, s))
}

// follow reads the feed from its last event on until it has seen n.
func follow(t *testing.T, w *World, n int) []pay.ID {
	var seen []pay.ID
	var after pay.ID
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for len(seen) < n {
		select {
		case <-deadline.C:
			assert.Fail(t, "the feed ends too early", "%d of %d", len(seen), n)
			return seen
		default:
		}
		err := w.Store.Read(t.Context(), func(tx *store.Tx) error {
			got, err := tx.Events(w.Owner, after, nil, 4)
			for _, e := range got.Items {
				seen, after = append(seen, e.ID), e.ID
			}
			return err
		})
		if !assert.NoError(t, err) {
			return seen
		}
	}
	return seen
}

// feedTypes filters and pages the feed, and reads a payment's part of it.
func feedTypes(t *testing.T, w *World) {
	p := w.NewPayment()
	var all []pay.Event
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		for i := range 7 {
			e := w.NewEvent(p)
			e.Type = []pay.EventType{pay.EventPaymentCompleted, pay.EventPaymentRefunded, pay.EventRefundCompleted}[i%3]
			all = append(all, e)
			require.NoError(t, tx.InsertEvent(e))
		}
		return nil
	})
	settled(t, w, len(all))
	w.Read(t, func(tx *store.Tx) error {
		refunds, err := tx.Events(w.Owner, "", []pay.EventType{pay.EventPaymentRefunded, pay.EventRefundCompleted}, 3)
		require.NoError(t, err)
		assert.Equal(t, []pay.ID{all[1].ID, all[2].ID, all[4].ID}, idsOf(refunds.Items, eventID))
		assert.Equal(t, string(all[4].ID), refunds.Next)
		rest, err := tx.Events(w.Owner, pay.ID(refunds.Next), []pay.EventType{pay.EventPaymentRefunded, pay.EventRefundCompleted}, 3)
		require.NoError(t, err)
		assert.Equal(t, []pay.ID{all[5].ID}, idsOf(rest.Items, eventID))
		assert.Empty(t, rest.Next)
		of, err := tx.EventsOf(w.Owner, p.ID)
		require.NoError(t, err)
		assert.Equal(t, idsOf(all, eventID), idsOf(of, eventID))
		last, err := tx.Event(w.Owner, all[6].ID)
		want := all[6]
		want.Position = last.Position
		assert.Equal(t, want, last)
		assert.Greater(t, last.Position, of[0].Position)
		return err
	})
}

// testLateCommitter writes an event in a transaction that stays open while
// another, begun later, commits: a reader must not go past the first. Where one
// process owns the data nothing is written meanwhile.
func testLateCommitter(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	late, early := w.NewEvent(w.PendingPayment()), w.NewEvent(w.PendingPayment())
	late.Payment, early.Payment = "", ""
	inserted, commit, committed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		committed <- s.Write(t.Context(), func(tx *store.Tx) error {
			err := tx.InsertEvent(late)
			_, read := tx.Event(w.Owner, late.ID) // now it is certainly written
			close(inserted)
			<-commit
			return errors.Join(err, read)
		})
	}()
	<-inserted
	if s.Exclusive() {
		close(commit)
		require.NoError(t, <-committed)
		w.Write(t, func(tx *store.Tx) error { return tx.InsertEvent(early) })
	} else {
		w.Write(t, func(tx *store.Tx) error { return tx.InsertEvent(early) })
		assert.Empty(t, feedOf(t, w, ""), "the feed ends before the open transaction")
		close(commit)
		require.NoError(t, <-committed)
	}
	assert.Equal(t, []pay.ID{late.ID, early.ID}, idsOf(settled(t, w, 2), eventID))
	assert.Equal(t, []pay.ID{early.ID}, idsOf(feedOf(t, w, late.ID), eventID))
}

// settled waits until n events are in the feed: where transactions commit out
// of order, anybody's open one, another test's too, holds the feed back.
func settled(t *testing.T, w *World, n int) (feed []pay.Event) {
	t.Helper()
	require.Eventually(t, func() bool {
		feed = feedOf(t, w, "")
		return len(feed) == n
	}, time.Minute, time.Millisecond)
	return feed
}

func feedOf(t *testing.T, w *World, after pay.ID) []pay.Event {
	t.Helper()
	var got pay.List[pay.Event]
	w.Read(t, func(tx *store.Tx) (err error) {
		got, err = tx.Events(w.Owner, after, nil, 10)
		return err
	})
	return got.Items
}

// testMissingEvents finds what an endpoint wants and was never sent.
func testMissingEvents(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	p, picky, all := w.NewPayment(), w.NewEndpoint(), w.NewEndpoint()
	all.Events = nil
	types := []pay.EventType{pay.EventPaymentCompleted, pay.EventPaymentFailed, pay.EventPaymentCompleted, pay.EventCardSaved, pay.EventPing}
	var made []pay.Event
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		require.NoError(t, tx.InsertEndpoint(picky))
		require.NoError(t, tx.InsertEndpoint(all))
		for i, kind := range types {
			e := w.NewEvent(p)
			e.Type, e.At = kind, w.at(i)
			made = append(made, e)
			require.NoError(t, tx.InsertEvent(e))
		}
		require.NoError(t, tx.InsertDelivery(w.NewDelivery(made[1], picky)))
		return tx.InsertDelivery(w.NewDelivery(made[0], all))
	})
	missing := func(to pay.Endpoint, since time.Time, limit int) (ids []pay.ID) {
		w.Read(t, func(tx *store.Tx) error {
			got, err := tx.MissingEvents(w.Owner, to.ID, since, limit)
			ids = idsOf(got, eventID)
			return err
		})
		return ids
	}
	assert.Equal(t, []pay.ID{made[0].ID, made[2].ID}, missing(picky, time.Time{}, 10))
	assert.Equal(t, []pay.ID{made[2].ID}, missing(picky, w.at(1), 10))
	assert.Equal(t, []pay.ID{made[1].ID, made[2].ID, made[3].ID}, missing(all, time.Time{}, 10))
	assert.Equal(t, []pay.ID{made[1].ID}, missing(all, time.Time{}, 1))
}

// testEndpoints deletes an endpoint: it is gone, its deliveries are not.
func testEndpoints(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	x := w.fill(t)
	sent := w.NewEvent(x.payment)
	done := w.NewDelivery(sent, x.endpoint)
	done.Status = pay.DeliveryDelivered
	second := w.NewEndpoint()
	second.Default, second.CreatedAt = true, w.at(50)
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertEvent(sent))
		require.NoError(t, tx.InsertDelivery(done))
		require.NoError(t, tx.DeleteEndpoint(w.Owner, x.endpoint.ID))
		return tx.InsertEndpoint(second) // the place of the default is free
	})
	w.Write(t, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.DeleteEndpoint(w.Owner, x.endpoint.ID), tx.UpdateEndpoint(x.endpoint),
		} {
			assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		}
		_, err := tx.Endpoint(w.Owner, x.endpoint.ID)
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		left, err := tx.Endpoints(w.Owner)
		require.NoError(t, err)
		assert.Equal(t, []pay.Endpoint{second}, left)
		failed, err := tx.Delivery(w.Owner, x.delivery.ID)
		require.NoError(t, err)
		assert.Equal(t, pay.DeliveryFailed, failed.Status)
		assert.True(t, failed.NextAt.IsZero())
		assert.NotEmpty(t, failed.LastError)
		kept, err := tx.Delivery(w.Owner, done.ID)
		assert.Equal(t, done, kept)
		return err
	})
}
