package sandbox

import "time"

// interval is how often a price recurs: every count units.
type interval struct {
	unit  string // day, week, month or year
	count int64
}

const (
	secondsPerDay = 24 * 60 * 60
	daysPerWeek   = 7
	monthsPerYear = 12
)

// after is the end of the n-th interval from an anchor, in Unix seconds. Months
// end on the anchor's day, or on the last one that the month has, always
// counted from the anchor: 31 January, 28 February, 31 March (§9.6).
func (i interval) after(anchor, n int64) int64 {
	switch i.unit {
	case "day":
		return anchor + n*i.count*secondsPerDay
	case "week":
		return anchor + n*i.count*daysPerWeek*secondsPerDay
	}
	return addMonths(anchor, n*i.months())
}

// months is the interval's length in months; days and weeks have none.
func (i interval) months() int64 {
	if i.unit == "year" {
		return i.count * monthsPerYear
	}
	return i.count
}

// next is the first end of an interval that lies after a time; the anchor
// itself counts when it is still to come.
func (i interval) next(anchor, now int64) int64 {
	n := i.guess(anchor, now)
	for i.after(anchor, n) > now {
		n--
	}
	for i.after(anchor, n) <= now {
		n++
	}
	return i.after(anchor, n)
}

// guess is how many intervals passed since the anchor, off by a few at most:
// next corrects it.
func (i interval) guess(anchor, now int64) int64 {
	const daysPerMonth = 31
	per := i.count * secondsPerDay
	switch i.unit {
	case "week":
		per *= daysPerWeek
	case "month":
		per *= daysPerMonth
	case "year":
		per *= daysPerMonth * monthsPerYear
	}
	return (now - anchor) / per
}

func addMonths(anchor, months int64) int64 {
	at := time.Unix(anchor, 0).UTC()
	first := time.Date(at.Year(), at.Month()+time.Month(months), 1, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(at.Day(), last)-1).Unix()
}
