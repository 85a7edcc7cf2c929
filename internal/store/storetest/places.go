package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// held is a run that somebody is at work on.
func (w *World) held(t *testing.T, f pay.Flow) pay.Run {
	r := w.NewRun(f)
	r.LeaseUntil = w.Now.Add(24 * 365 * 100 * 3600e9)
	w.Write(t, func(tx *store.Tx) error { return tx.InsertRun(r) })
	return r
}

// testPlaces gives a connection's places away, as many as there are, until they
// are left or whoever had one has lost the run; and names those who wait, the
// longest first and once.
func testPlaces(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	f := w.NewFlow()
	w.Write(t, func(tx *store.Tx) error { return tx.InsertFlow(f) })
	one, two := w.held(t, f), w.held(t, f)
	take := func(r pay.Run, path, connection string) (taken bool) {
		w.Write(t, func(tx *store.Tx) (err error) {
			taken, err = tx.TakePlace(r, path, connection, 2)
			return err
		})
		return taken
	}
	assert.True(t, take(one, "a", "books"))
	assert.True(t, take(two, "a", "books"))
	assert.False(t, take(two, "b", "books"))
	assert.True(t, take(two, "b", "others"))
	w.Write(t, func(tx *store.Tx) error { return tx.LeavePlace(two, "b") })
	assert.False(t, take(two, "c", "books"), "another connection's")
	w.Write(t, func(tx *store.Tx) error { return tx.LeavePlace(two, "a") })
	assert.True(t, take(one, "b", "books"))
	lost := one
	lost.Fence++
	w.Write(t, func(tx *store.Tx) error { return tx.UpdateRun(lost) })
	assert.True(t, take(two, "c", "books"), "who lost the run has no places")
	w.Write(t, func(tx *store.Tx) error { return tx.LeavePlace(one, "a") })
	assert.True(t, take(two, "d", "books"))
	assert.False(t, take(two, "e", "books"))

	w.Write(t, func(tx *store.Tx) error {
		awaited, err := tx.PlaceAwaited(w.Owner, "books")
		require.NoError(t, err)
		assert.False(t, awaited)
		for _, want := range []bool{true, false} {
			fresh, err := tx.AwaitPlace(two, "books")
			require.NoError(t, err)
			assert.Equal(t, want, fresh)
		}
		_, err = tx.AwaitPlace(two, "others")
		return err
	})
	w.Write(t, func(tx *store.Tx) error {
		awaited, err := tx.PlaceAwaited(w.Owner, "books")
		require.NoError(t, err)
		assert.True(t, awaited)
		require.NoError(t, tx.HasPlace(two, "others"))
		next, found, err := tx.NextForPlace(w.Owner, "books")
		require.NoError(t, err)
		assert.Equal(t, two.ID, next)
		assert.True(t, found)
		return nil
	})
	for _, connection := range []string{"books", "others"} {
		w.Write(t, func(tx *store.Tx) error {
			_, found, err := tx.NextForPlace(w.Owner, connection)
			assert.False(t, found, connection)
			return err
		})
	}
}

// strangerPlaces waits for, leaves and takes places of the same name and run.
func strangerPlaces(t *testing.T, stranger, w *World, x everything, tried map[string]bool) {
	theirs := x.run
	theirs.Owner = stranger.Owner
	w.Write(t, func(tx *store.Tx) error {
		_, err := tx.AwaitPlace(x.run, "books")
		return err
	})
	stranger.Write(t, func(tx *store.Tx) error {
		taken, err := tx.TakePlace(theirs, "a", "books", 1)
		assert.True(t, taken)
		require.NoError(t, err)
		awaited, err := tx.PlaceAwaited(stranger.Owner, "books")
		assert.False(t, awaited)
		require.NoError(t, err)
		_, found, err := tx.NextForPlace(stranger.Owner, "books")
		assert.False(t, found)
		require.NoError(t, err)
		fresh, err := tx.AwaitPlace(theirs, "books")
		assert.True(t, fresh)
		require.NoError(t, err)
		require.NoError(t, tx.HasPlace(theirs, "books"))
		return tx.LeavePlace(theirs, "a")
	})
	w.Write(t, func(tx *store.Tx) error {
		next, found, err := tx.NextForPlace(w.Owner, "books")
		assert.True(t, found)
		assert.Equal(t, x.run.ID, next)
		return err
	})
	for _, name := range []string{"TakePlace", "LeavePlace", "AwaitPlace", "HasPlace", "PlaceAwaited", "NextForPlace"} {
		tried[name] = true
	}
}
