package dashboard

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"florin/internal/pay"
)

// homeDays is how far back the home page looks.
const homeDays = 30

// overview is what the home page shows of the last days.
type overview struct {
	Currency   pay.Currency // of most payments; amounts of others are not added to it
	Others     []pay.Currency
	Today      figures
	Span       figures
	Declines   []decline
	Chart      string // JSON: days, volumes and failures
	Failing    int    // deliveries that were given up, as far as one page shows
	FailingAll bool
	Since      string
}

// figures are the sums of some days.
type figures struct {
	Volume, Refunded           pay.Money
	Paid, Failed, Refunds      int64
	FirstDay, LastDay, Success string
}

// decline is a reason why payments failed, and how many did.
type decline struct {
	Reason string
	Count  int64
}

// home shows today and the last 30 days, each number a way to the rows behind
// it.
func (d *dashboard) home(v *visit) error {
	today := pay.DayOf(d.clock.Now())
	since := today.AddDate(0, 0, 1-homeDays)
	tallies, err := d.engine.Tallies(v.ctx(), v.owner(), since, today.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	shown := overviewOf(tallies, since, today)
	if v.allows(pay.ScopeWebhooksRead) {
		failed, err := d.engine.Deliveries(v.ctx(), v.owner(), pay.DeliveryFilter{Status: pay.DeliveryFailed}, pay.Page{Limit: pay.MaxPage})
		if err != nil {
			return err
		}
		shown.Failing, shown.FailingAll = len(failed.Items), failed.Next == ""
	}
	return d.show(v, "Home", homePage(shown, v.allows(pay.ScopePaymentsRead), v.allows(pay.ScopeWebhooksRead)))
}

// overviewOf adds up what was counted, from one day to another.
func overviewOf(tallies []pay.Tally, since, today time.Time) overview {
	shown := overview{Currency: mainCurrency(tallies), Since: since.Format(time.DateOnly)}
	days, reasons, others := map[time.Time]figures{}, map[string]int64{}, map[pay.Currency]bool{}
	for _, t := range tallies {
		if t.Currency != shown.Currency {
			others[t.Currency] = true
			continue
		}
		days[t.Day] = days[t.Day].with(t)
		shown.Span = shown.Span.with(t)
		if t.Event == pay.EventPaymentFailed {
			reasons[t.Reason] += t.Count
		}
	}
	shown.Others = slices.Sorted(maps.Keys(others))
	shown.Today = days[today].between(today, today, shown.Currency)
	shown.Span = shown.Span.between(since, today, shown.Currency)
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		shown.Declines = append(shown.Declines, decline{reason, reasons[reason]})
	}
	slices.SortStableFunc(shown.Declines, func(a, b decline) int { return int(b.Count - a.Count) })
	shown.Chart = chartOf(days, since, today, shown.Currency)
	return shown
}

// mainCurrency is the one that most payments were in.
func mainCurrency(tallies []pay.Tally) pay.Currency {
	counts := map[pay.Currency]int64{}
	best := pay.Currency("USD")
	for _, t := range tallies {
		counts[t.Currency] += t.Count
		if counts[t.Currency] > counts[best] {
			best = t.Currency
		}
	}
	return best
}

func (f figures) with(t pay.Tally) figures {
	switch t.Event {
	case pay.EventPaymentCompleted:
		f.Paid += t.Count
		f.Volume.Minor += t.Amount
	case pay.EventPaymentFailed:
		f.Failed += t.Count
	case pay.EventRefundCompleted:
		f.Refunds += t.Count
		f.Refunded.Minor += t.Amount
	}
	return f
}

func (f figures) between(first, last time.Time, currency pay.Currency) figures {
	f.Volume.Currency, f.Refunded.Currency = currency, currency
	f.FirstDay, f.LastDay = first.Format(time.DateOnly), last.Format(time.DateOnly)
	f.Success = "–"
	if all := f.Paid + f.Failed; all > 0 {
		f.Success = percent(f.Paid, all)
	}
	return f
}

// chartOf is what the script draws: one value a day, in whole units for the
// eye only.
func chartOf(days map[time.Time]figures, since, today time.Time, currency pay.Currency) string {
	var chart struct {
		Days     []int64  `json:"days"` // seconds since 1970
		Volume   []string `json:"volume"`
		Failed   []int64  `json:"failed"`
		Currency string   `json:"currency"`
	}
	chart.Currency = string(currency)
	for day := since; !day.After(today); day = day.AddDate(0, 0, 1) {
		f := days[day]
		chart.Days = append(chart.Days, day.Unix())
		chart.Volume = append(chart.Volume, pay.Amount(f.Volume.Minor, currency).Decimal())
		chart.Failed = append(chart.Failed, f.Failed)
	}
	text, _ := json.Marshal(chart) // plain fields always marshal
	return string(text)
}
