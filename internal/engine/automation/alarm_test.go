package automation_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// alarms are the events about triggers so far: the flow, what and why.
func (w *world) alarms() (all []string) {
	w.t.Helper()
	events, err := w.engine.Events(context.Background(), w.owner, "", []pay.EventType{pay.EventTriggerFailed, pay.EventTriggerRecovered}, 100)
	require.NoError(w.t, err)
	for _, e := range events.Items {
		var told struct {
			Data struct {
				ID, Flow, Trigger string
				Reason            *string
				Sequence          int
			}
		}
		require.NoError(w.t, json.Unmarshal(e.Body, &told))
		assert.Equal(w.t, "new-charge", told.Data.Trigger)
		assert.Equal(w.t, e.Type == pay.EventTriggerFailed, told.Data.Reason != nil)
		all = append(all, told.Data.ID+" "+string(e.Type))
	}
	return all
}

// alarmed waits until the merchant was told of these and of nothing else: the
// feed ends before what is being written anywhere on the server.
func (w *world) alarmed(want ...string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return len(w.alarms()) >= len(want) }, time.Minute, 10*time.Millisecond)
	assert.ElementsMatch(w.t, want, w.alarms())
}

// TestABrokenTriggerIsToldOnce for each flow of the poll, and once more when it
// works again.
func TestABrokenTriggerIsToldOnce(t *testing.T) {
	forbidden := func(*http.Request) (int, string) {
		return 403, `{"error":{"type":"invalid_request_error","message":"The provided key lacks rak_charge_read"}}`
	}
	for name, answer := range map[string]func(*http.Request) (int, string){
		"a right is lost":     forbidden,
		"Stripe stays silent": func(*http.Request) (int, string) { return 500, `{"error":{"type":"api_error","message":"Sorry"}}` },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				one, two := w.applies("new-charge", `{}`), w.applies("new-charge", `{}`)
				w.polls()
				w.front.answers(answer)
				w.after(15 * time.Second)
				if name != "a right is lost" {
					assert.Empty(t, w.alarms(), "a bad minute is nothing to tell of")
				}
				for range 2 * pay.PollTrouble {
					w.after(time.Minute)
				}
				failed := []string{string(one) + " trigger.failed", string(two) + " trigger.failed"}
				w.alarmed(failed...)
				w.front.answers(nil)
				w.after(pay.PollPatience)
				w.after(time.Minute)
				w.alarmed(append(failed, string(one)+" trigger.recovered", string(two)+" trigger.recovered")...)
			})
		})
	}
}

// TestATriggerOfAnotherAccountIsToldOf, and that somebody set it right.
func TestATriggerOfAnotherAccountIsToldOf(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		w.useKey("sk_test_another")
		w.after(15 * time.Second)
		w.after(15 * time.Second)
		w.alarmed(string(flow) + " trigger.failed")
		_, err := w.resume(flow, pay.ResumeFromNow)
		require.NoError(t, err)
		w.alarmed(string(flow)+" trigger.failed", string(flow)+" trigger.recovered")
	})
}
