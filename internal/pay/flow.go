package pay

import "time"

// FlowState is whether a flow's trigger starts runs.
type FlowState string

// Whether a flow's trigger starts runs.
const (
	FlowActive  FlowState = "active"
	FlowPaused  FlowState = "paused"  // runs that have begun go on
	FlowDeleted FlowState = "deleted" // kept, because its runs can be read
)

// Flow is a document that was applied: a trigger, and the steps that follow
// from it. Its name is free again once it is deleted.
type Flow struct {
	ID          ID
	Owner       Owner
	Name        string
	Key         string // lineage of the API key that applied it first; empty for the program itself
	CreatedAt   time.Time
	State       FlowState
	Description string
	Version     int    // the newest; a run keeps the one that it began with
	Hash        string // of that version's meaning: applying the same again changes nothing
	Concurrency int    // runs at work at once
	UpdatedAt   time.Time
	DeletedAt   time.Time
}

// FlowVersion is a flow's document as it was applied.
type FlowVersion struct {
	Owner     Owner
	ID        ID // of this version
	Flow      ID
	Version   int
	Source    []byte // as it was written
	CreatedAt time.Time
}

// FlowFilter is which flows are wanted; empty fields do not filter, and deleted
// flows are only shown when asked for.
type FlowFilter struct {
	States []FlowState
}
