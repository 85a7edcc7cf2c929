package sandbox

import (
	"slices"
	"strings"
	"time"
)

// How often an account is paid out (§4.3).
const (
	manualPayouts  = "manual"
	dailyPayouts   = "daily"
	weeklyPayouts  = "weekly"
	monthlyPayouts = "monthly"
)

// maxDelay is the longest that funds may be held back, in days (§4.3).
const maxDelay = 31

// payoutSettings is how an account's balance reaches its bank.
type payoutSettings struct {
	DebitNegativeBalances bool           `json:"debit_negative_balances"`
	Schedule              payoutSchedule `json:"schedule"`
	StatementDescriptor   *string        `json:"statement_descriptor"`
}

// payoutSchedule is when payouts are made by themselves. The delay is kept and
// shown; what decides when funds are available is the test mode's own (§4.2).
type payoutSchedule struct {
	DelayDays     int64  `json:"delay_days"`
	Interval      string `json:"interval"`
	MonthlyAnchor int64  `json:"monthly_anchor,omitempty"`
	WeeklyAnchor  string `json:"weekly_anchor,omitempty"`
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

var scheduleParams = hash("schedule", text("delay_days"), enum("interval", dailyPayouts, manualPayouts, monthlyPayouts, weeklyPayouts),
	integer("monthly_anchor"), enum("weekly_anchor", weekdays...), anything("monthly_payout_days"), anything("weekly_payout_days"))

func (p *payoutSettings) set(sent params) error {
	sent.setBoolean("debit_negative_balances", &p.DebitNegativeBalances)
	sent.setText("statement_descriptor", &p.StatementDescriptor)
	schedule := sent.hash("schedule")
	if interval := schedule.text("interval"); interval != "" {
		p.Schedule = payoutSchedule{Interval: interval, DelayDays: p.Schedule.DelayDays}
	}
	if day := schedule.text("weekly_anchor"); day != "" {
		p.Schedule.WeeklyAnchor = day
	}
	if day, sent := schedule.integer("monthly_anchor"); sent {
		p.Schedule.MonthlyAnchor = day
	}
	if delay := schedule.text("delay_days"); delay == "minimum" {
		p.Schedule.DelayDays = usualDelay
	} else if days, sent := schedule.integer("delay_days"); sent {
		p.Schedule.DelayDays = days
	} else if delay != "" {
		return badParam("settings[payouts][schedule][delay_days]", "parameter_invalid_integer", "Invalid integer: "+delay)
	}
	return p.Schedule.check()
}

func (s payoutSchedule) check() error {
	const at = "settings[payouts][schedule]"
	switch {
	case s.Interval == weeklyPayouts && s.WeeklyAnchor == "":
		return missingParam(at + "[weekly_anchor]")
	case s.Interval != weeklyPayouts && s.WeeklyAnchor != "":
		return badParam(at+"[weekly_anchor]", "", "You can only specify `weekly_anchor` when `interval` is `weekly`.")
	case s.Interval == monthlyPayouts && (s.MonthlyAnchor < 1 || s.MonthlyAnchor > 31):
		return badParam(at+"[monthly_anchor]", "parameter_invalid_integer", "You must pass a `monthly_anchor` between 1 and 31 when `interval` is `monthly`.")
	case s.Interval != monthlyPayouts && s.MonthlyAnchor != 0:
		return badParam(at+"[monthly_anchor]", "", "You can only specify `monthly_anchor` when `interval` is `monthly`.")
	case s.DelayDays < 0 || s.DelayDays > maxDelay:
		return badParam(at+"[delay_days]", "parameter_invalid_integer", "You must pass a `delay_days` of at most 31.")
	}
	return nil
}

// midnight is 00:00 UTC some days after the day of a time, in Unix seconds.
func midnight(now int64, days int) int64 {
	y, m, d := time.Unix(now, 0).UTC().Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC).Unix()
}

// maxRunSearch is how many days ahead a payout's day can be: a month's longest.
const maxRunSearch = 31

// next is the first midnight, at or after a time in Unix seconds, at which the
// account is paid out; 0 when it never is by itself.
func (s payoutSchedule) next(from int64) int64 {
	if s.Interval == manualPayouts {
		return 0
	}
	first := midnight(from, 0)
	if first < from {
		first = midnight(from, 1)
	}
	for days := range maxRunSearch + 1 {
		if at := midnight(first, days); s.isDay(time.Unix(at, 0).UTC()) {
			return at
		}
	}
	return 0
}

// isDay says whether payouts are made on a day; an anchor past a month's end
// means its last day (§4.3).
func (s payoutSchedule) isDay(day time.Time) bool {
	switch s.Interval {
	case weeklyPayouts:
		return int(day.Weekday()) == slices.Index(weekdays, strings.ToLower(s.WeeklyAnchor))
	case monthlyPayouts:
		last := day.AddDate(0, 1, -day.Day()).Day()
		return int64(day.Day()) == min(s.MonthlyAnchor, int64(last))
	}
	return true
}

// payoutRun is the appointment at which an account is paid out; nothing of it
// is stored, since the balance tells when the next one is.
type payoutRun struct{ head }

var payoutRuns = declare[payoutRun](kind{name: "payout_run", internal: true})

func payoutRunResource() *resource {
	return &resource{kind: &payoutRuns.kind, wake: runPayouts}
}
