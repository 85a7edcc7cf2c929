// Package sandbox is a Stripe that runs on your own machine: the same API,
// objects, fees, test cards and webhooks, with state that survives restarts,
// a clock that can be moved, and faults on demand. It exists so that payments
// can be developed and proved without an account or a network.
//
// It is a second, independent reading of Stripe's documentation: it shares no
// code with the room that speaks to Stripe, so that one misreading cannot pass
// every test. Numbers after § in comments are those of docs/stripe.md, which
// names Stripe's own page for each. Amounts are minor units of their
// currency, times are Unix seconds of the sandbox's clock.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"florin/internal/clock"
)

// Config says how a sandbox runs; the zero value is one in memory.
type Config struct {
	Clock   *clock.Movable // nil: the machine's clock, movable
	Dir     string         // folder of the state; empty keeps it in memory only
	BaseURL string         // where browsers find the hosted pages; empty: the host that the request was sent to
	Logger  *slog.Logger   // nil: nothing is logged
	Seed    string         // ids and secrets follow from it, so that a run can be repeated; empty: unguessable
	// Strict refuses, with 501, what could only be answered with a fixture.
	Strict bool
	// Phantoms answers with a fixture what Stripe's document allows and the
	// state refuses, above all ids that were never made, and lists that are
	// empty: for the test suites of Stripe's libraries, which take them for
	// granted.
	Phantoms bool
}

// GCPercent is what a process that serves nothing but a sandbox gives to
// debug.SetGCPercent. What a sandbox keeps has few pointers, so that collecting
// twice as often as usual costs little, and saves a quarter of the memory.
const GCPercent = 50

// Sandbox is an http.Handler that answers like Stripe. Safe for concurrent use.
type Sandbox struct {
	clock     *clock.Movable
	base      string
	log       *slog.Logger
	ids       *ids
	mux       *http.ServeMux
	journal   *journal
	kinds     map[string]*kind
	resources map[*kind]*resource
	faults    *faults
	requests  *requestLog
	hooks     *dispatcher
	strict    bool // Config.Strict
	phantoms  bool // Config.Phantoms

	gate     sync.RWMutex // held shared by whoever uses an account, alone by a reset
	mu       sync.RWMutex
	accounts map[string]*account

	agenda  chan struct{} // an account's agenda has a new first entry
	closing chan struct{}
	close   sync.Once
}

// Open starts a sandbox with the state that Dir holds. It fails when the
// folder cannot be used, or when another sandbox uses it.
func Open(c Config) (*Sandbox, error) {
	s := &Sandbox{
		clock: c.Clock, base: strings.TrimSuffix(c.BaseURL, "/"), log: c.Logger, ids: newIDs(c.Seed),
		kinds: map[string]*kind{}, resources: map[*kind]*resource{}, accounts: map[string]*account{},
		faults: newFaults(), requests: &requestLog{}, hooks: newDispatcher(),
		agenda: make(chan struct{}, 1), closing: make(chan struct{}), strict: c.Strict, phantoms: c.Phantoms,
	}
	if s.clock == nil {
		s.clock = clock.NewMovable(clock.Real{}, 0)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.mount()
	var kept []entry
	var err error
	if s.journal, kept, err = openJournal(c.Dir); err != nil {
		return nil, err
	}
	loaded, err := s.rebuild(kept)
	if err != nil {
		return nil, errors.Join(err, s.journal.close())
	}
	s.resume(loaded)
	return s, nil
}

// mount registers every resource and route.
func (s *Sandbox) mount() {
	s.mux = http.NewServeMux()
	for _, r := range resources() {
		s.kinds[r.kind.name], s.resources[r.kind] = r.kind, r
		for at := range r.routes {
			route := &r.routes[at]
			route.params = append(slices.Clip(route.params), everyParam...)
			s.mux.Handle(route.method+" "+route.path, s.routed(route))
		}
	}
	s.mux.Handle("/", s.routed(nil))
	s.mux.HandleFunc("OPTIONS /", preflight)
	s.mountHosted()
	s.mountInspect()
}

// ServeHTTP answers the Stripe API, the hosted pages, and /_sandbox/.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "//") { // ServeMux would redirect, which Stripe never does
		s.routed(nil)(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Run delivers webhooks and does what the clock makes due, until ctx is done.
// Without it the API still works, and is never behind its own clock; only
// webhooks stay undelivered.
func (s *Sandbox) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	workers.Go(func() { s.hooks.run(ctx, s) })
	workers.Go(func() { s.followClock(ctx) })
	workers.Wait()
	return nil
}

// Close writes out what is queued and ends requests that hang on a fault. The
// sandbox must not be used afterwards.
func (s *Sandbox) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closing)
		err = s.journal.close()
	})
	return err
}

// seconds is the sandbox's time, in Unix seconds.
func (s *Sandbox) seconds() int64 { return s.clock.Now().Unix() }

// longestSleep bounds one wait of the clock's loop, so that a machine's clock
// that was set ahead is noticed.
const longestSleep = time.Minute

// followClock does what is due in any account, at its time or when the clock moves.
func (s *Sandbox) followClock(ctx context.Context) {
	for ctx.Err() == nil {
		moved := s.clock.Moved()
		s.settle()
		timer := time.NewTimer(s.untilNext())
		select {
		case <-ctx.Done():
		case <-moved:
			s.keepClock()
		case <-s.agenda:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// settle brings every account up to the present.
func (s *Sandbox) settle() {
	s.gate.RLock()
	defer s.gate.RUnlock()
	now := s.seconds()
	for _, a := range s.everyAccount() {
		if a.overdue(now) {
			a.mu.Lock()
			s.catchUp(a, now)
			a.mu.Unlock()
		}
	}
}

func (s *Sandbox) untilNext() time.Duration {
	wait := longestSleep
	for _, a := range s.everyAccount() {
		if at := a.wakeAt.Load(); at != 0 {
			wait = min(wait, time.Unix(at, 0).Sub(s.clock.Now()))
		}
	}
	return max(wait, time.Millisecond)
}

// everyAccount is the accounts of this moment, in the order of their ids.
func (s *Sandbox) everyAccount() []*account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*account, 0, len(s.accounts))
	for _, a := range s.accounts {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *account) int { return cmp.Compare(a.id, b.id) })
	return out
}

// agendaChanged wakes the clock's loop when an account is due sooner than it
// sleeps; the loop is idle most of the time, so the wake is cheap.
func (s *Sandbox) agendaChanged(a *account) {
	if at := a.wakeAt.Load(); at == 0 || at > s.seconds()+int64(longestSleep/time.Second) {
		return
	}
	select {
	case s.agenda <- struct{}{}:
	default:
	}
}

// Advance moves the sandbox's clock ahead, and does all that becomes due
// before it returns. Webhooks that this causes are delivered by Run.
func (s *Sandbox) Advance(d time.Duration) error {
	s.clock.Advance(d)
	s.settle()
	return s.journal.wait(s.keepClock())
}

// clockEntry is the journal's row for how far the clock was moved.
const clockEntry = "clock"

func (s *Sandbox) keepClock() ticket {
	return s.journal.enqueue(appendEntry(nil, clockEntry, packClock(strconv.FormatInt(int64(s.clock.Offset()), 10))))
}

// packClock is the entry for a clock so many nanoseconds ahead. It belongs to
// no account.
func packClock(ahead string) entry {
	p := &packer{}
	p.text(clockEntry)
	p.text(ahead)
	return entry{account: clockEntry, kind: clockEntry, state: live, packed: packed{own: string(p.out)}}
}

// rebuild opens the accounts of what was kept, with their objects.
func (s *Sandbox) rebuild(entries []entry) (map[*account][]*record, error) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.position, b.position) })
	s.adopt(entries)
	loaded := map[*account][]*record{}
	for _, e := range entries {
		if e.kind == clockEntry {
			if err := s.restoreClock(e.packed); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.loadEntry(e, loaded); err != nil {
			return nil, err
		}
	}
	return loaded, nil
}

// resume plans what the clock and the webhooks still have to do.
func (s *Sandbox) resume(loaded map[*account][]*record) {
	for a, records := range loaded {
		for _, rec := range records {
			t, o := a.table(rec.kind), rec.object()
			a.count(t, rec.state, o)
			a.note(t, rec, o, 0)
		}
		s.scheduleDeliveries(a, records)
	}
}

func (s *Sandbox) loadEntry(e entry, loaded map[*account][]*record) error {
	k := s.kinds[e.kind]
	if k == nil {
		return fmt.Errorf("sandbox: journal: %w", unknownKind(e.kind))
	}
	rec := &record{kind: k, packed: e.packed, position: int32(e.position), state: e.state}
	o := rec.object()
	if k.handy {
		rec.value = o
	}
	a := s.accounts[e.account]
	if a == nil {
		a = newAccount(e.account, s.resources, &family{})
		s.accounts[e.account] = a
	}
	own := a.table(k)
	own.put(rec, o, own.get(rec.id()))
	if t, ok := o.(timed); ok {
		a.latest = max(a.latest, t.createdAt())
	}
	loaded[a] = append(loaded[a], rec)
	return nil
}

func (s *Sandbox) restoreClock(kept packed) error {
	in := currentFormat.read(kept)
	offset, err := strconv.ParseInt(in.text(), 10, 64)
	if err != nil {
		return fmt.Errorf("sandbox: journal: clock: %w", err)
	}
	s.clock.Advance(time.Duration(offset) - s.clock.Offset())
	return nil
}
