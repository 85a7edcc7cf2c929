package sandbox

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// pay does what the page's button says, with the card that was typed: it makes
// the payment, the subscription or the saved card, by the same calls as an API
// client. The result is where the browser goes next; an error is told on the
// page, and nothing remains of the try.
func (s *checkoutSession) pay(c *call) (string, error) {
	method, err := newMethod(c, c.params, "")
	if err != nil {
		return "", err
	}
	owner, err := s.customer(c)
	if err != nil {
		return "", err
	}
	s.CustomerDetails = &checkoutCustomer{TaxExempt: "none"}
	details := c.hash("billing_details")
	details.setText("email", &s.CustomerDetails.Email)
	details.setText("name", &s.CustomerDetails.Name)
	switch s.Mode {
	case modePayment:
		return s.payOnce(c, method, owner)
	case modeSetup:
		return s.save(c, method, owner)
	}
	return s.subscribe(c, method, owner)
}

// customer is who pays: the session's, or a new one where one is needed.
func (s *checkoutSession) customer(c *call) (string, error) {
	if s.Customer != nil {
		return *s.Customer, nil
	}
	if s.Mode == modePayment && value(s.CustomerCreation) != "always" && !strings.Contains(s.secret.Intent, "setup_future_usage") {
		return "", nil
	}
	form := url.Values{"email": {c.hash("billing_details").text("email")}, "name": {c.hash("billing_details").text("name")}}
	made, err := createCustomer(c.ask("", form))
	if err != nil {
		return "", err
	}
	s.Customer = pointer(made.(*customer).ID)
	return *s.Customer, nil
}

// prepared is the parameters that were kept for later, with more.
func prepared(kept string, more map[string]string) url.Values {
	form, err := url.ParseQuery(kept)
	if err != nil {
		panic("sandbox: its own parameters do not parse: " + err.Error())
	}
	for name, text := range more {
		if text != "" {
			form.Set(name, text)
		}
	}
	return form
}

// payOnce is a payment of the session's total.
func (s *checkoutSession) payOnce(c *call, method *paymentMethod, owner string) (string, error) {
	if *s.AmountTotal == 0 {
		s.complete(c.work)
		return s.goodbye(), nil
	}
	p, err := s.intent(c, owner)
	if err != nil {
		return "", err
	}
	if _, err := confirmIntent(c.ask(p.ID, url.Values{"payment_method": {method.ID}, "return_url": {*s.URL}})); err != nil {
		return "", err
	}
	return s.onwards(p.NextAction), nil
}

// intent is the payment that an earlier try left, or a new one.
func (s *checkoutSession) intent(c *call, owner string) (*paymentIntent, error) {
	if s.PaymentIntent != nil {
		p := paymentIntents.edit(c.work, *s.PaymentIntent)
		p.Amount = *s.AmountTotal
		return p, nil
	}
	made, err := createIntent(c.ask("", prepared(s.secret.Intent, map[string]string{
		"amount": strconv.FormatInt(*s.AmountTotal, 10), "currency": *s.Currency, "customer": owner, "payment_method_types[0]": "card",
	})))
	if err != nil {
		return nil, err
	}
	p := made.(*paymentIntent)
	p.secret.Checkout = s.ID
	s.PaymentIntent = &p.ID
	return p, nil
}

// onwards is the authentication that the customer must do first, or the end.
func (s *checkoutSession) onwards(next *nextAction) string {
	if next != nil && next.RedirectToURL != nil {
		return next.RedirectToURL.URL
	}
	return s.goodbye()
}

// subscribe starts the subscription; one-time prices go on its first invoice.
func (s *checkoutSession) subscribe(c *call, method *paymentMethod, owner string) (string, error) {
	if err := attach(c.work, method.ID, owner); err != nil {
		return "", err
	}
	form := prepared(s.secret.Subscription, map[string]string{"customer": owner, "default_payment_method": method.ID, "return_url": *s.URL})
	items, extras := 0, 0
	for _, line := range s.secret.Lines {
		path := "items[" + strconv.Itoa(items) + "]"
		if line.Price.Recurring == nil {
			path = "add_invoice_items[" + strconv.Itoa(extras) + "]"
			extras++
		} else {
			items++
		}
		form.Set(join(path, "price"), line.Price.ID)
		if !line.Price.metered() {
			form.Set(join(path, "quantity"), strconv.FormatInt(line.Quantity, 10))
		}
	}
	for at, d := range s.Discounts {
		path := "discounts[" + strconv.Itoa(at) + "]"
		if d.PromotionCode != nil {
			form.Set(join(path, "promotion_code"), *d.PromotionCode)
		} else {
			form.Set(join(path, "coupon"), *d.Coupon)
		}
	}
	made, err := createSubscription(c.ask("", form))
	if err != nil {
		return "", err
	}
	return s.started(c.work, subscriptions.edit(c.work, made.(*subscription).ID))
}

// started looks at how the first payment of the subscription went.
func (s *checkoutSession) started(w *work, sub *subscription) (string, error) {
	s.Subscription, s.Invoice = &sub.ID, sub.LatestInvoice
	if sub.Status != subIncomplete {
		s.complete(w)
		return s.goodbye(), nil
	}
	i, _ := invoices.find(w, *sub.LatestInvoice)
	p, _ := paymentIntents.find(w, i.secret.Intent)
	if p.Status == intentNeedsAction {
		sub.secret.Checkout = s.ID
		return s.onwards(p.NextAction), nil
	}
	if p.LastPaymentError != nil {
		return "", p.LastPaymentError
	}
	return "", errors.New("the first payment was not completed")
}

// save keeps the card for later.
func (s *checkoutSession) save(c *call, method *paymentMethod, owner string) (string, error) {
	made, err := createSetup(c.ask("", prepared(s.secret.Setup, map[string]string{
		"customer": owner, "payment_method": method.ID, "confirm": "true", "payment_method_types[0]": "card", "return_url": *s.URL,
	})))
	if err != nil {
		return "", err
	}
	kept := made.(*setupIntent)
	s.SetupIntent = &kept.ID
	s.look(c.work)
	return s.onwards(kept.NextAction), nil
}

// look completes a session whose card was saved after authentication.
func (s *checkoutSession) look(w *work) {
	if kept, ok := setupIntents.find(w, value(s.SetupIntent)); ok && kept.Status == "succeeded" && s.Status == sessionOpen {
		s.complete(w)
	}
}

// sessionMoved tells a session that what was made in it has been paid.
func sessionMoved(w *work, id string) {
	if s, ok := checkoutSessions.find(w, id); ok && s.Status == sessionOpen {
		checkoutSessions.edit(w, id).complete(w)
	}
}

// complete ends the session: the customer did what it was for.
func (s *checkoutSession) complete(w *work) {
	s.Status, s.URL = sessionComplete, nil
	s.PaymentStatus = "paid"
	if s.Mode == modeSetup || *s.AmountTotal == 0 {
		s.PaymentStatus = "no_payment_required"
	}
	if p, ok := paymentIntents.find(w, value(s.PaymentIntent)); ok && p.Status == intentNeedsCapture {
		s.PaymentStatus = "unpaid"
	}
	if s.Mode == modePayment {
		for _, d := range s.Discounts {
			s.count(w, d)
		}
	}
	if p, ok := paymentLinks.find(w, value(s.PaymentLink)); ok && p.Restrictions != nil {
		limit := *p.Restrictions
		limit.CompletedSessions.Count++
		paymentLinks.edit(w, p.ID).Restrictions = &limit
	}
	emit(w, "checkout.session.completed", s)
}

// count notes that a coupon was used for a single payment.
func (s *checkoutSession) count(w *work, d checkoutDiscount) {
	id := value(d.Coupon)
	if by, ok := promotionCodes.find(w, value(d.PromotionCode)); ok {
		promotionCodes.edit(w, by.ID).TimesRedeemed++
		id = *by.Promotion.Coupon
	}
	if _, ok := coupons.find(w, id); ok {
		coupons.edit(w, id).TimesRedeemed++
	}
}

// goodbye is where the browser goes when the session is over.
func (s *checkoutSession) goodbye() string {
	return strings.ReplaceAll(value(s.SuccessURL), placeholder, s.ID)
}
