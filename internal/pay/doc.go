// Package pay holds the nouns of Florin and their rules: what a payment is,
// which changes of it are legal, how money adds up, and what can go wrong. It
// imports the standard library only, so that the rules can be read, and
// tested, without Stripe, HTTP or SQL in mind.
package pay
