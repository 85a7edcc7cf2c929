package pay

import "time"

// RunState is how a run stands.
type RunState string

// How a run stands.
const (
	RunPending   RunState = "pending"   // has not begun: it waits for its turn
	RunRunning   RunState = "running"   // somebody is at work on it
	RunWaiting   RunState = "waiting"   // for a time, for another try, or for another run
	RunSucceeded RunState = "succeeded" // every step is done, or was handled
	RunFailed    RunState = "failed"    // a step failed; what could be was taken back
	RunCanceled  RunState = "canceled"  // somebody called it off
)

// RunMoves is every legal change of a run, and the event each one emits.
var RunMoves = Moves[RunState]{
	{RunPending, RunRunning, ""},
	{RunRunning, RunWaiting, ""},
	{RunWaiting, RunRunning, ""},
	{RunRunning, RunSucceeded, EventRunSucceeded},
	{RunRunning, RunFailed, EventRunFailed},
	{RunRunning, RunCanceled, EventRunCanceled},
	{RunPending, RunCanceled, EventRunCanceled},
	{RunWaiting, RunCanceled, EventRunCanceled},
}

// Ended reports whether nothing more will happen.
func (s RunState) Ended() bool { return s == RunSucceeded || s == RunFailed || s == RunCanceled }

// RunCause is what made a run begin.
type RunCause string

// What made a run begin.
const (
	CauseTrigger RunCause = "trigger" // the flow's own: an object at Stripe, a time, a request
	CauseManual  RunCause = "manual"  // somebody asked for it
	CauseTest    RunCause = "test"    // somebody tries the flow, in the sandbox
	CauseCall    RunCause = "call"    // another run's step
	CauseRerun   RunCause = "rerun"   // an earlier run, from one of its steps on
)

// MaxCallDepth is how deep flows may call flows: more is a circle.
const MaxCallDepth = 10

// Run is one execution of a flow. Its identity is its key: whatever makes a run
// begin twice begins it once.
type Run struct {
	ID        ID
	Owner     Owner
	Flow      ID
	FlowName  string
	Version   int    // of the flow's document
	Key       string // unique for the flow
	Cause     RunCause
	Ref       string // of the object at Stripe, or of whatever caused it, for people
	Input     []byte // sealed: what trigger is in expressions
	Origin    ID     // of a rerun: the run whose steps it takes over
	Parent    ID     // of a call: the run that waits for it
	Depth     int    // calls above it
	Attempt   int    // 1, and one more for each rerun
	CreatedAt time.Time

	State      RunState
	Canceling  bool      // somebody called it off while it was at work
	Fence      int64     // grows with every new holder; a late result of an old one is refused
	LeaseUntil time.Time // until then somebody is at work on it
	DueAt      time.Time // when it should go on; zero when it has ended
	StartedAt  time.Time // of the first step
	EndedAt    time.Time
	Output     []byte // sealed
	Failure    RunFailure
	Sequence   int64 // of its events
	UpdatedAt  time.Time
}

// RunFailure is why a run, or a step of one, failed.
type RunFailure struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Field   string `json:"field,omitempty"` // the parameter, as the flow's author wrote it
	Step    string `json:"step,omitempty"`  // path of the step
}

// IsZero reports whether nothing failed.
func (f RunFailure) IsZero() bool { return f == RunFailure{} }

// StepState is how a step of a run stands.
type StepState string

// How a step of a run stands.
const (
	StepRunning   StepState = "running" // was begun: its input is fixed
	StepWaiting   StepState = "waiting" // for another try, or for the run that it called
	StepSucceeded StepState = "succeeded"
	StepFailed    StepState = "failed"
)

// RunStep is one part of a run. Its input is fixed before the first attempt, so
// that every attempt asks for the same thing.
type RunStep struct {
	ID      ID
	Owner   Owner
	Run     ID
	Path    string    // copy, each[3].copy, undo/copy
	Step    string    // id in the document
	Do      string    // the action, or the flow that is called, or what the step decides
	Input   []byte    // sealed
	Call    string    // identity of its write: the same for every attempt
	BegunAt time.Time // of its first attempt, in an earlier run if it goes on with one in doubt

	State     StepState
	Attempts  int
	Final     bool      // its last answer was definitive: doing it anew is a new write
	DueAt     time.Time // of the next attempt
	Output    []byte    // sealed
	Failure   RunFailure
	EndedAt   time.Time
	UpdatedAt time.Time
}

// MaxTestRun is how long a test run may take: somebody waits for it, and a flow
// that waits for days is not tried by waiting for days.
const MaxTestRun = 10 * time.Minute

// RunRetention is how long runs are kept after their end, when nothing else is
// said: a quarter, as long as people ask what became of something.
const RunRetention = 90 * 24 * time.Hour

// RunFilter is which runs are wanted; empty fields do not filter.
type RunFilter struct {
	Flow   ID
	States []RunState
}
