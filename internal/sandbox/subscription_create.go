package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

const (
	// maxTrial is the longest trial, in days: two years, as Stripe allows.
	maxTrial = 730
	// incompleteLife is how long the first payment may take, in seconds (§2.17.1).
	incompleteLife = 23 * 60 * 60
)

func createSubscription(c *call) (any, error) {
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	c.follow(owner.TestClock)
	s := newSubscription(c.work, owner)
	if err := s.set(c); err != nil {
		return nil, err
	}
	if err := s.setFirstItems(c); err != nil {
		return nil, err
	}
	if err := s.begin(c); err != nil {
		return nil, err
	}
	if err := s.setCancel(c); err != nil {
		return nil, err
	}
	emit(c.work, "customer.subscription.created", s)
	return s, s.firstInvoice(c, owner)
}

func newSubscription(w *work, owner *customer) *subscription {
	return subscriptions.add(w, &subscription{
		BillingCycleAnchor: w.now, BillingMode: billingMode{flexibleBilling{"included"}, "flexible", w.now}, BillingSchedules: []none{},
		CollectionMethod: chargeAutomatically, Created: w.now, Customer: owner.ID, DefaultTaxRates: []none{}, Discounts: []string{},
		InvoiceSettings: subscriptionInvoices{Issuer: issuer{"self"}}, Metadata: map[string]string{}, StartDate: w.now, Status: subIncomplete,
		PaymentSettings: subscriptionPaymentSettings{SaveDefaultPaymentMethod: "off"}, TestClock: owner.TestClock,
		TrialSettings: trialSettings{trialEndBehavior{"create_invoice"}},
	})
}

func (s *subscription) setFirstItems(c *call) error {
	var made []*subscriptionItem
	for at, row := range c.each("items") {
		item, err := s.newItem(c, row, join("items", strconv.Itoa(at)))
		if err != nil {
			return err
		}
		made = append(made, item)
	}
	return s.setItems(made)
}

// setItems replaces the items: they must recur together, in one currency.
func (s *subscription) setItems(items []*subscriptionItem) error {
	if len(items) == 0 || len(items) > maxItems {
		return badParam("items", "", fmt.Sprintf("A subscription must have from 1 to %d items.", maxItems))
	}
	first := items[0].Price
	for at, item := range items {
		path := join(join("items", strconv.Itoa(at)), "price")
		switch {
		case item.Price.interval() != first.interval():
			return badParam(path, "", "All prices on a subscription must have the same `recurring.interval` and `recurring.interval_count`. If you meant to update an existing subscription item instead of creating a new one, make sure to include the subscription item ID in your request.")
		case item.Price.Currency != first.Currency:
			return badParam(path, "", "All prices on a subscription must have the same currency.")
		case slices.ContainsFunc(items[:at], func(other *subscriptionItem) bool { return other.Price.ID == item.Price.ID }):
			return badParam(path, "", "Cannot add multiple subscription items with the same plan: "+item.Price.ID)
		}
	}
	s.Currency = first.Currency
	s.Items = newListOf("/v1/subscription_items?subscription="+s.ID, items)
	s.Plan, s.Quantity = nil, nil
	if len(items) == 1 {
		s.Plan, s.Quantity = items[0].Plan, items[0].Quantity
	}
	return nil
}

// setPeriod moves all items into a period; other versions of the subscription
// keep theirs.
func (s *subscription) setPeriod(now period) {
	items := make([]*subscriptionItem, len(s.Items.Data))
	for at, old := range s.Items.Data {
		next := *old
		next.CurrentPeriodStart, next.CurrentPeriodEnd = now.Start, now.End
		items[at] = &next
	}
	s.Items.Data = items
}

// begin sets trial, anchor and first period.
func (s *subscription) begin(c *call) error {
	until, err := s.trialUntil(c)
	if err != nil {
		return err
	}
	if until > c.now {
		s.startTrial(c.now, until)
		return nil
	}
	if s.CollectionMethod == sendInvoice {
		s.Status = subActive
	}
	natural := s.interval().next(c.now, c.now)
	if anchor, ok := c.integer("billing_cycle_anchor"); ok {
		if anchor < c.now || anchor > natural {
			return badParam("billing_cycle_anchor", "", "billing_cycle_anchor must be in the future, and cannot be later than next natural billing date ("+strconv.FormatInt(natural, 10)+") for plan")
		}
		s.BillingCycleAnchor = anchor
	}
	s.setPeriod(period{s.interval().next(s.BillingCycleAnchor, c.now), c.now})
	return nil
}

func (s *subscription) startTrial(now, until int64) {
	s.Status, s.BillingCycleAnchor = subTrialing, until
	s.TrialStart, s.TrialEnd = &now, &until
	s.setPeriod(period{until, now})
}

// trialUntil is when the trial that was asked for ends, 0 for none.
func (s *subscription) trialUntil(c *call) (int64, error) {
	days, sent := c.integer("trial_period_days")
	end := c.text("trial_end")
	switch {
	case sent && end != "":
		return 0, badParam("trial_end", "parameters_exclusive", "You may only specify one of these parameters: trial_end, trial_period_days.")
	case end == "now":
		return c.now, nil
	case end != "":
		at, err := strconv.ParseInt(end, 10, 64)
		if err != nil || at <= c.now || at > c.now+maxTrial*secondsPerDay {
			return 0, badParam("trial_end", "", "Invalid timestamp: must be an integer Unix timestamp in the future, at most two years away, or `now`.")
		}
		return at, nil
	case c.yes("trial_from_plan") && !sent:
		if own := s.Items.Data[0].Price.Recurring.TrialPeriodDays; own != nil {
			days, sent = *own, true
		}
	}
	if days < 0 || days > maxTrial {
		return 0, badParam("trial_period_days", "parameter_invalid_integer", fmt.Sprintf("Trial periods are from 0 to %d days.", maxTrial))
	}
	if days == 0 {
		return 0, nil
	}
	return c.now + days*secondsPerDay, nil
}

// firstInvoice bills the first period, or tells that the trial costs nothing.
func (s *subscription) firstInvoice(c *call, owner *customer) error {
	i := s.newInvoice(c.work, owner, reasonCreate)
	if err := s.addExtras(c, owner); err != nil {
		return err
	}
	i.setLines(c.work, append(s.firstLines(c), collectPending(c.work, i)...))
	emit(c.work, "invoice.created", i)
	if s.CollectionMethod == sendInvoice && s.Status != subTrialing {
		i.advance(c.now, true)
		return nil
	}
	if err := i.finalize(c); err != nil || i.Status == invoicePaid {
		return err
	}
	return s.payFirst(c, i)
}

// firstLines is a line for each item: whole, a part up to the anchor, or a
// free trial. Usage is billed when it is known.
func (s *subscription) firstLines(c *call) []*invoiceLine {
	now := s.current()
	whole := s.BillingCycleAnchor - s.interval().after(s.BillingCycleAnchor, -1)
	partly := s.BillingCycleAnchor > c.now && s.Status != subTrialing
	if partly && c.text("proration_behavior") == "none" {
		return nil
	}
	var lines []*invoiceLine
	for _, item := range s.Items.Data {
		switch {
		case s.Status == subTrialing:
			line := s.line(c.work, item, now, 0)
			line.Description = pointer("Trial period for " + item.Price.label(c.work))
			line.Pricing.UnitAmountDecimal = pointer(decimalZero)
			lines = append(lines, line)
		case item.Price.metered():
		case partly:
			lines = append(lines, s.line(c.work, item, now, share(item.amount(c.work), now.End-now.Start, whole)))
		default:
			lines = append(lines, s.line(c.work, item, now, item.amount(c.work)))
		}
	}
	return lines
}

// decimalZero is what a trial costs.
var decimalZero = whole(0)

// line bills an item for a period.
func (s *subscription) line(w *work, item *subscriptionItem, span period, amount int64) *invoiceLine {
	out := &invoiceLine{Amount: amount, Discountable: true, Discounts: item.Discounts, Metadata: item.Metadata, Period: span, Pricing: item.Price.pricing(), Subscription: &s.ID,
		Parent: &lineParent{Type: "subscription_item_details", SubscriptionItemDetails: &subscriptionLineItem{Subscription: &s.ID, SubscriptionItem: item.ID}}}
	out.Quantity, out.QuantityDecimal = quantities(item.Quantity)
	if item.Quantity != nil {
		out.Description = pointer(item.Price.describe(w, *item.Quantity))
	}
	return out
}

// parentOf says that an invoice is for a subscription.
func parentOf(s *subscription) *invoiceParent {
	return &invoiceParent{SubscriptionDetails: &subscriptionDetails{s.Metadata, s.ID}, Type: "subscription_details"}
}

// newInvoice is an empty draft for the subscription, which becomes its latest.
func (s *subscription) newInvoice(w *work, owner *customer, reason string) *invoice {
	i := newInvoice(w, owner, reason, s.Currency)
	i.Parent, i.CollectionMethod, i.DefaultPaymentMethod = parentOf(s), s.CollectionMethod, nil
	i.OnBehalfOf, i.Description = s.OnBehalfOf, s.Description
	for _, d := range lasting(w, s.Discounts, w.now) {
		i.Discounts = append(i.Discounts, d.ID)
	}
	if s.DaysUntilDue != nil {
		i.secret.DaysUntilDue = *s.DaysUntilDue
	}
	i.advance(w.now, false)
	i.AutoAdvance = s.CollectionMethod == chargeAutomatically
	s.LatestInvoice = &i.ID
	return i
}

// addExtras makes pending items of add_invoice_items, for the next invoice.
func (s *subscription) addExtras(c *call, owner *customer) error {
	for _, row := range c.each("add_invoice_items") {
		form := url.Values{"customer": {owner.ID}, "subscription": {s.ID}, "currency": {s.Currency}}
		for at, name := range row.names {
			if name == "price" {
				name = "pricing[price]"
			}
			spread(form, name, row.nodes[at])
		}
		if _, err := createInvoiceItem(c.ask("", form)); err != nil {
			return err
		}
	}
	return nil
}

// payFirst collects the first invoice as payment_behavior says (§2.17.2).
func (s *subscription) payFirst(c *call, i *invoice) error {
	behavior := c.text("payment_behavior")
	if behavior == "default_incomplete" {
		return nil
	}
	if i.methodFor(c.work, "") == "" {
		e := noMethod()
		e.kept = false
		return e
	}
	return s.insist(c, i, i.collect(c, collecting{offSession: c.yes("off_session")}))
}

// insist turns what a payment left undone into an error when the caller wants
// all or nothing; otherwise it is kept in the objects.
func (s *subscription) insist(c *call, i *invoice, err error) error {
	if c.text("payment_behavior") != "error_if_incomplete" || i.Status == invoicePaid {
		return decided(err)
	}
	if problem, ok := err.(*apiError); ok { //nolint:errorlint // collect gives handlers' errors, which are not wrapped
		problem.kept = false
		return problem
	}
	if err != nil {
		return err
	}
	e := badState("subscription_payment_intent_requires_action", "Payment for this subscription requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with `subscription.latest_invoice`.")
	e.status = 402
	return e
}
