// Package flow knows what a flow is and what comes next in a run of it, and
// nothing else: no store, no network and no clock but the time it is handed.
//
// Parse reads a document and reports everything that is wrong with it at once.
// Next is a pure function of what a run has seen so far, so that a run may go
// on after a crash, on another machine, or be looked at again years later, and
// the plan is the same. The language is described in docs/flows.md.
package flow
