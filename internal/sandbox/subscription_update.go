package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// renewal is how a change of a subscription is billed: from when on, whether
// the period starts anew, and how the difference is settled.
type renewal struct {
	at       int64  // Unix seconds: from when amounts are prorated
	behavior string // always_invoice, create_prorations or none
	reset    bool   // the billing cycle starts anew now
	trial    bool   // what comes next is a trial
}

func updateSubscription(c *call) (any, error) {
	old, err := subscriptions.fromPath(c)
	if err != nil {
		return nil, err
	}
	c.follow(old.TestClock)
	if old.over() {
		return nil, badState("", "A canceled subscription can only update its cancellation_details and metadata.")
	}
	s := subscriptions.edit(c.work, c.id)
	if err := s.set(c); err != nil {
		return nil, err
	}
	how, err := s.change(c)
	if err != nil {
		return nil, err
	}
	if err := s.setCancel(c); err != nil {
		return nil, err
	}
	s.setPause(c)
	emitUpdated(c.work, "customer.subscription.updated", s)
	return s, s.billChange(c, how)
}

// change replaces items and cycle as asked, and books what the difference of
// the period is worth (§2.17.5).
func (s *subscription) change(c *call) (renewal, error) {
	before := s.Items.Data
	items, err := s.changedItems(c)
	if err != nil {
		return renewal{}, err
	}
	how, until, err := s.renewalFor(c, before, items)
	if err != nil {
		return renewal{}, err
	}
	trialing := s.Status == subTrialing
	if err := s.setItems(items); err != nil {
		return renewal{}, err
	}
	if how.behavior != "none" && !trialing {
		s.prorate(c.work, before, how)
	}
	switch {
	case how.trial:
		s.startTrial(c.now, until)
	case how.reset:
		if trialing {
			s.Status, s.TrialEnd = subActive, pointer(c.now)
		}
		s.BillingCycleAnchor = c.now
		s.setPeriod(period{s.interval().next(c.now, c.now), c.now})
	}
	owner, _ := customers.find(c.work, s.Customer)
	return how, s.addExtras(c, owner)
}

// renewalFor decides whether the cycle starts anew: when asked to, when the
// interval changes, when a trial is set or ends, when free becomes paid.
func (s *subscription) renewalFor(c *call, before, after []*subscriptionItem) (renewal, int64, error) {
	how := renewal{at: c.now, behavior: "create_prorations"}
	if asked := c.text("proration_behavior"); asked != "" {
		how.behavior = asked
	}
	if at, ok := c.integer("proration_date"); ok {
		if at < s.current().Start || at > s.current().End {
			return how, 0, badParam("proration_date", "", "Cannot specify a proration date outside of the subscription's current period.")
		}
		how.at = at
	}
	until, err := s.trialUntil(c)
	if err != nil {
		return how, 0, err
	}
	trialing := s.Status == subTrialing
	switch {
	case until > c.now:
		how.trial, how.reset = true, true
	case until == c.now && trialing, c.text("billing_cycle_anchor") == "now":
		how.reset = true
	case !trialing && len(after) > 0:
		how.reset = after[0].Price.interval() != before[0].Price.interval() || priceOf(c.work, before) == 0 && priceOf(c.work, after) > 0
	}
	return how, until, nil
}

// priceOf is what items cost for a period, in minor units.
func priceOf(w *work, items []*subscriptionItem) (sum int64) {
	for _, item := range items {
		sum += item.amount(w)
	}
	return sum
}

// changedItems is the items as the parameter wants them, each a new version.
func (s *subscription) changedItems(c *call) ([]*subscriptionItem, error) {
	items := slices.Clone(s.Items.Data)
	for at, row := range c.each("items") {
		path := join("items", strconv.Itoa(at))
		id := row.text("id")
		if id == "" {
			made, err := s.newItem(c, row, path)
			if err != nil {
				return nil, err
			}
			now := s.current()
			made.CurrentPeriodStart, made.CurrentPeriodEnd = now.Start, now.End
			items = append(items, made)
			continue
		}
		place := slices.IndexFunc(items, func(i *subscriptionItem) bool { return i.ID == id })
		if place < 0 {
			return nil, noSuch(http.StatusBadRequest, "subscription item", id, join(path, "id"))
		}
		if row.yes("deleted") {
			items = slices.Delete(items, place, place+1)
			continue
		}
		next := *items[place]
		items[place] = &next
		if row.has("price") || row.has("plan") || row.has("price_data") {
			by, err := recurringPrice(c, row, path)
			if err != nil {
				return nil, err
			}
			next.price(by)
		}
		if err := next.set(c, row); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// prorate books a credit for what was paid and is not used, and a debit for
// what is used and was not paid, for each item that changes.
func (s *subscription) prorate(w *work, before []*subscriptionItem, how renewal) {
	for _, old := range before {
		next := s.item(old.ID)
		same := next != nil && next.Price.ID == old.Price.ID && next.amount(w) == old.amount(w)
		if same && !how.reset {
			continue
		}
		s.credit(w, old, how.at)
		if next != nil && !how.reset {
			s.debit(w, next, how.at)
		}
	}
	for _, item := range s.Items.Data {
		added := !slices.ContainsFunc(before, func(old *subscriptionItem) bool { return old.ID == item.ID })
		if added && !how.reset {
			s.debit(w, item, how.at)
		}
	}
}

// credit gives back what of an item's period lies after a time.
func (s *subscription) credit(w *work, item *subscriptionItem, at int64) {
	if made := s.proration(w, item, at, -1); made != nil {
		made.Description = pointer("Unused time on " + called(w, item) + " after " + day(at))
		made.secret.Credited = s.paidBy(w, item)
		emit(w, "invoiceitem.created", made)
	}
}

// debit bills what of an item's period lies after a time.
func (s *subscription) debit(w *work, item *subscriptionItem, at int64) {
	if made := s.proration(w, item, at, 1); made != nil {
		made.Description = pointer("Remaining time on " + called(w, item) + " after " + day(at))
		emit(w, "invoiceitem.created", made)
	}
}

// proration is a pending item for the rest of an item's period, to the second,
// less the discounts that the subscription has (§2.17.5). Usage has none.
func (s *subscription) proration(w *work, item *subscriptionItem, at, sign int64) *invoiceItem {
	if item.Price.metered() {
		return nil
	}
	row := &priced{amount: item.amount(w), product: item.Price.Product, own: lasting(w, item.Discounts, w.now)}
	lower([]*priced{row}, lasting(w, s.Discounts, w.now))
	end := item.CurrentPeriodEnd
	owner, _ := customers.find(w, s.Customer)
	made := newInvoiceItem(w, owner, s.Currency)
	made.Amount = sign * share(row.net(), end-at, end-item.CurrentPeriodStart)
	made.NetAmount, made.Discountable, made.Proration, made.ProrationDetails = made.Amount, false, true, &itemProration{[]discountAmount{}}
	made.Period, made.Pricing = period{end, at}, item.Price.pricing()
	made.Quantity, made.QuantityDecimal = *item.Quantity, strconv.FormatInt(*item.Quantity, 10)
	made.Parent = &invoiceItemParent{&itemSubscription{s.ID, &item.ID}, "subscription_details"}
	return made
}

// paidBy is the line of the latest invoice that billed an item, nil for none.
func (s *subscription) paidBy(w *work, item *subscriptionItem) *creditedItems {
	latest, ok := invoices.find(w, value(s.LatestInvoice))
	if !ok {
		return nil
	}
	for _, line := range latest.Lines.Data {
		if of := line.Parent.SubscriptionItemDetails; of != nil && of.SubscriptionItem == item.ID && line.Amount > 0 {
			return &creditedItems{latest.ID, []string{line.ID}}
		}
	}
	return nil
}

// called is how a proration names an item.
func called(w *work, item *subscriptionItem) string {
	name := item.Price.label(w)
	if *item.Quantity != 1 {
		return strconv.FormatInt(*item.Quantity, 10) + " × " + name
	}
	return name
}

func day(at int64) string { return time.Unix(at, 0).UTC().Format("02 Jan 2006") }

// billChange invoices at once what a change costs, when it must be or was
// asked to be; else the next renewal collects it.
func (s *subscription) billChange(c *call, how renewal) error {
	switch {
	case how.trial:
		return s.billNow(c, s.firstLines(c), how.behavior != "none")
	case how.reset:
		var lines []*invoiceLine
		for _, item := range s.Items.Data {
			if !item.Price.metered() {
				lines = append(lines, s.line(c.work, item, s.current(), item.amount(c.work)))
			}
		}
		return s.billNow(c, lines, how.behavior != "none")
	case how.behavior == "always_invoice":
		return s.billNow(c, nil, true)
	}
	return nil
}

// billNow makes and collects an invoice for these lines, and for what is
// pending; nothing to bill makes no invoice.
func (s *subscription) billNow(c *call, lines []*invoiceLine, pending bool) error {
	w := c.work
	owner, _ := customers.find(w, s.Customer)
	latest := s.LatestInvoice
	i := s.newInvoice(w, owner, reasonUpdate)
	if pending {
		lines = append(lines, collectPending(w, i)...)
	}
	if len(lines) == 0 {
		s.LatestInvoice = latest
		invoices.remove(w, i.ID, gone)
		return nil
	}
	i.setLines(w, lines)
	emit(w, "invoice.created", i)
	if s.CollectionMethod == sendInvoice {
		i.advance(w.now, true)
		return nil
	}
	if err := i.finalize(c); err != nil || i.Status == invoicePaid || c.text("payment_behavior") == "default_incomplete" {
		return err
	}
	return s.insist(c, i, i.collect(c, collecting{offSession: c.yes("off_session")}))
}

// setPause stops or restarts collecting; renewals go on either way.
func (s *subscription) setPause(c *call) {
	if !c.has("pause_collection") {
		return
	}
	s.PauseCollection = nil
	if sent := c.hash("pause_collection"); sent.isHash() {
		s.PauseCollection = &pauseCollection{Behavior: sent.text("behavior")}
		sent.setInteger("resumes_at", &s.PauseCollection.ResumesAt)
	}
}

func resumeSubscription(c *call) (any, error) {
	old, err := subscriptions.fromPath(c)
	switch {
	case err != nil:
		return nil, err
	case old.Status != subPaused:
		return nil, badState("", "Only subscriptions with a status of `paused` can be resumed.")
	}
	c.follow(old.TestClock)
	s := subscriptions.edit(c.work, c.id)
	if c.text("billing_cycle_anchor") != "unchanged" {
		s.BillingCycleAnchor = c.now
	}
	s.setPeriod(period{s.interval().next(s.BillingCycleAnchor, c.now), c.now})
	if err := s.billChange(c, renewal{at: c.now, reset: true}); err != nil {
		return nil, err
	}
	if s.Status == subPaused {
		if i, ok := invoices.find(c.work, value(s.LatestInvoice)); ok && i.Status == invoicePaid {
			s.catchUp(c.work, i)
		}
	}
	return s, nil
}
