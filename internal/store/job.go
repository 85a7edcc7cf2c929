package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"florin/internal/clock"
	"florin/internal/pay"
)

// JobKind is what a job does. It is part of what is kept: never change one.
type JobKind string

// The kinds of job. Each has a queue of its own, so that slow endpoints of
// merchants never hold up what Stripe says.
const (
	JobDeliver       JobKind = "deliver"        // carry a delivery to its endpoint; ID is the delivery's
	JobProviderEvent JobKind = "provider_event" // look at a Stripe event; ID is the Stripe event's
	JobRun           JobKind = "run"            // go on with a run of a flow; ID is the run's
	JobMail          JobKind = "mail"           // write a mail and send it; ID is the mail's
)

// Job is work to be done after the transaction that asks for it has committed.
// It only names a row: what is to be done is read from there, and doing it
// twice does no harm.
type Job struct {
	Kind  JobKind
	Owner pay.Owner
	ID    pay.ID
	Turn  int // tells a new job for the row from one that is still at work on it
}

// Work does a job. When again is above zero the job is put off by that much,
// which is no failure; an error makes it be tried again, later each time.
type Work func(ctx context.Context, job Job) (again time.Duration, err error)

// JobOptions are how jobs are worked. Zero values are filled in.
type JobOptions struct {
	Workers map[JobKind]int // jobs of a kind at once; absent: 8
	Timeout time.Duration   // of one job; 0: 2 minutes
	// Observe is told of each job that ended, however it did.
	Observe func(kind JobKind, took time.Duration, err error)
}

// Limits of the job queue.
const (
	jobWorkers = 8               // waiting for answers from outside, mostly
	jobTimeout = 2 * time.Minute // a delivery has 30 s for its answer, a Stripe read three tries of 20 s
	// jobRescue is how long after its start a job is held for dead and given
	// to another worker: the timeout, and a minute for clocks and slow ends.
	jobRescue = jobTimeout + time.Minute
	// jobRunTimeout is for runs, one of whose steps may take a day. A run is
	// held by a lease of its own: that its job is held for dead meanwhile, and
	// given to another worker, does no harm.
	jobRunTimeout = 25 * time.Hour
	// jobAttempts is how often a failing job is tried; our own rows are the
	// truth, and a sweep asks again for what is still not done.
	jobAttempts = 10
	// jobWaitFirst and jobWaitMost bound the growing wait after a failure.
	jobWaitFirst = 2 * time.Second
	jobWaitMost  = 5 * time.Minute
	// jobCooldown and jobPoll are the shortest and longest time between two
	// looks into the queue; a new job usually announces itself.
	jobCooldown = 20 * time.Millisecond
	jobPoll     = time.Second
	// jobKept is how long ended jobs stay to be looked at.
	jobKept = time.Hour
)

// liveStates are those in which a second job for the same row is not wanted.
// River requires all but retryable.
var liveStates = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// jobQueue is river on either database.
type jobQueue interface {
	enqueue(ctx context.Context, q querier, args river.JobArgs, o *river.InsertOpts) (*rivertype.JobInsertResult, error)
	hurry(ctx context.Context, q querier, id int64) error
	start(ctx context.Context, config *river.Config) (running, error)
}

// running is a started river client.
type running interface {
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// target is how a job is kept: its row, in JSON.
type target struct {
	Merchant pay.ID   `json:"merchant"`
	Mode     pay.Mode `json:"mode"`
	ID       pay.ID   `json:"id"`
	Turn     int      `json:"turn,omitempty"`
}

// deliver and providerEvent are the kinds as river wants them: a type each.
type (
	deliver       struct{ target }
	providerEvent struct{ target }
	run           struct{ target }
	mail          struct{ target }
)

// Kind is the name that river keeps.
func (deliver) Kind() string { return string(JobDeliver) }

// Kind is the name that river keeps.
func (providerEvent) Kind() string { return string(JobProviderEvent) }

// Kind is the name that river keeps.
func (mail) Kind() string { return string(JobMail) }

// Kind is the name that river keeps.
func (run) Kind() string { return string(JobRun) }

func (t target) row() target { return t }

// args is the job as river takes it.
func (j Job) args() (river.JobArgs, error) {
	row := target{j.Owner.Merchant, j.Owner.Mode, j.ID, j.Turn}
	switch j.Kind {
	case JobDeliver:
		return deliver{row}, nil
	case JobProviderEvent:
		return providerEvent{row}, nil
	case JobRun:
		return run{row}, nil
	case JobMail:
		return mail{row}, nil
	}
	return nil, fmt.Errorf("store: there is no job %q", j.Kind)
}

// Enqueue asks for a job at a time, or at once when that is past; it begins
// only if the transaction commits. While the same job is live no second one is
// made: one that waits for later is brought forward when at is past. A job that
// is running is left alone, though it may have read its row already: whoever
// must be sure writes a time into the row that a sweep looks for.
func (tx *Tx) Enqueue(job Job, at time.Time) error {
	if err := tx.usable(); err != nil {
		return err
	}
	args, err := job.args()
	if err != nil {
		return err
	}
	wait := at.Sub(tx.now)
	o := &river.InsertOpts{
		Queue:       string(job.Kind),
		MaxAttempts: jobAttempts,
		UniqueOpts:  river.UniqueOpts{ByArgs: true, ByState: liveStates},
	}
	if wait > 0 {
		o.ScheduledAt = clock.Real{}.Now().Add(wait) // river goes by the machine's clock
	}
	made, err := tx.store.jobs.enqueue(tx.ctx, tx.q, args, o)
	if err != nil {
		return fmt.Errorf("store: enqueue %s: %w", job.Kind, err)
	}
	if wait <= 0 && made.UniqueSkippedAsDuplicate && waiting(made.Job.State) {
		return tx.store.jobs.hurry(tx.ctx, tx.q, made.Job.ID)
	}
	return nil
}

func waiting(s rivertype.JobState) bool {
	return s == rivertype.JobStateScheduled || s == rivertype.JobStateRetryable
}

// StartJobs begins to work off jobs of the kinds in work, until stop is called
// or ctx ends. stop lets the running jobs finish as long as its context allows
// and then cancels them; a cancelled job is tried again later.
//
// Errors: a kind without work, or a database that cannot be reached.
func (s *Store) StartJobs(ctx context.Context, work map[JobKind]Work, o JobOptions) (stop func(ctx context.Context) error, err error) {
	if err := s.rescueJobs(ctx); err != nil {
		return nil, err
	}
	config, err := s.jobConfig(work, o)
	if err != nil {
		return nil, err
	}
	client, err := s.jobs.start(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("store: start jobs: %w", err)
	}
	return func(ctx context.Context) error { return stopJobs(ctx, client) }, nil
}

func stopJobs(ctx context.Context, client running) error {
	err := client.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	unhurried, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
	defer cancel()
	return client.StopAndCancel(unhurried)
}

// rescueJobs frees at once what a killed process was working on, where no
// other process can be working on it.
func (s *Store) rescueJobs(ctx context.Context) error {
	if s.dialect.rescueJobs == "" {
		return nil
	}
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(s.dialect.rescueJobs)
		return err
	})
}

func (s *Store) jobConfig(work map[JobKind]Work, o JobOptions) (*river.Config, error) {
	if len(work) == 0 {
		return nil, errors.New("store: no work for any job")
	}
	config := &river.Config{
		Logger:                      slog.New(onlyTrouble{s.log.Handler()}),
		Queues:                      map[string]river.QueueConfig{},
		Workers:                     river.NewWorkers(),
		JobTimeout:                  cmp.Or(o.Timeout, jobTimeout),
		RescueStuckJobsAfter:        max(jobRescue, o.Timeout+time.Minute),
		RetryPolicy:                 growingWait{},
		FetchCooldown:               jobCooldown,
		FetchPollInterval:           jobPoll,
		CompletedJobRetentionPeriod: jobKept,
	}
	for kind, do := range work {
		config.Queues[string(kind)] = river.QueueConfig{MaxWorkers: cmp.Or(o.Workers[kind], jobWorkers)}
		shift := shift{kind: kind, do: do, observe: o.Observe, clock: s.clock}
		switch kind {
		case JobDeliver:
			river.AddWorker(config.Workers, &worker[deliver]{shift: shift})
		case JobProviderEvent:
			river.AddWorker(config.Workers, &worker[providerEvent]{shift: shift})
		case JobRun:
			shift.longest = jobRunTimeout
			river.AddWorker(config.Workers, &worker[run]{shift: shift})
		case JobMail:
			river.AddWorker(config.Workers, &worker[mail]{shift: shift})
		default:
			return nil, fmt.Errorf("store: there is no job %q", kind)
		}
	}
	return config, nil
}

// shift is what a worker needs for jobs of its kind.
type shift struct {
	kind    JobKind
	do      Work
	observe func(kind JobKind, took time.Duration, err error)
	clock   clock.Clock
	longest time.Duration // of one job; 0: as configured
}

// worker is a shift as river wants it.
type worker[A interface {
	river.JobArgs
	row() target
}] struct {
	river.WorkerDefaults[A]
	shift
}

// Timeout is how long one job may take; 0 is the queue's own limit.
func (w *worker[A]) Timeout(*river.Job[A]) time.Duration { return w.longest }

// Work does one job.
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	row := job.Args.row()
	began := w.clock.Now()
	again, err := w.do(ctx, Job{Kind: w.kind, Owner: pay.Owner{Merchant: row.Merchant, Mode: row.Mode}, ID: row.ID, Turn: row.Turn})
	if w.observe != nil {
		w.observe(w.kind, w.clock.Now().Sub(began), err)
	}
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

// growingWait doubles the wait with each failure, within bounds.
type growingWait struct{}

// NextRetry is when a failed job is tried again.
func (growingWait) NextRetry(job *rivertype.JobRow) time.Time {
	wait := jobWaitFirst << min(len(job.Errors), jobAttempts)
	return clock.Real{}.Now().Add(min(wait, jobWaitMost))
}

// queue is river on the database with transactions of type T.
type queue[T any] struct {
	driver riverdriver.Driver[T]
	client *river.Client[T] // only inserts
	unwrap func(ctx context.Context, q querier) (T, error)
}

func openQueue[T any](driver riverdriver.Driver[T], log *slog.Logger, unwrap func(ctx context.Context, q querier) (T, error)) (jobQueue, error) {
	client, err := river.NewClient(driver, &river.Config{Logger: log})
	if err != nil {
		return nil, err
	}
	return &queue[T]{driver: driver, client: client, unwrap: unwrap}, nil
}

func (j *queue[T]) enqueue(ctx context.Context, q querier, args river.JobArgs, o *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	ctx = context.WithoutCancel(ctx)
	tx, err := j.unwrap(ctx, q)
	if err != nil {
		return nil, err
	}
	return j.client.InsertTx(ctx, tx, args, o)
}

// hurry makes a waiting job due now.
func (j *queue[T]) hurry(ctx context.Context, q querier, id int64) error {
	ctx = context.WithoutCancel(ctx)
	tx, err := j.unwrap(ctx, q)
	if err == nil {
		_, err = j.client.JobRetryTx(ctx, tx, id)
	}
	return err
}

func (j *queue[T]) start(ctx context.Context, config *river.Config) (running, error) {
	client, err := river.NewClient(j.driver, config)
	if err != nil {
		return nil, err
	}
	return client, client.Start(ctx)
}

// onlyTrouble lets through what river says from warnings on. What it does in
// good health, jobs have a line for.
type onlyTrouble struct{ slog.Handler }

// Enabled reports whether a level is worth a line.
func (h onlyTrouble) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the level with more attributes.
func (h onlyTrouble) WithAttrs(attrs []slog.Attr) slog.Handler {
	return onlyTrouble{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the level within a group.
func (h onlyTrouble) WithGroup(name string) slog.Handler {
	return onlyTrouble{h.Handler.WithGroup(name)}
}
