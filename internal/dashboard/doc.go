// Package dashboard is being asked in a browser: pages where people look rather
// than read. Every page is made by the server out of the engine's verbs, the
// same that the API uses, so that the two cannot disagree; scripts only make it
// nicer: amounts and times in the reader's way of writing, charts, and parts of
// a page that change by themselves. A person is signed in by an API key and
// sees what that key may see.
package dashboard

//go:generate templ generate
