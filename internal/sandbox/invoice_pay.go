package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// draftLife is how long an invoice that the sandbox made stays a draft, in
// seconds: about an hour (§2.17.4).
const draftLife = 60 * 60

// dunningWaits is how long after each failed automatic attempt the next one
// comes, in seconds: 3, 5 and 7 days, then the subscription is canceled
// (§2.17.9). Stripe's own retries are chosen by a model and cannot be repeated.
var dunningWaits = []int64{3 * secondsPerDay, 5 * secondsPerDay, 7 * secondsPerDay}

// dueAt is when the clock must look at the invoice (Unix seconds, 0 never).
func (i *invoice) dueAt() int64 {
	switch {
	case i.Status == invoiceDraft && i.AutomaticallyFinalizes != nil:
		return *i.AutomaticallyFinalizes
	case i.Status != invoiceOpen:
		return 0
	case i.NextPaymentAttempt != nil:
		return *i.NextPaymentAttempt
	case i.CollectionMethod == sendInvoice && i.DueDate != nil && !i.secret.Overdue:
		return *i.DueDate
	}
	return 0
}

// wakeInvoice finalises a draft, tries again to collect, or tells that nobody paid.
func wakeInvoice(w *work, id string) error {
	i := invoices.edit(w, id)
	c := w.ask("", nil)
	switch {
	case i.Status == invoiceDraft:
		if err := i.finalize(c); err != nil {
			return err
		}
		if i.CollectionMethod == sendInvoice {
			emit(w, "invoice.sent", i)
			return nil
		}
		if i.Status == invoicePaid {
			return nil
		}
		return decided(i.collect(c, collecting{offSession: true, planned: true}))
	case i.CollectionMethod == chargeAutomatically:
		return decided(i.collect(c, collecting{offSession: true, planned: true}))
	}
	i.secret.Overdue = true
	emit(w, "invoice.overdue", i)
	if sub, ok := subscriptions.find(w, i.subscription()); ok {
		subscriptions.edit(w, sub.ID).fallBehind(w)
	}
	return nil
}

// decided drops an error that is a decision kept in the objects: a decline.
func decided(err error) error {
	var problem *apiError
	if errors.As(err, &problem) && problem.kept {
		return nil
	}
	return err
}

// ask makes a call of the sandbox's own as part of the work under way, so that
// an invoice asks for its payment by the same way as a client. id is what
// {id} would be in the path.
func (w *work) ask(id string, form url.Values) *call {
	tree, err := parseForm(form.Encode())
	if err != nil {
		panic("sandbox: its own parameters do not parse: " + err.Error())
	}
	return &call{work: w, params: params{tree}, id: id, who: credential{account: w.account.id}, request: &http.Request{Host: "localhost"}}
}

// ask is work.ask for the caller's own browser and key.
func (c *call) ask(id string, form url.Values) *call {
	next := c.work.ask(id, form)
	next.who, next.request = c.who, c.request
	return next
}

// finalize fixes what a draft says, gives it a number, and asks for the money;
// an invoice of nothing is paid at once (§2.18.3).
func (i *invoice) finalize(c *call) error {
	w := c.work
	owner := customers.edit(w, i.Customer)
	i.StartingBalance = owner.Balance
	i.total(w)
	left := i.owe(owner.Balance)
	i.EndingBalance, i.Status, i.AutomaticallyFinalizes = &left, invoiceOpen, nil
	i.Number = pointer(fmt.Sprintf("%s-%04d", owner.InvoicePrefix, owner.NextInvoiceSequence))
	owner.NextInvoiceSequence++
	owner.Balance = left
	if owner.Currency == nil {
		owner.Currency = &i.Currency
	}
	i.EffectiveAt, i.StatusTransitions.FinalizedAt = pointer(w.now), pointer(w.now)
	i.divide(w)
	if i.CollectionMethod == sendInvoice && i.DueDate == nil {
		i.DueDate = pointer(w.now + i.secret.DaysUntilDue*secondsPerDay)
	}
	i.HostedInvoiceURL, i.InvoicePDF = pointer(i.address(c)), pointer(i.address(c)+"/pdf")
	useUp(w, lasting(w, i.Discounts, w.now))
	emit(w, "invoice.finalized", i)
	emitUpdated(w, "customer.updated", owner)
	if i.AmountDue == 0 {
		i.Attempted = true
		i.settle(w, false)
		return nil
	}
	return i.askForPayment(c)
}

// askForPayment makes the payment intent of a final invoice.
func (i *invoice) askForPayment(c *call) error {
	form := url.Values{
		"amount": {strconv.FormatInt(i.AmountDue, 10)}, "currency": {i.Currency}, "customer": {i.Customer}, "capture_method": {"automatic"},
		"payment_method_types[]": {"card"}, "description": {i.purpose()},
	}
	if i.BillingReason == reasonCreate {
		form.Set("setup_future_usage", "off_session")
	}
	i.share(form)
	made, err := createIntent(c.ask("", form))
	if err != nil {
		return err
	}
	intent := made.(*paymentIntent)
	intent.secret.Invoice = i.ID
	i.secret.Intent = intent.ID
	newInvoicePayment(c.work, i, intent)
	return nil
}

// divide computes who else gets what part of what is due, as the subscription
// says (§2.17.10).
func (i *invoice) divide(w *work) {
	s, ok := subscriptions.find(w, i.subscription())
	if !ok {
		return
	}
	if s.ApplicationFeePercent != nil {
		i.secret.ApplicationFee = pointer(s.ApplicationFeePercent.of(i.AmountDue))
	}
	if to := s.TransferData; to != nil {
		i.secret.Transfer = &invoiceTransfer{Destination: to.Destination}
		if to.AmountPercent != nil {
			i.secret.Transfer.Amount = pointer(to.AmountPercent.of(i.AmountDue))
		}
	}
}

// share passes on who else gets a part of the money (§2.17.10).
func (i *invoice) share(form url.Values) {
	if fee := i.secret.ApplicationFee; fee != nil && *fee > 0 {
		form.Set("application_fee_amount", strconv.FormatInt(min(*fee, i.AmountDue), 10))
	}
	if to := i.secret.Transfer; to != nil {
		form.Set("transfer_data[destination]", to.Destination)
		if to.Amount != nil {
			form.Set("transfer_data[amount]", strconv.FormatInt(min(*to.Amount, i.AmountDue), 10))
		}
	}
	if i.OnBehalfOf != nil {
		form.Set("on_behalf_of", *i.OnBehalfOf)
	}
}

// purpose is the description of the payment, as Stripe words it.
func (i *invoice) purpose() string {
	switch i.BillingReason {
	case reasonCreate:
		return "Subscription creation"
	case reasonUpdate, reasonCycle:
		return "Subscription update"
	}
	return "Payment for Invoice"
}

// methodFor is what an invoice is paid with: the one named, or the first
// default there is (§2.17.8). "" when there is none.
func (i *invoice) methodFor(w *work, named string) string {
	choices := []string{named, value(i.DefaultPaymentMethod)}
	if sub, ok := subscriptions.find(w, i.subscription()); ok {
		choices = append(choices, value(sub.DefaultPaymentMethod))
	}
	if owner, ok := customers.find(w, i.Customer); ok {
		choices = append(choices, value(owner.InvoiceSettings.DefaultPaymentMethod), value(owner.DefaultSource))
	}
	for _, id := range choices {
		if id != "" {
			return id
		}
	}
	return ""
}

// collecting is how an invoice is to be paid: with what, if that is named;
// whether the customer is away; and whether the clock had planned it.
type collecting struct {
	method              string
	offSession, planned bool
}

// collect tries to be paid: the hooks of the payment intent carry the outcome
// on to the invoice. The error is the decline, which is kept. Attempts that
// the clock makes are counted, and planned again when they fail.
func (i *invoice) collect(c *call, how collecting) error {
	method := i.methodFor(c.work, how.method)
	i.Attempted = true
	if how.planned || i.AttemptCount == 0 {
		i.AttemptCount++
	}
	i.NextPaymentAttempt = nil
	if method == "" {
		i.fail(c.work)
		return noMethod()
	}
	form := url.Values{"payment_method": {method}}
	if back := c.text("return_url"); back != "" { // from a checkout session
		form.Set("return_url", back)
	}
	if how.offSession {
		form.Set("off_session", "true")
	}
	_, err := confirmIntent(c.ask(i.secret.Intent, form))
	return err
}

// noMethod is Stripe's answer when there is nothing to charge.
func noMethod() *apiError {
	e := badState("resource_missing", "This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#subscriptions.")
	e.kept = true
	return e
}

// intentMoved tells the invoice of a payment intent, or the checkout session,
// how the payment went.
func intentMoved(w *work, p *paymentIntent) {
	if p.Status == intentSucceeded || p.Status == intentNeedsCapture {
		sessionMoved(w, p.secret.Checkout)
	}
	if _, ok := invoices.find(w, p.secret.Invoice); !ok {
		return
	}
	i := invoices.edit(w, p.secret.Invoice)
	if i.Status != invoiceOpen && i.Status != invoiceUncollectible {
		return
	}
	switch p.Status {
	case intentSucceeded:
		i.settle(w, false)
	case intentNeedsMethod:
		i.fail(w)
	case intentNeedsAction:
		emit(w, "invoice.payment_action_required", i)
	}
}

// settle ends an invoice as paid: by its payment, by nothing being due, or
// outside of Stripe.
func (i *invoice) settle(w *work, outside bool) {
	i.Status, i.AmountRemaining, i.AutoAdvance, i.NextPaymentAttempt = invoicePaid, 0, false, nil
	i.StatusTransitions.PaidAt = pointer(w.now)
	i.AmountPaid = i.AmountDue
	if outside {
		i.AmountPaidOffStripe = i.AmountDue
	}
	if i.AmountDue > 0 {
		emitUpdated(w, "invoice.updated", i)
	}
	emit(w, "invoice.paid", i)
	if !outside {
		emit(w, "invoice.payment_succeeded", i)
	}
	for _, one := range invoicePayments.where(w, indexKey{"invoice", i.ID}) {
		invoicePayments.edit(w, one.ID).settle(w, outside)
	}
	if owner, ok := customers.find(w, i.Customer); ok && owner.Delinquent {
		next := customers.edit(w, owner.ID)
		next.Delinquent = false
		emitUpdated(w, "customer.updated", next)
	}
	if sub, ok := subscriptions.find(w, i.subscription()); ok {
		subscriptions.edit(w, sub.ID).catchUp(w, i)
	}
}

// fail records an attempt that brought nothing, and plans the next one.
func (i *invoice) fail(w *work) {
	sub, ofSub := subscriptions.find(w, i.subscription())
	first := i.BillingReason == reasonCreate
	ours := i.AutoAdvance // else somebody else tries, and decides when it is enough
	i.secret.Failures++
	if ours && !first && i.secret.Failures <= len(dunningWaits) {
		i.NextPaymentAttempt = pointer(w.now + dunningWaits[i.secret.Failures-1])
	}
	if i.NextPaymentAttempt == nil {
		i.AutoAdvance = false
	}
	emit(w, "invoice.payment_failed", i)
	if ofSub && !first {
		next := subscriptions.edit(w, sub.ID)
		next.fallBehind(w)
		if ours && i.NextPaymentAttempt == nil && i.secret.Failures > len(dunningWaits) {
			next.cancel(w, "payment_failed")
		}
	}
	if owner, ok := customers.find(w, i.Customer); ok && !owner.Delinquent && !first {
		next := customers.edit(w, owner.ID)
		next.Delinquent = true
		emitUpdated(w, "customer.updated", next)
	}
}

// editInvoice is the invoice of the path, to be changed, if its status allows.
func editInvoice(c *call, doing string, from ...string) (*invoice, error) {
	old, err := invoices.fromPath(c)
	if err != nil {
		return nil, err
	}
	if !among(from, old.Status) {
		return nil, badState("invoice_not_editable", fmt.Sprintf("You can only %s an invoice that is %s. This invoice is %s.", doing, oneOf(from), old.Status))
	}
	c.follow(old.TestClock)
	return invoices.edit(c.work, c.id), nil
}

func finalizeInvoice(c *call) (any, error) {
	i, err := editInvoice(c, "finalize", invoiceDraft)
	if err != nil {
		return nil, err
	}
	if c.has("auto_advance") {
		i.AutoAdvance = c.yes("auto_advance")
	}
	if err := i.finalize(c); err != nil {
		return nil, err
	}
	if i.AutoAdvance && i.Status == invoiceOpen && i.CollectionMethod == chargeAutomatically {
		i.NextPaymentAttempt = pointer(c.now + draftLife)
	}
	return i, nil
}

func payInvoice(c *call) (any, error) {
	old, err := invoices.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status == invoicePaid || old.Status == invoiceVoid {
		return nil, badState("", "Invoice is already "+old.Status)
	}
	i, err := editInvoice(c, "pay", invoiceDraft, invoiceOpen, invoiceUncollectible)
	if err != nil {
		return nil, err
	}
	if i.Status == invoiceDraft {
		if err := i.finalize(c); err != nil {
			return nil, err
		}
	}
	switch {
	case i.Status == invoicePaid:
		return i, nil
	case c.yes("paid_out_of_band"):
		i.withdraw(c.work, "void_invoice")
		i.settle(c.work, true)
		return i, nil
	}
	named := c.text("payment_method")
	if i.methodFor(c.work, named) == "" {
		e := noMethod()
		e.kept = false
		return nil, e
	}
	planned := i.NextPaymentAttempt
	if err := i.collect(c, collecting{method: named, offSession: !c.has("off_session") || c.yes("off_session")}); err != nil {
		i.NextPaymentAttempt = planned // what the customer tries changes no plan
		return nil, err
	}
	return i, nil
}

func sendInvoiceNow(c *call) (any, error) {
	i, err := editInvoice(c, "send", invoiceDraft, invoiceOpen)
	if err != nil {
		return nil, err
	}
	if i.CollectionMethod != sendInvoice {
		return nil, badState("", "You can only manually send an invoice if its collection method is 'send_invoice'.")
	}
	if i.Status == invoiceDraft {
		if err := i.finalize(c); err != nil {
			return nil, err
		}
	}
	emit(c.work, "invoice.sent", i)
	return i, nil
}

func voidInvoice(c *call) (any, error) {
	i, err := editInvoice(c, "void", invoiceOpen, invoiceUncollectible)
	if err != nil {
		return nil, err
	}
	i.void(c.work)
	return i, nil
}

// void makes an open invoice as if it had never been; credit that it used goes
// back to the customer.
func (i *invoice) void(w *work) {
	i.Status, i.AutoAdvance, i.NextPaymentAttempt = invoiceVoid, false, nil
	i.StatusTransitions.VoidedAt = pointer(w.now)
	if used := i.StartingBalance - *i.EndingBalance; used != 0 {
		owner := customers.edit(w, i.Customer)
		owner.Balance += used
		emitUpdated(w, "customer.updated", owner)
	}
	emit(w, "invoice.voided", i)
	i.withdraw(w, "void_invoice")
	if sub, ok := subscriptions.find(w, i.subscription()); ok {
		subscriptions.edit(w, sub.ID).catchUp(w, i)
	}
}

// withdraw cancels the payment intent that waits for the invoice's money.
func (i *invoice) withdraw(w *work, reason string) {
	if p, ok := paymentIntents.find(w, i.secret.Intent); ok && p.Status != intentSucceeded && p.Status != intentCanceled {
		paymentIntents.edit(w, p.ID).cancel(w, reason)
		for _, one := range invoicePayments.where(w, indexKey{"invoice", i.ID}) {
			invoicePayments.edit(w, one.ID).cancel(w)
		}
	}
}

func giveUpInvoice(c *call) (any, error) {
	i, err := editInvoice(c, "mark uncollectible", invoiceOpen)
	if err != nil {
		return nil, err
	}
	i.giveUp(c.work)
	return i, nil
}

// giveUp says that nobody expects the money any more; it may still come.
func (i *invoice) giveUp(w *work) {
	i.Status, i.AutoAdvance, i.NextPaymentAttempt = invoiceUncollectible, false, nil
	i.StatusTransitions.MarkedUncollectibleAt = pointer(w.now)
	emit(w, "invoice.marked_uncollectible", i)
	if sub, ok := subscriptions.find(w, i.subscription()); ok {
		subscriptions.edit(w, sub.ID).catchUp(w, i)
	}
}
