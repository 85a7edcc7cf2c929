package automation_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine/automation"
	"florin/internal/pay"
	"florin/internal/store"
)

// TestTwoWorkersShareAConnectionsPlaces has two workers on one database begin
// more steps at a connection than it has places for. The others wait, and go on
// as soon as places are left, without any time passing.
func TestTwoWorkersShareAConnectionsPlaces(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: busy\non: manual\nconcurrency: 100\nsteps:\n  - id: one\n    do: test.do\n")
		workers := []*automation.Automation{c.flows, c.restarted()}
		entered, leave := make(chan struct{}, 100), make(chan struct{})
		c.does(func(context.Context, automation.Work) (json.RawMessage, error) {
			entered <- struct{}{}
			<-leave
			return json.RawMessage(`{}`), nil
		})
		const all = 2*automation.StepsPerConnection + 3
		ids := make([]pay.ID, all)
		for i := range ids {
			ids[i] = c.asks("busy", `{}`)
		}
		var group sync.WaitGroup
		gaveWay := make(chan pay.ID, all)
		work := func(worker int, id pay.ID) {
			group.Go(func() {
				_, err := workers[worker].Work(context.Background(), store.Job{Kind: store.JobRun, Owner: c.owner, ID: id})
				assert.NoError(t, err)
				gaveWay <- id
			})
		}
		for i, id := range ids {
			work(i%2, id)
		}
		for range automation.StepsPerConnection {
			<-entered
		}
		for range all - automation.StepsPerConnection {
			id := <-gaveWay
			assert.Equal(t, pay.RunWaiting, c.history(id).Run.State)
		}
		assert.Empty(t, entered, "no step more than there are places")
		close(leave)
		group.Wait()
		woken := c.due(ids)
		assert.Len(t, woken, automation.StepsPerConnection, "one for each place that was left")
		for len(woken) > 0 {
			for _, id := range woken {
				require.NoError(t, c.goesOn(context.Background(), id))
			}
			woken = c.due(ids)
		}
		for _, id := range ids {
			assert.Equal(t, pay.RunSucceeded, c.history(id).Run.State)
		}
		inputs, _ := c.works()
		assert.Len(t, inputs, all)
	})
}

// due are those of some runs that have not ended and should go on now.
func (c *carrier) due(ids []pay.ID) (due []pay.ID) {
	for _, id := range ids {
		if run := c.history(id).Run; !run.State.Ended() && !run.DueAt.After(c.ours.Now()) {
			due = append(due, id)
		}
	}
	return due
}
