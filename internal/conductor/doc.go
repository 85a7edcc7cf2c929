// Package conductor is being asked by a Conductor server: every operation of
// the catalogue is a task type that this worker polls for, carries out and
// answers, so that companies run Florin's operations in the workflows they
// have. It speaks the documented HTTP protocol of conductor-oss and Orkes.
//
// Two facts of that protocol decide how it is written. A retry gives a task a
// new id, so the identity of a write is its workflow and reference name, never
// the task id. And an answer to a task that the server has given up on is
// accepted and dropped, so a long call keeps its lease alive and asks, at the
// end, whether it was still wanted.
package conductor
