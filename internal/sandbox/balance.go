package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// fundsDelay is how long a charge stays pending, in days; funds become
// available at midnight UTC (§4.2, US test mode).
const fundsDelay = 7

// availableOn is when money booked at now can be spent, in Unix seconds.
func availableOn(now int64) int64 {
	y, m, d := time.Unix(now, 0).UTC().Date()
	return time.Date(y, m, d+fundsDelay, 0, 0, 0, 0, time.UTC).Unix()
}

// ledger is the sum of an account's balance transactions, kept as they are
// booked so that a balance costs the same after a million of them. Amounts are
// minor units, net of fees.
type ledger struct {
	available map[string]int64           // by currency
	pending   map[int64]map[string]int64 // by the second they become available
}

func newLedger() ledger {
	return ledger{map[string]int64{}, map[int64]map[string]int64{}}
}

// bookEntry adds a balance transaction. What becomes available later is put
// on the agenda once for each such time.
func bookEntry(a *account, o object) {
	entry := o.(*balanceTransaction)
	if entry.AvailableOn <= a.latest {
		a.ledger.available[entry.Currency] += entry.Net
		if entry.Net > 0 {
			a.planPayout(a.latest)
		}
		return
	}
	if a.ledger.pending[entry.AvailableOn] == nil {
		a.ledger.pending[entry.AvailableOn] = map[string]int64{}
		a.plan(entry.AvailableOn, &balances.kind, "")
	}
	a.ledger.pending[entry.AvailableOn][entry.Currency] += entry.Net
}

// mature makes available what became so by now, and tells of it once (§4.2).
func mature(w *work, _ string) error {
	sums, matured := w.account.ledger, false
	for at, nets := range sums.pending {
		if at > w.now {
			continue
		}
		matured = true
		for currency, net := range nets {
			sums.available[currency] += net
		}
		delete(sums.pending, at)
	}
	if !matured { // a payout at the same second was first, and did it
		return nil
	}
	w.account.planPayout(w.now)
	emit(w, "balance.available", w.account.ledger.show())
	return nil
}

// balance is what an account owns (§2.9), by currency.
type balance struct {
	head
	Available        []fund     `json:"available"`
	ConnectReserved  []fund     `json:"connect_reserved"`
	InstantAvailable []fund     `json:"instant_available"`
	Livemode         bool       `json:"livemode"`
	Pending          []fund     `json:"pending"`
	Prefunding       prefunding `json:"refund_and_dispute_prefunding"`
}

// MarshalJSON hides the id: a balance has none.
func (b *balance) MarshalJSON() ([]byte, error) {
	type shown struct {
		Object           string     `json:"object"`
		Available        []fund     `json:"available"`
		ConnectReserved  []fund     `json:"connect_reserved"`
		InstantAvailable []fund     `json:"instant_available"`
		Livemode         bool       `json:"livemode"`
		Pending          []fund     `json:"pending"`
		Prefunding       prefunding `json:"refund_and_dispute_prefunding"`
	}
	return marshal(shown{balances.name, b.Available, b.ConnectReserved, b.InstantAvailable, b.Livemode, b.Pending, b.Prefunding}), nil
}

type fund struct {
	Amount      int64        `json:"amount"`
	Currency    string       `json:"currency"`
	SourceTypes *sourceTypes `json:"source_types,omitempty"`
}

type sourceTypes struct {
	Card int64 `json:"card"`
}

type prefunding struct {
	Available []fund `json:"available"`
	Pending   []fund `json:"pending"`
}

var balances = declare[balance](kind{name: "balance"})

func balanceResource() *resource {
	return &resource{kind: &balances.kind, wake: mature, routes: []route{
		{method: http.MethodGet, path: "/v1/balance", title: "Retrieve the balance", returns: &balances.kind,
			do: func(c *call) (any, error) { return c.account.ledger.show(), nil }},
	}}
}

// total is all that an account has in a currency, available or not.
func (l ledger) total(currency string) int64 {
	sum := l.available[currency]
	for _, nets := range l.pending {
		sum += nets[currency]
	}
	return sum
}

// has says whether there ever was money in a currency.
func (l ledger) has(currency string) bool {
	if _, ok := l.available[currency]; ok {
		return true
	}
	for _, nets := range l.pending {
		if _, ok := nets[currency]; ok {
			return true
		}
	}
	return false
}

// show renders the sums; an account that never had money shows zero dollars.
func (l ledger) show() *balance {
	pending := map[string]int64{}
	for _, nets := range l.pending {
		for currency, net := range nets {
			pending[currency] += net
		}
	}
	names := []string{"usd"}
	for _, sums := range []map[string]int64{l.available, pending} {
		for currency := range sums {
			if !slices.Contains(names, currency) {
				names = append(names, currency)
			}
		}
	}
	slices.Sort(names)
	out := &balance{head: head{Object: balances.name}}
	for _, currency := range names {
		out.Available = append(out.Available, cardFund(l.available[currency], currency))
		out.InstantAvailable = append(out.InstantAvailable, cardFund(max(0, l.available[currency]), currency))
		out.Pending = append(out.Pending, cardFund(pending[currency], currency))
		out.ConnectReserved = append(out.ConnectReserved, fund{Currency: currency})
		out.Prefunding.Available = append(out.Prefunding.Available, fund{Currency: currency})
		out.Prefunding.Pending = append(out.Prefunding.Pending, fund{Currency: currency})
	}
	return out
}

func cardFund(amount int64, currency string) fund {
	return fund{amount, currency, &sourceTypes{amount}}
}
