package automation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/api"
	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/flow"
	"florin/internal/operation"
	"florin/internal/pay"
	"florin/internal/seal"
	"florin/internal/store"
)

// carrier is a world with a runner. Nobody works on runs but when a test says
// so, and the action test.do does what a test says.
type carrier struct {
	*world
	flows  *automation.Automation
	sealer *seal.Sealer

	mu     sync.Mutex
	do     func(ctx context.Context, w automation.Work) (json.RawMessage, error)
	around func(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error)
	did    []automation.Work
}

func carriers(t *testing.T, test func(t *testing.T, c *carrier)) {
	t.Helper()
	onBoth(t, func(t *testing.T, w *world) { test(t, newCarrier(w)) })
}

func newCarrier(w *world) *carrier {
	sealer, err := seal.New(pay.NewSecret(seal.NewMasterKey()))
	require.NoError(w.t, err)
	c := &carrier{world: w, sealer: sealer}
	c.flows = c.restarted()
	return c
}

// restarted is what another process would make of the same rows.
func (c *carrier) restarted() *automation.Automation {
	triggers := operation.NewTriggers()
	runner, err := automation.NewRunner(automation.RunnerConfig{
		Store: c.store, Clock: oursOf{c.world}, Operations: brittle{c.engine, c}, Sealer: c.sealer, Teller: c.engine, Present: api.Presenter{},
		Triggers: automation.FlowTriggers(triggers.Triggers(), 0),
		BuiltIns: []automation.BuiltIn{{
			Action: flow.Action{Name: "test.do", Writes: true, OwnConnection: true, Input: json.RawMessage(`{"type":"object"}`)},
			Do:     c.carryOut,
		}},
	})
	require.NoError(c.t, err)
	watcher, err := automation.NewWatcher(automation.WatcherConfig{
		Store: c.store, Clock: oursOf{c.world}, Triggers: triggers, Lists: c.engine, Sealer: c.sealer, Start: runner.Start, Teller: c.engine, Gate: c.engine, Present: api.Presenter{}, CallTimeout: 20 * time.Second,
	})
	require.NoError(c.t, err)
	flows, err := automation.New(runner, watcher)
	require.NoError(c.t, err)
	return flows
}

// brittle lets a test stand between the runner and the engine.
type brittle struct {
	*engine.Engine
	c *carrier
}

// RunOperation is the engine's, unless a test wants something else.
func (b brittle) RunOperation(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error) {
	b.c.mu.Lock()
	around := b.c.around
	b.c.mu.Unlock()
	if around != nil {
		return around(ctx, r)
	}
	return b.Engine.RunOperation(ctx, r)
}

func (c *carrier) surround(around func(context.Context, engine.OperationRequest) (pay.OperationResult, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.around = around
}

func (c *carrier) carryOut(ctx context.Context, w automation.Work) (json.RawMessage, error) {
	c.mu.Lock()
	c.did = append(c.did, w)
	do := c.do
	c.mu.Unlock()
	if do == nil {
		return w.Input, nil
	}
	return do(ctx, w)
}

func (c *carrier) does(do func(ctx context.Context, w automation.Work) (json.RawMessage, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.do = do
}

// works is what test.do was asked so far.
func (c *carrier) works() (inputs, keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.did {
		inputs, keys = append(inputs, string(w.Input)), append(keys, w.Key)
	}
	return inputs, keys
}

// keeps applies a flow.
func (c *carrier) keeps(source string) automation.Applied {
	c.t.Helper()
	applied, err := c.flows.Apply(context.Background(), pay.APIKey{Owner: c.owner}, []byte(source))
	require.NoError(c.t, err)
	return applied
}

// asks begins a run and works on nothing yet.
func (c *carrier) asks(name, input string) pay.ID {
	c.t.Helper()
	run, err := c.flows.RunFlow(context.Background(), pay.APIKey{Owner: c.owner}, automation.RunRequest{Flow: name, Input: json.RawMessage(input)})
	require.NoError(c.t, err)
	return run.ID
}

// goesOn has a worker take a run up, as its job would.
func (c *carrier) goesOn(ctx context.Context, id pay.ID) error {
	_, err := c.flows.Work(ctx, store.Job{Kind: store.JobRun, Owner: c.owner, ID: id})
	return err
}

// history is the run as it stands.
func (c *carrier) history(id pay.ID) automation.History {
	c.t.Helper()
	h, err := c.flows.Run(context.Background(), c.owner, id)
	require.NoError(c.t, err)
	return h
}

// ends works on a run until it has ended; time passes where it waits.
func (c *carrier) ends(id pay.ID) automation.History {
	c.t.Helper()
	for range 200 {
		h := c.history(id)
		if h.Run.State.Ended() {
			return h
		}
		if wait := h.Run.DueAt.Sub(c.ours.Now()); wait > 0 {
			c.pass(wait)
		}
		require.NoError(c.t, c.goesOn(context.Background(), id))
	}
	require.FailNow(c.t, "the run does not end", "%+v", c.history(id).Run)
	return automation.History{}
}

// atStripe is how many charges the account has.
func (c *carrier) atStripe() int { c.t.Helper(); return len(c.listed()) }

// listed is the account's charges.
func (c *carrier) listed() []json.RawMessage { c.t.Helper(); return c.listedAt("") }

// listedAt is the charges of the account that a connection leads to.
func (c *carrier) listedAt(connection string) []json.RawMessage {
	c.t.Helper()
	answer, err := c.engine.RunOperation(context.Background(), engine.OperationRequest{
		Owner: c.owner, Connection: connection, Operation: "list-charges", Input: json.RawMessage(`{"limit":100}`),
	})
	require.NoError(c.t, err)
	var list struct{ Data []json.RawMessage }
	require.NoError(c.t, json.Unmarshal(answer.Output, &list))
	return list.Data
}

// tells waits until merchants were told of these, and of nothing else: the feed
// ends before what is being written anywhere on the server.
func (c *carrier) tells(want ...pay.EventType) {
	c.t.Helper()
	var types []pay.EventType
	require.Eventually(c.t, func() bool {
		events, err := c.engine.Events(context.Background(), c.owner, "", nil, 100)
		require.NoError(c.t, err)
		types = nil
		for _, e := range events.Items {
			types = append(types, e.Type)
		}
		return len(types) >= len(want)
	}, time.Minute, 10*time.Millisecond)
	require.Equal(c.t, want, types)
}

// line is a run's steps with their states, in the order of their beginning.
func line(h automation.History) (steps []string) {
	for _, s := range h.Steps {
		steps = append(steps, fmt.Sprintf("%s %s", s.Path, s.State))
	}
	return steps
}
