package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	_ "time/tzdata" // zones are the same on every machine, also where none are installed

	"github.com/robfig/cron/v3"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// scheduleBatch is how many schedules are begun in one transaction.
const scheduleBatch = 50

// maxScheduleTries bounds the search for a time: the parser itself looks five
// years ahead, and who was away for longer than so many times has missed them.
const maxScheduleTries = 1000

// schedule is when a flow runs by the clock.
type schedule struct {
	every time.Duration // between two runs; zero when cron says
	cron  *cron.SpecSchedule
	zone  *time.Location
	skip  bool // times missed while nobody was there are left out
}

// cronParser takes the five fields that people know, and @daily and its like.
var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// readSchedule reads a schedule's options.
//
// Errors: invalid_field, naming the option.
func (w *Watcher) readSchedule(o watchOptions) (schedule, error) {
	const field = "on.schedule."
	s := schedule{zone: time.UTC}
	switch o.Missed {
	case "", flow.MissedOnce:
	case flow.MissedSkip:
		s.skip = true
	default:
		return s, pay.Invalid(pay.CodeInvalidField, field+"missed", "%q is neither run_once nor skip", o.Missed)
	}
	if o.Cron != "" && o.Every != "" {
		return s, pay.Invalid(pay.CodeInvalidField, field+"cron", "say either every or cron")
	}
	if o.Cron == "" {
		return readEvery(s, o)
	}
	zone, err := time.LoadLocation(first(o.Zone, "UTC"))
	if err != nil {
		return s, pay.Invalid(pay.CodeInvalidField, field+"zone", "%q is no time zone; write one such as Europe/Berlin", o.Zone)
	}
	s.zone = zone
	parsed, err := cronParser.Parse(o.Cron)
	if err != nil {
		return s, pay.Invalid(pay.CodeInvalidField, field+"cron", "%q cannot be read (%s); it has minute, hour, day, month and weekday: 0 9 * * MON", o.Cron, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return s, pay.Invalid(pay.CodeInvalidField, field+"cron", "write an interval as every")
	}
	s.cron = spec
	if s.next(w.clock.Now()).IsZero() {
		return s, pay.Invalid(pay.CodeInvalidField, field+"cron", "%q never comes", o.Cron)
	}
	return s, nil
}

func readEvery(s schedule, o watchOptions) (schedule, error) {
	if o.Zone != "" {
		return s, pay.Invalid(pay.CodeInvalidField, "on.schedule.zone", "an interval needs no time zone")
	}
	s.every = pay.DefaultScheduleEvery
	if o.Every == "" {
		return s, nil
	}
	every, err := time.ParseDuration(o.Every)
	if err != nil || every < minScheduleEvery || every > maxScheduleEvery {
		return s, pay.Invalid(pay.CodeInvalidField, "on.schedule.every", "%q is no interval from 1m to 744h; write 15m or 1h", o.Every)
	}
	s.every = every
	return s, nil
}

// Bounds of a schedule's interval: a cron has minutes too, and 31 days are the
// longest month.
const (
	minScheduleEvery = time.Minute
	maxScheduleEvery = 31 * 24 * time.Hour
)

// starBit marks a field of a cron that stands for every value; the parser sets
// it so.
const starBit = 1 << 63

// next is the first time after another; zero when there is none.
//
// Where clocks are put forward, a time that does not exist that day is the
// moment after the gap; where they are put back, a time that comes twice is the
// first. That holds for a cron which names its hours. One that runs every hour,
// or every so many minutes of all hours, goes on by the hour as it passes.
func (s schedule) next(after time.Time) time.Time {
	if s.cron == nil {
		return after.Add(s.every)
	}
	if s.cron.Hour&starBit != 0 {
		spec := *s.cron
		spec.Location = s.zone
		return spec.Next(after.In(s.zone)).UTC()
	}
	return s.nextByWall(after)
}

// nextByWall looks for the next time on the wall, where each exists once, and
// then for the moment at which the wall shows it.
func (s schedule) nextByWall(after time.Time) time.Time {
	spec := *s.cron
	spec.Location = time.UTC
	local := after.In(s.zone)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC).Add(-time.Second)
	for range maxScheduleTries {
		if wall = spec.Next(wall); wall.IsZero() {
			return wall
		}
		if at := s.moment(wall); at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// moment is when the clock on the wall shows a time: the first time that it
// does, or the end of the gap that the time is in.
func (s schedule) moment(wall time.Time) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, s.zone)
	start, end := at.ZoneBounds()
	shown := at.Hour() == wall.Hour() && at.Minute() == wall.Minute()
	switch {
	case !shown && at.Hour()*60+at.Minute() < wall.Hour()*60+wall.Minute():
		return end.UTC() // before the gap: it ends where the next offset begins
	case !shown:
		return start.UTC()
	}
	if earlier := s.firstOf(at, start); !earlier.IsZero() {
		return earlier.UTC()
	}
	return at.UTC()
}

// firstOf is the same time on the wall before the clock was put back, if at is
// the second of the two.
func (s schedule) firstOf(at, start time.Time) time.Time {
	if start.IsZero() {
		return time.Time{}
	}
	_, now := at.Zone()
	_, before := start.Add(-time.Second).Zone()
	if twin := at.Add(time.Duration(now-before) * time.Second); before > now && twin.Before(start) {
		return twin
	}
	return time.Time{}
}

func (w *Watcher) aimSchedule(a Aimed, o watchOptions) (Aimed, error) {
	s, err := w.readSchedule(o)
	if err != nil {
		return a, err
	}
	a.watch.Every = s.every
	a.watch.NextAt = s.next(a.watch.CreatedAt)
	return a, nil
}

func (w *Watcher) scheduleOf(watch pay.Watch) (schedule, error) {
	var o watchOptions
	if err := json.Unmarshal(watch.Options, &o); err != nil {
		return schedule{}, err
	}
	return w.readSchedule(o)
}

// RunSchedules begins a run of every flow whose time has come, and says how
// many those were. The row stays locked until the run is kept, so that two
// workers never begin the same one.
func (w *Watcher) RunSchedules(ctx context.Context) (int, error) {
	var done int
	err := w.store.Write(ctx, func(tx *store.Tx) error {
		due, err := tx.DueWatches(tx.Now(), scheduleBatch)
		if err != nil {
			return err
		}
		for _, watch := range due {
			if err := w.runSchedule(tx, watch); err != nil {
				return err
			}
		}
		done = len(due)
		return nil
	})
	return done, err
}

// lateAfter is how late a time may be and still count as met: a worker looks
// once a second.
const lateAfter = time.Minute

// runSchedule begins the run of a time, or of the last one of several that were
// missed, and keeps when the next is.
func (w *Watcher) runSchedule(tx *store.Tx, watch pay.Watch) error {
	s, err := w.scheduleOf(watch)
	if err != nil {
		watch.State, watch.Reason = pay.WatchBroken, messageOf(err)
		if err := tx.SaveWatch(watch); err != nil {
			return err
		}
		return w.alarm(tx, watch.Owner, watch.ID, watch.Reason)
	}
	now, due := tx.Now(), watch.NextAt
	missed := 0
	following := s.next(due)
	for ; !following.IsZero() && !following.After(now); following = s.next(following) {
		due = following
		if missed++; missed >= maxScheduleTries {
			following = s.next(now)
			break
		}
	}
	watch.NextAt = following
	if !s.skip || now.Sub(due) < lateAfter {
		if err := w.startSchedule(tx, &watch, due, missed); err != nil {
			return err
		}
	}
	return tx.SaveWatch(watch)
}

func (w *Watcher) startSchedule(tx *store.Tx, watch *pay.Watch, due time.Time, missed int) error {
	at := due.Format(time.RFC3339)
	input, err := json.Marshal(map[string]any{"time": at, "missed": missed})
	if err != nil {
		return err
	}
	_, fresh, err := w.start(tx, *watch, Starting{Key: "schedule/" + at, Input: input, Ref: at})
	switch {
	case isFaultOfInput(err):
		watch.Reason = fmt.Sprintf("the run of %s could not be begun: %s", at, messageOf(err))
		return nil
	case err != nil:
		return err
	case fresh:
		watch.Found++
		watch.FoundAt = tx.Now()
	}
	watch.Reason = ""
	return nil
}

func (w *Watcher) resumeSchedule(tx *store.Tx, watch pay.Watch) (pay.Watch, error) {
	if watch.State == pay.WatchOn {
		return watch, nil
	}
	s, err := w.scheduleOf(watch)
	if err != nil {
		return watch, err
	}
	watch.State, watch.Reason, watch.NextAt, watch.UpdatedAt = pay.WatchOn, "", s.next(tx.Now()), tx.Now()
	if err := tx.SaveWatch(watch); err != nil {
		return watch, err
	}
	return watch, w.alarm(tx, watch.Owner, watch.ID, "")
}
