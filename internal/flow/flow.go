package flow

import (
	"encoding/json"
	"time"
)

// Limits of a document. Each keeps a mistake from costing more than its author
// meant.
const (
	MaxSource      = 256 << 10        // bytes of a document; the longest in use have 20 KB
	MaxSteps       = 200              // steps of a document; more is two flows
	MaxDepth       = 8                // steps within steps; nobody reads deeper
	MaxItems       = 10_000           // items that one for_each may be allowed
	MaxParallel    = 32               // tasks of one parallel or for_each at once
	MaxConcurrency = 100              // runs of one flow at once
	MaxAttempts    = 50               // tries of one step
	MinPoll        = 15 * time.Second // between two polls: 5,760 calls a day
	MaxWait        = 366 * 24 * time.Hour
	MaxTimeout     = 24 * time.Hour
)

// What holds where a document says nothing.
const (
	DefaultItems       = 1000
	DefaultConcurrency = 4
	DefaultTimeout     = time.Minute
	DefaultEvery       = 15 * time.Second // of a polling trigger
	DefaultSchedule    = 15 * time.Minute // of on: schedule
)

// DefaultRetry is what a step does about failures that may pass by themselves.
var DefaultRetry = Retry{Attempts: 3, Wait: 10 * time.Second, Factor: 2, Most: 10 * time.Minute}

// Catalogue says what flows can be made of: the operations and the triggers
// that the program has.
type Catalogue interface {
	// Action finds one by its name.
	Action(name string) (Action, bool)
	// Trigger finds one by its name; schedule and manual are built in.
	Trigger(name string) (Trigger, bool)
	// Actions and Triggers are all of them, in the order of the documentation.
	Actions() []Action
	Triggers() []Trigger
}

// Action is something that a step can do.
type Action struct {
	Name    string // create-refund, http.request
	Summary string
	Input   json.RawMessage // JSON Schema of what it takes; an object
	Output  json.RawMessage // JSON Schema of what it gives; empty when anything may come
	Writes  bool            // changes something outside

	OwnConnection bool     // only a connection that the step itself names is for it
	Constant      []string // inputs that are written out and hold no expression
}

// Trigger is something that starts runs.
type Trigger struct {
	Name    string // new-charge
	Summary string
	Input   json.RawMessage // JSON Schema of its settings, those of its own
	Output  json.RawMessage // JSON Schema of what a run finds in trigger
	Sample  json.RawMessage // what trigger looks like, for tests
	Polls   bool            // it asks again and again; every, start and connection are then settings
	Fastest time.Duration   // the shortest interval of its polls; zero is MinPoll
}

// Flow is a document that was read and found to be right.
type Flow struct {
	Name        string
	Description string
	Connection  string // of steps and trigger that name no other; "default"
	Concurrency int    // runs at once
	On          On
	Steps       []*Step
	Source      []byte // as it was written

	vars      []field
	when      *expression
	output    *value
	hash      string
	catalogue Catalogue
	intakes   map[string]*intake // what each action that is used takes, by its name
}

// On is what starts runs of a flow.
type On struct {
	Trigger    string          // new-charge, schedule, manual
	Connection string          // that is polled
	Every      time.Duration   // of polls and of schedules without cron
	Start      string          // now, or from when on older objects count too, as pay.ParseTriggerStart reads it
	Cron       string          // of a schedule; empty when Every holds
	Zone       string          // of cron, as in Europe/Berlin; UTC when nothing is said
	Missed     string          // of a schedule: MissedOnce, MissedSkip, or nothing, which is the first
	Settings   json.RawMessage // the trigger's own, as an object
	Input      json.RawMessage // of manual: JSON Schema of what it is started with
}

// Kind is what a step does.
type Kind string

// The kinds of steps, each named by the key that makes a step one.
const (
	KindAction   Kind = "do"
	KindIf       Kind = "if"
	KindSwitch   Kind = "switch"
	KindForEach  Kind = "for_each"
	KindParallel Kind = "parallel"
	KindWait     Kind = "wait"
	KindCall     Kind = "call"
	KindFail     Kind = "fail"
	KindSet      Kind = "set"
)

// Step is one part of a flow. Its id is unique in the document, so that
// steps.<id> has one meaning.
type Step struct {
	ID         string // given, or step-<n> by its place; those cannot be referred to
	Kind       Kind
	Do         string // of an action: its name
	Call       string // of a call: the flow
	Connection string // of an action
	Writes     bool   // of an action: it changes something outside
	Retry      Retry
	Timeout    time.Duration
	Undo       *Undo
	Branches   []Branch // steps within, if any
	Line       int

	with      *value      // input of action and call; text of fail; values of set
	on        *expression // condition, list, or what is switched on
	as        string
	limit     int
	parallel  int
	wait      time.Duration
	onError   string  // fail, continue or steps
	onErrorDo []*Step // when onError is steps
}

// Branch is a list of steps within a step.
type Branch struct {
	Name  string // then, else, the case's value, default, each, or the number of a parallel branch
	Steps []*Step
}

// Undo is what takes a completed step back when its run fails.
type Undo struct {
	Do         string
	Connection string
	Retry      Retry
	Timeout    time.Duration
	with       *value
}

// Retry says how often a failing step is tried, and how long is waited between
// tries: Wait, then Factor times as long each time, but never longer than Most.
type Retry struct {
	Attempts int // in all, the first included
	Wait     time.Duration
	Factor   float64
	Most     time.Duration
}

// Delay is how long is waited after the attempt of this number, counted from 1;
// false says that it was the last one.
func (r Retry) Delay(attempt int) (time.Duration, bool) {
	if attempt >= r.Attempts {
		return 0, false
	}
	delay := float64(r.Wait)
	for range attempt - 1 {
		if delay *= r.Factor; delay >= float64(r.Most) {
			return r.Most, true
		}
	}
	return min(time.Duration(delay), r.Most), true
}

// RunInfo is what a run knows of itself: run.id, run.flow, run.attempt and
// run.started in expressions.
type RunInfo struct {
	ID      string
	Attempt int // 1, and one more each time it is run again
	Started time.Time
}

// State is all that Next decides by. Results are by the path of the task; their
// order does not matter.
type State struct {
	Trigger json.RawMessage
	Results map[string]Result
	Run     RunInfo
	Now     time.Time // only decides whether waits are over
}

// Result is how a task ended, after all its attempts.
type Result struct {
	Output   json.RawMessage `json:"output,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"` // nil when it was done
	Attempts int             `json:"attempts,omitempty"`
	At       time.Time       `json:"at"`
}

// Failure is why a step did not do what it should: error in handlers, and
// errors.<id> after it.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"` // the parameter, as the flow's author wrote it
	Step    string `json:"step,omitempty"`  // path of the step
}

// Codes of failures that a flow finds by itself, before any call.
const (
	CodeExpression = "expression_failed" // an expression met a value that it cannot work with
	CodeInput      = "invalid_input"     // what was worked out does not fit the action; nothing was called
	CodeTooMany    = "too_many_items"    // more items than the limit of a for_each
	CodeFailed     = "flow_failed"       // a fail step
)

// Plan is what comes next in a run: tasks to begin, or a time to wait for, or
// both; or its end. When all of it is empty, tasks that were given out before
// have no result yet.
type Plan struct {
	Ready     []Task              // every task that may run now and has no result, those given out before too
	WaitUntil time.Time           // the earliest end of a wait; zero when nothing waits
	Decided   map[string]Decision // what the flow settled by itself, by path of the step
	Ended     *Ending
}

// Decision is what a flow settled by itself, for the history of the run.
type Decision struct {
	Kind    Kind     `json:"kind"`
	Branch  string   `json:"branch,omitempty"`  // which one an if or switch took
	Failure *Failure `json:"failure,omitempty"` // of a step that failed before any call
}

// Task is work for somebody outside. Its path names it for the whole run:
// copy, each[3].copy, undo/copy.
type Task struct {
	Path       string
	Step       string // id
	Do         string // the action; empty for a call
	Call       string // the flow that is called
	Connection string
	Input      json.RawMessage
	Retry      Retry
	Timeout    time.Duration
	Writes     bool
	Undo       bool // it takes a completed step back
}

// Ending is how a run ended.
type Ending struct {
	Failure *Failure        // nil when it succeeded
	Output  json.RawMessage // of a run that succeeded
	Undone  []string        // paths of steps that were taken back, in that order
	Stuck   []string        // paths of steps whose undo failed: a person must look
}

// Handlers are the steps of on_error, if it has some.
func (s *Step) Handlers() []*Step { return s.onErrorDo }
