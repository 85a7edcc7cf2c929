package pay

import "time"

// The lists of Stripe's that are read through, each with a Reading of its own.
const (
	ReadBalance = "balance_transactions" // for ever, for the books
	ReadCompare = "comparison"           // the daily comparison of the books with Stripe
)

// The pace of reading balance transactions. Times in a list are Stripe's.
const (
	// ReadEvery is how often the merchant's own list is read when nothing was
	// heard: 1,440 calls a day.
	ReadEvery = time.Minute
	// ReadPartnerEvery is the same for a partner's list. There may be thousands
	// of partners, and what moves their money is told by events.
	ReadPartnerEvery = 5 * time.Minute
	// ReadNear is how far a reading goes back into what was read before: ties,
	// and objects that show in their list some seconds late.
	ReadNear = time.Minute
	// ReadDeep is how far back every ReadDeepEvery: objects have been seen to
	// show minutes after their created time.
	ReadDeep      = 10 * time.Minute
	ReadDeepEvery = 5 * time.Minute
	// readPatience is the longest wait after failures in a row.
	readPatience = time.Hour
)

// Reading is how far a list of Stripe's has been read. It is kept after every
// page, so that a reading goes on where it was interrupted, by whichever
// process takes it up.
type Reading struct {
	ID         ID
	Owner      Owner
	Connection ID
	AccountRef string // acct_… of the partner whose list it is; empty for the merchant's own
	List       string
	CreatedAt  time.Time

	From    time.Time // nothing older is read; zero for everything
	Settled time.Time // everything created before was read
	DeepAt  time.Time // when the last deep look began
	Open    bool      // a window is being read, newest first
	Lower   time.Time // where the window ends
	Upper   time.Time // Stripe's time when it was opened
	Cursor  string    // the last object of the page before; empty for the first page
	Found   int64     // objects that were new, in all

	DueAt      time.Time
	LeaseUntil time.Time
	Fence      int64
	Failures   int64 // in a row
	Reason     string
	UpdatedAt  time.Time
}

// Begin opens a window that reaches back to what was read last, and a little
// further, unless one is open.
func (r *Reading) Begin() {
	if r.Open {
		return
	}
	back := ReadNear
	if r.Settled.Sub(r.DeepAt) >= ReadDeepEvery || r.DeepAt.IsZero() {
		back, r.DeepAt = ReadDeep, r.Settled
	}
	r.Open, r.Cursor, r.Upper = true, "", time.Time{}
	r.Lower = r.From
	if lower := r.Settled.Add(-back); !r.Settled.IsZero() && lower.After(r.From) {
		r.Lower = lower
	}
}

// Turned takes note of a page: the last object on it, whether there are more,
// and Stripe's time. It closes the window after the last page.
func (r *Reading) Turned(last string, more bool, at, now time.Time) {
	if r.Upper.IsZero() {
		r.Upper = at
	}
	r.Failures, r.Reason, r.Cursor = 0, "", last
	if more && last != "" {
		return
	}
	if r.Upper.After(r.Settled) {
		r.Settled = r.Upper
	}
	r.Open, r.Cursor = false, ""
	r.DueAt = now.Add(r.every())
}

func (r *Reading) every() time.Duration {
	if r.AccountRef != "" {
		return ReadPartnerEvery
	}
	return ReadEvery
}

// Failed takes note that a page could not be had. The wait doubles each time;
// what was read stays read.
func (r *Reading) Failed(reason string, now time.Time) {
	r.Failures++
	r.Reason = reason
	wait := ReadEvery
	for range min(r.Failures, 8) - 1 {
		wait *= 2
	}
	r.DueAt = now.Add(min(wait, readPatience))
}
