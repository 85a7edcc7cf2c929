package pay

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// PollLane is what a poll is for.
type PollLane string

// What a poll is for.
const (
	PollLive     PollLane = "live"      // what is new, for every flow that aims at the list
	PollBackFill PollLane = "back_fill" // what came before, for one flow
	PollSweep    PollLane = "sweep"     // once a day over the last two days: has the live poll missed any?
)

// PollState is whether a poll goes on.
type PollState string

// Whether a poll goes on.
const (
	PollGoing  PollState = "going"
	PollBroken PollState = "broken" // the key may not read the list; nothing was passed over
	PollPaused PollState = "paused"
	PollDone   PollState = "done" // has read all that it was made for
)

// The sizes of polling. Times are by Stripe's clock.
const (
	// PollOverlap is how late an object may show in its list and still be found.
	// Objects that showed minutes after their created time have been seen in the
	// field (singer-io/tap-stripe, pull request 45).
	PollOverlap = 600 * time.Second
	// PollNear is the overlap between two deep looks, where a deep one takes
	// more than a page: it covers ties and small delays.
	PollNear = 60 * time.Second
	// PollPage is Stripe's largest page.
	PollPage = 100
	// PollWindowPages is after how many pages a window is halved and the older
	// half read first, so that progress can be kept.
	PollWindowPages = 50
	// PollSeenFor is how long it is remembered which objects a poll has handed
	// on: the two days that a sweep looks at, and a day.
	PollSeenFor = 72 * time.Hour
	// SweepEvery and SweepBack are how often a sweep looks, and how far back.
	SweepEvery = 24 * time.Hour
	SweepBack  = 48 * time.Hour
	// PollPatience is how long a broken poll waits before it tries again by
	// itself: permissions are given back by people.
	PollPatience = 5 * time.Minute
	// pollStretch is the most that throttling stretches an interval.
	pollStretch = 8
	// safetyStretch is how much longer the interval is while Stripe's own events
	// tell us in time, and safetyMost where that ends.
	safetyStretch = 4
	safetyMost    = 5 * time.Minute
)

// Poll is the reading of one list of one account: where it has come to, and
// when it is next due. All of its Stripe times are whole seconds.
type Poll struct {
	ID         ID
	Owner      Owner
	Lane       PollLane
	Account    string // whose list; see Connection.AccountKey
	List       string // as TriggerAim has it
	Hints      []string
	Watch      ID // the one flow that a back-fill is for
	Of         ID // the live poll that a sweep is of
	Connection ID // whose key reads the list
	CreatedAt  time.Time

	Start    time.Time // nothing older is read
	Until    time.Time // nothing younger is read; zero for a live poll
	Floor    time.Time // everything up to here was read once
	Settled  time.Time // everything before was read after it could still have come late
	DeepAt   time.Time // of the last look that went back to Settled
	DeepCost int64     // its pages
	Span     time.Duration

	Reading PollWindow

	Every      time.Duration
	DueAt      time.Time
	LeaseUntil time.Time
	Fence      int64
	HintedAt   time.Time // when Stripe last told us that the list has grown
	Hinted     bool      // what is new comes with hints, so that polls are the safety net

	State     PollState
	Reason    string // why it is broken, or what the last failure was
	Failures  int64  // one after the other
	Throttled int64  // by how much the interval is stretched; 0 and 1: not at all
	Skew      time.Duration

	Calls     int64
	Found     int64 // objects seen for the first time
	Missed    int64 // of them, those that only a sweep found
	AskedAt   time.Time
	AnswerAt  time.Time
	ArrivedAt time.Time // when something new was last found
}

// PollWindow is the part of a list that is being read, page by page, newest
// first. It is kept after each page.
type PollWindow struct {
	Open     bool
	Deep     bool
	Lower    time.Time // both ends count
	Upper    time.Time // zero until Stripe has told its time
	At       time.Time // Stripe's time when the window was opened
	Cursor   string    // the last object of the page before; empty for the first page
	CursorAt time.Time
	Pages    int64
}

// PollFacts is what one page says about the list.
type PollFacts struct {
	At      time.Time // Stripe's clock, from the Date header
	Count   int
	LastRef string
	LastAt  time.Time
	More    bool
}

// OpenWindow says what is to be read next; one that is open already is gone on
// with.
func (p *Poll) OpenWindow(now time.Time) {
	if p.Reading.Open {
		return
	}
	deep := p.DeepCost <= 1 || now.Add(p.Skew).Sub(p.DeepAt) >= PollOverlap/2
	lower := p.Settled
	if near := p.Floor.Add(-PollNear); !deep && near.After(lower) {
		lower = near
	}
	p.Reading = PollWindow{Open: true, Deep: deep, Lower: lower, Upper: p.Until}
	if upper := later(p.Floor, lower).Add(p.Span); p.Span > 0 && (p.Until.IsZero() || upper.Before(p.Until)) {
		p.Reading.Upper = upper
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Path is the request for the window's next page.
func (p Poll) Path() string {
	w := p.Reading
	separator := "?"
	if strings.Contains(p.List, "?") {
		separator = "&"
	}
	path := p.List + separator + "limit=" + strconv.Itoa(PollPage) + "&created[gte]=" + strconv.FormatInt(w.Lower.Unix(), 10)
	if !w.Upper.IsZero() {
		path += "&created[lte]=" + strconv.FormatInt(w.Upper.Unix(), 10)
	}
	if w.Cursor != "" {
		path += "&starting_after=" + url.QueryEscape(w.Cursor)
	}
	return path
}

// Advance takes note of a page whose objects are being handed on. The floor
// only moves once the window is drained, because pages come newest first.
func (p *Poll) Advance(page PollFacts) {
	w := &p.Reading
	if w.At.IsZero() {
		w.At = page.At
	}
	if w.Upper.IsZero() || w.Upper.After(w.At) {
		w.Upper = w.At // what is made after this moment belongs to the next window
	}
	w.Pages++
	switch {
	case !page.More:
		p.drain()
	case w.Pages >= PollWindowPages && w.Upper.Sub(w.Lower) > time.Second:
		p.halve()
	default:
		w.Cursor, w.CursorAt = page.LastRef, page.LastAt
	}
}

// halve leaves the younger half of a window for later.
func (p *Poll) halve() {
	w := &p.Reading
	half := (w.Upper.Sub(w.Lower) / 2).Truncate(time.Second)
	p.Span = max(half, time.Second)
	*w = PollWindow{Open: true, Deep: w.Deep, Lower: w.Lower, Upper: w.Lower.Add(half), At: w.At}
}

// drain closes a window that was read to its end.
func (p *Poll) drain() {
	w := p.Reading
	p.Floor = later(p.Floor, w.Upper)
	if w.Deep {
		p.DeepAt, p.DeepCost = w.At, w.Pages
		p.Settled = later(p.Settled, earlier(w.Upper, w.At.Add(-PollOverlap)))
	}
	switch {
	case p.Span > 0 && w.Pages <= PollWindowPages/4:
		p.Span *= 2
	}
	if p.Behind() == 0 {
		p.Span = 0
	}
	p.Reading = PollWindow{At: w.At}
	if !p.Until.IsZero() && !p.Settled.Before(p.Until) && !w.At.Before(p.Until.Add(PollOverlap)) {
		p.State = PollDone // and nothing of the time can show any more, however short it was
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Behind is how much of the list, in time, is still to be read after the last
// answer; zero when the poll has kept up.
func (p Poll) Behind() time.Duration {
	end := p.Reading.At
	if !p.Until.IsZero() {
		end = earlier(end, p.Until)
	}
	return max(0, end.Sub(p.Floor))
}

// LoseCursor goes on where the cursor was, by time, after Stripe said that it
// knows no such object any more.
func (p *Poll) LoseCursor() {
	p.Reading.Upper, p.Reading.Cursor = p.Reading.CursorAt, ""
}

// NextDue is when the poll is due after a page, given the time and a number
// from 0 to 1 drawn at random.
func (p Poll) NextDue(now time.Time, dice float64) time.Time {
	switch {
	case p.Failures > 0:
		return now.Add(p.backOff(dice))
	case p.Reading.Open, p.Behind() > 0:
		return now
	case p.Lane != PollLive:
		return now.Add(max(time.Second, p.Until.Add(PollOverlap).Sub(p.Reading.At)))
	}
	return now.Add(p.Interval())
}

// Interval is the present time between two polls.
func (p Poll) Interval() time.Duration {
	every := p.Every * time.Duration(max(1, p.Throttled))
	if p.Hinted {
		every = max(every, min(p.Every*safetyStretch, safetyMost))
	}
	return every
}

// Waits after failures: full jitter, so that many who failed together do not
// come back together.
const (
	pollWaitFirst = time.Second
	pollWaitMost  = time.Minute
)

func (p Poll) backOff(dice float64) time.Duration {
	most := min(pollWaitFirst<<min(p.Failures-1, 10), pollWaitMost)
	return max(time.Duration(dice*float64(most)), 100*time.Millisecond)
}

// PollTrouble is how many answers in a row may say nothing before somebody is
// told: with a wait of up to a minute after each, some ten minutes.
const PollTrouble = 20

// IsTroubled reports whether somebody should look into the poll.
func (p Poll) IsTroubled() bool { return p.State == PollBroken || p.Failures >= PollTrouble }

// Fail takes note of an answer that said nothing about the list. Nothing moves.
func (p *Poll) Fail(reason string, throttled bool) {
	p.Failures++
	p.Reason = reason
	if throttled {
		p.Throttled = min(max(1, p.Throttled)*2, pollStretch)
	}
}

// Break stops a poll that needs somebody's doing. Nothing moves.
func (p *Poll) Break(reason string) {
	p.State, p.Reason = PollBroken, reason
	p.Failures++
}

// Recover takes note of a good answer.
func (p *Poll) Recover() {
	p.State, p.Reason, p.Failures = PollGoing, "", 0
	if !p.Reading.Open {
		p.Throttled /= 2
	}
}

// Count takes note of how many objects of a page were new, and whether hints
// foretold them.
func (p *Poll) Count(fresh int64, now time.Time) {
	p.Found += fresh
	if fresh == 0 {
		return
	}
	p.ArrivedAt = now
	if p.Lane == PollLive {
		p.Hinted = !p.HintedAt.IsZero() && now.Sub(p.HintedAt) < hintFresh
	}
}

// hintFresh is how long after a hint what is found counts as foretold by it.
const hintFresh = 10 * time.Second

// AccountKey names the account that a connection leads to: its ref where Stripe
// told it, else the connection, since a restricted key need not be allowed to
// see its own account.
func (c Connection) AccountKey() string {
	if c.AccountRef != "" {
		return string(c.Kind) + "/" + c.AccountRef
	}
	return string(c.Kind) + "/" + string(c.ID)
}
