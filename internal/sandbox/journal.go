package sandbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo
)

// journalFile is the sandbox's one file, inside Config.Dir.
const journalFile = "sandbox.db"

// rowsPerInsert is how many entries one INSERT carries: enough to make the
// statement's own cost small, and far under SQLite's 32,766 variables.
const rowsPerInsert = 64

// maxSuperseded is how many entries, as a multiple of the living, a journal
// may hold before Open rewrites it. Two keeps the file under three times what
// it must hold, and rewriting rare.
const maxSuperseded = 2

// ticket is a point in the journal that can be waited for.
type ticket int64

// entry is one version of one object as the journal keeps it. Public is what
// the API shows, private what it does not; both are JSON.
type entry struct {
	account, kind, id string
	position          int
	state             state
	public, private   []byte
}

// journal makes changes durable before they are answered. Entries are appended
// in the order of commit; one goroutine writes all that wait in one
// transaction, so that many requests share an fsync. Without a file it only
// counts. After a failed write it refuses all: what was not kept must not be
// answered.
type journal struct {
	db *sql.DB // nil when in memory only

	mu      sync.Mutex
	settled *sync.Cond
	queued  []entry
	last    ticket
	durable ticket
	failed  error

	work    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

// journalSchema is an append-only log; seq is its order. It can be read with
// any SQLite shell.
const journalSchema = `CREATE TABLE IF NOT EXISTS journal (
	seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
	position INTEGER NOT NULL, state TEXT NOT NULL, public BLOB, private BLOB)`

// openJournal opens or makes the file in dir, or none when dir is empty. The
// file is locked: a second sandbox on the same folder gets an error.
func openJournal(dir string) (*journal, error) {
	j := &journal{work: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	j.settled = sync.NewCond(&j.mu)
	if dir == "" {
		close(j.stopped)
		return j, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sandbox: state folder: %w", err)
	}
	path := filepath.Join(dir, journalFile)
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, fmt.Errorf("sandbox: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // one writer, and the exclusive lock is its connection's
	if _, err := db.Exec(journalSchema); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: open %s (is another sandbox using it?): %w", path, err), db.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: protect %s: %w", path, err), db.Close())
	}
	j.db = db
	go j.write()
	return j, nil
}

// encode renders what a work changed in one account; nothing when in memory only.
func (j *journal) encode(account string, records []*record) []entry {
	if j.db == nil {
		return nil
	}
	entries := make([]entry, len(records))
	for at, rec := range records {
		entries[at] = encode(account, rec)
	}
	return entries
}

// enqueue queues what belongs together: all of it is written, or none. Called
// under the family's lock, so that its entries keep their order.
func (j *journal) enqueue(entries ...entry) ticket {
	if j.db == nil {
		return 0
	}
	j.mu.Lock()
	j.queued = append(j.queued, entries...)
	j.last++
	at := j.last
	j.mu.Unlock()
	select {
	case j.work <- struct{}{}:
	default:
	}
	return at
}

func encode(account string, rec *record) entry {
	e := entry{account: account, kind: rec.kind.name, id: rec.value.identity().ID, position: rec.position, state: rec.state}
	if rec.state == gone {
		return e
	}
	e.public = marshal(rec.value)
	if c, ok := rec.value.(concealed); ok {
		e.private = marshal(c.private())
	}
	return e
}

// wait returns when all up to the ticket is on disk, or with the reason why it
// never will be.
func (j *journal) wait(until ticket) error {
	if j.db == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable < until && j.failed == nil {
		j.settled.Wait()
	}
	return j.failed
}

// write is the journal's goroutine: it ends at close, with nothing queued.
func (j *journal) write() {
	defer close(j.stopped)
	for {
		select {
		case <-j.work:
			j.flush()
		case <-j.stop:
			j.flush()
			return
		}
	}
}

func (j *journal) flush() {
	j.mu.Lock()
	entries, until, failed := j.queued, j.last, j.failed
	j.queued = nil
	j.mu.Unlock()
	if failed == nil && len(entries) > 0 {
		failed = j.insert(entries)
	}
	j.mu.Lock()
	j.failed = failed
	if failed == nil {
		j.durable = until
	}
	j.mu.Unlock()
	j.settled.Broadcast()
}

// insert writes the entries in one transaction.
func (j *journal) insert(entries []entry) error {
	tx, err := j.db.Begin()
	if err != nil {
		return fmt.Errorf("sandbox: journal: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing; before, the first error is the one told
	for len(entries) > 0 {
		n := min(len(entries), rowsPerInsert)
		if err := insertRows(tx, entries[:n]); err != nil {
			return fmt.Errorf("sandbox: journal: %w", err)
		}
		entries = entries[n:]
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sandbox: journal: %w", err)
	}
	return nil
}

func insertRows(tx *sql.Tx, entries []entry) error {
	const row = "(?,?,?,?,?,?,?)"
	arguments := make([]any, 0, 7*len(entries))
	for _, e := range entries {
		arguments = append(arguments, e.account, e.kind, e.id, e.position, string(e.state), e.public, e.private)
	}
	_, err := tx.Exec("INSERT INTO journal (account,kind,id,position,state,public,private) VALUES "+
		strings.Repeat(row+",", len(entries)-1)+row, arguments...)
	return err
}

// read gives the newest entry of every object that is not gone, and rewrites
// the journal when most of it is history.
func (j *journal) read() ([]entry, error) {
	if j.db == nil {
		return nil, nil
	}
	rows, err := j.db.Query("SELECT account,kind,id,position,state,public,private FROM journal ORDER BY seq")
	if err != nil {
		return nil, fmt.Errorf("sandbox: read journal: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err is what is checked
	newest, count := map[[3]string]entry{}, 0
	for ; rows.Next(); count++ {
		var e entry
		if err := rows.Scan(&e.account, &e.kind, &e.id, &e.position, &e.state, &e.public, &e.private); err != nil {
			return nil, fmt.Errorf("sandbox: read journal: %w", err)
		}
		if key := [3]string{e.account, e.kind, e.id}; e.state == gone {
			delete(newest, key)
		} else {
			newest[key] = e
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sandbox: read journal: %w", err)
	}
	out := make([]entry, 0, len(newest))
	for _, e := range newest {
		out = append(out, e)
	}
	return out, j.compact(count, len(out))
}

func (j *journal) compact(entries, living int) error {
	if entries <= maxSuperseded*(living+rowsPerInsert) {
		return nil
	}
	_, err := j.db.Exec(`DELETE FROM journal WHERE state = 'gone' OR seq NOT IN (SELECT max(seq) FROM journal GROUP BY account,kind,id)`)
	if err != nil {
		return fmt.Errorf("sandbox: compact journal: %w", err)
	}
	return nil
}

// erase forgets everything: POST /_sandbox/reset. Nobody else may be writing.
func (j *journal) erase() error {
	if j.db == nil {
		return nil
	}
	j.mu.Lock()
	until := j.last
	j.mu.Unlock()
	if err := j.wait(until); err != nil {
		return err
	}
	if _, err := j.db.Exec("DELETE FROM journal"); err != nil {
		return fmt.Errorf("sandbox: erase journal: %w", err)
	}
	return nil
}

// close writes what is queued and closes the file.
func (j *journal) close() error {
	if j.db == nil {
		return nil
	}
	close(j.stop)
	<-j.stopped
	j.mu.Lock()
	failed := j.failed
	j.failed = errClosed
	j.mu.Unlock()
	j.settled.Broadcast()
	return errors.Join(failed, j.db.Close())
}

// errClosed is what a request gets that came after Close.
var errClosed = errors.New("sandbox: closed")

// decode makes a record of what the journal kept.
func (e entry) decode(k *kind) (*record, error) {
	rec := &record{kind: k, position: e.position, state: e.state, value: k.blank()}
	if e.state == deleted {
		rec.value = &deletedObject{}
	}
	if err := json.Unmarshal(e.public, rec.value); err != nil {
		return nil, fmt.Errorf("sandbox: journal: %s %s: %w", e.kind, e.id, err)
	}
	if c, ok := rec.value.(concealed); ok && len(e.private) > 0 {
		if err := json.Unmarshal(e.private, c.private()); err != nil {
			return nil, fmt.Errorf("sandbox: journal: %s %s: %w", e.kind, e.id, err)
		}
	}
	return rec, nil
}

// ping says whether the journal still works, for the health check.
func (j *journal) ping(ctx context.Context) error {
	if j.db == nil {
		return nil
	}
	j.mu.Lock()
	failed := j.failed
	j.mu.Unlock()
	return errors.Join(failed, j.db.PingContext(ctx))
}
