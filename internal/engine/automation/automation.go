package automation

import (
	"context"
	"errors"
	"slices"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
)

// Automation is flows as callers see them: what applies and changes them, and
// what tells of their runs.
type Automation struct {
	*Runner

	Watcher *Watcher
}

// New joins a runner with the watcher that starts its runs.
//
// Errors: a part is missing.
func New(r *Runner, w *Watcher) (*Automation, error) {
	if r == nil || w == nil {
		return nil, errors.New("automation: a runner and a watcher are needed")
	}
	return &Automation{Runner: r, Watcher: w}, nil
}

// Chores is what keeps flows and runs going.
func (a *Automation) Chores() []engine.Chore {
	return append(a.Runner.Chores(), a.Watcher.Chores()...)
}

// Flow is one flow, by its name.
//
// Errors: not_found.
func (a *Automation) Flow(ctx context.Context, o pay.Owner, name string) (Applied, error) {
	return a.show(ctx, o, func(tx *store.Tx) (pay.Flow, error) { return tx.FlowNamed(o, name) })
}

// Flows is a page of flows, newest first.
//
// Errors: invalid_cursor.
func (a *Automation) Flows(ctx context.Context, o pay.Owner, f pay.FlowFilter, page pay.Page) (found pay.List[pay.Flow], err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		found, err = tx.Flows(o, f, page)
		return err
	})
	return found, err
}

// show is a flow with its document and what it waits for.
func (a *Automation) show(ctx context.Context, o pay.Owner, find func(tx *store.Tx) (pay.Flow, error)) (Applied, error) {
	var shown Applied
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if shown.Flow, err = find(tx); err != nil {
			return err
		}
		if shown.Document, err = a.document(tx, o, shown.Flow.ID, shown.Flow.Version); err != nil {
			return err
		}
		shown.Watch, err = tx.Watch(o, shown.Flow.ID)
		return err
	})
	return shown, err
}

// PauseFlow stops a flow's trigger. Runs that have begun go on.
//
// Errors: not_found.
func (a *Automation) PauseFlow(ctx context.Context, o pay.Owner, name string) (Applied, error) {
	return a.change(ctx, o, name, func(tx *store.Tx, f *pay.Flow) error {
		if f.State == pay.FlowPaused {
			return nil
		}
		f.State = pay.FlowPaused
		return a.Watcher.Pause(tx, o, f.ID)
	})
}

// ResumeFlow sets a flow's trigger going again. The choice says what becomes of
// the time between.
//
// Errors: not_found; operation_not_allowed, where a limited key could not apply
// the flow; those of Watcher.AimResume and Watcher.Resume.
func (a *Automation) ResumeFlow(ctx context.Context, key pay.APIKey, name string, choice pay.Resume) (Applied, error) {
	o := key.Owner
	if err := a.mayStart(ctx, key, named(o, name)); err != nil {
		return Applied{}, err
	}
	shown, err := a.Flow(ctx, o, name)
	if err != nil {
		return shown, err
	}
	aimed, err := a.Watcher.AimResume(ctx, o, shown.Flow.ID, choice)
	if err != nil {
		return shown, err
	}
	return a.change(ctx, o, name, func(tx *store.Tx, f *pay.Flow) error {
		f.State = pay.FlowActive
		_, err := a.Watcher.Resume(tx, aimed, choice)
		return err
	})
}

// DeleteFlow ends a flow: nothing starts it any more, and its name is free. Its
// runs go on to their ends and can be read.
//
// Errors: not_found.
func (a *Automation) DeleteFlow(ctx context.Context, o pay.Owner, name string) (id pay.ID, err error) {
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.FlowNamed(o, name)
		if err != nil {
			return err
		}
		id = f.ID
		f.State, f.DeletedAt, f.UpdatedAt = pay.FlowDeleted, tx.Now(), tx.Now()
		if err := tx.UpdateFlow(f); err != nil {
			return err
		}
		return a.Watcher.Leave(tx, o, f.ID)
	})
	return id, err
}

func (a *Automation) change(ctx context.Context, o pay.Owner, name string, apply func(tx *store.Tx, f *pay.Flow) error) (Applied, error) {
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.FlowNamed(o, name)
		if err != nil {
			return err
		}
		if err := apply(tx, &f); err != nil {
			return err
		}
		f.UpdatedAt = tx.Now()
		return tx.UpdateFlow(f)
	})
	if err != nil {
		return Applied{}, err
	}
	return a.Flow(ctx, o, name)
}

// UsesOf names the flows that use a connection.
func (a *Automation) UsesOf(ctx context.Context, o pay.Owner, connection string) (uses []string, err error) {
	page := pay.Page{Limit: pay.MaxPage}
	for {
		found, err := a.Flows(ctx, o, pay.FlowFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, f := range found.Items {
			shown, err := a.Flow(ctx, o, f.Name)
			if err != nil {
				return nil, err
			}
			if slices.Contains(shown.Document.Uses().Connections, connection) {
				uses = append(uses, "the flow "+f.Name)
			}
		}
		if found.Next == "" {
			return uses, nil
		}
		page.Cursor = found.Next
	}
}
