package sandbox

import (
	"net/http"
	"slices"
)

// attempt is one try to be paid: an intent, a card, and how the customer takes part.
type attempt struct {
	*work
	intent     *paymentIntent // being edited
	method     *paymentMethod
	offSession bool
}

func confirmIntent(c *call) (any, error) {
	old, err := paymentIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	if err := c.mayActOn("PaymentIntent", old.ClientSecret, "payment_intent_invalid_parameter"); err != nil {
		return nil, err
	}
	if err := old.confirmable(); err != nil {
		return nil, err
	}
	next := paymentIntents.edit(c.work, c.id)
	if err := next.set(c); err != nil {
		return nil, err
	}
	return confirm(c, c.id)
}

// confirmable says whether the intent's status allows a confirmation.
func (p *paymentIntent) confirmable() error {
	switch p.Status {
	case intentNeedsMethod, intentNeedsConfirmation, intentNeedsAction:
		return nil
	case intentSucceeded:
		return p.unexpected("You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
	}
	return p.unexpected("You cannot confirm this PaymentIntent because it has a status of " + p.Status + ". Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.")
}

// confirm is §9.2: it ends in a charge, in a step for the customer, or in a
// decline, which is an error that keeps what happened.
func confirm(c *call, id string) (any, error) {
	p := paymentIntents.edit(c.work, id)
	if p.PaymentMethod == nil {
		return nil, p.unexpected("You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.")
	}
	if err := c.setReturn("PaymentIntent", p.AutomaticPaymentMethods, &p.secret.ReturnURL); err != nil {
		return nil, err
	}
	method, _ := paymentMethods.find(c.work, *p.PaymentMethod)
	if err := p.mayUse(method); err != nil {
		return nil, err
	}
	if err := c.canCharge(); err != nil {
		return nil, err
	}
	off := c.text("off_session")
	try := &attempt{work: c.work, intent: p, method: method, offSession: off != "" && off != "false"}
	return try.run(c)
}

func (t *attempt) run(c *call) (any, error) {
	test := t.method.test()
	if test.charge != nil {
		return nil, t.decline(test.charge)
	}
	if why := t.refusal(); why != nil {
		return nil, t.decline(why)
	}
	if !t.needsAuthentication(test) {
		return t.charge()
	}
	if t.offSession {
		return nil, t.decline(&needsAuth)
	}
	if c.yes("error_on_requires_action") {
		return nil, t.refuseAction()
	}
	t.askCustomer(c)
	return t.intent, nil
}

func (t *attempt) needsAuthentication(test *testCard) bool {
	if t.intent.secret.Authenticated {
		return false
	}
	requested := t.intent.PaymentMethodOptions.Card.RequestThreeDSecure != "automatic"
	return test.auth.required(t.offSession, t.method.secret.SetUp, requested)
}

// charge asks the bank, which a card may still refuse after authentication.
func (t *attempt) charge() (*paymentIntent, error) {
	if after := t.method.test().after; after != nil {
		return nil, t.decline(after)
	}
	t.settle()
	return t.intent, nil
}

// settle records a charge that the bank approved: captured at once, or held.
func (t *attempt) settle() {
	p := t.intent
	made := newCharge(t)
	p.LatestCharge, p.NextAction, p.LastPaymentError = &made.ID, nil, nil
	p.secret.Authenticated = false
	manual := p.manualCapture()
	if manual {
		p.Status, p.AmountCapturable = intentNeedsCapture, p.Amount
		p.secret.CaptureBefore = t.now + authorisationLife
	} else {
		p.Status, p.AmountReceived = intentSucceeded, p.Amount
		made.book(t.work, p.Amount)
	}
	t.keepMethod()
	emit(t.work, "charge.succeeded", made)
	if manual {
		emit(t.work, "payment_intent.amount_capturable_updated", p)
	} else {
		emit(t.work, "payment_intent.succeeded", p)
		complain(t.work, made)
	}
	intentMoved(t.work, p)
}

func (p *paymentIntent) manualCapture() bool {
	if how := p.PaymentMethodOptions.Card.CaptureMethod; how != nil {
		return *how == "manual"
	}
	return p.CaptureMethod == "manual"
}

// futureUsage is what the card is kept for: the card's own option goes first.
func (p *paymentIntent) futureUsage() *string {
	if own := p.PaymentMethodOptions.Card.SetupFutureUsage; own != nil {
		return own
	}
	return p.SetupFutureUsage
}

// keepMethod attaches the card for future use when that was asked for; a card
// that belongs to nobody can be used only this once (§2.3).
func (t *attempt) keepMethod() {
	p, next := t.intent, paymentMethods.edit(t.work, t.method.ID)
	next.check(t.method.test())
	usage := p.futureUsage()
	if next.Customer == nil && p.Customer != nil && usage != nil {
		next.Customer = p.Customer
		emit(t.work, "payment_method.attached", next)
	}
	if value(usage) == "off_session" {
		next.secret.SetUp = true
	}
	next.secret.Spent = next.Customer == nil
}

// decline records a refused charge; the intent is back where it wants a card.
func (t *attempt) decline(why *decline) error {
	failed := newFailedCharge(t, why)
	e := why.onInput()
	e.Charge = failed.ID
	t.fail(e)
	t.intent.LatestCharge = &failed.ID
	emit(t.work, "charge.failed", failed)
	emit(t.work, "payment_intent.payment_failed", t.intent)
	intentMoved(t.work, t.intent)
	return e
}

// refuseAction is error_on_requires_action: no charge is tried.
func (t *attempt) refuseAction() error {
	e := &apiError{Type: typeCard, status: http.StatusPaymentRequired,
		Message: "This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions."}
	t.fail(e.withCode("authentication_required"))
	emit(t.work, "payment_intent.payment_failed", t.intent)
	return e
}

// fail moves the intent back for another card, and completes the error with
// what it is about. The error keeps all that happened.
func (t *attempt) fail(e *apiError) {
	p := t.intent
	shown := *e
	shown.PaymentMethod = (&view{t.work}).object(t.method, nil)
	p.LastPaymentError, p.PaymentMethod, p.NextAction = &shown, nil, nil
	p.Status, p.secret.Authenticated = intentNeedsMethod, false
	e.kept, e.intent, e.method = true, p, t.method
}

func cancelIntent(c *call) (any, error) {
	old, err := paymentIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	cancellable := []string{intentNeedsMethod, intentNeedsConfirmation, intentNeedsAction, intentNeedsCapture}
	if !slices.Contains(cancellable, old.Status) {
		return nil, old.unexpected("You cannot cancel this PaymentIntent because it has a status of " + old.Status + ". Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.")
	}
	next := paymentIntents.edit(c.work, c.id)
	released, _ := next.release(c.work)
	next.cancel(c.work, c.text("cancellation_reason"))
	if released != nil {
		emit(c.work, "charge.refunded", released)
	}
	return next, nil
}

func (p *paymentIntent) cancel(w *work, reason string) {
	p.Status, p.NextAction, p.AmountCapturable = intentCanceled, nil, 0
	p.CanceledAt, p.CancellationReason = pointer(w.now), textOrNil(reason)
	emit(w, "payment_intent.canceled", p)
}

// release gives an authorised amount back to the card: a refund that moves no
// money (§2.5.6). Both are nil when nothing was authorised.
func (p *paymentIntent) release(w *work) (*charge, *refund) {
	if p.Status != intentNeedsCapture {
		return nil, nil
	}
	held := charges.edit(w, *p.LatestCharge)
	held.AmountRefunded, held.Refunded = held.Amount, true
	return held, newRefund(w, held, held.Amount)
}

// expireAuthorisation happens when nobody captured in time (§2.5.5).
func expireAuthorisation(w *work, id string) error {
	p := paymentIntents.edit(w, id)
	held := charges.edit(w, *p.LatestCharge)
	held.AmountRefunded, held.Refunded = held.Amount, true
	emit(w, "charge.expired", held)
	p.cancel(w, "automatic")
	return nil
}

func captureIntent(c *call) (any, error) {
	old, err := paymentIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status != intentNeedsCapture {
		return nil, old.unexpected("This PaymentIntent could not be captured because it has a status of " + old.Status + ". Only a PaymentIntent with one of the following statuses may be captured: requires_capture.")
	}
	amount, sent := c.integer("amount_to_capture")
	switch {
	case !sent:
		amount = old.AmountCapturable
	case amount > old.AmountCapturable:
		return nil, badParam("amount_to_capture", "amount_too_large", "The amount_to_capture of "+spell(amount, old.Currency)+" is greater than the amount that can be captured, "+spell(old.AmountCapturable, old.Currency)+".").saved()
	case amount < 1:
		return nil, badParam("amount_to_capture", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	next := paymentIntents.edit(c.work, c.id)
	c.setText("statement_descriptor_suffix", &next.StatementDescriptorSuffix)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	if err := next.captureSharing(c); err != nil {
		return nil, err
	}
	next.Status, next.AmountCapturable, next.AmountReceived = intentSucceeded, 0, amount
	captured := charges.edit(c.work, *next.LatestCharge)
	captured.shareOf(c.work, next)
	captured.book(c.work, amount)
	emit(c.work, "charge.captured", captured)
	emit(c.work, "payment_intent.succeeded", next)
	complain(c.work, captured)
	return next, nil
}
