package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Statuses and methods of a payout (§2.12).
const (
	payoutPending   = "pending"
	payoutInTransit = "in_transit"
	payoutPaid      = "paid"
	payoutFailed    = "failed"
	payoutCanceled  = "canceled"

	standardPayout = "standard"
	instantPayout  = "instant"
)

const (
	// bankDays is how many business days a standard payout takes to a US bank (§4.3).
	bankDays = 2
	// returnDays is how many business days after paying it a bank sends back a
	// payout to the number lateBank; Stripe names at most five (§2.12).
	returnDays = 3
	// instantTime is how long an instant payout takes, in seconds: Stripe says
	// that most arrive within 30 minutes.
	instantTime = 30 * 60
	// Stripe's price of an instant payout in the US (§2.12): 1.5 %, at least 50
	// minor units.
	instantPerMille = 15
	instantLeast    = 50
)

// payout sends money of a balance to the account's bank (§2.12).
type payout struct {
	head
	Amount                    int64             `json:"amount"`
	ApplicationFee            none              `json:"application_fee"`
	ApplicationFeeAmount      none              `json:"application_fee_amount"`
	ArrivalDate               int64             `json:"arrival_date"`
	Automatic                 bool              `json:"automatic"`
	BalanceTransaction        *string           `json:"balance_transaction" expand:"balance_transaction"`
	Created                   int64             `json:"created"`
	Currency                  string            `json:"currency"`
	Description               *string           `json:"description"`
	Destination               *string           `json:"destination" expand:"bank_account"`
	FailureBalanceTransaction *string           `json:"failure_balance_transaction" expand:"balance_transaction"`
	FailureCode               *string           `json:"failure_code"`
	FailureMessage            *string           `json:"failure_message"`
	Livemode                  bool              `json:"livemode"`
	Metadata                  map[string]string `json:"metadata"`
	Method                    string            `json:"method"`
	OriginalPayout            *string           `json:"original_payout" expand:"payout"`
	PayoutMethod              none              `json:"payout_method"`
	ReconciliationStatus      string            `json:"reconciliation_status"`
	ReversedBy                *string           `json:"reversed_by" expand:"payout"`
	SourceType                string            `json:"source_type"`
	StatementDescriptor       *string           `json:"statement_descriptor"`
	Status                    string            `json:"status"`
	TraceID                   *traceID          `json:"trace_id"`
	Type                      string            `json:"type"`

	secret payoutSecret
}

// traceID is the number by which a bank finds a payment.
type traceID struct {
	Status string  `json:"status"`
	Value  *string `json:"value"`
}

type payoutSecret struct {
	DueAt int64 `json:"due_at,omitempty"` // when the clock moves it on, Unix seconds
}

func (p *payout) private() any     { return &p.secret }
func (p *payout) createdAt() int64 { return p.Created }

var payouts = declare[payout](kind{name: "payout", prefix: "po_1", length: 23})

func payoutResource() *resource {
	id := &payouts.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			return []indexKey{{"status", o.(*payout).Status}, {"destination", value(o.(*payout).Destination)}}
		},
		due:  func(o object) int64 { return o.(*payout).secret.DueAt },
		wake: movePayout,
		routes: []route{
			{method: http.MethodPost, path: "/v1/payouts", title: "Pay out to the bank", returns: id,
				params: []param{integer("amount").must(), text("currency").must(), text("description"), text("destination"), metadata(),
					enum("method", instantPayout, standardPayout), text("payout_method"), enum("source_type", "bank_account", "card", "fpx"),
					shortText("statement_descriptor", 22)}, do: createPayout},
			{method: http.MethodGet, path: "/v1/payouts", title: "List payouts", returns: id, list: true,
				params: paged(hash("arrival_date", integer("gt"), integer("gte"), integer("lt"), integer("lte")).orValue(), text("destination"), text("status")), do: listPayouts},
			{method: http.MethodGet, path: "/v1/payouts/{id}", title: "Retrieve a payout", returns: id, do: payouts.retrieve},
			{method: http.MethodPost, path: "/v1/payouts/{id}", title: "Update a payout's metadata", returns: id, params: []param{metadata()}, do: updatePayout},
			{method: http.MethodPost, path: "/v1/payouts/{id}/cancel", title: "Cancel a payout that the bank does not have yet", returns: id, do: cancelPayout},
			{method: http.MethodPost, path: "/v1/payouts/{id}/reverse", title: "Take a paid payout back from the bank", returns: id,
				params: []param{metadata()}, do: reversePayout},
		},
	}
}

// businessDay is midnight UTC of the n-th business day after a time (Unix seconds).
func businessDay(now int64, n int) int64 {
	day := time.Unix(midnight(now, 0), 0).UTC()
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			n--
		}
	}
	return day.Unix()
}

// ownHolder is the account whose world this work is in.
func (w *work) ownHolder() *holder { return &holder{w.platform(), w, w.account.id} }

// payoutFee is what Stripe takes for an instant payout, in minor units.
func payoutFee(amount int64, method string) int64 {
	if method != instantPayout {
		return 0
	}
	return max((amount*instantPerMille+500)/1000, instantLeast)
}

func createPayout(c *call) (any, error) {
	currency, err := c.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	amount, _ := c.integer("amount")
	method := standardPayout
	if c.text("method") != "" {
		method = c.text("method")
	}
	bank, err := c.payoutBank(currency)
	switch {
	case err != nil:
		return nil, err
	case amount < 1:
		return nil, badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount+payoutFee(amount, method) > c.account.ledger.available[currency]:
		return nil, insufficient()
	case c.account.connected() && !c.self().PayoutsEnabled:
		return nil, badState("payouts_not_allowed", "Cannot create payouts: this account cannot receive payouts until its requirements are met.")
	}
	made := newPayout(c.work, bank, amount, method)
	c.setText("description", &made.Description)
	c.setText("statement_descriptor", &made.StatementDescriptor)
	if err := c.setMetadata(&made.Metadata); err != nil {
		return nil, err
	}
	emit(c.work, "payout.created", made)
	return made, nil
}

// payoutBank is where a payout of a currency goes: the bank account named, or
// the default.
func (c *call) payoutBank(currency string) (*bankAccount, error) {
	h := c.ownHolder()
	bank := h.platformBank(currency)
	if id := c.text("destination"); id != "" {
		found, ok := bankAccounts.find(c.work, id)
		if !ok || value(found.Account) != h.id {
			return nil, noSuch(http.StatusBadRequest, "external account", id, "destination")
		}
		bank = found
	}
	switch {
	case bank == nil || bank.Currency != currency:
		return nil, badState("", "Sorry, you don't have any external accounts in that currency ("+currency+").").withParam("currency")
	case bank.Status == bankErrored:
		return nil, badState("bank_account_unusable", "The bank account "+bank.ID+" cannot receive payouts since one failed. Add or update a bank account first.").withParam("destination")
	}
	return bank, nil
}

// newPayout takes the money off the balance at once.
func newPayout(w *work, bank *bankAccount, amount int64, method string) *payout {
	made := payouts.add(w, &payout{
		Amount: amount, ArrivalDate: businessDay(w.now, bankDays), Created: w.now, Currency: bank.Currency, Destination: &bank.ID, Metadata: map[string]string{},
		Method: method, ReconciliationStatus: "not_applicable", SourceType: "card", Status: payoutPending, TraceID: &traceID{Status: "pending"},
		Type: bankAccounts.name,
	})
	made.secret.DueAt = midnight(w.now, 1)
	if method == instantPayout {
		made.ArrivalDate = w.now + instantTime
		made.secret.DueAt = made.ArrivalDate
	}
	entry := made.entry("payout", "payout", -amount)
	if fee := payoutFee(amount, method); fee > 0 {
		entry.charge(feeDetail{Amount: fee, Currency: bank.Currency, Description: "Instant payout fee", Type: "stripe_fee"})
	}
	made.BalanceTransaction = enter(w, entry)
	return made
}

func (p *payout) entry(sort, category string, amount int64) balanceTransaction {
	return balanceTransaction{Amount: amount, Currency: p.Currency, Description: p.Description, ReportingCategory: category, Source: p.ID, Type: sort}
}

// movePayout is what time does to a payout: the bank has it from the next
// midnight on, and pays or refuses it on the day of arrival; one bank sends it
// back after that.
func movePayout(w *work, id string) error {
	p := payouts.edit(w, id)
	if p.Status == payoutPending && w.now < p.ArrivalDate {
		p.Status, p.secret.DueAt = payoutInTransit, p.ArrivalDate
		emitUpdated(w, "payout.updated", p)
		return nil
	}
	p.secret.DueAt = 0
	bank, ok := bankAccounts.find(w, value(p.Destination))
	if ok {
		if why, fails := bankFailures[bank.secret.Number]; fails || p.Status == payoutPaid {
			p.fail(w, bank, cmp.Or(why, bankFailure{"could_not_process", "The bank could not process this payout, and sent it back."}))
			return nil
		}
		if bank.secret.Number == lateBank {
			p.secret.DueAt = businessDay(w.now, returnDays)
		}
	}
	p.Status, p.TraceID = payoutPaid, &traceID{"supported", pointer(w.sandbox.ids.upper(traceLength))}
	emit(w, "payout.paid", p)
	if p.Automatic {
		p.ReconciliationStatus = "completed"
		emit(w, "payout.reconciliation_completed", p)
	}
	return nil
}

// traceLength is how long a bank's reference of a payment is, in characters:
// an ACH trace number has 15.
const traceLength = 15

// fail gives the money back to the balance, and sends nothing more to the bank.
func (p *payout) fail(w *work, bank *bankAccount, why bankFailure) {
	p.Status, p.FailureCode, p.FailureMessage, p.TraceID = payoutFailed, &why.code, &why.message, &traceID{Status: "unsupported"}
	p.FailureBalanceTransaction = enter(w, p.entry("payout_failure", "payout_reversal", p.Amount))
	broken := bankAccounts.edit(w, bank.ID)
	broken.Status = bankErrored
	emit(w, "payout.failed", p)
	emitUpdated(w, "account.external_account.updated", broken)
	if h := w.ownHolder(); w.account.connected() {
		before := *h.account()
		h.review(&before)
	}
}

func cancelPayout(c *call) (any, error) {
	old, err := payouts.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status != payoutPending || old.Automatic {
		return nil, badState("", "Payouts can only be canceled if they are pending and were not created automatically. This payout has a status of "+old.Status+".")
	}
	next := payouts.edit(c.work, c.id)
	entry, _ := balanceTransactions.find(c.work, *old.BalanceTransaction)
	next.Status, next.secret.DueAt = payoutCanceled, 0
	next.FailureBalanceTransaction = enter(c.work, next.entry("payout_cancel", "payout_reversal", -entry.Net))
	emit(c.work, "payout.canceled", next)
	return next, nil
}

func reversePayout(c *call) (any, error) {
	old, err := payouts.fromPath(c)
	if err != nil {
		return nil, err
	}
	switch {
	case !c.account.connected():
		return nil, badState("", "You can only reverse payouts of connected accounts.")
	case old.Status != payoutPaid || old.ReversedBy != nil || old.OriginalPayout != nil:
		return nil, badState("", fmt.Sprintf("This payout cannot be reversed: its status is %s, and it can be reversed once after it was paid.", old.Status))
	}
	bank, ok := bankAccounts.find(c.work, value(old.Destination))
	if !ok {
		return nil, badState("", "This payout cannot be reversed: its bank account was deleted.")
	}
	made := newPayout(c.work, bank, -old.Amount, standardPayout)
	made.OriginalPayout = &old.ID
	payouts.edit(c.work, old.ID).ReversedBy = &made.ID
	if err := c.setMetadata(&made.Metadata); err != nil {
		return nil, err
	}
	emit(c.work, "payout.created", made)
	return made, nil
}

func updatePayout(c *call) (any, error) {
	if _, err := payouts.fromPath(c); err != nil {
		return nil, err
	}
	next := payouts.edit(c.work, c.id)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "payout.updated", next)
	return next, nil
}

func listPayouts(c *call) (any, error) {
	status, to := c.text("status"), c.text("destination")
	arrival := within(c, "arrival_date")
	return c.pageOf(query{kind: &payouts.kind, key: c.filtered("status", "destination"), keep: func(o object) bool {
		p := o.(*payout)
		return (status == "" || p.Status == status) && (to == "" || value(p.Destination) == to) && arrival(p.ArrivalDate)
	}})
}

// within is a range parameter as a test of one time in Unix seconds.
func within(c *call, name string) func(int64) bool {
	exact, isExact := c.integer(name)
	bounds := c.hash(name)
	return func(at int64) bool {
		for bound, holds := range map[string]func(int64) bool{
			"gt": func(n int64) bool { return at > n }, "gte": func(n int64) bool { return at >= n },
			"lt": func(n int64) bool { return at < n }, "lte": func(n int64) bool { return at <= n },
		} {
			if n, sent := bounds.integer(bound); sent && !holds(n) {
				return false
			}
		}
		return !isExact || at == exact
	}
}

// planPayout puts the next automatic payout on the agenda, from a time in Unix
// seconds on, when the account is paid out by itself.
func (a *account) planPayout(from int64) {
	rec := a.root().table(&accounts.kind).get(a.id)
	if rec == nil || rec.state != live {
		return
	}
	if settings := rec.object().(*stripeAccount).Settings.Payouts; settings != nil {
		a.planPayoutBy(settings.Schedule, from)
	}
}

// planPayoutBy is planPayout for a schedule that is only about to be stored.
func (a *account) planPayoutBy(schedule payoutSchedule, from int64) {
	if at := schedule.next(from); at != 0 && at != a.payoutAt {
		a.payoutAt = at
		a.plan(at, &payoutRuns.kind, "")
	}
}

// runPayouts pays out all that is available, by currency (§4.3). What cannot
// be paid out waits for the next money or the next change of the account.
func runPayouts(w *work, _ string) error {
	if err := mature(w, ""); err != nil { // what becomes available at this second is paid out with the rest
		return err
	}
	w.account.payoutAt = 0
	own := w.self()
	if own == nil || !own.PayoutsEnabled {
		return nil
	}
	if own.Settings.Payouts.Schedule.next(w.now) != w.now {
		w.account.planPayout(w.now) // the schedule was changed since
		return nil
	}
	for _, currency := range slices.Sorted(maps.Keys(w.account.ledger.available)) {
		amount := w.account.ledger.available[currency]
		bank := w.ownHolder().platformBank(currency)
		if amount <= 0 || bank == nil || bank.Status == bankErrored {
			continue
		}
		made := newPayout(w, bank, amount, standardPayout)
		made.Automatic, made.ReconciliationStatus, made.Description = true, "in_progress", pointer("STRIPE PAYOUT")
		made.StatementDescriptor = own.Settings.Payouts.StatementDescriptor
		w.reconcile(made)
		emit(w, "payout.created", made)
	}
	return nil
}

// reconcile notes which entries a payout pays out: all that were available and
// not paid out before. Their sum is its amount (§4.6).
func (w *work) reconcile(p *payout) {
	own := balanceTransactions.edit(w, *p.BalanceTransaction)
	own.Description, own.secret.Settled = p.Description, true
	for _, entry := range balanceTransactions.where(w, indexKey{"unsettled", p.Currency}) {
		if entry.AvailableOn <= w.now && entry.ID != own.ID {
			balanceTransactions.edit(w, entry.ID).secret = entrySecret{Settled: true, Payout: p.ID}
		}
	}
}
