package pay

import (
	"cmp"
	"slices"
	"time"
)

// DunningEnd is what becomes of a subscription whose renewal nobody paid.
type DunningEnd string

// What becomes of it.
const (
	DunningCancel DunningEnd = "cancel" // the subscription is canceled
	DunningLeave  DunningEnd = "leave"  // it stays past due, and the invoice open
)

// Dunning is how an owner's failed renewals are tried again. Florin tries them
// itself; it tells Stripe not to, because Stripe's own schedule can be seen
// and set in its dashboard alone (docs.stripe.com/billing/revenue-recovery).
type Dunning struct {
	RetryDays []int      `json:"retry_days"` // days from one failed try to the next
	End       DunningEnd `json:"end"`        // when the last of them failed
}

// DefaultDunning tries three times in a fortnight, as Stripe's own default
// schedule of fixed days does.
var DefaultDunning = Dunning{RetryDays: []int{3, 5, 7}, End: DunningCancel}

// Limits of a schedule: Stripe's own (at most eight retries in two months).
const (
	MaxRetries   = 8
	MaxRetryDays = 60
)

// Check says whether the schedule can be kept.
//
// Errors: invalid_field.
func (d Dunning) Check() error {
	total := 0
	for _, days := range d.RetryDays {
		if days < 1 {
			return Invalid(CodeInvalidField, "dunning.retry_days", "a day is 1 or more: banks count retries of one day as one")
		}
		total += days
	}
	switch {
	case len(d.RetryDays) > MaxRetries:
		return Invalid(CodeInvalidField, "dunning.retry_days", "there are at most %d retries", MaxRetries)
	case total > MaxRetryDays:
		return Invalid(CodeInvalidField, "dunning.retry_days", "the retries end within %d days; these take %d", MaxRetryDays, total)
	case d.End != DunningCancel && d.End != DunningLeave:
		return Invalid(CodeInvalidField, "dunning.end", "end is cancel or leave")
	}
	return nil
}

// DunningState is how the collecting of one invoice goes.
type DunningState struct {
	Since   time.Time `json:"since,omitzero"`    // when the first try failed, by the clock that the invoice lives by
	Tries   int       `json:"tries,omitempty"`   // of Florin's that failed
	NextAt  time.Time `json:"next_at,omitzero"`  // of the next try or, when stopped, of the end; zero: nothing is planned
	Stopped string    `json:"stopped,omitempty"` // why nothing more is tried: the decline code, or "exhausted"
}

// AtOnce is a time for the next try that every clock says has come.
var AtOnce = time.UnixMicro(1).UTC()

// Hurry is the state when something has changed for the better, such as the
// card: it is tried at once.
func (s DunningState) Hurry() DunningState {
	s.NextAt, s.Stopped = AtOnce, ""
	return s
}

// DunningExhausted is why nothing is tried when every try of the schedule
// failed.
const DunningExhausted = "exhausted"

// hardDeclines are answers of a bank after which the same card never pays:
// trying again costs fees and standing with the card networks
// (docs.stripe.com/billing/revenue-recovery/smart-retries, "hard declines";
// docs.stripe.com/declines/codes, "do not try again").
var hardDeclines = []string{
	"do_not_honor", "do_not_try_again", "expired_card", "fraudulent", "highest_risk_level", "incorrect_number", "invalid_account", "lost_card",
	"merchant_blacklist", "pickup_card", "restricted_card", "revocation_of_all_authorizations", "revocation_of_authorization",
	"security_violation", "stolen_card", "stop_payment_order", "transaction_not_allowed",
}

// Final reports whether the bank said never, and not only not now.
func (f Failure) Final() bool {
	return slices.Contains(hardDeclines, f.DeclineCode) || f.Code == CodeAuthRequired
}

// Begin is the state after the first failed try.
func (d Dunning) Begin(failure Failure, at time.Time) DunningState {
	return d.plan(DunningState{Since: at}, failure)
}

// Next is the state after another try of Florin's failed.
func (d Dunning) Next(s DunningState, failure Failure) DunningState {
	s.Tries++
	return d.plan(s, failure)
}

// plan sets when the next try is, or why there is none and when that ends.
func (d Dunning) plan(s DunningState, failure Failure) DunningState {
	s.NextAt, s.Stopped = AtOnce, ""
	switch {
	case s.Tries >= len(d.RetryDays):
		s.Stopped = DunningExhausted
	case failure.Final():
		s.Stopped, s.NextAt = cmp.Or(failure.DeclineCode, string(failure.Code)), d.EndsAt(s)
	default:
		days := 0
		for _, more := range d.RetryDays[:s.Tries+1] {
			days += more
		}
		s.NextAt = s.Since.Add(time.Duration(days) * 24 * time.Hour)
	}
	return s
}

// EndsAt is when a schedule that nothing interrupts is over.
func (d Dunning) EndsAt(s DunningState) time.Time {
	days := 0
	for _, more := range d.RetryDays {
		days += more
	}
	return s.Since.Add(time.Duration(days) * 24 * time.Hour)
}
