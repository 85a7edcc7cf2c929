package pay

import "time"

// Tally counts what happened to an owner's payments on one day, so that the
// sums of months are read in a blink. It is made from events after the fact,
// and follows them by seconds.
type Tally struct {
	Owner    Owner
	Day      time.Time // midnight, UTC
	Event    EventType
	Reason   string // of payment.failed: the issuer's, or the error's code
	Currency Currency
	Count    int64
	Amount   int64 // minor units: captured, asked for, or given back
}

// TallyTypes is what is counted.
var TallyTypes = []EventType{
	EventPaymentCompleted, EventPaymentFailed, EventPaymentCanceled, EventRefundCompleted, EventRefundFailed,
}

// DayOf is the day that a moment belongs to, in UTC.
func DayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
