package sandbox

const (
	// trialNotice is how long before its end a trial is announced, in seconds (§2.17.6).
	trialNotice = 3 * secondsPerDay
	// upcomingNotice is how long before a renewal its invoice is announced, in
	// seconds: Stripe's default (§2.17.4).
	upcomingNotice = 7 * secondsPerDay
	// maxSteps is how many things may be due for one subscription at one time:
	// each kind of step once, and some to spare.
	maxSteps = 8
)

// dueAt is when the clock must look at the subscription (Unix seconds, 0 never).
func (s *subscription) dueAt() int64 {
	if s.over() {
		return 0
	}
	var first int64
	consider := func(at int64) {
		if at > 0 && (first == 0 || at < first) {
			first = at
		}
	}
	if s.CancelAt != nil {
		consider(*s.CancelAt)
	}
	if p := s.PauseCollection; p != nil && p.ResumesAt != nil {
		consider(*p.ResumesAt)
	}
	switch s.Status {
	case subIncomplete:
		consider(s.Created + incompleteLife)
	case subTrialing:
		consider(*s.TrialEnd)
		if !s.secret.TrialNoticed {
			consider(*s.TrialEnd - trialNotice)
		}
	case subActive, subPastDue, subUnpaid:
		end := s.current().End
		consider(end)
		if s.secret.UpcomingTold != end && s.interval().longerThanNotice() {
			consider(end - upcomingNotice)
		}
	}
	return first
}

// longerThanNotice says whether a renewal can be announced before the period
// that it ends has begun.
func (i interval) longerThanNotice() bool { return i.after(0, 1) > upcomingNotice }

// wakeSubscription does all that is due by now: several things may be at once.
func wakeSubscription(w *work, id string) error {
	s := subscriptions.edit(w, id)
	for range maxSteps {
		if at := s.dueAt(); at == 0 || at > w.now {
			return nil
		}
		if err := s.step(w); err != nil {
			return err
		}
	}
	return nil
}

// step does the first of what is due.
func (s *subscription) step(w *work) error {
	switch p := s.PauseCollection; {
	case s.Status == subIncomplete && s.Created+incompleteLife <= w.now:
		s.expire(w)
	case s.CancelAt != nil && *s.CancelAt <= w.now:
		s.cancel(w, "cancellation_requested")
	case p != nil && p.ResumesAt != nil && *p.ResumesAt <= w.now:
		s.PauseCollection = nil
		emitUpdated(w, "customer.subscription.updated", s)
	case s.Status == subTrialing && *s.TrialEnd > w.now:
		s.secret.TrialNoticed = true
		emit(w, "customer.subscription.trial_will_end", s)
	case s.Status == subTrialing:
		return s.endTrial(w)
	case s.current().End <= w.now:
		return s.renew(w)
	default:
		return s.announce(w)
	}
	return nil
}

// endTrial begins the first paid period, or what the trial's settings say when
// there is nothing to pay with (§2.17.6).
func (s *subscription) endTrial(w *work) error {
	owner, _ := customers.find(w, s.Customer)
	without := s.CollectionMethod == chargeAutomatically && s.DefaultPaymentMethod == nil && owner.InvoiceSettings.DefaultPaymentMethod == nil && owner.DefaultSource == nil
	switch missing := s.TrialSettings.EndBehavior.MissingPaymentMethod; {
	case without && missing == "cancel":
		s.cancel(w, "cancellation_requested")
		return nil
	case without && missing == "pause":
		s.Status = subPaused
		emit(w, "customer.subscription.paused", s)
		return nil
	}
	s.Status = subActive
	return s.renew(w)
}

// renew ends a period and begins the next: a draft for what comes, and for
// what was used, which is finalised and collected an hour later (§2.17.4).
func (s *subscription) renew(w *work) error {
	owner, _ := customers.find(w, s.Customer)
	over := s.current()
	i := s.newInvoice(w, owner, reasonCycle)
	i.PeriodStart, i.PeriodEnd = over.Start, over.End
	s.setPeriod(period{s.interval().next(s.BillingCycleAnchor, over.End), over.End})
	i.setLines(w, append(s.cycleLines(w, over), collectPending(w, i)...))
	if s.Status != subUnpaid && (s.PauseCollection == nil || s.PauseCollection.Behavior != "keep_as_draft") {
		i.advance(w.now, true)
	}
	emit(w, "invoice.created", i)
	emitUpdated(w, "customer.subscription.updated", s)
	if s.PauseCollection == nil || s.PauseCollection.Behavior == "keep_as_draft" {
		return nil
	}
	if err := i.finalize(w.ask("", nil)); err != nil || i.Status != invoiceOpen {
		return err
	}
	if s.PauseCollection.Behavior == "void" {
		i.void(w)
		return nil
	}
	i.giveUp(w)
	return nil
}

// cycleLines is what a renewal bills: the next period, and the usage of the
// one that is over.
func (s *subscription) cycleLines(w *work, over period) []*invoiceLine {
	var lines []*invoiceLine
	for _, item := range s.Items.Data {
		if !item.Price.metered() {
			lines = append(lines, s.line(w, item, s.current(), item.amount(w)))
			continue
		}
		used := int64(0)
		if by, ok := meters.find(w, *item.Price.Recurring.Meter); ok {
			used = by.total(w, s.Customer, over.Start, over.End).round()
		}
		line := s.line(w, item, over, item.Price.amountFor(w, used))
		line.Quantity, line.QuantityDecimal = quantities(&used)
		line.Description = pointer(item.Price.describe(w, used))
		lines = append(lines, line)
	}
	return lines
}

// announce tells what the next invoice will be, without making it.
func (s *subscription) announce(w *work) error {
	s.secret.UpcomingTold = s.current().End
	if i := s.upcoming(w); i != nil { // nil when the subscription ends first
		emit(w, "invoice.upcoming", i)
	}
	return nil
}

// expire ends a subscription whose first payment never came.
func (s *subscription) expire(w *work) {
	s.Status, s.EndedAt = subExpired, pointer(w.now)
	if i, ok := invoices.find(w, value(s.LatestInvoice)); ok && i.Status == invoiceOpen {
		invoices.edit(w, i.ID).void(w)
	}
	emitUpdated(w, "customer.subscription.updated", s)
}

// cancel ends the subscription now; what is open is no longer collected.
func (s *subscription) cancel(w *work, reason string) {
	if s.over() {
		return
	}
	if s.Status == subIncomplete {
		s.expire(w)
		return
	}
	s.Status, s.EndedAt = subCanceled, pointer(w.now)
	if s.CanceledAt == nil {
		s.CanceledAt = pointer(w.now)
	}
	s.CancellationDetails.Reason = &reason
	for _, i := range invoices.where(w, indexKey{"subscription", s.ID}) {
		if i.Status == invoiceOpen || i.Status == invoiceDraft {
			left := invoices.edit(w, i.ID)
			left.NextPaymentAttempt = nil
			left.advance(w.now, false)
		}
	}
	emit(w, "customer.subscription.deleted", s)
}

// fallBehind marks a subscription whose renewal was not paid.
func (s *subscription) fallBehind(w *work) {
	if s.Status != subActive && s.Status != subTrialing {
		return
	}
	before := *s
	s.Status = subPastDue
	emitChange(w, "customer.subscription.updated", &before, s)
}

// catchUp is told that an invoice is settled: if it is the latest one, the
// subscription is in good standing again.
func (s *subscription) catchUp(w *work, i *invoice) {
	if value(s.LatestInvoice) != i.ID || s.over() {
		return
	}
	before := *s
	switch {
	case s.Status == subIncomplete && i.Status == invoicePaid, s.Status == subPastDue, s.Status == subUnpaid:
		s.Status = subActive
	case s.Status == subPaused && i.Status == invoicePaid:
		s.Status = subActive
		emit(w, "customer.subscription.resumed", s)
	default:
		return
	}
	s.keepMethod(w, i)
	emitChange(w, "customer.subscription.updated", &before, s)
	sessionMoved(w, s.secret.Checkout)
}

// keepMethod saves what paid as the subscription's default, when it shall be.
func (s *subscription) keepMethod(w *work, i *invoice) {
	if p, ok := paymentIntents.find(w, i.secret.Intent); ok && p.PaymentMethod != nil && s.PaymentSettings.SaveDefaultPaymentMethod == "on_subscription" {
		s.DefaultPaymentMethod = p.PaymentMethod
	}
}
