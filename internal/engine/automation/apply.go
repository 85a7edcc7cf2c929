package automation

import (
	"context"
	"encoding/json"

	"florin/internal/engine"
	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/store"
)

// Applied is a flow as it stands.
type Applied struct {
	Flow     pay.Flow
	Document *flow.Flow
	Watch    pay.Watch
	Changed  bool       // of Apply: a new version was kept
	Secret   pay.Secret // of Apply: what posts to a new webhook are signed with, told this once
}

// Check reads a document and says everything that is wrong with it, without
// keeping anything.
//
// Errors: flow_invalid, because of flow.Problems.
func (r *Runner) Check(source []byte) (*flow.Flow, error) {
	f, err := flow.Parse(source, r.catalogue)
	if err != nil {
		return nil, pay.Errorf(pay.CodeFlowInvalid, "the flow has faults:\n%s", err).Because(err)
	}
	return f, nil
}

// Apply keeps a document as the flow of its name: a new one, or a new version
// of the one there is. Applying what is there already changes nothing. Runs
// that have begun keep the version that they began with.
//
// Errors: flow_invalid, because of flow.Problems; operation_not_allowed and
// scope_missing, where the key could not do itself what the flow does;
// not_found (a connection); those of Watcher.Aim.
func (a *Automation) Apply(ctx context.Context, key pay.APIKey, source []byte) (Applied, error) {
	f, err := a.Check(source)
	if err != nil {
		return Applied{}, err
	}
	if err := a.mayApply(ctx, key, f); err != nil {
		return Applied{}, err
	}
	id, err := a.idFor(ctx, key.Owner, f.Name)
	if err != nil {
		return Applied{}, err
	}
	request, err := RequestFor(pay.Flow{ID: id, Owner: key.Owner, Name: f.Name}, f)
	if err != nil {
		return Applied{}, err
	}
	aimed, err := a.Watcher.Aim(ctx, request)
	if err != nil {
		return Applied{}, err
	}
	applied := Applied{Document: f}
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		if applied.Flow, applied.Changed, err = a.keep(tx, key, id, f); err != nil {
			return err
		}
		if !applied.Changed {
			applied.Watch, err = tx.Watch(key.Owner, id)
			return err
		}
		applied.Watch, err = a.Watcher.Join(tx, aimed)
		applied.Secret = aimed.Secret(applied.Watch)
		return err
	})
	return applied, err
}

// mayApply refuses a flow that would do what its author's key may not: a key
// that is limited is given to programs, and a flow would carry them past their
// limits.
func (r *Runner) mayApply(ctx context.Context, key pay.APIKey, f *flow.Flow) error {
	if key.ID == "" {
		return nil
	}
	uses := f.Uses()
	if uses.Writes && !key.Allows(pay.ScopeOperationsWrite) {
		return pay.Errorf(pay.CodeScopeMissing, "the flow has steps that write; the API key %s lacks the scope %s", key.Hint, pay.ScopeOperationsWrite)
	}
	if uses.Writes && !key.Limits.IsZero() {
		return pay.Errorf(pay.CodeOperationDenied, "the API key %s is limited, and a flow with steps that write would not be; apply it with another key", key.Hint)
	}
	if len(uses.Flows) > 0 && !key.Limits.IsZero() {
		return pay.Errorf(pay.CodeOperationDenied, "the API key %s is limited, and the flows that this one calls are not; apply it with another key", key.Hint)
	}
	for _, name := range uses.Actions {
		if err := r.mayDo(key, name); err != nil {
			return err
		}
	}
	for _, name := range uses.Connections {
		if _, err := r.operations.UsableConnection(ctx, key.Owner, key, name); err != nil {
			return err
		}
	}
	return nil
}

// mayDo says whether a key may have an action done. A key that is given a list
// of operations may do nothing else.
//
// Errors: scope_missing, operation_not_allowed.
func (r *Runner) mayDo(key pay.APIKey, action string) error {
	op, err := r.operations.Catalogue().Operation(action)
	if err != nil { // a built-in action, which needs no scope of operations
		op = pay.Operation{Name: action}
		key.Scopes = []pay.Scope{pay.ScopeOperationsRead}
	}
	return engine.MayRun(key, op)
}

// mayStart refuses a limited key to have runs begun of a flow that it could not
// apply: the flow is not held to the key's limits.
func (r *Runner) mayStart(ctx context.Context, key pay.APIKey, find func(tx *store.Tx) (pay.Flow, error)) error {
	if key.ID == "" || key.Limits.IsZero() {
		return nil
	}
	var document *flow.Flow
	err := r.store.Read(ctx, func(tx *store.Tx) error {
		f, err := find(tx)
		if err != nil {
			return err
		}
		document, err = r.document(tx, f.Owner, f.ID, f.Version)
		return err
	})
	if err != nil {
		return err
	}
	return r.mayApply(ctx, key, document)
}

// named finds a flow by its name, as it stands.
func named(o pay.Owner, name string) func(tx *store.Tx) (pay.Flow, error) {
	return func(tx *store.Tx) (pay.Flow, error) { return tx.FlowNamed(o, name) }
}

// idFor is the id of the flow of a name, or a new one.
func (a *Automation) idFor(ctx context.Context, o pay.Owner, name string) (id pay.ID, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		known, err := tx.FlowNamed(o, name)
		id = known.ID
		return err
	})
	if pay.Is(err, pay.CodeNotFound) {
		return newID(), nil
	}
	return id, err
}

// keep writes the flow with the version that the document is.
func (a *Automation) keep(tx *store.Tx, key pay.APIKey, id pay.ID, f *flow.Flow) (kept pay.Flow, changed bool, err error) {
	now := tx.Now()
	kept, err = tx.LockFlow(key.Owner, id)
	switch {
	case pay.Is(err, pay.CodeNotFound):
		kept = pay.Flow{ID: id, Owner: key.Owner, Name: f.Name, Key: key.Lineage, CreatedAt: now, State: pay.FlowActive}
		if err := tx.InsertFlow(kept); err != nil {
			return kept, false, err
		}
	case err != nil:
		return kept, false, err
	case kept.Hash == f.Hash():
		return kept, false, nil
	}
	room := f.Concurrency - kept.Concurrency
	kept.Version++
	kept.Description, kept.Hash, kept.Concurrency, kept.UpdatedAt = f.Description, f.Hash(), f.Concurrency, now
	if err := tx.UpdateFlow(kept); err != nil {
		return kept, false, err
	}
	for range room { // runs that wait for their turn have it now
		if err := a.wakeNext(tx, kept.Owner, kept.ID); err != nil {
			return kept, false, err
		}
	}
	return kept, true, tx.InsertFlowVersion(pay.FlowVersion{
		Owner: key.Owner, ID: newID(), Flow: id, Version: kept.Version, Source: f.Source, CreatedAt: now,
	})
}

// sample is what a flow's trigger might bring.
func (r *Runner) sample(f *flow.Flow) json.RawMessage {
	t, _ := r.catalogue.Trigger(f.On.Trigger)
	return t.Sample
}
