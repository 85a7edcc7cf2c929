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

// NewWatch is what a flow waits for, with every field set.
func (w *World) NewWatch(poll pay.ID) pay.Watch {
	key := NewID()
	return pay.Watch{
		ID: key, Owner: w.Owner, Flow: "flow-" + string(key), Kind: pay.WatchPoll, Trigger: "new-charge", Options: []byte(`{"status":"failed"}`),
		Connection: "shop", Every: 15 * time.Second, State: pay.WatchOn, Reason: "none", Account: "stripe/acct_1", Poll: poll,
		From: w.at(40), Since: w.at(41), Gap: w.at(42), NextAt: w.at(43), Token: "token-" + string(key), Secret: []byte("sealed"), PreviousSecret: []byte("old"), PreviousUntil: w.at(44),
		Found: 3, Parked: 1, FoundAt: w.at(44), Told: true, Sequence: 3, CreatedAt: w.at(45), UpdatedAt: w.at(46),
	}
}

// NewPoll is a live poll with every field set.
func (w *World) NewPoll() pay.Poll {
	key := NewID()
	return pay.Poll{
		ID: key, Owner: w.Owner, Lane: pay.PollLive, Account: "stripe/acct_1", List: "/v1/charges?k=" + string(key),
		Hints: []string{"charge.succeeded", "charge.failed"}, Watch: "watch", Of: "of-" + key, Connection: w.Connection.ID, CreatedAt: w.at(50),
		Start: w.at(51), Until: w.at(52), Floor: w.at(53), Settled: w.at(54), DeepAt: w.at(55), DeepCost: 2, Span: time.Minute,
		Reading: pay.PollWindow{
			Open: true, Deep: true, Lower: w.at(56), Upper: w.at(57), At: w.at(58), Cursor: "ch_1", CursorAt: w.at(59), Pages: 3,
		},
		Every: 15 * time.Second, DueAt: w.at(60), Fence: 4, HintedAt: w.at(62), Hinted: true,
		State: pay.PollGoing, Reason: "slow down", Failures: 5, Throttled: 2, Skew: -time.Hour,
		Calls: 6, Found: 7, Missed: 8, AskedAt: w.at(63), AnswerAt: w.at(64), ArrivedAt: w.at(65),
	}
}

// NewParked is a parked object with every field set.
func (w *World) NewParked(watch pay.Watch) pay.ParkedFind {
	return pay.ParkedFind{
		Owner: w.Owner, Watch: watch.ID, Ref: "ch_" + string(NewID()), Error: "no id", Item: []byte("sealed"), Created: w.at(66), At: w.at(67),
	}
}

func insertPoll(t *testing.T, w *World, change func(*pay.Poll)) pay.Poll {
	t.Helper()
	p := w.NewPoll()
	if change != nil {
		change(&p)
	}
	w.Write(t, func(tx *store.Tx) error { return tx.InsertPoll(p) })
	return p
}

// testPolls keeps polls and what they have seen.
func testPolls(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	p := insertPoll(t, w, nil)
	w.Read(t, func(tx *store.Tx) error {
		got, err := tx.Poll(w.Owner, p.ID)
		assert.Equal(t, p, got)
		return err
	})
	twin := w.NewPoll()
	twin.List = p.List
	err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertPoll(twin) })
	assert.True(t, pay.Is(err, pay.CodeExists), "one live poll of a list")
	stranger := w.Sibling(t)
	w.Write(t, func(tx *store.Tx) error {
		_, found, err := tx.LivePoll(stranger.Owner, p.Account, p.List)
		assert.False(t, found)
		require.NoError(t, err)
		got, found, err := tx.LivePoll(w.Owner, p.Account, p.List)
		assert.True(t, found)
		assert.Equal(t, p, got)
		return err
	})
	p.Reading, p.Hints, p.Until, p.Found = pay.PollWindow{}, nil, time.Time{}, 9
	w.Write(t, func(tx *store.Tx) error { return tx.SavePoll(p) })
	see := func(ref string) (fresh bool) {
		w.Write(t, func(tx *store.Tx) (err error) {
			fresh, err = tx.See(w.Owner, p.ID, store.Seen{Ref: ref, Created: w.at(70)})
			return err
		})
		return fresh
	}
	assert.True(t, see("ch_1"))
	assert.False(t, see("ch_1"), "an object is new once")
	w.Read(t, func(tx *store.Tx) error {
		got, err := tx.Poll(w.Owner, p.ID)
		assert.Equal(t, p, got)
		known, seenErr := tx.SeenOf(w.Owner, p.ID, []string{"ch_1", "ch_2"})
		require.NoError(t, seenErr)
		assert.Equal(t, map[string]bool{"ch_1": true}, known)
		return err
	})
	w.Write(t, func(tx *store.Tx) error { return tx.DeletePoll(w.Owner, p.ID) })
	assert.True(t, see("ch_1"), "a poll's memory goes with it")
}

// testPollLeases lets many workers take what is due: each poll goes to one, and
// who comes back too late is fenced off.
func testPollLeases(t *testing.T, s *store.Store) {
	const total, workers = 30, 6
	w := NewWorld(t, s)
	for i := range total {
		insertPoll(t, w, func(p *pay.Poll) { p.DueAt = w.at(i) })
	}
	insertPoll(t, w, func(p *pay.Poll) { p.State = pay.PollPaused })
	now, until := w.at(total), w.at(1000)
	var mu sync.Mutex
	var taken []pay.Poll
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range total {
				var got []pay.Poll
				err := s.Write(t.Context(), func(tx *store.Tx) (err error) {
					got, err = tx.LeasePolls(now, until, 4)
					return err
				})
				assert.NoError(t, err)
				mu.Lock()
				taken = append(taken, got...)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	require.Len(t, taken, total, "each once, and none that is paused")
	ids := map[pay.ID]bool{}
	for _, p := range taken {
		assert.Equal(t, int64(5), p.Fence)
		assert.Equal(t, until, p.LeaseUntil)
		ids[p.ID] = true
	}
	assert.Len(t, ids, total)
	old := taken[0]
	w.Write(t, func(tx *store.Tx) error {
		_, err := tx.HoldPoll(old)
		require.NoError(t, err)
		again, err := tx.LeasePolls(until, until.Add(time.Minute), total)
		assert.Len(t, again, total)
		return err
	})
	late := s.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.HoldPoll(old); return err })
	assert.ErrorIs(t, late, store.ErrFenced)
	old.ID = NewID()
	gone := s.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.HoldPoll(old); return err })
	assert.ErrorIs(t, gone, store.ErrFenced)
}

// testHints makes polls due that an event is about, and no others.
func testHints(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	told := insertPoll(t, w, nil)
	others := []pay.Poll{
		insertPoll(t, w, func(p *pay.Poll) { p.Hints = []string{"charge.succeeded.later"} }),
		insertPoll(t, w, func(p *pay.Poll) { p.Lane = pay.PollBackFill }),
		insertPoll(t, w.Sibling(t), nil),
	}
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.HastenPolls(w.Owner, "charge.succeeded"))
		for _, other := range others {
			got, err := tx.Poll(other.Owner, other.ID)
			require.NoError(t, err)
			assert.Equal(t, other.DueAt, got.DueAt)
		}
		got, err := tx.Poll(w.Owner, told.ID)
		assert.Equal(t, tx.Now(), got.DueAt)
		assert.Equal(t, tx.Now(), got.HintedAt)
		return err
	})
}

// testWatches keeps what flows wait for, and what could not be read of it.
func testWatches(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	p := insertPoll(t, w, nil)
	watch, other := w.NewWatch(p.ID), w.NewWatch("")
	parked := w.NewParked(watch)
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertWatch(watch))
		require.NoError(t, tx.InsertWatch(other))
		fresh, err := tx.Park(parked)
		assert.True(t, fresh)
		require.NoError(t, err)
		fresh, err = tx.Park(parked)
		assert.False(t, fresh)
		return err
	})
	w.Read(t, func(tx *store.Tx) error {
		served, err := tx.WatchesOf(w.Owner, p.ID)
		require.NoError(t, err)
		assert.Equal(t, []pay.Watch{watch}, served)
		addressed, err := tx.WatchByToken(watch.Token)
		require.NoError(t, err)
		assert.Equal(t, watch, addressed)
		list, err := tx.Parked(w.Owner, watch.ID, 10)
		assert.Equal(t, []pay.ParkedFind{parked}, list)
		return err
	})
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.CountFinds(watch, 2, 1))
		require.NoError(t, tx.Unpark(parked))
		require.NoError(t, tx.Unpark(parked), "a second time it does nothing")
		got, err := tx.LockWatch(w.Owner, watch.ID)
		require.NoError(t, err)
		watch.Found, watch.FoundAt = 5, tx.Now()
		assert.Equal(t, watch, got)
		watch.State, watch.Poll, watch.Token = pay.WatchBroken, "", ""
		require.NoError(t, tx.SaveWatch(watch))
		require.NoError(t, tx.DeleteWatch(w.Owner, other.ID))
		_, err = tx.Watch(w.Owner, other.ID)
		assert.True(t, pay.Is(err, pay.CodeNotFound))
		got, err = tx.Watch(w.Owner, watch.ID)
		assert.Equal(t, watch, got)
		return err
	})
}

// testReapingPolls drops what is old, and nothing else.
func testReapingPolls(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	p := insertPoll(t, w, nil)
	done := insertPoll(t, w, func(p *pay.Poll) { p.Lane, p.State = pay.PollBackFill, pay.PollDone })
	w.Write(t, func(tx *store.Tx) error {
		for i, ref := range []string{"ch_1", "ch_2", "ch_3"} {
			_, err := tx.See(w.Owner, p.ID, store.Seen{Ref: ref, Created: w.at(i)})
			require.NoError(t, err)
		}
		n, err := tx.ReapPolls(w.at(2), 100)
		assert.Equal(t, int64(3), n, "two that were seen, and a poll")
		require.NoError(t, err)
		known, err := tx.SeenOf(w.Owner, p.ID, []string{"ch_1", "ch_2", "ch_3"})
		assert.Equal(t, map[string]bool{"ch_3": true}, known)
		require.NoError(t, err)
		_, err = tx.Poll(w.Owner, done.ID)
		assert.True(t, pay.Is(err, pay.CodeNotFound))
		return nil
	})
}

// testDueWatches gives each schedule that is due to one worker.
func testDueWatches(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	w.Write(t, func(tx *store.Tx) error {
		for _, change := range []func(*pay.Watch){
			func(due *pay.Watch) { due.NextAt = w.at(1) },
			func(later *pay.Watch) { later.NextAt = w.at(9) },
			func(never *pay.Watch) { never.NextAt = time.Time{} },
			func(paused *pay.Watch) { paused.NextAt, paused.State = w.at(1), pay.WatchPaused },
		} {
			watch := w.NewWatch("")
			change(&watch)
			require.NoError(t, tx.InsertWatch(watch))
		}
		due, err := tx.DueWatches(w.at(5), 10)
		require.Len(t, due, 1)
		assert.Equal(t, w.at(1), due[0].NextAt)
		return err
	})
}
