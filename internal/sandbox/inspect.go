package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// keptRequests is how many requests /_sandbox/requests can show: some
	// minutes of a developer's work, in under a megabyte.
	keptRequests = 500
	// maxAdvance is the furthest one step moves the clock: two years, as
	// Stripe's test clocks allow (§2.24).
	maxAdvance = 2 * 366 * 24 * time.Hour
	// maxControl is the largest body of a /_sandbox request, in bytes.
	maxControl = 64 << 10
)

// secretParams are never shown again once they were sent.
var secretParams = []string{"number", "cvc", "key", "client_secret", "token", "secret"}

// requestLog remembers the last requests, for people who debug their client.
type requestLog struct {
	mu   sync.Mutex
	ring [keptRequests]*loggedRequest
	seen int
}

type loggedRequest struct {
	ID             string  `json:"id"`
	At             string  `json:"at"`
	Method         string  `json:"method"`
	Path           string  `json:"path"`
	Params         string  `json:"params,omitempty"`
	Account        string  `json:"account,omitempty"`
	IdempotencyKey string  `json:"idempotency_key,omitempty"`
	Status         int     `json:"status"` // 0 when the connection was closed without an answer
	Replayed       bool    `json:"replayed,omitempty"`
	Fault          *effect `json:"fault,omitempty"`
	Milliseconds   float64 `json:"milliseconds"`

	sent *values
}

func (l *requestLog) note(x *exchange, reply *answer, started time.Time) {
	took := x.sandbox.clock.Now().Sub(started)
	row := &loggedRequest{
		ID: x.id, At: started.Format(time.RFC3339Nano), Method: x.request.Method, Path: x.request.URL.Path, Account: x.who.account,
		IdempotencyKey: x.key, Fault: x.fault, Milliseconds: float64(took.Microseconds()) / 1000, sent: x.sent.values,
	}
	if reply != nil {
		row.Status, row.Replayed = reply.status, reply.replayed
	}
	l.mu.Lock()
	l.ring[l.seen%keptRequests] = row
	l.seen++
	l.mu.Unlock()
}

// last is up to n requests, newest first, with secrets redacted.
func (l *requestLog) last(n int) []loggedRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []loggedRequest{}
	for at := l.seen - 1; at >= max(0, l.seen-keptRequests) && len(out) < n; at-- {
		row := *l.ring[at%keptRequests]
		row.Params = strings.Join(redact(row.sent, "", nil), "&")
		out = append(out, row)
	}
	return out
}

func redact(v *values, path string, out []string) []string {
	if v.given {
		shown := v.text
		if slices.Contains(secretParams, lastName(path)) {
			shown = "[redacted]"
		}
		out = append(out, path+"="+shown)
	}
	for at, name := range v.names {
		out = redact(v.nodes[at], join(path, name), out)
	}
	return out
}

// mountInspect registers what is the sandbox's own, and not Stripe's.
func (s *Sandbox) mountInspect() {
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /_sandbox/health":         s.health,
		"GET /_sandbox/requests":       s.showRequests,
		"POST /_sandbox/reset":         s.reset,
		"GET /_sandbox/clock":          s.showClock,
		"POST /_sandbox/clock/advance": s.advanceClock,
		"GET /_sandbox/faults":         func(*http.Request) (any, error) { return s.faultList(), nil },
		"POST /_sandbox/faults":        s.addFault,
		"DELETE /_sandbox/faults":      s.clearFaults,
		"DELETE /_sandbox/faults/{id}": s.clearFault,
	} {
		s.mux.HandleFunc(pattern, control(f))
	}
	s.mountSnapshot()
}

// control answers JSON; an error is the caller's fault.
func control(f func(*http.Request) (any, error)) http.HandlerFunc {
	return controlUpTo(maxControl, f)
}

// controlUpTo is control with a limit of its own for the body, in bytes.
func controlUpTo(limit int64, f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		answer, err := f(r)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			answer = map[string]map[string]string{"error": {"message": err.Error()}}
		}
		_, _ = w.Write(append(marshal(answer), '\n')) // a client that went away asked for nothing that lasts
	}
}

// read decodes a JSON body; unknown fields are mistakes.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && err != io.EOF {
		return fmt.Errorf("the body is not the JSON expected: %w", err)
	}
	return nil
}

func (s *Sandbox) health(*http.Request) (any, error) {
	if err := s.journal.ping(); err != nil {
		return nil, err
	}
	waiting, failed := s.hooks.tally()
	return map[string]any{"status": "ok", "accounts": len(s.everyAccount()), "durable": s.journal.file != nil, "now": s.seconds(),
		"waiting_deliveries": waiting, "failed_attempts": failed}, nil
}

func (s *Sandbox) showRequests(r *http.Request) (any, error) {
	n, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		n = keptRequests
	}
	return map[string]any{"data": s.requests.last(n)}, nil
}

func (s *Sandbox) showClock(*http.Request) (any, error) {
	return map[string]int64{"now": s.seconds(), "ahead_seconds": int64(s.clock.Offset() / time.Second)}, nil
}

// advanceClock moves the time of all accounts: {"seconds": n}.
func (s *Sandbox) advanceClock(r *http.Request) (any, error) {
	var step struct {
		Seconds int64 `json:"seconds"`
	}
	if err := read(r, &step); err != nil {
		return nil, err
	}
	if step.Seconds < 1 || step.Seconds > int64(maxAdvance/time.Second) {
		return nil, fmt.Errorf("seconds must be from 1 to %d", int64(maxAdvance/time.Second))
	}
	if err := s.Advance(time.Duration(step.Seconds) * time.Second); err != nil {
		return nil, err
	}
	return s.showClock(r)
}

// reset forgets every account, fault and request; the clock stays where it is,
// since time never runs backwards.
func (s *Sandbox) reset(*http.Request) (any, error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.hooks.forget()
	if err := s.journal.replace(nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.accounts = map[string]*account{}
	s.mu.Unlock()
	s.faults.clearAll()
	if err := s.journal.wait(s.keepClock()); err != nil {
		return nil, err
	}
	return map[string]bool{"reset": true}, nil
}

func (s *Sandbox) faultList() any { return map[string]json.RawMessage{"data": s.faults.shown()} }

func (s *Sandbox) addFault(r *http.Request) (any, error) {
	next := &rule{}
	if err := read(r, next); err != nil {
		return nil, err
	}
	if err := s.faults.add(next); err != nil {
		return nil, err
	}
	return s.faultList(), nil
}

func (s *Sandbox) clearFaults(*http.Request) (any, error) {
	s.faults.clearAll()
	return s.faultList(), nil
}

func (s *Sandbox) clearFault(r *http.Request) (any, error) {
	if id := r.PathValue("id"); !s.faults.clear(id) {
		return nil, fmt.Errorf("there is no rule %q", id)
	}
	return s.faultList(), nil
}
