package automation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pay"
)

// ticks lets a schedule's worker look once a minute until a time, and returns
// when runs began.
func (w *world) ticks(flow pay.ID, until time.Time) []string {
	w.t.Helper()
	var began []string
	for count := w.watch(flow).Found; w.clock.Now().Before(until); {
		w.pass(time.Minute)
		_, err := w.watcher.RunSchedules(context.Background())
		require.NoError(w.t, err)
		watch := w.watch(flow)
		if watch.Found > count {
			assert.Equal(w.t, count+1, watch.Found)
			count = watch.Found
			began = append(began, watch.FoundAt.Format("02 15:04"))
		}
	}
	return began
}

// at is a world that begins at some time.
func (w *world) startAt(text string) {
	w.t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(w.t, err)
	w.clock = clock.NewMovable(clock.Fixed(at), 0)
	w.ours = w.clock
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options, from string
		hours         int
		want          []string
	}{
		"every 15 minutes by default": {`{}`, "2026-03-03T09:00:00Z", 1, []string{"03 09:15", "03 09:30", "03 09:45", "03 10:00"}},
		"an interval":                 {`{"every":"1h"}`, "2026-03-03T09:10:00Z", 2, []string{"03 10:10", "03 11:10"}},
		"a cron":                      {`{"cron":"30 9 * * TUE"}`, "2026-03-03T09:00:00Z", 8 * 24, []string{"03 09:30", "10 09:30"}},
		"a cron elsewhere":            {`{"cron":"0 9 * * *","zone":"America/New_York"}`, "2026-03-03T09:00:00Z", 24, []string{"03 14:00"}},
		// In Berlin the clocks went from 02:00 to 03:00 on 29 March 2026 at
		// 01:00 UTC, and go back on 25 October at 01:00 UTC.
		"a time in the gap":          {`{"cron":"30 2 * * *","zone":"Europe/Berlin"}`, "2026-03-27T12:00:00Z", 72, []string{"28 01:30", "29 01:00", "30 00:30"}},
		"a time that comes twice":    {`{"cron":"30 2 * * *","zone":"Europe/Berlin"}`, "2026-10-23T12:00:00Z", 72, []string{"24 00:30", "25 00:30", "26 01:30"}},
		"every hour when hours skip": {`{"cron":"0 * * * *","zone":"Europe/Berlin"}`, "2026-03-28T23:30:00Z", 3, []string{"29 00:00", "29 01:00", "29 02:00"}},
		"every hour when one repeats": {`{"cron":"0 * * * *","zone":"Europe/Berlin"}`, "2026-10-24T23:30:00Z", 3,
			[]string{"25 00:00", "25 01:00", "25 02:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, databases["sqlite"](t))
			w.startAt(c.from)
			flow := w.applies("schedule", c.options)
			assert.Equal(t, c.want, w.ticks(flow, w.clock.Now().Add(time.Duration(c.hours)*time.Hour)))
		})
	}
}

func TestMissedTimesRunOnceOrNotAtAll(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		once := w.applies("schedule", `{"every":"1h"}`)
		skip := w.applies("schedule", `{"every":"1h","missed":"skip"}`)
		w.pass(10*time.Hour + 30*time.Minute) // nobody is there
		n, err := w.watcher.RunSchedules(context.Background())
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Equal(t, []int64{1, 0}, []int64{w.watch(once).Found, w.watch(skip).Found})
		next := began.Add(11 * time.Hour)
		assert.Equal(t, []time.Time{next, next}, []time.Time{w.watch(once).NextAt, w.watch(skip).NextAt})
		w.pause(once)
		w.pass(5 * time.Hour)
		_, err = w.watcher.RunSchedules(context.Background())
		require.NoError(t, err)
		_, err = w.resume(once, pay.ResumeUnsaid)
		require.NoError(t, err)
		assert.Equal(t, w.ours.Now().Add(time.Hour), w.watch(once).NextAt, "a pause is no missed time")
		assert.Equal(t, int64(1), w.watch(once).Found)
	})
}

func TestTwoWorkersBeginAScheduleOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var flows []pay.ID
		for range 20 {
			flows = append(flows, w.applies("schedule", `{"every":"1m"}`))
		}
		for range 5 {
			w.pass(time.Minute)
			var group sync.WaitGroup
			for range 2 {
				group.Go(func() {
					_, err := w.watcher.RunSchedules(context.Background())
					assert.NoError(t, err)
				})
			}
			group.Wait()
		}
		for _, flow := range flows {
			assert.Equal(t, int64(5), w.watch(flow).Found)
		}
	})
}

func TestSchedulesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databases["sqlite"](t))
	for options, field := range map[string]string{
		`{"cron":"0 9 * *"}`:                        "on.schedule.cron",
		`{"cron":"0 9 30 2 *"}`:                     "on.schedule.cron",
		`{"cron":"0 9 * * *","every":"1h"}`:         "on.schedule.cron",
		`{"cron":"@every 1h"}`:                      "on.schedule.cron",
		`{"cron":"0 9 * * *","zone":"Mars/Crater"}`: "on.schedule.zone",
		`{"every":"1h","zone":"Europe/Berlin"}`:     "on.schedule.zone",
		`{"every":"5s"}`:                            "on.schedule.every",
		`{"every":"often"}`:                         "on.schedule.every",
		`{"missed":"later"}`:                        "on.schedule.missed",
	} {
		err := w.apply(w.request("schedule", options))
		var refused *pay.Error
		if assert.ErrorAs(t, err, &refused, options) {
			assert.Equal(t, field, refused.Field, options)
		}
	}
	for options, field := range map[string]string{
		`{"every":"14s"}`:          "on.new-charge.every",
		`{"every":"25h"}`:          "on.new-charge.every",
		`{"start":"yesterday"}`:    "on.new-charge.start",
		`{"start":"last 0 days"}`:  "on.new-charge.start",
		`{"status":"lost"}`:        "on.new-charge.status",
		`{"connection":"nowhere"}`: "connection",
	} {
		err := w.apply(w.request("new-charge", options))
		var refused *pay.Error
		if assert.ErrorAs(t, err, &refused, options) {
			assert.Equal(t, field, refused.Field, options)
		}
	}
}
