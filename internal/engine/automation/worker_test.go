package automation_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/pgtest"
	"florin/internal/store"
)

// TestTwoWorkersAndABurst has two workers read for twenty flows while charges
// are made: no flow misses one, none sees one twice.
func TestTwoWorkersAndABurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pgtest.Start(t))
	var flows []pay.ID
	for range 20 {
		flows = append(flows, w.applies("new-charge", `{}`))
	}
	w.polls()
	var made []string
	for range 4 {
		made = append(made, w.charges(100)...)
		w.pass(15 * time.Second)
		var group sync.WaitGroup
		for range 2 {
			group.Go(w.polls)
		}
		group.Wait()
	}
	w.after(pay.PollOverlap)
	for _, flow := range flows {
		w.ran(flow, made)
	}
}

// TestHistoryCostsNothing reads an account with a long past, and asks as often
// as it asks of one without.
func TestHistoryCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databases["sqlite"](t))
	w.charges(2000)
	w.pass(time.Hour)
	flow := w.applies("new-charge", `{}`)
	w.front.asked()
	for range 40 {
		w.after(15 * time.Second)
	}
	assert.Len(t, w.front.asked(), 40)
	made := w.charges(3)
	w.after(15 * time.Second)
	w.ran(flow, made)
}

// TestABurstIsNotReadAgainWithEachPoll measures what the overlap costs while
// many objects are young.
func TestABurstIsNotReadAgainWithEachPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databases["sqlite"](t))
	flow := w.applies("new-charge", `{}`)
	w.polls()
	made := w.charges(1500)
	w.after(15 * time.Second)
	w.ran(flow, made)
	w.front.asked()
	for range 40 { // ten minutes
		w.after(15 * time.Second)
	}
	asked := len(w.front.asked())
	assert.Less(t, asked, 40+5*15+3*15, "the near past is read for a minute, all of it twice")
	w.ran(flow, made)
}

// TestAStripeEventHastensThePoll has the poll be due at once, and then wait for
// longer because events come in time.
func TestAStripeEventHastensThePoll(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{"every":"1m"}`)
		w.polls()
		made := w.charges(1)
		w.pass(2 * time.Second)
		w.polls()
		w.ran(flow, nil)
		w.hint("charge.succeeded")
		w.polls()
		w.ran(flow, made)
		p := w.poll(flow)
		assert.True(t, p.Hinted)
		assert.Equal(t, 4*time.Minute, p.Interval())
		unheard := w.charges(1)
		w.after(4 * time.Minute)
		w.ran(flow, append(unheard, made...))
		assert.Equal(t, time.Minute, w.poll(flow).Interval(), "what came without an event is found, and events are trusted no more")
	})
}

// hint is what the engine does when a Stripe event comes in.
func (w *world) hint(eventType string) {
	w.t.Helper()
	require.NoError(w.t, w.store.Write(context.Background(), func(tx *store.Tx) error {
		return tx.HastenPolls(w.owner, eventType)
	}))
}

// TestEventsStartRuns reads Stripe's events where no list tells.
func TestEventsStartRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		succeeded := w.applies("payment-succeeded", `{}`)
		failed := w.applies("payment-failed", `{}`)
		both := w.applies("stripe-event", `{"types":["charge.succeeded","charge.failed"]}`)
		all := w.applies("stripe-event", `{"types":["charge.*"]}`)
		w.polls()
		paid := w.front.pays("pm_card_visa")
		w.front.pays("pm_card_chargeDeclined")
		w.after(15 * time.Second)
		w.ran(succeeded, []string{paid})
		assert.Equal(t, int64(1), w.watch(failed).Found)
		assert.Equal(t, int64(2), w.watch(both).Found)
		assert.GreaterOrEqual(t, w.watch(all).Found, int64(2))
	})
}

// TestOperationsComeFirst fills the account's limit with operations, and sees
// the poll wait for what they leave.
func TestOperationsComeFirst(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, databases["sqlite"](t), pay.ConnectionStripe)
	flow := w.applies("new-charge", `{}`)
	w.polls()
	w.pass(15 * time.Second)
	made := w.charges(2)
	c, err := w.engine.UsableConnection(context.Background(), w.owner, pay.APIKey{}, "")
	require.NoError(t, err)
	for range 12 { // of 20 a second, of which half are for operations alone
		_, wait, err := w.engine.ReadList(context.Background(), c, pay.Wire{Method: http.MethodGet, Path: "/v1/charges?limit=1"})
		require.NoError(t, err)
		if wait > 0 {
			break
		}
	}
	var asked atomic.Int64
	w.front.answers(func(*http.Request) (int, string) { asked.Add(1); return 0, "" })
	w.polls()
	assert.Zero(t, asked.Load(), "the poll waits")
	w.after(time.Second)
	assert.Equal(t, int64(1), asked.Load())
	w.ran(flow, made)
}
