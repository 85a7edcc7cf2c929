package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// faultHeader asks for a fault on one request: "reset_after", "latency=250".
const faultHeader = "Sandbox-Fault"

// Limits of faults, so that a mistyped rule cannot wedge the sandbox.
const (
	maxRules   = 100
	maxLatency = 10 * time.Minute
)

// effectType is what goes wrong.
type effectType string

// The effects. "Before" means that nothing was done, "after" that all was.
const (
	effectLatency     effectType = "latency"      // value: milliseconds; all was done, and the key is in use meanwhile
	effectHang        effectType = "hang"         // no answer until the client gives up; nothing was done
	effectResetBefore effectType = "reset_before" // connection closed, nothing was done
	effectResetAfter  effectType = "reset_after"  // connection closed, all was done
	effectError       effectType = "error"        // 500, nothing was done, and the key is free
	effectErrorAfter  effectType = "error_after"  // 500, all was done; the key replays the 500, as Stripe's do
	effectRateLimit   effectType = "rate_limit"   // 429, nothing was done; value: Retry-After in seconds
	effectConflict    effectType = "conflict"     // 409, nothing was done
	effectTruncate    effectType = "truncate"     // half the body, then the connection closes; all was done
	effectHookDrop    effectType = "webhook_drop" // the events of the request are never delivered
	effectHookTwice   effectType = "webhook_duplicate"
	effectHookTwin    effectType = "webhook_twin"    // a second event, with an id of its own, about the same change
	effectHookReorder effectType = "webhook_reorder" // delivered some seconds late, after what happened later
	effectHookEarly   effectType = "webhook_early"   // delivered before the request is answered
	effectLate        effectType = "late"            // all was done, and what it made is listed value seconds later
	effectRateStop    effectType = "rate_limit_stop" // 429 with Stripe-Should-Retry: false; nothing was done
	effectDecline     effectType = "decline"         // the bank refuses a card that it would have accepted; code: the decline code
)

var everyEffect = []effectType{effectLatency, effectHang, effectResetBefore, effectResetAfter, effectError, effectErrorAfter,
	effectRateLimit, effectConflict, effectTruncate, effectHookDrop, effectHookTwice, effectHookTwin, effectHookReorder, effectHookEarly, effectLate, effectRateStop, effectDecline}

// sorry is the message of Stripe's own failures.
const sorry = "Sorry! There was an error while talking to one of our backends. Support has been notified."

// effect is one thing going wrong, with its number where it needs one.
type effect struct {
	Type  effectType `json:"type"`
	Value int64      `json:"value,omitempty"` // milliseconds of latency, seconds of Retry-After or until listed
	Code  string     `json:"code,omitempty"`  // of a decline; empty is generic_decline
}

func (e effect) check() error {
	for _, known := range everyEffect {
		if e.Type == known {
			if e.Code != "" && (e.Type != effectDecline || declineByCode(e.Code) == nil) {
				return fmt.Errorf("effect code %q: only declines have one, and it is one of %v", e.Code, declineCodes())
			}
			if e.Value < 0 || time.Duration(e.Value)*time.Millisecond > maxLatency {
				return errors.New("effect value out of range: 0 to 600000")
			}
			return nil
		}
	}
	return fmt.Errorf("unknown effect %q: want one of %v", e.Type, everyEffect)
}

// match is which requests, or which events, a rule is about. Empty fields
// match all; * in path and event stands for any text without a slash.
type match struct {
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	Event  string `json:"event,omitempty"`
}

// rule is a fault that strikes by itself: the nth match, the first count
// matches (from the nth on, when both are given), or a share of them.
type rule struct {
	ID     string  `json:"id"`
	Match  match   `json:"match"`
	Nth    int64   `json:"nth,omitempty"`
	Count  int64   `json:"count,omitempty"`
	Rate   float64 `json:"rate,omitempty"` // 0 to 1; same seed, same choices
	Seed   uint64  `json:"seed,omitempty"`
	Effect effect  `json:"effect"`
	Seen   int64   `json:"seen"`
	Struck int64   `json:"struck"`

	dice *rand.Rand
}

// faults is the rules in force. Safe for concurrent use.
type faults struct {
	mu    sync.Mutex
	rules []*rule
	made  int
}

func newFaults() *faults { return &faults{} }

func (f *faults) add(r *rule) error {
	if err := r.Effect.check(); err != nil {
		return err
	}
	if r.Rate < 0 || r.Rate > 1 || r.Nth < 0 || r.Count < 0 {
		return errors.New("nth and count must not be negative, and rate must be from 0 to 1")
	}
	if _, err := path.Match(r.Match.Path, ""); err != nil {
		return fmt.Errorf("match.path: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.rules) == maxRules {
		return fmt.Errorf("there are %d rules already; delete some", maxRules)
	}
	f.made++
	r.ID, r.Seen, r.Struck = "fault_"+strconv.Itoa(f.made), 0, 0
	r.dice = rand.New(rand.NewPCG(r.Seed, 0))
	f.rules = append(f.rules, r)
	return nil
}

// strike counts a match, and says whether the rule strikes this time.
func (r *rule) strike() bool {
	r.Seen++
	hit := true
	switch {
	case r.Nth > 0:
		hit = r.Seen >= r.Nth && r.Seen < r.Nth+max(1, r.Count)
	case r.Count > 0:
		hit = r.Seen <= r.Count
	}
	if r.Rate > 0 {
		hit = r.dice.Float64() < r.Rate && hit
	}
	if hit {
		r.Struck++
	}
	return hit
}

// choose is the fault of a request: that of its header, else of the first rule
// that strikes, else none.
func (f *faults) choose(x *exchange) *effect {
	if asked := x.request.Header.Get(faultHeader); asked != "" {
		name, argument, _ := strings.Cut(asked, "=")
		e := effect{Type: effectType(name)}
		if amount, err := strconv.ParseInt(argument, 10, 64); err == nil {
			e.Value = amount
		} else {
			e.Code = argument
		}
		if e.check() == nil {
			return &e
		}
		x.invalid = invalidRequest("Unknown " + faultHeader + ": " + asked)
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Match.Event == "" && r.matches(x.request) && r.strike() {
			return &r.Effect
		}
	}
	return nil
}

func (r *rule) matches(request *http.Request) bool {
	if r.Match.Method != "" && r.Match.Method != request.Method {
		return false
	}
	ok, _ := path.Match(r.Match.Path, request.URL.Path) // the pattern was checked when the rule was made
	return ok || r.Match.Path == ""
}

// chooseHook is the fault of an event by the rules about events.
func (f *faults) chooseHook(name string) hookFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Match.Event != "" && matchesType(r.Match.Event, name) && r.strike() {
			return r.Effect.hookFault()
		}
	}
	return hookAsUsual
}

// failsAfter says whether the request is executed and then answered with 500.
func (e *effect) failsAfter() bool { return e != nil && e.Type == effectErrorAfter }

// underFault runs the request as its fault lets it. Nil means that the
// connection is to be closed without an answer.
func (x *exchange) underFault(run func() *answer) *answer {
	if x.fault == nil {
		return run()
	}
	switch x.fault.Type {
	case effectLatency:
		defer x.pause(time.Duration(x.fault.Value) * time.Millisecond)
	case effectHang:
		x.pause(maxLatency)
		return nil
	case effectResetBefore:
		return nil
	case effectError:
		return x.fail(serverError(http.StatusInternalServerError, sorry))
	case effectRateLimit, effectRateStop:
		return x.fail((&apiError{Type: typeInvalidRequest, Message: "Too many requests hit the API too quickly. We recommend an exponential backoff of your requests.",
			status: http.StatusTooManyRequests}).withCode("rate_limit"))
	case effectConflict:
		return x.fail((&apiError{Type: typeInvalidRequest, Message: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it.",
			status: http.StatusConflict}).withCode("lock_timeout"))
	case effectResetAfter:
		run()
		return nil
	}
	return run()
}

// pause waits, but not longer than the client or the sandbox.
func (x *exchange) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.request.Context().Done():
	case <-x.sandbox.closing:
	}
}

// headers adds what belongs to a fault's answer.
func (e *effect) headers(h http.Header) {
	if e == nil {
		return
	}
	switch e.Type {
	case effectRateLimit:
		h.Set("Stripe-Rate-Limited-Reason", "global-rate")
		h.Set("Retry-After", strconv.FormatInt(e.Value, 10))
		h.Set("Stripe-Should-Retry", "true")
	case effectRateStop:
		h.Set("Stripe-Should-Retry", "false")
	case effectError, effectConflict:
		h.Set("Stripe-Should-Retry", "true")
	}
}

// writeBody sends the body; a truncated one breaks off at its half.
func (e *effect) writeBody(w http.ResponseWriter, body []byte) {
	if e == nil || e.Type != effectTruncate {
		_, _ = w.Write(body) // a client that went away gets its answer by its idempotency key
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func (f *faults) clear(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, r := range f.rules {
		if r.ID == id {
			f.rules = append(f.rules[:at:at], f.rules[at+1:]...)
			return true
		}
	}
	return false
}

func (f *faults) clearAll() {
	f.mu.Lock()
	f.rules = nil
	f.mu.Unlock()
}

// shown is the rules as JSON, with how often each matched and struck.
func (f *faults) shown() json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.rules) == 0 {
		return json.RawMessage("[]")
	}
	return marshal(f.rules)
}
