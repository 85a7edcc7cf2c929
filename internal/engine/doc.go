// Package engine holds the verbs of Florin: one method, one use case. A write
// that moves money has three phases, which every verb shows: a transaction
// that records what is meant, one call to Stripe with no transaction open, and
// a transaction that records what came of it. Whatever breaks in between, the
// completer finishes.
//
// The engine declares the small interfaces that it needs of the outside, in
// the words of package pay; package app plugs in the rooms that fulfil them.
package engine
