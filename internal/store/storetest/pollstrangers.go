package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// watched is a flow's trigger with all that belongs to it.
type watched struct {
	poll, back, sweep pay.Poll
	watch             pay.Watch
	parked            pay.ParkedFind
	seen              store.Seen
}

func (w *World) fillWatched(t testing.TB) watched {
	t.Helper()
	x := watched{poll: w.NewPoll(), back: w.NewPoll(), sweep: w.NewPoll(), seen: store.Seen{Ref: "ch_seen", Created: w.Now}}
	x.watch = w.NewWatch(x.poll.ID)
	x.back.Lane, x.back.Watch = pay.PollBackFill, x.watch.ID
	x.sweep.Lane, x.sweep.Of = pay.PollSweep, x.poll.ID
	x.parked = w.NewParked(x.watch)
	w.Write(t, func(tx *store.Tx) error {
		_, parked := tx.Park(x.parked)
		_, seen := tx.See(w.Owner, x.poll.ID, x.seen)
		for _, err := range []error{parked, seen, tx.InsertPoll(x.poll), tx.InsertPoll(x.back), tx.InsertPoll(x.sweep), tx.InsertWatch(x.watch)} {
			require.NoError(t, err)
		}
		return nil
	})
	return x
}

// strangerWatches tries a trigger of another's: nothing is found, and nothing
// changes, as the snapshot shows.
func strangerWatches(t *testing.T, stranger *World, x watched, tried map[string]bool) {
	o := stranger.Owner
	poll, watch, parked := x.poll, x.watch, x.parked
	poll.Owner, watch.Owner, parked.Owner = o, o, o
	stranger.Write(t, func(tx *store.Tx) error {
		absent := func(name string) func(_ any, err error) {
			return func(_ any, err error) {
				tried[name] = true
				assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err), name)
			}
		}
		absent("Poll")(tx.Poll(o, poll.ID))
		absent("LockPoll")(tx.LockPoll(o, poll.ID))
		absent("Watch")(tx.Watch(o, watch.ID))
		absent("LockWatch")(tx.LockWatch(o, watch.ID))
		none := func(name string) func(_ any, found bool, err error) {
			return func(_ any, found bool, err error) {
				tried[name] = true
				assert.False(t, found, name)
				require.NoError(t, err, name)
			}
		}
		none("LivePoll")(tx.LivePoll(o, poll.Account, poll.List))
		none("SweepOf")(tx.SweepOf(o, poll.ID))
		empty := func(name string) func(list any, err error) {
			return func(list any, err error) {
				tried[name] = true
				assert.Empty(t, list, name)
				require.NoError(t, err, name)
			}
		}
		empty("PollsOfWatch")(tx.PollsOfWatch(o, watch.ID))
		empty("SeenOf")(tx.SeenOf(o, poll.ID, []string{x.seen.Ref}))
		empty("WatchesOf")(tx.WatchesOf(o, poll.ID))
		empty("Parked")(tx.Parked(o, watch.ID, 10))
		return nil
	})
	strangerWritesWatches(t, stranger, x, tried)
}

func strangerWritesWatches(t *testing.T, stranger *World, x watched, tried map[string]bool) {
	o := stranger.Owner
	poll, watch, parked := x.poll, x.watch, x.parked
	poll.Owner, watch.Owner, parked.Owner = o, o, o
	for name, try := range map[string]func(tx *store.Tx) error{
		"SavePoll":  func(tx *store.Tx) error { return tx.SavePoll(poll) },
		"SaveWatch": func(tx *store.Tx) error { return tx.SaveWatch(watch) },
	} {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	tried["HoldPoll"] = true
	hold := func(tx *store.Tx) error { _, err := tx.HoldPoll(poll); return err }
	assert.ErrorIs(t, stranger.Store.Write(t.Context(), hold), store.ErrFenced)
	for name, try := range map[string]func(tx *store.Tx) error{
		"ExtendPoll":  func(tx *store.Tx) error { return tx.ExtendPoll(poll, stranger.at(900)) },
		"CountMissed": func(tx *store.Tx) error { return tx.CountMissed(o, poll.ID, 5) },
		"DeletePoll":  func(tx *store.Tx) error { return tx.DeletePoll(o, poll.ID) },
		"HastenPolls": func(tx *store.Tx) error { return tx.HastenPolls(o, poll.Hints[0]) },
		"CountFinds":  func(tx *store.Tx) error { return tx.CountFinds(watch, 5, 5) },
		"DeleteWatch": func(tx *store.Tx) error { return tx.DeleteWatch(o, watch.ID) },
		"Unpark":      func(tx *store.Tx) error { return tx.Unpark(parked) },
		"See":         func(tx *store.Tx) error { _, err := tx.See(o, poll.ID, x.seen); return err },
		"Park":        func(tx *store.Tx) error { _, err := tx.Park(parked); return err },
		"InsertPoll":  func(tx *store.Tx) error { return tx.InsertPoll(poll) },
		"InsertWatch": func(tx *store.Tx) error { own := watch; own.Token = ""; return tx.InsertWatch(own) },
	} {
		tried[name] = true // finds nothing of theirs, or makes an own row of the same key
		require.NoError(t, stranger.Store.Write(t.Context(), try), name)
	}
	taken := stranger.NewWatch("")
	taken.Token = watch.Token
	assert.True(t, pay.Is(stranger.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertWatch(taken) }), pay.CodeExists), "an address is one flow's")
}

// snapshotWatched is all of x as its owner reads it.
func snapshotWatched(t *testing.T, w *World, x watched) []any {
	t.Helper()
	var all []any
	w.Read(t, func(tx *store.Tx) error {
		keep := func(row any, err error) {
			require.NoError(t, err)
			all = append(all, row)
		}
		keep(tx.Poll(w.Owner, x.poll.ID))
		keep(tx.PollsOfWatch(w.Owner, x.watch.ID))
		keep(tx.Poll(w.Owner, x.sweep.ID))
		keep(tx.Watch(w.Owner, x.watch.ID))
		keep(tx.Parked(w.Owner, x.watch.ID, 10))
		keep(tx.SeenOf(w.Owner, x.poll.ID, []string{x.seen.Ref}))
		return nil
	})
	return all
}
