// Package export keeps the CSV files that flows write, in a folder for each
// merchant and mode below the data folder. Each line is there once, whenever
// the program was killed: its first column names it, a torn line is cut off
// before the next is written, and a line counts when it is on the disk.
package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"florin/internal/pay"
)

// maxFile is how large a file grows, in bytes. It is read whole before each
// line, to see whether the line is there: this much takes milliseconds.
const maxFile = 32 << 20

// lockRetry is how often another process's lock on a file is tried again.
const lockRetry = 20 * time.Millisecond

// keyColumn is the first column of every file.
const keyColumn = "florin_key"

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,94}\.csv$`)

// Exports writes below one folder.
type Exports struct{ folder string }

// New makes one; the folder is made when the first line is written.
func New(folder string) *Exports { return &Exports{folder: folder} }

// Append adds a line, once for its key.
//
// Errors: invalid_field (the name); target_refused (the file is full, or has
// other columns).
func (e *Exports) Append(ctx context.Context, l pay.Line) (fresh bool, err error) {
	if !fileName.MatchString(l.File) || strings.Contains(l.File, "..") {
		return false, pay.Invalid(pay.CodeInvalidField, "file", "%q is no name of a file; use letters, digits, dots and dashes, and .csv at the end", l.File)
	}
	folder := filepath.Join(e.folder, string(l.Owner.Merchant), string(l.Owner.Mode))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	path := filepath.Join(folder, l.File)
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if held, err := lock.TryLockContext(ctx, lockRetry); err != nil || !held {
		return false, errors.Join(err, ctx.Err())
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return appendLine(path, l)
}

func appendLine(path string, l pay.Line) (fresh bool, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return false, err
	}
	if len(text) > maxFile {
		return false, pay.Errorf(pay.CodeTargetRefused, "the file %s has more than %d bytes; name another, or move it away", l.File, maxFile)
	}
	whole := text[:wholeLines(text)]
	header := append([]string{keyColumn}, l.Columns...)
	there, err := find(whole, header, l)
	if err != nil || there {
		return false, err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if len(whole) == 0 {
		if err := w.Write(safe(header)); err != nil {
			return false, err
		}
	}
	if err := w.Write(safe(append([]string{l.Key}, l.Cells...))); err != nil {
		return false, err
	}
	w.Flush()
	if err := file.Truncate(int64(len(whole))); err != nil {
		return false, err
	}
	if _, err := file.WriteAt(out.Bytes(), int64(len(whole))); err != nil {
		return false, err
	}
	return true, file.Sync()
}

// wholeLines is the length of the text up to the end of its last whole line:
// what follows was torn by a crash. A line break within quotes ends no line.
func wholeLines(text []byte) int {
	end, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			end = i + 1
		}
	}
	return end
}

// find reports whether a line of the key is there.
//
// Errors: target_refused, when the file has other columns.
func find(text []byte, header []string, l pay.Line) (bool, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.ReuseRecord, r.FieldsPerRecord = true, -1
	for first := true; ; first = false {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, pay.Errorf(pay.CodeTargetRefused, "the file %s is no CSV any more: %s", l.File, err)
		case first && !slices.Equal(record, safe(header)):
			return false, pay.Invalid(pay.CodeTargetRefused, "columns", "the file %s has the columns %s", l.File, strings.Join(record, ", "))
		case !first && len(record) > 0 && record[0] == l.Key:
			return true, nil
		}
	}
}

// safe keeps texts from being run as formulas when the file is opened in a
// spreadsheet (owasp.org/www-community/attacks/CSV_Injection); numbers stay.
func safe(cells []string) []string {
	all := make([]string, len(cells))
	for i, text := range cells {
		if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) && !number.MatchString(text) {
			text = "'" + text
		}
		all[i] = strings.ReplaceAll(text, "\r\n", "\n")
	}
	return all
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
