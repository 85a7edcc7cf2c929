package store

import (
	"time"

	"florin/internal/pay"
)

var runs = define(table[pay.Run]{
	name:  "runs",
	what:  "run",
	fixed: "merchant mode id flow flow_name version key cause ref input origin parent depth attempt created_at",
	mutable: "state canceling fence lease_until due_at started_at ended_at output failure_code failure_message failure_field " +
		"failure_step sequence updated_at",
	fields: func(r *pay.Run) []any {
		return []any{
			&r.Owner.Merchant, &r.Owner.Mode, &r.ID, &r.Flow, &r.FlowName, &r.Version, &r.Key, &r.Cause, &r.Ref, blob{&r.Input},
			opt(&r.Origin), opt(&r.Parent), &r.Depth, &r.Attempt, moment{&r.CreatedAt},
			&r.State, &r.Canceling, &r.Fence, moment{&r.LeaseUntil}, moment{&r.DueAt}, moment{&r.StartedAt}, moment{&r.EndedAt},
			blob{&r.Output}, &r.Failure.Code, &r.Failure.Message, &r.Failure.Field, &r.Failure.Step, &r.Sequence, moment{&r.UpdatedAt},
		}
	},
})

var runsNewest = order[pay.Run]{
	name: "runs", columns: []string{"created_at"}, descending: true,
	key: func(r pay.Run) []int64 { return []int64{micros(r.CreatedAt)} },
	id:  func(r pay.Run) string { return string(r.ID) },
}

// InsertRun adds a run.
//
// Errors: already_exists, when the flow has one of the same key.
func (tx *Tx) InsertRun(r pay.Run) error { return runs.insert(tx, r) }

// UpdateRun writes what may change of a run whose row is locked.
//
// Errors: not_found, by the commit.
func (tx *Tx) UpdateRun(r pay.Run) error { return runs.update(tx, r, r.ID) }

// Run reads a run.
//
// Errors: not_found.
func (tx *Tx) Run(o pay.Owner, id pay.ID) (pay.Run, error) { return runs.get(tx, o, id) }

// LockRun reads a run and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockRun(o pay.Owner, id pay.ID) (pay.Run, error) { return runs.lock(tx, o, id) }

// HoldRun locks a run for its holder, who knows the fence.
//
// Errors: ErrFenced, when another holds it or it has ended.
func (tx *Tx) HoldRun(o pay.Owner, id pay.ID, fence int64) (pay.Run, error) {
	r, err := runs.lock(tx, o, id)
	if err == nil && (r.Fence != fence || r.State != pay.RunRunning) {
		err = ErrFenced
	}
	return r, err
}

// RunOfKey reads the run that a key has begun, if there is one.
func (tx *Tx) RunOfKey(o pay.Owner, flow pay.ID, key string) (pay.Run, bool, error) {
	return runs.first(tx, "WHERE merchant = $1 AND mode = $2 AND flow = $3 AND key = $4", o.Merchant, o.Mode, flow, key)
}

// CalledRun reads the run that a step of another one has called under a key, if
// it has.
func (tx *Tx) CalledRun(o pay.Owner, parent pay.ID, key string) (pay.Run, bool, error) {
	return runs.first(tx, "WHERE merchant = $1 AND mode = $2 AND parent = $3 AND key = $4", o.Merchant, o.Mode, parent, key)
}

// LastRerun reads the newest run that does a run again, if there is one.
func (tx *Tx) LastRerun(o pay.Owner, origin pay.ID) (pay.Run, bool, error) {
	return runs.first(tx, "WHERE merchant = $1 AND mode = $2 AND origin = $3 ORDER BY created_at DESC, id DESC LIMIT 1", o.Merchant, o.Mode, origin)
}

// Runs is a page of runs, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Runs(o pay.Owner, f pay.RunFilter, page pay.Page) (pay.List[pay.Run], error) {
	c := owned(o)
	if f.Flow != "" {
		c.and("flow =", f.Flow)
	}
	return listAny(tx, runs, oneOf(c, "state =", f.States), runsNewest, page)
}

// RunsAtWork is how many runs of a flow somebody is at work on.
func (tx *Tx) RunsAtWork(o pay.Owner, flow pay.ID, now time.Time) (int, error) {
	var n int
	_, err := tx.row(`SELECT COUNT(*) FROM runs WHERE merchant = $1 AND mode = $2 AND flow = $3 AND state = 'running' AND lease_until > $4`,
		[]any{o.Merchant, o.Mode, flow, micros(now)}, &n)
	return n, err
}

// NextRun reads the run of a flow that has waited longest for its turn, of those
// that had to give way and that nobody has woken by now.
func (tx *Tx) NextRun(o pay.Owner, flow pay.ID, now time.Time) (pay.Run, bool, error) {
	return runs.first(tx, "WHERE merchant = $1 AND mode = $2 AND flow = $3 AND state = 'pending' AND fence > 0 AND due_at > $4 ORDER BY created_at, id LIMIT 1",
		o.Merchant, o.Mode, flow, micros(now))
}

// DueRuns reads up to limit runs of every owner that should have gone on
// before a time, those that are due longest first, and after the one that was
// read last.
func (tx *Tx) DueRuns(before time.Time, last pay.Run, limit int) ([]pay.Run, error) {
	return runs.all(tx, "WHERE due_at > 0 AND due_at <= $1 AND (due_at, id) > ($2, $3) ORDER BY due_at, id LIMIT $4",
		micros(before), micros(last.DueAt), last.ID, limit)
}

// ReleaseRuns ends every lease: right only where one process owns the data,
// and before it works on anything.
func (tx *Tx) ReleaseRuns(now time.Time) (int, error) {
	n, err := tx.exec("UPDATE runs SET lease_until = 0, due_at = $1 WHERE state = 'running'", micros(now))
	return int(n), err
}
