package pay

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Trigger is one thing at Stripe that can start a flow, as the catalogue
// declares it.
type Trigger struct {
	Name     string // new-charge
	Title    string // New Charge
	Summary  string // one sentence, with what counts as new
	Resource string // the heading it stands under: charges
	Path     string // the list that is read, at Stripe: /v1/charges
	Hints    []string
	Options  json.RawMessage // JSON Schema of its own options, beside every, start and connection
	Output   json.RawMessage // JSON Schema of what a run is given
	Sample   json.RawMessage // an output, for test runs and editors
}

// TriggerAim is which list a trigger reads, worked out from its options. Flows
// that aim at the same list of the same account share its polls.
type TriggerAim struct {
	List  string   // path and query of the list, without limit, cursor and times
	Hints []string // types of Stripe events that say that the list has grown
}

// TriggerFind is one object that a trigger came upon.
type TriggerFind struct {
	Ref     string          // the object's id at Stripe, by which it is known again
	Key     string          // names the run that it starts, at most one for a flow
	Created time.Time       // by Stripe's clock
	Wanted  bool            // the options let it through
	Output  json.RawMessage // what the run is given
}

// Limits of how often a flow may have Stripe asked.
const (
	// DefaultEvery is how often a polling trigger asks when its flow does not say.
	DefaultEvery = 15 * time.Second
	// MinEvery is the shortest interval, unless the program is told otherwise:
	// 5,760 calls a day.
	MinEvery = 15 * time.Second
	// MaxEvery keeps an interval within the time that Stripe keeps events.
	MaxEvery = 24 * time.Hour
	// DefaultScheduleEvery is how often a schedule runs when its flow does not say.
	DefaultScheduleEvery = 15 * time.Minute
)

// CallsADay is what an interval costs in calls to Stripe: 15 s are 5,760, an
// hour is 24. A burst of more than a page costs a call for each further page.
func CallsADay(every time.Duration) int64 {
	if every <= 0 {
		return 0
	}
	return int64((24*time.Hour + every - 1) / every)
}

// TriggerStart is from when on a trigger counts what is new: from now, from a
// date, or from some days ago.
type TriggerStart struct {
	At   time.Time     // a date; zero when there is none
	Back time.Duration // before now; zero when there is none
}

// startForms is what may be written for a start.
const startForms = `"now", a date (2026-01-31), a time (2026-01-31T09:00:00Z) or "last 7 days"`

// ParseTriggerStart reads what a flow says under start; empty is now.
//
// Errors: invalid_field, naming what may be written.
func ParseTriggerStart(text string) (TriggerStart, error) {
	switch {
	case text == "", text == "now":
		return TriggerStart{}, nil
	case strings.HasPrefix(text, "last "):
		return parseLastDays(text)
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return TriggerStart{At: at.UTC()}, nil
		}
	}
	return TriggerStart{}, Invalid(CodeInvalidField, "start", "%q is no start; write %s", text, startForms)
}

func parseLastDays(text string) (TriggerStart, error) {
	var days int
	if n, err := fmt.Sscanf(text, "last %d day", &days); n != 1 || err != nil || days < 1 || days > maxBackDays {
		return TriggerStart{}, Invalid(CodeInvalidField, "start", "%q is no start; write %s, of at most %d days", text, startForms, maxBackDays)
	}
	return TriggerStart{Back: time.Duration(days) * 24 * time.Hour}, nil
}

// maxBackDays is ten years, longer than most accounts are old.
const maxBackDays = 3660

// From is the start as a time, given Stripe's present time. It is a whole
// second, as Stripe's are.
func (s TriggerStart) From(now time.Time) time.Time {
	switch {
	case !s.At.IsZero():
		return s.At.Truncate(time.Second)
	default:
		return now.Add(-s.Back).Truncate(time.Second)
	}
}

// WatchKind is how a flow comes to know that it should run.
type WatchKind string

// How a flow comes to know that it should run.
const (
	WatchPoll     WatchKind = "poll"     // Stripe is asked every so often
	WatchSchedule WatchKind = "schedule" // by the clock
	WatchHook     WatchKind = "webhook"  // somebody posts to its address
	WatchManual   WatchKind = "manual"   // only when it is asked to
)

// WatchState is whether a flow's trigger works.
type WatchState string

// Whether a flow's trigger works.
const (
	WatchOn     WatchState = "on"
	WatchPaused WatchState = "paused"
	WatchBroken WatchState = "broken" // needs somebody's doing; the reason says what
)

// Watch is what one flow waits for.
type Watch struct {
	ID         ID // the flow's own
	Owner      Owner
	Flow       string // its name
	Kind       WatchKind
	Trigger    string          // name in the catalogue; of the others the kind
	Options    json.RawMessage // as the flow has them
	Connection string          // by name; empty for the default one
	Every      time.Duration

	State   WatchState
	Reason  string    // why it is broken, with what to do
	Account string    // whose lists it reads; see Connection.AccountKey
	Poll    ID        // the shared poll that serves it
	From    time.Time // what was created before is not its business
	Since   time.Time // from here on the shared poll serves it, up to here a back-fill
	Gap     time.Time // while paused: what was created before has been seen

	NextAt time.Time // of a schedule
	Token  string    // of a webhook: names it in its address
	Secret []byte    // of a webhook: sealed

	PreviousSecret []byte // sealed; lets in too until PreviousUntil
	PreviousUntil  time.Time

	Found     int64 // runs that it started
	Parked    int64 // objects that could not be read, and wait
	FoundAt   time.Time
	Told      bool  // its merchant knows that it does not work
	Sequence  int64 // of its events
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CatchUpWithin is for how long a paused trigger may be resumed without saying
// what should become of the time between: Stripe keeps events for 30 days.
const CatchUpWithin = 30 * 24 * time.Hour

// Resume is what becomes of the time that a trigger was paused.
type Resume string

// What becomes of the time that a trigger was paused.
const (
	ResumeUnsaid  Resume = ""         // catch up, if the pause was short enough
	ResumeCatchUp Resume = "catch_up" // runs start for all that came meanwhile
	ResumeFromNow Resume = "from_now" // what came meanwhile is left out
)

// ParkedFind is an object that a trigger could not make a run of. It is kept
// with the reason, so that the others go on and it can be tried again.
type ParkedFind struct {
	Owner   Owner
	Watch   ID
	Ref     string
	Error   string
	Item    []byte // as Stripe listed it, sealed
	Created time.Time
	At      time.Time
}
