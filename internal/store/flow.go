package store

import "florin/internal/pay"

var flows = define(table[pay.Flow]{
	name:    "flows",
	what:    "flow",
	fixed:   "merchant mode id name key created_at",
	mutable: "state description version hash concurrency updated_at deleted_at",
	fields: func(f *pay.Flow) []any {
		return []any{
			&f.Owner.Merchant, &f.Owner.Mode, &f.ID, &f.Name, &f.Key, moment{&f.CreatedAt},
			&f.State, &f.Description, &f.Version, &f.Hash, &f.Concurrency, moment{&f.UpdatedAt}, moment{&f.DeletedAt},
		}
	},
})

var flowVersions = define(table[pay.FlowVersion]{
	name:  "flow_versions",
	what:  "version of a flow",
	fixed: "merchant mode id flow version source created_at",
	fields: func(v *pay.FlowVersion) []any {
		return []any{&v.Owner.Merchant, &v.Owner.Mode, &v.ID, &v.Flow, &v.Version, blob{&v.Source}, moment{&v.CreatedAt}}
	},
})

var flowsNewest = order[pay.Flow]{
	name: "flows", columns: []string{"created_at"}, descending: true,
	key: func(f pay.Flow) []int64 { return []int64{micros(f.CreatedAt)} },
	id:  func(f pay.Flow) string { return string(f.ID) },
}

// InsertFlow adds a flow.
//
// Errors: already_exists, when the owner has one of the name.
func (tx *Tx) InsertFlow(f pay.Flow) error { return flows.insert(tx, f) }

// UpdateFlow writes what may change of a flow.
//
// Errors: not_found, by the commit.
func (tx *Tx) UpdateFlow(f pay.Flow) error { return flows.update(tx, f, f.ID) }

// Flow reads a flow.
//
// Errors: not_found.
func (tx *Tx) Flow(o pay.Owner, id pay.ID) (pay.Flow, error) { return flows.get(tx, o, id) }

// LockFlow reads a flow and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockFlow(o pay.Owner, id pay.ID) (pay.Flow, error) { return flows.lock(tx, o, id) }

// FlowNamed reads the flow of a name that is not deleted.
//
// Errors: not_found.
func (tx *Tx) FlowNamed(o pay.Owner, name string) (pay.Flow, error) {
	return flows.must(tx, name, "WHERE merchant = $1 AND mode = $2 AND name = $3 AND deleted_at = 0", o.Merchant, o.Mode, name)
}

// Flows is a page of flows in any of some states, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Flows(o pay.Owner, f pay.FlowFilter, page pay.Page) (pay.List[pay.Flow], error) {
	states := f.States
	if len(states) == 0 {
		states = []pay.FlowState{pay.FlowActive, pay.FlowPaused}
	}
	return listAny(tx, flows, oneOf(owned(o), "state =", states), flowsNewest, page)
}

// InsertFlowVersion keeps a document as it was applied.
//
// Errors: already_exists.
func (tx *Tx) InsertFlowVersion(v pay.FlowVersion) error { return flowVersions.insert(tx, v) }

// FlowVersion reads one version of a flow's document.
//
// Errors: not_found.
func (tx *Tx) FlowVersion(o pay.Owner, flow pay.ID, version int) (pay.FlowVersion, error) {
	return flowVersions.must(tx, version, "WHERE merchant = $1 AND mode = $2 AND flow = $3 AND version = $4", o.Merchant, o.Mode, flow, version)
}
