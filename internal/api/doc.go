// Package api is being asked over HTTP. Every route is one row of a table
// (Routes): method, path, scope, whether it takes an Idempotency-Key, and the
// Go types of what it takes and gives. The same row serves the route, checks
// its body and query, and writes its part of the OpenAPI document, so that
// none of them can disagree.
//
// The rules of payments are not here: handlers translate, package engine
// decides. One function makes errors public; nothing but a pay.Error is ever
// shown to a caller.
package api
