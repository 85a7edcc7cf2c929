package sandbox

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A snapshot is the whole state of a sandbox as lines of JSON: a header, one
// line for each object, and a line that says how many there were, so that half
// a snapshot is noticed. It holds what the API never shows, such as the
// secrets of webhook endpoints, and belongs where secrets belong. Faults and
// the log of requests are not state.

// snapshotVersion is of the lines' format.
const snapshotVersion = 1

const (
	// maxSnapshot is the largest snapshot, in bytes: about 60,000 payments
	// with their events, which fit into a small machine's memory twice.
	maxSnapshot = 512 << 20
	// maxPosition bounds an object's place in the order of its kind, which
	// costs memory: ten times what a snapshot can hold.
	maxPosition = 10_000_000
	// maxRestoredAhead is how far a snapshot may move the clock ahead: what
	// is due until then is done at once, a monthly subscription 600 times.
	maxRestoredAhead = 50 * 366 * 24 * time.Hour
)

// snapshotHeader is the first line, snapshotEnd the last.
type snapshotHeader struct {
	Version int       `json:"florin_sandbox"`
	Now     time.Time `json:"now"` // the sandbox's clock
}

type snapshotEnd struct {
	Objects *int `json:"objects"`
}

// snapshotLine is one object, as the journal keeps it.
type snapshotLine struct {
	Account  string          `json:"account"`
	Kind     string          `json:"kind"`
	ID       string          `json:"id"`
	Position int             `json:"position"`
	State    state           `json:"state"`
	Public   json.RawMessage `json:"public"`
	Private  json.RawMessage `json:"private,omitempty"`
}

// belonging is one version of an object, and whose it is.
type belonging struct {
	account string
	rec     *record
}

// mountSnapshot registers GET /_sandbox/snapshot and POST /_sandbox/restore.
func (s *Sandbox) mountSnapshot() {
	s.mux.HandleFunc("GET /_sandbox/snapshot", s.snapshot)
	s.mux.HandleFunc("POST /_sandbox/restore", controlUpTo(maxSnapshot, s.restore))
}

// snapshot answers the state of one moment. Nothing waits while it is sent: a
// stored version never changes.
func (s *Sandbox) snapshot(w http.ResponseWriter, _ *http.Request) {
	header, all := s.belongings()
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriter(&bounded{w, maxSnapshot})
	writeLine(out, header)
	for _, b := range all {
		rec := b.rec
		writeLine(out, snapshotLine{b.account, rec.kind.name, rec.id(), int(rec.position), rec.state, rec.public(nil), rec.private(nil)})
	}
	writeLine(out, snapshotEnd{pointer(len(all))})
	if out.Flush() != nil {
		panic(http.ErrAbortHandler) // the connection breaks off: a snapshot without its end is none
	}
}

func writeLine(out *bufio.Writer, v any) { _, _ = out.Write(append(marshal(v), '\n')) } // Flush tells the first error

// errTooLarge ends a snapshot that restore would not take.
var errTooLarge = errors.New("sandbox: the state is too large for a snapshot")

// bounded is a writer that fails after so many bytes.
type bounded struct {
	to   io.Writer
	left int
}

// Write is for io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errTooLarge
	}
	return b.to.Write(p)
}

// belongings is every object of one moment, in an order that two snapshots of
// the same state share.
func (s *Sandbox) belongings() (snapshotHeader, []belonging) {
	s.gate.Lock()
	defer s.gate.Unlock()
	var out []belonging
	for _, a := range s.everyAccount() {
		byName := func(one, other *kind) int { return cmp.Compare(one.name, other.name) }
		for _, k := range slices.SortedFunc(maps.Keys(a.tables), byName) {
			for _, rec := range a.table(k).all() {
				out = append(out, belonging{a.id, rec})
			}
		}
	}
	return snapshotHeader{snapshotVersion, s.clock.Now()}, out
}

// restore replaces the whole state by a snapshot's, or changes nothing and says
// why. The clock moves ahead to the snapshot's time; it never moves back, so
// that what was due in between is done.
func (s *Sandbox) restore(r *http.Request) (any, error) {
	header, entries, err := s.readSnapshot(r.Body)
	if err != nil {
		return nil, err
	}
	if err := s.replaceState(entries); err != nil {
		return nil, err
	}
	if ahead := header.Now.Sub(s.clock.Now()); ahead > 0 {
		s.clock.Advance(ahead)
	}
	s.settle()
	if err := s.journal.wait(s.keepClock()); err != nil {
		return nil, err
	}
	return map[string]any{"restored": true, "objects": len(entries), "now": s.seconds()}, nil
}

// replaceState puts entries in the place of all accounts, in memory and on
// disk, while no request runs.
func (s *Sandbox) replaceState(entries []entry) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	aside := &Sandbox{clock: s.clock, kinds: s.kinds, resources: s.resources, accounts: map[string]*account{}}
	loaded, err := aside.rebuild(entries)
	if err != nil {
		return err
	}
	if err := s.journal.replace(entries); err != nil {
		return err
	}
	s.hooks.forget()
	s.resume(loaded)
	s.mu.Lock()
	s.accounts = aside.accounts
	s.mu.Unlock()
	for a := range loaded {
		s.agendaChanged(a)
	}
	return nil
}

// readSnapshot reads and checks all lines before anything is changed.
func (s *Sandbox) readSnapshot(body io.Reader) (header snapshotHeader, entries []entry, err error) {
	decoder := json.NewDecoder(bufio.NewReader(body))
	if err := decoder.Decode(&header); err != nil || header.Version != snapshotVersion {
		return header, nil, fmt.Errorf("this is no snapshot of a sandbox, or not one of version %d", snapshotVersion)
	}
	if header.Now.Sub(s.clock.Now()) > maxRestoredAhead {
		return header, nil, fmt.Errorf("the snapshot's time %s is too far ahead", header.Now.Format(time.RFC3339))
	}
	seen := map[[3]string]bool{}
	for {
		var line struct {
			snapshotLine
			snapshotEnd
		}
		if err := decoder.Decode(&line); err != nil {
			return header, nil, fmt.Errorf("snapshot, after %d objects: %w", len(entries), err)
		}
		if line.Objects != nil {
			return header, entries, countIs(*line.Objects, len(entries))
		}
		e, err := s.checkLine(line.snapshotLine, seen)
		if err != nil {
			return header, nil, fmt.Errorf("snapshot, object %d: %w", len(entries)+1, err)
		}
		entries = append(entries, e)
	}
}

func countIs(said, have int) error {
	if said != have {
		return fmt.Errorf("the snapshot says %d objects and has %d", said, have)
	}
	return nil
}

// checkLine is the line as an entry of the journal, if the sandbox could have
// written it.
func (s *Sandbox) checkLine(l snapshotLine, seen map[[3]string]bool) (entry, error) {
	e := entry{account: l.Account, kind: l.Kind, position: l.Position, state: l.State}
	k, key := s.kinds[l.Kind], [3]string{l.Account, l.Kind, l.ID}
	switch {
	case k == nil:
		return e, unknownKind(l.Kind)
	case !strings.HasPrefix(l.Account, "acct_"):
		return e, fmt.Errorf("%q is no account", l.Account)
	case l.State == gone:
		return e, fmt.Errorf("%s %s is gone", l.Kind, l.ID)
	case l.Position > maxPosition || l.Position < 0 && !k.internal:
		return e, fmt.Errorf("%d is no position", l.Position)
	case seen[key]:
		return e, fmt.Errorf("%s %s is there twice", l.Kind, l.ID)
	}
	seen[key] = true
	rec, err := recordOf(k, l.State, l.Public, l.Private)
	if err != nil {
		return e, fmt.Errorf("%s %s: %w", l.Kind, l.ID, err)
	}
	if rec.id() != l.ID {
		return e, fmt.Errorf("%s %s has another id inside", l.Kind, l.ID)
	}
	rec.pack()
	e.packed = rec.packed
	return e, nil
}
