package dashboard

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"florin/internal/engine"
	"florin/internal/pay"
)

// paymentPage is how many payments a page lists.
const paymentPage = 50

// paymentQuery is the form above the list, as it was filled in.
type paymentQuery struct {
	Status, Currency, Min, Max, Since, Until, Customer, Last4, Ref, Key, Query, Order string
}

func paymentQueryOf(q url.Values) paymentQuery {
	text := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return paymentQuery{
		Status: text("status"), Currency: text("currency"), Min: text("min"), Max: text("max"), Since: text("since"), Until: text("until"),
		Customer: text("customer"), Last4: text("last4"), Ref: text("ref"), Key: text("key"), Query: text("q"), Order: text("order"),
	}
}

// set reports whether anything narrows the list down.
func (q paymentQuery) set() bool { return q != paymentQuery{Order: q.Order} }

// filter is what the store is asked.
//
// Errors: invalid_amount, invalid_field, invalid_id, invalid_currency.
func (q paymentQuery) filter() (f pay.PaymentFilter, err error) {
	f = pay.PaymentFilter{CardLast4: q.Last4, ProviderRef: q.Ref, IdempotencyKey: q.Key, Query: q.Query, Order: pay.PaymentOrder(q.Order)}
	if f.Order == "" {
		f.Order = pay.NewestFirst
	}
	if !slices.Contains([]pay.PaymentOrder{pay.NewestFirst, pay.OldestFirst, pay.LargestFirst, pay.SmallestFirst}, f.Order) {
		return f, pay.Invalid(pay.CodeInvalidField, "order", "there is no order %q", q.Order)
	}
	if q.Status != "" {
		f.Statuses = []pay.PaymentStatus{pay.PaymentStatus(q.Status)}
	}
	if q.Currency != "" {
		if f.Currency, err = pay.ParseCurrency(q.Currency); err != nil {
			return f, err
		}
	}
	if q.Customer != "" {
		if f.Customer, err = pay.ParseID(q.Customer); err != nil {
			return f, err
		}
	}
	if f.MinMilli, err = bound(q.Min, "min"); err != nil {
		return f, err
	}
	if f.MaxMilli, err = bound(q.Max, "max"); err != nil {
		return f, err
	}
	f.Since, f.Until, err = between(q.Since, q.Until)
	return f, err
}

func bound(text, field string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	return pay.ParseMilli(text, field)
}

// between is from the first moment of a day to that after another, which is
// meant as a whole; zero where no day is named.
//
// Errors: invalid_field.
func between(first, last string) (since, until time.Time, err error) {
	if since, err = day(first, "since"); err != nil {
		return since, until, err
	}
	if until, err = day(last, "until"); err == nil && !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	return since, until, err
}

func day(text, field string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, pay.Invalid(pay.CodeInvalidField, field, "%s is a date such as 2026-06-01", field)
	}
	return t, nil
}

// payments is the list, with every filter that the API has.
func (d *dashboard) payments(v *visit) error {
	query := paymentQueryOf(v.query())
	shown := paymentList{Query: query, Write: v.allows(pay.ScopePaymentsWrite), Once: once()}
	filter, err := query.filter()
	if err != nil {
		shown.Trouble = err.Error()
		return d.show(v, "Payments", paymentsPage(shown))
	}
	list, err := d.engine.Payments(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: v.query().Get("cursor")})
	if err != nil {
		return err
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Payments", paymentsPage(shown))
}

// paymentList is what the list's page shows.
type paymentList struct {
	Query   paymentQuery
	Items   []pay.Payment
	Next    string
	Trouble string
	Write   bool
	Once    string
}

// nextPage is the address of the page after this one, or empty.
func nextPage(v *visit, cursor string) string {
	if cursor == "" {
		return ""
	}
	query := maps.Clone(v.query())
	query.Set("cursor", cursor)
	query.Del("notice")
	query.Del("trouble")
	return v.r.URL.Path + "?" + query.Encode()
}

// paymentView is what the page of one payment shows.
type paymentView struct {
	Payment  pay.Payment
	Refunds  []pay.Refund
	Moments  []engine.Moment
	Money    pay.Explanation // zero for a key that may not see the books
	Write    bool
	Once     string
	Left     pay.Money // that can still be given back
	Captures bool
	Cancels  bool
	Gives    bool
}

// payment is the page of one payment: what it is, what happened to it, and
// what can be done.
func (d *dashboard) payment(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	p, err := d.engine.Payment(v.ctx(), v.owner(), id)
	if err != nil {
		return err
	}
	refunds, err := d.engine.Refunds(v.ctx(), v.owner(), pay.RefundFilter{Payment: id}, pay.Page{Limit: pay.MaxPage})
	if err != nil {
		return err
	}
	moments, err := d.engine.Timeline(v.ctx(), v.owner(), id)
	if err != nil {
		return err
	}
	var money pay.Explanation
	if v.allows(pay.ScopeLedgerRead) {
		if money, err = d.engine.ExplainPayment(v.ctx(), v.owner(), id); err != nil {
			return err
		}
	}
	shown := paymentView{Payment: p, Money: money, Refunds: refunds.Items, Moments: moments, Write: v.allows(pay.ScopePaymentsWrite), Once: once()}
	if shown.Left, err = p.Remaining(onTheWay(p, refunds.Items)); err != nil {
		return err
	}
	shown.Captures = shown.Write && p.CheckCapture(p.Amount) == nil
	shown.Cancels = shown.Write && p.CheckCancel() == nil
	shown.Gives = shown.Write && shown.Left.Minor > 0
	return d.show(v, "Payment of "+p.Amount.String(), paymentPageOf(shown))
}

// onTheWay is what refunds without an outcome may still give back.
func onTheWay(p pay.Payment, refunds []pay.Refund) pay.Money {
	sum := pay.Amount(0, p.Amount.Currency)
	for _, r := range refunds {
		if r.Status == pay.RefundPending {
			sum.Minor += r.Amount.Minor
		}
	}
	return sum
}

// createPayment makes a payment with a test card, or with a payment method
// that Stripe.js made.
func (d *dashboard) createPayment(v *visit) error {
	ask, err := v.ask()
	if err != nil {
		return err
	}
	r, err := paymentRequest(v)
	if err != nil {
		return v.giveBack("/payments", err)
	}
	reply, err := d.engine.CreatePayment(v.ctx(), ask, r)
	if err != nil {
		return v.giveBack("/payments", err)
	}
	return v.settle("/payments/"+string(reply.Resource), "The payment was made.", reply, nil)
}

func paymentRequest(v *visit) (engine.PaymentRequest, error) {
	r := engine.PaymentRequest{
		Provider: pay.ProviderStripe, PaymentMethod: v.field("payment_method"), Description: v.field("description"),
		ReceiptEmail: v.field("receipt_email"), Capture: pay.CaptureAutomatic,
	}
	if v.field("capture") == string(pay.CaptureManual) {
		r.Capture = pay.CaptureManual
	}
	currency, err := pay.ParseCurrency(v.field("currency"))
	if err != nil {
		return r, err
	}
	r.Amount, err = pay.ParseMoney(v.field("amount"), currency)
	return r, err
}

func (d *dashboard) capturePayment(v *visit) error {
	return d.changePayment(v, "The money was taken.", func(ask engine.Ask, id pay.ID) (engine.Reply, error) {
		return d.engine.CapturePayment(v.ctx(), ask, engine.CaptureRequest{Payment: id, Amount: v.field("amount")})
	})
}

func (d *dashboard) cancelPayment(v *visit) error {
	return d.changePayment(v, "The payment was called off.", func(ask engine.Ask, id pay.ID) (engine.Reply, error) {
		return d.engine.CancelPayment(v.ctx(), ask, id)
	})
}

func (d *dashboard) refundPayment(v *visit) error {
	return d.changePayment(v, "The money is on its way back.", func(ask engine.Ask, id pay.ID) (engine.Reply, error) {
		return d.engine.CreateRefund(v.ctx(), ask, engine.RefundRequest{
			Payment: id, Amount: v.field("amount"), Reason: pay.RefundReason(v.field("reason")),
		})
	})
}

// changePayment is what all forms on a payment's page do.
func (d *dashboard) changePayment(v *visit, notice string, change func(engine.Ask, pay.ID) (engine.Reply, error)) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ask, err := v.ask()
	if err != nil {
		return err
	}
	reply, err := change(ask, id)
	return v.settle("/payments/"+string(id), notice, reply, err)
}

// count is a number of things, in words.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
