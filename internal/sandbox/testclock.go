package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

const (
	// clockLife is how long a test clock is kept, in seconds: 30 days (§2.24).
	clockLife = 30 * 24 * 60 * 60
	// maxClockStep is the furthest that a clock without subscriptions advances
	// at once, in seconds: two years (§2.24).
	maxClockStep = 2 * 365 * 24 * 60 * 60
	// maxIntervals is how many intervals of its shortest subscription a clock
	// advances at once (§2.24).
	maxIntervals = 2
	// maxClockCustomers is how many customers may follow one clock (§2.24).
	maxClockCustomers = 3
)

// Statuses of a test clock.
const (
	clockReady     = "ready"
	clockAdvancing = "advancing"
)

// testClock is a time of its own for some customers and what belongs to them
// (§2.24): it stands still until it is advanced, and then does all that
// becomes due on the way. Events stay dated by the sandbox's own clock.
type testClock struct {
	head
	Created       int64       `json:"created"`
	DeletesAfter  int64       `json:"deletes_after"`
	FrozenTime    int64       `json:"frozen_time"`
	Livemode      bool        `json:"livemode"`
	Name          *string     `json:"name"`
	Status        string      `json:"status"`
	StatusDetails clockStatus `json:"status_details"`

	secret clockSecret
}

type clockStatus struct {
	Advancing *clockTarget `json:"advancing,omitempty"`
}

type clockTarget struct {
	TargetFrozenTime int64 `json:"target_frozen_time"`
}

// clockSecret keeps when the advance was asked for, by the sandbox's clock.
type clockSecret struct {
	AdvanceAt int64 `json:"advance_at,omitempty"`
}

func (t *testClock) private() any     { return &t.secret }
func (t *testClock) createdAt() int64 { return t.Created }

var testClocks = declare[testClock](kind{name: "test_helpers.test_clock", prefix: "clock_1", length: 23, noun: "test clock"})

func testClockResource() *resource {
	id := &testClocks.kind
	return &resource{
		kind: id,
		due: func(o object) int64 {
			if t := o.(*testClock); t.Status == clockAdvancing {
				return t.secret.AdvanceAt
			}
			return o.(*testClock).DeletesAfter
		},
		wake: wakeClock,
		routes: []route{
			{method: http.MethodPost, path: "/v1/test_helpers/test_clocks", title: "Create a test clock", returns: id,
				params: []param{integer("frozen_time").must(), shortText("name", 300)}, do: createClock},
			{method: http.MethodGet, path: "/v1/test_helpers/test_clocks", title: "List test clocks", returns: id, list: true,
				params: paged(), do: func(c *call) (any, error) { return c.pageOf(query{kind: id}) }},
			{method: http.MethodGet, path: "/v1/test_helpers/test_clocks/{id}", title: "Retrieve a test clock", returns: id, do: testClocks.retrieve},
			{method: http.MethodPost, path: "/v1/test_helpers/test_clocks/{id}/advance", title: "Advance a test clock; what is due on the way happens",
				returns: id, params: []param{integer("frozen_time").must()}, do: advanceTestClock},
			{method: http.MethodDelete, path: "/v1/test_helpers/test_clocks/{id}", title: "Delete a test clock and its customers", do: deleteClock},
		},
	}
}

func createClock(c *call) (any, error) {
	frozen, _ := c.integer("frozen_time")
	made := testClocks.add(c.work, &testClock{
		Created: c.wall, DeletesAfter: c.wall + clockLife, FrozenTime: frozen, Name: textOrNil(c.text("name")), Status: clockReady,
	})
	emit(c.work, "test_helpers.test_clock.created", made)
	return made, nil
}

// advanceTestClock only begins: the work is done right after the answer, and
// before anything else of the account is read, as Stripe does it behind one's back.
func advanceTestClock(c *call) (any, error) {
	old, err := testClocks.fromPath(c)
	if err != nil {
		return nil, err
	}
	to, _ := c.integer("frozen_time")
	if err := old.mayAdvance(c.work, to); err != nil {
		return nil, err
	}
	next := testClocks.edit(c.work, c.id)
	next.Status, next.StatusDetails = clockAdvancing, clockStatus{&clockTarget{to}}
	next.secret.AdvanceAt = c.wall
	emit(c.work, "test_helpers.test_clock.advancing", next)
	return next, nil
}

func (t *testClock) mayAdvance(w *work, to int64) error {
	switch furthest := t.furthest(w); {
	case t.Status != clockReady:
		return badState("", "This test clock is advancing; wait until it is ready.")
	case to <= t.FrozenTime:
		return badParam("frozen_time", "test_clock_time_in_past", "The frozen time must be after the clock's current frozen time.")
	case to > furthest:
		return badParam("frozen_time", "", fmt.Sprintf("Cannot advance the test clock to %s: at most %d intervals of its shortest subscription, or two years without one, can pass at once.",
			time.Unix(to, 0).UTC().Format(time.DateTime), maxIntervals))
	}
	return nil
}

// furthest is where the clock may go in one step (Unix seconds): two intervals
// of its shortest subscription, or two years.
func (t *testClock) furthest(w *work) int64 {
	furthest := t.FrozenTime + maxClockStep
	for _, s := range subscriptions.where(w, indexKey{"test_clock", t.ID}) {
		if !s.over() && len(s.Items.Data) > 0 {
			two := s.interval()
			two.count *= maxIntervals
			furthest = min(furthest, two.after(t.FrozenTime, 1))
		}
	}
	return furthest
}

// wakeClock advances the clock, or ends it when its days are over.
func wakeClock(w *work, id string) error {
	t, _ := testClocks.find(w, id)
	if t.Status != clockAdvancing {
		t.end(w)
		return nil
	}
	to := t.StatusDetails.Advancing.TargetFrozenTime
	if due := w.account.clocks[id]; due != nil {
		w.sandbox.work(due, to, func(at int64) *work {
			step := w.sandbox.newWork(w.account, w.wall)
			step.now = max(at, t.FrozenTime)
			return step
		})
	}
	next := testClocks.edit(w, id)
	next.FrozenTime, next.Status, next.StatusDetails, next.secret.AdvanceAt = to, clockReady, clockStatus{}, 0
	emit(w, "test_helpers.test_clock.ready", next)
	return nil
}

func deleteClock(c *call) (any, error) {
	old, err := testClocks.fromPath(c)
	if err != nil {
		return nil, err
	}
	return old.end(c.work), nil
}

// end deletes the clock with its customers, whose subscriptions are canceled.
func (t *testClock) end(w *work) *deletedObject {
	w.now = t.FrozenTime
	for _, owner := range customers.where(w, indexKey{"test_clock", t.ID}) {
		removeCustomer(w, owner)
	}
	delete(w.account.clocks, t.ID)
	emit(w, "test_helpers.test_clock.deleted", t)
	return testClocks.remove(w, t.ID, deleted)
}

// follow sets the work's time to that of a test clock, if one is named.
func (w *work) follow(clock *string) {
	if t, ok := testClocks.find(w, value(clock)); ok {
		w.now = t.FrozenTime
	}
}

// clockFromParam is the test clock that a new customer will follow, if any.
func clockFromParam(c *call) (*string, error) {
	t, err := testClocks.fromParam(c, "test_clock")
	if err != nil || t == nil {
		return nil, err
	}
	if len(customers.where(c.work, indexKey{"test_clock", t.ID})) >= maxClockCustomers {
		return nil, badState("", fmt.Sprintf("A test clock can have at most %d customers.", maxClockCustomers))
	}
	return &t.ID, nil
}
