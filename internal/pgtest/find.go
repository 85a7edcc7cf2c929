package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// oldest is the first major version that Florin is made for.
const oldest = 15

// longestVersion is how long a program may take to say its version.
const longestVersion = 10 * time.Second

// ErrMissing says that the machine has no Postgres that can be used, and what
// to do about it.
var ErrMissing = fmt.Errorf("no Postgres %d or newer was found in PATH or in its usual folders; run: make deps "+
	"(or install Postgres and put its initdb and postgres into PATH)", oldest)

// usualFolders are where packages put the server's programs, which are seldom
// in PATH: Debian, Red Hat, Homebrew on both kinds of Mac, Postgres.app.
var usualFolders = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

var majorVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// Find is the folder with initdb and postgres of the newest usable version.
// The error is ErrMissing.
func Find(ctx context.Context) (string, error) {
	var folders []string
	if program, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(program))
	}
	for _, pattern := range usualFolders {
		found, _ := filepath.Glob(pattern) // fails on a bad pattern only, and these are literals
		folders = append(folders, found...)
	}
	return newest(ctx, folders)
}

func newest(ctx context.Context, folders []string) (string, error) {
	best, bestVersion := "", oldest-1
	for _, folder := range folders {
		version, err := versionOf(ctx, folder)
		if err == nil && version > bestVersion {
			best, bestVersion = folder, version
		}
	}
	if best == "" {
		return "", ErrMissing
	}
	return best, nil
}

// versionOf is the major version in a folder that has all that is needed.
func versionOf(ctx context.Context, folder string) (int, error) {
	if _, err := os.Stat(filepath.Join(folder, "initdb")); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, longestVersion)
	defer cancel()
	said, err := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	match := majorVersion.FindSubmatch(said)
	if match == nil {
		return 0, errors.New("no version in the program's answer")
	}
	return strconv.Atoi(string(match[1]))
}
