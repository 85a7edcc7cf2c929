// Package automation runs flows: it watches for what starts them, begins their
// runs, and carries their steps out one by one, each result kept before the
// next begins.
package automation
