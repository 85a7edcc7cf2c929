// Package temporal is being asked by a Temporal cluster: every operation of
// the catalogue is an activity, and every flow a workflow, so that companies
// run Florin's operations in the workflows they have, from any of Temporal's
// languages.
//
// A Temporal activity runs at least once. What makes a charge happen once is
// the identity that each attempt of an activity shares: its namespace,
// workflow, run and activity id, from which the engine derives Stripe's
// idempotency key.
package temporal
