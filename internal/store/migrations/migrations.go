// Package migrations holds the schema of both databases as numbered, embedded
// files, so that a binary brings its schema along and can be run against any
// older one. Files here are for both databases; those in sqlite and postgres
// are for what the two cannot say alike. Numbers are unique across all three
// folders, and a released file is never changed: the next one mends it.
package migrations

import (
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.sql sqlite/*.sql postgres/*.sql
var files embed.FS

// For is the migrations of one database, "sqlite" or "postgres", in one flat
// folder as goose reads it: the shared files and its own.
func For(database string) (fs.FS, error) {
	own, err := fs.Sub(files, database)
	if err != nil {
		return nil, err
	}
	return layered{own: own, shared: files}, nil
}

// layered shows two folders as one; a name in own hides the same in shared.
type layered struct{ own, shared fs.FS }

// Open finds a file in either folder.
func (l layered) Open(name string) (fs.File, error) {
	file, err := l.own.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return l.shared.Open(name)
	}
	return file, err
}

// ReadDir lists the SQL files of both folders by name; goose's glob needs it.
func (l layered) ReadDir(name string) ([]fs.DirEntry, error) {
	own, err := fs.ReadDir(l.own, name)
	if err != nil {
		return nil, err
	}
	shared, err := fs.ReadDir(l.shared, name)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(append(own, shared...), fs.DirEntry.IsDir)
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}
