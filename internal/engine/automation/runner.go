package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// Operations asks Stripe; engine.Engine is such.
type Operations interface {
	// RunOperation carries one out, once for each identity of a write.
	RunOperation(ctx context.Context, r engine.OperationRequest) (pay.OperationResult, error)
	// Catalogue is what operations there are.
	Catalogue() engine.Catalogue
	// UsableConnection is a connection by its name.
	UsableConnection(ctx context.Context, o pay.Owner, key pay.APIKey, name string) (pay.Connection, error)
}

// Work is one attempt at a step that is not an operation.
type Work struct {
	Owner      pay.Owner
	Connection string          // its name; empty when the step names none
	Input      json.RawMessage // as the action's schema says
	Key        string          // the same for every attempt: receivers know repetitions by it
	Begun      time.Time       // when the first attempt may have been made; zero: now
}

// BuiltIn is an action that is not an operation of Stripe's: asking a server,
// writing a row, sending a mail.
type BuiltIn struct {
	flow.Action

	// Do carries it out. It may be called again with the same key after an
	// attempt whose outcome is not known.
	//
	// Errors: a pay.Error that is not Retryable is final.
	Do func(ctx context.Context, w Work) (json.RawMessage, error)
}

// Teller tells merchants of what happened; engine.Engine is such.
type Teller interface {
	// Tell writes an event down with its deliveries, in the transaction of the
	// change that it tells of.
	Tell(tx *store.Tx, o pay.Owner, fact pay.Event, body func(pay.Event) []byte) error
}

// Presenter writes what merchants read of runs.
type Presenter interface {
	RunEvent(e pay.Event, r pay.Run) []byte
}

// RunnerConfig is what a runner is made of. All of it is required but Logger.
type RunnerConfig struct {
	Store      *store.Store
	Clock      clock.Clock
	Operations Operations
	BuiltIns   []BuiltIn
	Triggers   []flow.Trigger // as FlowTriggers makes them
	Sealer     engine.Sealer
	Teller     Teller
	Present    Presenter
	Logger     *slog.Logger
	KeepRuns   time.Duration // how long runs are kept after their end; 0: 90 days
}

// Runner carries out runs of flows. Its state is in the store; any number of
// runners, in any number of processes, share the work.
type Runner struct {
	store      *store.Store
	clock      clock.Clock
	operations Operations
	catalogue  *Catalogue
	builtIns   map[string]BuiltIn
	sealer     engine.Sealer
	teller     Teller
	present    Presenter
	log        *slog.Logger
	documents  documents

	reviving sync.Mutex
	revived  pay.Run // the last that a sweep has looked at
	keepRuns time.Duration
}

// NewRunner makes a runner.
//
// Errors: when a part is missing, which is a defect of the caller.
func NewRunner(c RunnerConfig) (*Runner, error) {
	if c.Store == nil || c.Clock == nil || c.Operations == nil || c.Sealer == nil || c.Teller == nil || c.Present == nil {
		return nil, errors.New("automation: a part of the runner is missing")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.KeepRuns = cmp.Or(c.KeepRuns, pay.RunRetention)
	r := &Runner{
		store: c.Store, clock: c.Clock, operations: c.Operations, catalogue: NewCatalogue(c.Operations.Catalogue(), c.BuiltIns, c.Triggers), builtIns: map[string]BuiltIn{},
		sealer: c.Sealer, teller: c.Teller, present: c.Present, log: c.Logger,
		keepRuns: c.KeepRuns,
	}
	for _, action := range c.BuiltIns {
		r.builtIns[action.Name] = action
	}
	return r, nil
}

// Jobs is what each kind of job does.
func (r *Runner) Jobs() map[store.JobKind]store.Work {
	return map[store.JobKind]store.Work{store.JobRun: r.Work}
}

// Chores is what a runner does every so often, on any number of workers.
func (r *Runner) Chores() []engine.Chore {
	return []engine.Chore{
		{Name: "revive_runs", Every: 5 * time.Second, Do: r.Revive},
		{Name: "reap_runs", Every: time.Minute, Do: r.ReapRuns},
	}
}

const (
	// reviveBatch is how many runs are looked at in one transaction.
	reviveBatch = 200
	// revivePages is how many of these one sweep does at the most. The next one
	// goes on from there, so that a long queue of one flow hides nobody else's run.
	revivePages = 10
)

// Revive makes jobs for runs that are due and have none: their worker died, or
// their job was lost.
func (r *Runner) Revive(ctx context.Context) (int, error) {
	r.reviving.Lock()
	defer r.reviving.Unlock()
	seen := 0
	for range revivePages {
		due, err := r.revivePage(ctx)
		if err != nil {
			return seen, err
		}
		seen += len(due)
		if len(due) < reviveBatch {
			r.revived = pay.Run{} // the next sweep begins anew
			break
		}
		r.revived = due[len(due)-1]
	}
	return seen, nil
}

// revivePage revives the next runs after the last that was.
func (r *Runner) revivePage(ctx context.Context) (due []pay.Run, err error) {
	err = r.store.Write(ctx, func(tx *store.Tx) error {
		if due, err = tx.DueRuns(tx.Now(), r.revived, reviveBatch); err != nil {
			return err
		}
		for _, run := range due {
			if err := r.revive(tx, run); err != nil {
				return err
			}
		}
		return nil
	})
	return due, err
}

// jobLost is how long a run may be due before its job is taken for one that
// died with its worker, fetched and not begun: River itself would give it to
// another only minutes later.
const jobLost = 30 * time.Second

// revive makes a job for a run that is due. One that has long been due gets
// another fence, and with it a job that no dead one stands for.
func (r *Runner) revive(tx *store.Tx, run pay.Run) error {
	if tx.Now().Sub(run.DueAt) < jobLost {
		return tx.Enqueue(runJob(run), tx.Now())
	}
	late, err := tx.LockRun(run.Owner, run.ID)
	held := late.State == pay.RunRunning && late.LeaseUntil.After(tx.Now())
	if err != nil || held || late.State.Ended() || !late.DueAt.Equal(run.DueAt) {
		return err
	}
	late.Fence, late.DueAt, late.UpdatedAt = late.Fence+1, tx.Now(), tx.Now()
	if err := tx.UpdateRun(late); err != nil {
		return err
	}
	return tx.Enqueue(runJob(late), tx.Now())
}

// Recover takes over at start what an earlier process was at work on, where no
// other process can be.
func (r *Runner) Recover(ctx context.Context) error {
	if !r.store.Exclusive() {
		return nil
	}
	return r.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ReleaseRuns(tx.Now())
		return err
	})
}

// runJob is the job that goes on with a run. Its turn is the fence: the job of
// a holder that died is live for long, and must not stand for the next one.
func runJob(r pay.Run) store.Job {
	return store.Job{Kind: store.JobRun, Owner: r.Owner, ID: r.ID, Turn: int(r.Fence)}
}

// What is sealed is bound to its row.
func runInputContext(run pay.ID) string  { return "run|input|" + string(run) }
func runOutputContext(run pay.ID) string { return "run|output|" + string(run) }
func stepContext(run pay.ID, path, part string) string {
	return "step|" + part + "|" + string(run) + "|" + path
}
