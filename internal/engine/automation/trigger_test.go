package automation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine/automation"
	"florin/internal/flow"
	"florin/internal/operation"
	"florin/internal/pay"
)

// onlyTriggers is a catalogue whose flows do nothing but fail.
type onlyTriggers []flow.Trigger

func (o onlyTriggers) Action(string) (flow.Action, bool) { return flow.Action{}, false }
func (o onlyTriggers) Actions() []flow.Action            { return nil }
func (o onlyTriggers) Triggers() []flow.Trigger          { return o }
func (o onlyTriggers) Trigger(name string) (flow.Trigger, bool) {
	for _, t := range o {
		if t.Name == name {
			return t, true
		}
	}
	return flow.Trigger{}, false
}

// TestDocumentsSayWhatIsWatched goes from a document to what is asked of the
// watcher, and has the watcher take it.
func TestDocumentsSayWhatIsWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databases["sqlite"](t))
	for on, want := range map[string]struct{ trigger, options string }{
		`{ new-charge: { every: 30s, start: last 7 days, status: failed } }`: {"new-charge", `{"every":"30s","start":"last 7 days","status":"failed"}`},
		`new-refund`: {"new-refund", `{"every":"15s","start":"now"}`},
		`{ stripe-event: { types: [charge.succeeded], start: "2026-01-31" } }`:     {"stripe-event", `{"every":"15s","start":"2026-01-31","types":["charge.succeeded"]}`},
		`{ schedule: { cron: "0 9 * * MON", zone: Europe/Berlin, missed: skip } }`: {"schedule", `{"cron":"0 9 * * MON","zone":"Europe/Berlin","missed":"skip"}`},
		`schedule`: {"schedule", `{"every":"15m0s"}`},
		`{ webhook: { input: { type: object, properties: { amount: { type: integer } } } } }`: {"webhook", `{"input":{"type":"object","properties":{"amount":{"type":"integer"}}}}`},
		`manual`: {"manual", `{}`},
	} {
		document, err := flow.Parse([]byte("flow: watched\non: "+on+"\nsteps:\n  - fail: no\n"), onlyTriggers(automation.FlowTriggers(operation.NewTriggers().Triggers(), 0)))
		require.NoError(t, err, on)
		request, err := automation.RequestFor(pay.Flow{ID: pay.ID("flow of " + want.trigger + on), Owner: w.owner, Name: "watched " + on}, document)
		require.NoError(t, err)
		assert.Equal(t, want.trigger, request.Trigger)
		assert.JSONEq(t, want.options, string(request.Options))
		assert.NoError(t, w.apply(request), on)
	}
	for _, on := range []string{`{ new-charge: { every: 14s } }`, `{ new-charge: { start: yesterday } }`, `{ schedule: { missed: later } }`, `{ new-refund: { status: failed } }`} {
		_, err := flow.Parse([]byte("flow: watched\non: "+on+"\nsteps:\n  - fail: no\n"), onlyTriggers(automation.FlowTriggers(operation.NewTriggers().Triggers(), 0)))
		assert.Error(t, err, on)
	}
	_, err := flow.Parse([]byte("flow: watched\non: { new-charge: { every: 1s } }\nsteps:\n  - fail: no\n"),
		onlyTriggers(automation.FlowTriggers(operation.NewTriggers().Triggers(), time.Second)))
	assert.NoError(t, err, "the brave may go lower")
	var sample any
	for _, trigger := range automation.FlowTriggers(operation.NewTriggers().Triggers(), 0) {
		assert.NoError(t, json.Unmarshal(trigger.Sample, &sample))
	}
}
