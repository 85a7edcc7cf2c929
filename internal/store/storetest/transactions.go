package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// exists reports whether a payment is there for everyone to see.
func exists(t *testing.T, w *World, id pay.ID) bool {
	t.Helper()
	err := w.Store.Read(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Payment(w.Owner, id)
		return err
	})
	if err != nil {
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), "%v", err)
	}
	return err == nil
}

var errPlanned = errors.New("planned")

// testTransactions tries every way in which a transaction can end.
func testTransactions(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	t.Run("an error rolls back", func(t *testing.T) {
		p := w.NewPayment()
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			require.NoError(t, tx.InsertPayment(p))
			return errPlanned
		})
		assert.Equal(t, errPlanned, err, "the closure's own error comes back as it is")
		assert.False(t, exists(t, w, p.ID))
	})
	t.Run("a panic rolls back and goes on", func(t *testing.T) {
		p := w.NewPayment()
		assert.PanicsWithValue(t, "planned", func() {
			_ = s.Write(t.Context(), func(tx *store.Tx) error {
				require.NoError(t, tx.InsertPayment(p))
				panic("planned")
			})
		})
		assert.False(t, exists(t, w, p.ID))
		w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(p) })
		assert.True(t, exists(t, w, p.ID), "the store works on")
	})
	t.Run("a cancelled context", func(t *testing.T) { cancelled(t, w) })
	t.Run("misuse", func(t *testing.T) { misuse(t, w) })
	t.Run("an exit of the goroutine rolls back", func(t *testing.T) {
		p := w.NewPayment()
		var group sync.WaitGroup
		group.Go(func() {
			inner := &exiting{TB: t}
			_ = s.Write(t.Context(), func(tx *store.Tx) error {
				require.NoError(inner, tx.InsertPayment(p))
				require.Fail(inner, "planned")
				return nil
			})
		})
		group.Wait()
		assert.False(t, exists(t, w, p.ID))
	})
	t.Run("a snapshot does not move", func(t *testing.T) { snapshotStays(t, w) })
}

// exiting is a test whose failure ends the goroutine and nothing else.
type exiting struct{ testing.TB }

func (*exiting) Errorf(string, ...any) {}

// FailNow ends the goroutine in the same way as a real failure does.
func (*exiting) FailNow() { runtime.Goexit() }

func cancelled(t *testing.T, w *World) {
	gone, cancel := context.WithCancel(t.Context())
	p := w.NewPayment()
	err := w.Store.Write(gone, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		cancel()
		return tx.InsertPayment(w.NewPayment())
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.False(t, exists(t, w, p.ID), "the rollback outlives the context")
	for range 200 { // whether the turn or the end of the context is seen first is up to chance
		err = w.Store.Write(gone, func(*store.Tx) error {
			t.Error("a closure was run whose caller had gone")
			return nil
		})
		assert.ErrorIs(t, err, context.Canceled)
	}
	assert.ErrorIs(t, w.Store.Read(gone, func(tx *store.Tx) error {
		_, err := tx.Payment(w.Owner, p.ID)
		return err
	}), context.Canceled)
	assert.NoError(t, w.Store.Ping(t.Context()))
}

func misuse(t *testing.T, w *World) {
	var kept *store.Tx
	w.Write(t, func(tx *store.Tx) error {
		kept = tx
		assert.ErrorContains(t, w.Store.Write(tx.Context(), func(*store.Tx) error { return nil }), "open already")
		assert.ErrorContains(t, w.Store.Read(tx.Context(), func(*store.Tx) error { return nil }), "open already")
		assert.Equal(t, tx.Now(), tx.Now(), "the clock stands still")
		return nil
	})
	_, err := kept.Payment(w.Owner, NewID())
	assert.ErrorContains(t, err, "has ended")
	assert.ErrorContains(t, kept.Enqueue(store.Job{Kind: store.JobDeliver}, w.Now), "has ended")
	assert.Error(t, w.Store.Read(t.Context(), func(tx *store.Tx) error { return tx.InsertPayment(w.NewPayment()) }), "a read writes nothing")
	assert.ErrorContains(t, w.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Enqueue(store.Job{Kind: "unknown", Owner: w.Owner, ID: NewID()}, tx.Now())
	}), "no job")
}

func snapshotStays(t *testing.T, w *World) {
	p := w.NewPayment()
	w.Write(t, func(tx *store.Tx) error { return tx.InsertPayment(p) })
	w.Read(t, func(tx *store.Tx) error {
		before, err := tx.Payment(w.Owner, p.ID)
		require.NoError(t, err)
		changed := p
		changed.Sequence++
		w.Write(t, func(tx *store.Tx) error { return tx.UpdatePayment(changed) })
		after, err := tx.Payment(w.Owner, p.ID)
		assert.Equal(t, before, after)
		return err
	})
}

// testGroupCommit lets many write at once, some of whom fail, panic or leave:
// exactly those that succeeded are kept.
func testGroupCommit(t *testing.T, s *store.Store) {
	const writers, rounds = 24, 8
	w := NewWorld(t, s)
	var group sync.WaitGroup
	var mu sync.Mutex
	fate := map[pay.ID]bool{}
	for i := range writers {
		group.Go(func() {
			for round := range rounds {
				p := w.PendingPayment()
				want := (i+round)%4 == 0
				err := writeWithFate(w, p, (i+round)%4)
				mu.Lock()
				fate[p.ID] = want
				mu.Unlock()
				assert.Equal(t, want, err == nil, "%v", err)
			}
		})
	}
	group.Wait()
	for id, want := range fate {
		assert.Equal(t, want, exists(t, w, id))
	}
}

// writeWithFate keeps a payment and then, by fate, lets it be, fails, panics or
// finds its context cancelled.
func writeWithFate(w *World, p pay.Payment, fate int) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panicked: %v", cause)
		}
	}()
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertPayment(p); err != nil {
			return err
		}
		switch fate {
		case 1:
			return errPlanned
		case 2:
			panic("planned")
		case 3:
			cancel()
			_, err := tx.Payment(w.Owner, p.ID)
			return err
		}
		return nil
	})
}
