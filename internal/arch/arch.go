// Package arch holds no code, only tests of the code: which room may import
// which, how long files and functions may be, what must have a comment. A rule
// that no machine checks is a wish. The rules are those of docs/design.md; a
// new room needs a row in arrows_test.go, which is the moment to think about
// where it belongs.
package arch
