package automation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pay"
)

// The names of these tests are those of the acceptance tests that the polling
// of a list must pass.

func TestObjectThatShows90SecondsLateStartsOneRun(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		late := w.charges(1)
		w.front.hide(late...)
		others := w.charges(2)
		w.after(15 * time.Second)
		w.ran(flow, others)
		w.after(75 * time.Second)
		w.front.hide()
		w.after(15 * time.Second)
		w.ran(flow, append(late, others...))
		for range 60 {
			w.after(15 * time.Second)
		}
		w.ran(flow, append(late, others...))
	})
}

func Test250ObjectsInOneSecondAndCrashes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		w.pass(15 * time.Second)
		made := w.charges(250)
		pages := 0
		w.front.answers(func(r *http.Request) (int, string) {
			if pages++; pages == 2 || pages == 4 { // after page 1, and after page 2
				panic(http.ErrAbortHandler)
			}
			return 0, ""
		})
		var begun int
		w.failWith(func(string) error {
			if begun++; begun == 130 || begun == 300 { // within a page, before its commit
				return errCrash
			}
			return nil
		})
		for range 8 { // a crashed worker's lease is over after a while
			w.after(2 * time.Minute)
		}
		w.ran(flow, made)
		assert.Greater(t, pages, 5, "it was interrupted, and went on")
	})
}

func TestPollDuringContinuousCreation(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		var made []string
		w.front.answers(func(*http.Request) (int, string) {
			if len(made) < 400 { // between any two pages something new arrives
				made = append(made, w.charges(3)...)
				w.clock.Advance(time.Second)
			}
			return 0, ""
		})
		made = append(made, w.charges(150)...)
		for range 30 {
			w.after(15 * time.Second)
			p := w.poll(flow)
			assert.False(t, p.Floor.After(w.clock.Now()), "never beyond Stripe's clock")
		}
		w.front.answers(nil)
		w.after(15 * time.Second)
		w.ran(flow, made)
	})
}

func TestEmptyListsAndLostCursors(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-customer", `{}`)
		w.polls()
		assert.Equal(t, pay.PollGoing, w.poll(flow).State, "an account without anything")
		var made []string
		for i := range 130 {
			made = append(made, w.front.create("/v1/customers", url.Values{"email": {fmt.Sprint(i, "@example.com")}}))
		}
		w.front.answers(func(*http.Request) (int, string) { return 200, `{"object":"list","data":[],"has_more":true}` })
		floor := w.poll(flow).Floor
		w.pass(15 * time.Second)
		_, err := w.watcher.Poll(context.Background())
		require.NoError(t, err)
		p := w.poll(flow)
		assert.Equal(t, floor, p.Floor, "an empty page that is not the last moves nothing")
		assert.Contains(t, p.Reason, "not after what")
		lost := 0
		w.front.answers(func(r *http.Request) (int, string) {
			if r.URL.Query().Has("starting_after") && lost == 0 {
				lost++
				return 400, `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"starting_after","message":"No such customer"}}`
			}
			return 0, ""
		})
		w.after(time.Minute)
		assert.Equal(t, 1, lost)
		w.ran(flow, made)
		assert.Equal(t, "", w.poll(flow).Reason)
	})
}

func TestOurClockIsAnHourOff(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				w.ours = clock.NewMovable(clock.Fixed(began.Add(off)), 0)
				w.charges(3) // before the flow
				w.pass(time.Second)
				flow := w.applies("new-charge", `{}`)
				made := w.charges(5)
				w.after(15 * time.Second)
				made = append(made, w.charges(5)...)
				for range 50 {
					w.after(15 * time.Second)
				}
				w.ran(flow, made)
				p := w.poll(flow)
				assert.Equal(t, -off, p.Skew)
				assert.Equal(t, w.clock.Now(), p.Floor)
			})
		})
	}
}

func Test429StormWithAndWithoutRetryAfter(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		made := w.charges(4)
		storm := func(*http.Request) (int, string) {
			return 429, `{"error":{"type":"invalid_request_error","code":"rate_limit","message":"Too many requests"}}`
		}
		w.front.answers(storm)
		floor := w.poll(flow).Floor
		w.front.asked()
		for range 40 { // ten minutes
			w.after(15 * time.Second)
		}
		asked := len(w.front.asked())
		assert.Less(t, asked, 25, "each wait is longer, up to a minute")
		assert.Greater(t, asked, 8)
		p := w.poll(flow)
		assert.Equal(t, floor, p.Floor)
		assert.Equal(t, int64(8), p.Throttled)
		w.front.answers(nil)
		w.after(time.Minute)
		w.ran(flow, made)
		assert.Equal(t, 4*15*time.Second, w.poll(flow).Interval(), "it comes back to its pace step by step")
	})
}

func TestRestrictedKeyLosesAPermission(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		before := w.poll(flow)
		w.front.answers(func(*http.Request) (int, string) {
			return 403, `{"error":{"type":"invalid_request_error","message":"The provided key lacks rak_charge_read"}}`
		})
		made := w.charges(3)
		w.after(15 * time.Second)
		p := w.poll(flow)
		assert.Equal(t, pay.PollBroken, p.State, "within one poll")
		assert.Contains(t, p.Reason, "rak_charge_read")
		assert.Equal(t, []time.Time{before.Floor, before.Settled}, []time.Time{p.Floor, p.Settled})
		w.after(time.Hour)
		made = append(made, w.charges(3)...)
		w.front.answers(nil)
		w.after(pay.PollPatience)
		assert.Equal(t, pay.PollGoing, w.poll(flow).State)
		w.ran(flow, made)
	})
}

func TestKeyOfAnotherAccountIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		first := w.charges(2)
		w.after(15 * time.Second)
		w.useKey("sk_test_another")
		w.charges(3)
		w.after(15 * time.Second)
		watch := w.watch(flow)
		assert.Equal(t, pay.WatchBroken, watch.State)
		assert.Contains(t, watch.Reason, "leads to the account")
		w.after(time.Hour)
		w.ran(flow, first)
		_, err := w.resume(flow, pay.ResumeCatchUp)
		assert.True(t, pay.Is(err, pay.CodeInvalidField), "a cursor of one account means nothing in another")
		_, err = w.resume(flow, pay.ResumeFromNow)
		require.NoError(t, err)
		second := w.charges(2)
		w.after(15 * time.Second)
		w.ran(flow, append(first, second...))
	})
}

func TestReactivationAfter31Days(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{"every":"1h"}`)
		other := w.applies("new-charge", `{"every":"24h"}`)
		w.polls()
		made := w.charges(3)
		w.after(time.Hour)
		w.pause(flow)
		for range 31 {
			made = append(made, w.charges(4)...)
			w.after(24 * time.Hour)
		}
		w.ran(flow, made[:3])
		_, err := w.resume(flow, pay.ResumeUnsaid)
		require.True(t, pay.Is(err, pay.CodeInvalidField))
		assert.Contains(t, err.Error(), "31 days")
		_, err = w.resume(flow, pay.ResumeCatchUp)
		require.NoError(t, err)
		w.polls()
		w.ran(flow, made)
		w.after(time.Hour)
		w.ran(other, made)
		w.ran(flow, made)
	})
}

func TestTwentyFlowsShareOnePoll(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var flows []pay.ID
		for i := range 20 {
			flows = append(flows, w.applies("new-charge", fmt.Sprintf(`{"every":"%ds"}`, 600-i*10)))
		}
		failed := w.applies("new-charge", `{"status":"failed"}`)
		w.polls()
		w.pass(2 * pay.PollOverlap) // what came before each joined has been read
		w.polls()
		w.front.asked()
		made := w.charges(3)
		declined := w.front.create("/v1/charges", url.Values{"amount": {"900"}, "currency": {"usd"}, "source": {"tok_chargeDeclined"}})
		w.after(15 * time.Second)
		assert.Len(t, w.front.asked(), 1, "one request for all of them")
		for _, flow := range flows {
			w.ran(flow, append([]string{declined}, made...))
		}
		w.ran(failed, []string{declined})
		assert.Equal(t, 15*time.Second, w.poll(failed).Every)
		w.pause(failed)
		assert.Equal(t, 410*time.Second, w.poll(flows[0]).Every, "the shortest of those that are left")
	})
}

func TestBackFill(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.charges(3)
		w.pass(8 * 24 * time.Hour)
		var made []string
		for range 5 {
			made = append(made, w.charges(30)...)
			w.pass(24 * time.Hour)
		}
		week := w.applies("new-charge", `{"start":"last 7 days"}`)
		date := w.applies("new-charge", fmt.Sprintf(`{"start":%q}`, w.clock.Now().AddDate(0, 0, -2).Format(time.RFC3339)))
		now := w.applies("new-charge", `{}`)
		w.polls()
		young := w.charges(2)
		w.after(15 * time.Second)
		w.after(2 * pay.PollOverlap)
		w.ran(week, append(slices.Clone(made), young...))
		w.ran(date, append(slices.Clone(made[90:]), young...))
		w.ran(now, young)
	})
}

func TestAWindowWithTooManyPagesIsHalved(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var made []string
		for range 16 { // a page of the front's is ten objects, whatever was asked for
			made = append(made, w.charges(50)...)
			w.pass(time.Hour)
		}
		w.front.answers(nil)
		w.front.small = true
		flow := w.applies("new-charge", `{"start":"last 1 days"}`)
		w.polls()
		w.ran(flow, made)
		narrow := slices.ContainsFunc(w.front.asked(), func(list string) bool {
			return strings.Contains(list, fmt.Sprintf("created[lte]=%d", began.Add(4*time.Hour-time.Second).Unix()))
		})
		assert.True(t, narrow, "half of the window was read first")
	})
}

func TestWhatCannotBeReadIsParked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		made := w.charges(5)
		w.failWith(func(key string) error {
			if key == made[2] {
				return pay.Invalid(pay.CodeInvalidField, "when", "trigger.metadata.order is no number")
			}
			return nil
		})
		w.after(15 * time.Second)
		w.ran(flow, append(slices.Clone(made[:2]), made[3:]...))
		assert.Equal(t, int64(1), w.watch(flow).Parked)
		assert.Equal(t, pay.PollGoing, w.poll(flow).State)
		w.failWith(nil)
		n, err := w.watcher.RetryParked(context.Background(), w.owner, flow)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		w.ran(flow, made)
		assert.Equal(t, int64(0), w.watch(flow).Parked)
	})
}

func TestASweepCountsWhatAPollHasMissed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{"every":"1h"}`)
		w.polls()
		made := w.charges(4)
		w.front.hide(made[1]) // for longer than anything that is promised
		for range 25 {
			w.after(time.Hour)
		}
		w.front.hide()
		n, err := w.watcher.Sweep(context.Background())
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		w.polls()
		assert.Equal(t, int64(1), w.poll(flow).Missed)
		w.ran(flow, made)
		n, err = w.watcher.Sweep(context.Background())
		require.NoError(t, err)
		assert.Equal(t, 0, n, "once a day")
	})
}

func TestASlowAnswerOfAnOldHolderIsNotKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		flow := w.applies("new-charge", `{}`)
		w.polls()
		w.pass(15 * time.Second)
		made := w.charges(3)
		nested := false
		w.front.answers(func(*http.Request) (int, string) {
			if !nested { // the first holder waits for its answer for minutes, and another takes over
				nested = true
				w.pass(5 * time.Minute)
				w.polls()
			}
			return 0, ""
		})
		w.polls()
		w.ran(flow, made)
	})
}
