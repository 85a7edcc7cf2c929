// Package e2e holds no code, only tests of the whole program through its
// outermost doors: HTTP in, HTTP out, the sandbox as Stripe, both databases.
package e2e
