package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// The sandbox's files, inside Config.Dir: the journal, and the lock that keeps
// a second sandbox out of the folder.
const (
	journalFile = "sandbox.journal"
	lockFile    = "sandbox.lock"
)

// ticket is a point in the journal that can be waited for.
type ticket int64

// entry is one version of one object as the journal keeps it. Of one that is
// gone, only the id is there.
type entry struct {
	account, kind string
	position      int
	state         state
	packed        packed
}

// journal makes changes durable before they are answered. Entries are appended
// in the order of commit; one goroutine writes all that wait and then syncs
// once, so that many requests share the wait for the disk. Without a file it
// only counts. After a failed write it refuses all: what was not kept must not
// be answered.
type journal struct {
	path string   // of the file
	file *os.File // nil when in memory only
	lock *flock.Flock

	mu      sync.Mutex
	settled *sync.Cond
	queued  []byte // entries, one after the other
	last    ticket
	durable ticket
	failed  error

	work    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

// openJournal opens or makes the file in dir, or none when dir is empty, and
// reads what it holds. The folder is locked: a second sandbox gets an error.
func openJournal(dir string) (*journal, []entry, error) {
	j := &journal{work: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	j.settled = sync.NewCond(&j.mu)
	if dir == "" {
		close(j.stopped)
		return j, nil, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("sandbox: state folder: %w", err)
	}
	j.lock = flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	if ours, err := j.lock.TryLock(); err != nil || !ours {
		return nil, nil, errors.Join(fmt.Errorf("sandbox: another sandbox is using %s", dir), err)
	}
	j.path = filepath.Join(dir, journalFile)
	kept, err := j.open()
	if err != nil {
		return nil, nil, errors.Join(err, j.lock.Close())
	}
	go j.write()
	return j, kept, nil
}

// appendEntry adds an entry as the file has it. An empty account is that of the
// entry before.
func appendEntry(out []byte, account string, e entry) []byte {
	p := &packer{out: out}
	p.text(account)
	p.text(e.kind)
	p.out = binary.AppendVarint(p.out, int64(e.position))
	p.out = append(p.out, byte(e.state))
	p.bytes(e.packed.own)
	p.bytes(e.packed.inside)
	return p.out
}

// encode renders what a work changed in one account; nothing when in memory only.
func (j *journal) encode(out []byte, account string, records []*record) []byte {
	if j.file == nil {
		return nil
	}
	for _, rec := range records {
		out = appendEntry(out, account, entry{kind: rec.kind.name, position: int(rec.position), state: rec.state, packed: rec.packed})
		account = ""
	}
	return out
}

// enqueue queues encoded entries that belong together: all of them are written,
// or none. Called under the family's lock, so that entries keep their order.
func (j *journal) enqueue(entries []byte) ticket {
	if j.file == nil {
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

// wait returns when all up to the ticket is on disk, or with the reason why it
// never will be.
func (j *journal) wait(until ticket) error {
	if j.file == nil {
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
	var spare []byte
	for {
		select {
		case <-j.work:
			spare = j.flush(spare)
		case <-j.stop:
			j.flush(spare)
			return
		}
	}
}

// flush writes what is queued, and lets more be queued into the spare buffer
// meanwhile.
func (j *journal) flush(spare []byte) []byte {
	j.mu.Lock()
	entries, until, failed := j.queued, j.last, j.failed
	j.queued = spare[:0]
	j.mu.Unlock()
	if failed == nil && len(entries) > 0 {
		failed = j.append(entries)
	}
	j.mu.Lock()
	j.failed = failed
	if failed == nil {
		j.durable = until
	}
	j.mu.Unlock()
	j.settled.Broadcast()
	return entries
}

// append writes one block, and waits until it is on disk.
func (j *journal) append(entries []byte) error {
	_, err := j.file.Write(block(entries))
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("sandbox: journal: %w", err)
	}
	return nil
}

// drained waits until nothing is queued.
func (j *journal) drained() error {
	j.mu.Lock()
	until := j.last
	j.mu.Unlock()
	return j.wait(until)
}

// replace makes entries all that the journal holds, or fails and leaves it as
// it was. Nobody else may be writing.
func (j *journal) replace(entries []entry) error {
	if j.file == nil {
		return nil
	}
	if err := j.drained(); err != nil {
		return err
	}
	return j.rewrite(entries)
}

// close writes what is queued, and gives up the file and the folder.
func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	close(j.stop)
	<-j.stopped
	j.mu.Lock()
	failed := j.failed
	j.failed = errClosed
	j.mu.Unlock()
	j.settled.Broadcast()
	return errors.Join(failed, j.file.Close(), j.lock.Close())
}

// errClosed is what a request gets that came after Close.
var errClosed = errors.New("sandbox: closed")

// ping says whether the journal still works, for the health check.
func (j *journal) ping() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed
}
