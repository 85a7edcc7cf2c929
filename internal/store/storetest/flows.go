package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// NewFlow is a flow with every field set.
func (w *World) NewFlow() pay.Flow {
	id := NewID()
	return pay.Flow{
		ID: id, Owner: w.Owner, Name: "flow-" + string(id), Key: "lineage", CreatedAt: w.at(70),
		State: pay.FlowActive, Description: "copies charges", Version: 2, Hash: "aa", Concurrency: 4, UpdatedAt: w.at(71),
	}
}

// NewRun is a run of a flow with every field set.
func (w *World) NewRun(f pay.Flow) pay.Run {
	id := NewID()
	return pay.Run{
		ID: id, Owner: w.Owner, Flow: f.ID, FlowName: f.Name, Version: 2, Key: "trg/" + string(id), Cause: pay.CauseTrigger, Ref: "ch_1",
		Input: []byte("sealed"), Depth: 1, Attempt: 2, CreatedAt: w.at(72),
		State: pay.RunRunning, Canceling: true, Fence: 3, LeaseUntil: w.at(73), DueAt: w.at(74), StartedAt: w.at(75), EndedAt: w.at(76),
		Output: []byte("sealed too"), Failure: pay.RunFailure{Code: "a", Message: "b", Field: "c", Step: "d"}, Sequence: 4, UpdatedAt: w.at(77),
	}
}

// NewRunStep is a step of a run with every field set.
func (w *World) NewRunStep(r pay.Run) pay.RunStep {
	return pay.RunStep{
		ID: NewID(), Owner: w.Owner, Run: r.ID, Path: "each[3].copy", Step: "copy", Do: "db.insert", Input: []byte("sealed"),
		Call: "run/1/copy/0", BegunAt: w.at(78), State: pay.StepWaiting, Attempts: 2, Final: true, DueAt: w.at(79), Output: []byte("more"),
		Failure: pay.RunFailure{Code: "a", Message: "b", Field: "c", Step: "d"}, EndedAt: w.at(80), UpdatedAt: w.at(81),
	}
}

func rowsFlow(t *testing.T, w *World) {
	f := w.NewFlow()
	read := func(tx *store.Tx) (pay.Flow, error) { return tx.Flow(w.Owner, f.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertFlow(f) }, f, read)
	kept(t, w, func(*store.Tx) error { return nil }, f, func(tx *store.Tx) (pay.Flow, error) { return tx.FlowNamed(w.Owner, f.Name) })
	locked(t, w, f, func(tx *store.Tx) (pay.Flow, error) { return tx.LockFlow(w.Owner, f.ID) })
	twin := f
	twin.ID = NewID()
	insert := func(f pay.Flow) error {
		return w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertFlow(f) })
	}
	assert.Equal(t, pay.CodeExists, pay.CodeOf(insert(twin)), "one name is one flow")
	v := pay.FlowVersion{Owner: w.Owner, ID: NewID(), Flow: f.ID, Version: 2, Source: []byte("flow: x"), CreatedAt: w.at(82)}
	kept(t, w, func(tx *store.Tx) error { return tx.InsertFlowVersion(v) }, v, func(tx *store.Tx) (pay.FlowVersion, error) {
		return tx.FlowVersion(w.Owner, f.ID, 2)
	})
	f.State, f.Description, f.Version, f.Hash, f.Concurrency = pay.FlowDeleted, "", 3, "bb", 1
	f.UpdatedAt, f.DeletedAt = w.at(83), w.at(84)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateFlow(f) }, f, read)
	require.NoError(t, insert(twin), "the name of a deleted flow is free")
	w.Read(t, func(tx *store.Tx) error {
		found, err := tx.Flows(w.Owner, pay.FlowFilter{}, pay.Page{})
		assert.Equal(t, []pay.Flow{twin}, found.Items, "deleted flows are not shown")
		return err
	})
}

func rowsRun(t *testing.T, w *World) {
	f := w.NewFlow()
	r := w.NewRun(f)
	w.Write(t, func(tx *store.Tx) error { return tx.InsertFlow(f) })
	read := func(tx *store.Tx) (pay.Run, error) { return tx.Run(w.Owner, r.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertRun(r) }, r, read)
	locked(t, w, r, func(tx *store.Tx) (pay.Run, error) { return tx.LockRun(w.Owner, r.ID) })
	twin := r
	twin.ID = NewID()
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertRun(twin) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err), "one key begins one run")
	locked(t, w, r, func(tx *store.Tx) (pay.Run, error) { return tx.HoldRun(w.Owner, r.ID, 3) })
	err = w.Store.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.HoldRun(w.Owner, r.ID, 2); return err })
	assert.ErrorIs(t, err, store.ErrFenced)
	rowsRunAtWork(t, w, r)

	child := w.NewRun(f)
	child.Parent, child.Origin, child.CreatedAt, child.State = r.ID, r.ID, w.at(90), pay.RunPending
	kept(t, w, func(tx *store.Tx) error { return tx.InsertRun(child) }, child, func(tx *store.Tx) (pay.Run, error) {
		found, _, err := tx.RunOfKey(w.Owner, f.ID, child.Key)
		return found, err
	})
	finds := map[string]func(tx *store.Tx) (pay.Run, bool, error){
		"NextRun":   func(tx *store.Tx) (pay.Run, bool, error) { return tx.NextRun(w.Owner, f.ID, w.at(73)) },
		"CalledRun": func(tx *store.Tx) (pay.Run, bool, error) { return tx.CalledRun(w.Owner, r.ID, child.Key) },
		"LastRerun": func(tx *store.Tx) (pay.Run, bool, error) { return tx.LastRerun(w.Owner, r.ID) },
	}
	w.Read(t, func(tx *store.Tx) error {
		for name, find := range finds {
			found, _, err := find(tx)
			require.NoError(t, err, name)
			assert.Equal(t, child, found, name)
		}
		return nil
	})
	twin, other := w.NewRun(w.NewFlow()), w.NewFlow()
	twin.Flow, twin.Parent, twin.Key = other.ID, r.ID, child.Key
	w.Write(t, func(tx *store.Tx) error { return tx.InsertFlow(other) })
	err = w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertRun(twin) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err), "a step calls one run, whatever the flow")
	r.State, r.Canceling, r.Fence, r.LeaseUntil, r.DueAt = pay.RunFailed, false, 4, time.Time{}, time.Time{}
	r.Output, r.Failure, r.Sequence, r.EndedAt, r.UpdatedAt = nil, pay.RunFailure{Code: "x"}, 5, w.at(91), w.at(92)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateRun(r) }, r, read)
	w.Read(t, func(tx *store.Tx) error {
		all, err := tx.Runs(w.Owner, pay.RunFilter{Flow: f.ID}, pay.Page{Limit: 1})
		assert.Equal(t, []pay.Run{child}, all.Items, "newest first")
		require.NoError(t, err)
		some, err := tx.Runs(w.Owner, pay.RunFilter{States: []pay.RunState{pay.RunFailed, pay.RunCanceled}}, pay.Page{})
		assert.Equal(t, []pay.Run{r}, some.Items)
		return err
	})
}

// rowsRunAtWork looks for a run as those do who hand out work.
func rowsRunAtWork(t *testing.T, w *World, r pay.Run) {
	w.Read(t, func(tx *store.Tx) error {
		for at, want := range map[int]int{72: 1, 73: 0} {
			n, err := tx.RunsAtWork(w.Owner, r.Flow, w.at(at))
			require.NoError(t, err)
			assert.Equal(t, want, n, "a lease that has ended holds nothing up")
		}
		due, err := tx.DueRuns(w.at(74), pay.Run{}, 1000)
		assert.Contains(t, due, r)
		require.NoError(t, err)
		due, err = tx.DueRuns(w.at(73), pay.Run{}, 1000)
		assert.NotContains(t, due, r)
		return err
	})
}

func rowsRunStep(t *testing.T, w *World) {
	f := w.NewFlow()
	r := w.NewRun(f)
	s := w.NewRunStep(r)
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertFlow(f))
		return tx.InsertRun(r)
	})
	read := func(tx *store.Tx) (pay.RunStep, error) {
		found, err := tx.RunSteps(w.Owner, r.ID)
		require.Len(t, found, 1)
		return found[0], err
	}
	kept(t, w, func(tx *store.Tx) error { return tx.InsertRunStep(s) }, s, read)
	twin := s
	twin.ID = NewID()
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertRunStep(twin) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err), "one path is one step")
	kept(t, w, func(*store.Tx) error { return nil }, s, func(tx *store.Tx) (pay.RunStep, error) {
		found, _, err := tx.RunStep(w.Owner, r.ID, s.Path)
		return found, err
	})
	s.State, s.Attempts, s.Final, s.DueAt, s.Output = pay.StepFailed, 3, false, time.Time{}, nil
	s.Failure, s.EndedAt, s.UpdatedAt = pay.RunFailure{Code: "x"}, w.at(93), w.at(94)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateRunStep(s) }, s, read)
}

// strangerFlows tries what concerns flows and their runs with another's ids.
func strangerFlows(t *testing.T, stranger *World, x everything, tried map[string]bool) {
	o := stranger.Owner
	f, r, s := x.flow, x.run, x.step
	f.Owner, r.Owner, s.Owner = o, o, o
	missing := map[string]func(tx *store.Tx) error{
		"Flow":          func(tx *store.Tx) error { _, err := tx.Flow(o, f.ID); return err },
		"LockFlow":      func(tx *store.Tx) error { _, err := tx.LockFlow(o, f.ID); return err },
		"FlowNamed":     func(tx *store.Tx) error { _, err := tx.FlowNamed(o, f.Name); return err },
		"FlowVersion":   func(tx *store.Tx) error { _, err := tx.FlowVersion(o, f.ID, 2); return err },
		"Run":           func(tx *store.Tx) error { _, err := tx.Run(o, r.ID); return err },
		"LockRun":       func(tx *store.Tx) error { _, err := tx.LockRun(o, r.ID); return err },
		"HoldRun":       func(tx *store.Tx) error { _, err := tx.HoldRun(o, r.ID, r.Fence); return err },
		"UpdateFlow":    func(tx *store.Tx) error { return tx.UpdateFlow(f) },
		"UpdateRun":     func(tx *store.Tx) error { return tx.UpdateRun(r) },
		"UpdateRunStep": func(tx *store.Tx) error { return tx.UpdateRunStep(s) },
	}
	for name, try := range missing {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	pointing := map[string]func(tx *store.Tx) error{
		"InsertFlowVersion": func(tx *store.Tx) error {
			return tx.InsertFlowVersion(pay.FlowVersion{Owner: o, ID: NewID(), Flow: f.ID, Version: 9, Source: []byte("x")})
		},
		"InsertRun":     func(tx *store.Tx) error { return tx.InsertRun(r) },
		"InsertRunStep": func(tx *store.Tx) error { return tx.InsertRunStep(s) },
	}
	for name, try := range pointing {
		tried[name] = true
		err := stranger.Store.Write(t.Context(), try)
		if assert.Error(t, err, name) {
			assert.Contains(t, strings.ToLower(err.Error()), "foreign key", name)
		}
	}
	for _, name := range []string{"InsertFlow", "Flows", "RunOfKey", "CalledRun", "LastRerun", "Runs", "RunsAtWork", "NextRun", "RunSteps", "RunStep", "HadRun"} {
		tried[name] = true
	}
	stranger.Read(t, func(tx *store.Tx) error {
		flows, err := tx.Flows(o, pay.FlowFilter{}, pay.Page{})
		require.NoError(t, err)
		runs, err := tx.Runs(o, pay.RunFilter{}, pay.Page{})
		require.NoError(t, err)
		_, begun, err := tx.RunOfKey(o, r.Flow, r.Key)
		require.NoError(t, err)
		_, next, err := tx.NextRun(o, r.Flow, time.Time{})
		require.NoError(t, err)
		n, err := tx.RunsAtWork(o, r.Flow, time.Time{}.Add(time.Second))
		require.NoError(t, err)
		_, called, err := tx.CalledRun(o, r.Parent, r.Key)
		require.NoError(t, err)
		had, err := tx.HadRun(o, r.Flow, r.Key)
		assert.False(t, had)
		require.NoError(t, err)
		_, again, err := tx.LastRerun(o, r.Origin)
		require.NoError(t, err)
		_, step, err := tx.RunStep(o, r.ID, s.Path)
		require.NoError(t, err)
		assert.Equal(t, []any{false, false, false, false, false}, []any{begun, next, called, again, step})
		steps, err := tx.RunSteps(o, r.ID)
		assert.Equal(t, []any{0, 0, 0, 0}, []any{len(flows.Items), len(runs.Items), n, len(steps)})
		return err
	})
	stranger.Write(t, func(tx *store.Tx) error { return tx.InsertFlow(f) }) // the same id and name are free
}
