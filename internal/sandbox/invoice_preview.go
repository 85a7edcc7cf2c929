package sandbox

import "net/url"

var previewParams = []param{
	text("customer"), text("subscription"), text("currency"), discountsParam, enum("preview_mode", "next", "recurring"),
	list("invoice_items", hash("", allParams([]param{text("currency")}, itemParams)...)),
	hash("subscription_details", updatedItems, enum("billing_cycle_anchor", "now", "unchanged"), boolean("cancel_at_period_end"), boolean("cancel_now"),
		integer("cancel_at"), enum("proration_behavior", "always_invoice", "create_prorations", "none"), integer("proration_date"), text("trial_end")),
}

// previewInvoice shows the invoice that would come (§2.18.8). It does for real
// what is asked about, looks at the invoice, and lets go of everything: a
// preview cannot differ from what will happen.
func previewInvoice(c *call) (any, error) {
	shown, err := c.preview()
	c.discard()
	return shown, err
}

func (c *call) preview() (*invoice, error) {
	sub, err := subscriptions.fromParam(c, "subscription")
	if err != nil {
		return nil, err
	}
	owner, err := customers.fromParam(c, "customer")
	switch {
	case err != nil:
		return nil, err
	case owner == nil && sub == nil:
		return nil, missingParam("customer")
	case owner == nil:
		owner, _ = customers.find(c.work, sub.Customer)
	}
	c.follow(owner.TestClock)
	if err := c.previewItems(owner); err != nil {
		return nil, err
	}
	details := c.hash("subscription_details")
	form := url.Values{}
	if details.values != nil {
		for at, name := range details.names {
			spread(form, name, details.nodes[at])
		}
	}
	var out *invoice
	switch {
	case sub != nil:
		out, err = c.previewChange(sub, form)
	case details.has("items"):
		out, err = c.previewStart(owner, form)
	default:
		out, err = c.previewPending(owner)
	}
	if err != nil {
		return nil, err
	}
	return out.preview(c.work), nil
}

// previewItems makes pending items of invoice_items.
func (c *call) previewItems(owner *customer) error {
	for _, row := range c.each("invoice_items") {
		form := url.Values{"customer": {owner.ID}}
		for at, name := range row.names {
			spread(form, name, row.nodes[at])
		}
		if _, err := createInvoiceItem(c.ask("", form)); err != nil {
			return err
		}
	}
	return nil
}

// previewChange changes the subscription, and renews it when that alone does
// not make an invoice.
func (c *call) previewChange(sub *subscription, form url.Values) (*invoice, error) {
	before := value(sub.LatestInvoice)
	form.Set("payment_behavior", "default_incomplete")
	if form.Get("cancel_now") == "true" {
		form.Del("cancel_now")
		form.Set("invoice_now", "true")
		form.Set("prorate", "true")
		if _, err := cancelSubscription(c.ask(sub.ID, form)); err != nil {
			return nil, err
		}
	} else if _, err := updateSubscription(c.ask(sub.ID, form)); err != nil {
		return nil, err
	}
	s := subscriptions.edit(c.work, sub.ID)
	if value(s.LatestInvoice) == before {
		return s.next(c.work)
	}
	made, _ := invoices.find(c.work, *s.LatestInvoice)
	return made, nil
}

// next renews the subscription at the end of its period.
func (s *subscription) next(w *work) (*invoice, error) {
	if s.over() || s.CancelAt != nil && *s.CancelAt <= s.current().End {
		return nil, badState("invoice_upcoming_none", "No upcoming invoices for customer: "+s.Customer)
	}
	w.now = s.current().End
	s.PauseCollection = nil
	if err := s.renew(w); err != nil {
		return nil, err
	}
	made, _ := invoices.find(w, *s.LatestInvoice)
	return made, nil
}

// previewStart begins a subscription that does not exist.
func (c *call) previewStart(owner *customer, form url.Values) (*invoice, error) {
	form.Set("customer", owner.ID)
	form.Set("payment_behavior", "default_incomplete")
	if discounts := c.node("discounts"); discounts != nil {
		spread(form, "discounts", discounts)
	}
	made, err := createSubscription(c.ask("", form))
	if err != nil {
		return nil, err
	}
	first, _ := invoices.find(c.work, value(made.(*subscription).LatestInvoice))
	return first, nil
}

// previewPending collects what waits for the customer's next invoice.
func (c *call) previewPending(owner *customer) (*invoice, error) {
	form := url.Values{"customer": {owner.ID}, "pending_invoice_items_behavior": {"include"}}
	if discounts := c.node("discounts"); discounts != nil {
		spread(form, "discounts", discounts)
	}
	made, err := createInvoice(c.ask("", form))
	if err != nil {
		return nil, err
	}
	if len(made.(*invoice).Lines.Data) == 0 {
		return nil, badState("invoice_upcoming_none", "No upcoming invoices for customer: "+owner.ID)
	}
	return made.(*invoice), nil
}

// preview is an invoice as one that does not exist yet.
func (i *invoice) preview(w *work) *invoice {
	shown := *i
	shown.ID = "upcoming_in_" + i.ID[len(invoices.prefix):]
	shown.Status, shown.Number, shown.HostedInvoiceURL, shown.InvoicePDF = invoiceDraft, nil, nil, nil
	shown.AmountPaid, shown.AmountRemaining, shown.Attempted, shown.AttemptCount = 0, i.AmountDue, false, 0
	shown.EffectiveAt, shown.StatusTransitions, shown.WebhooksDeliveredAt = nil, invoiceStatusTransitions{}, nil
	shown.AutoAdvance, shown.AutomaticallyFinalizes, shown.secret = false, nil, invoiceSecret{}
	shown.NextPaymentAttempt = pointer(w.now + draftLife)
	lines := i.copyLines()
	for at := range lines {
		next := *lines[at]
		next.Invoice = &shown.ID
		lines[at] = &next
	}
	shown.Lines = newListOf("/v1/invoices/"+shown.ID+"/lines", lines)
	return &shown
}

// upcoming is the next invoice of a subscription, for the event that announces
// it; a work of its own is thrown away.
func (s *subscription) upcoming(w *work) *invoice {
	aside := w.sandbox.newWork(w.account, w.wall)
	aside.now, aside.hook = w.now, hookDrop
	made, err := subscriptions.edit(aside, s.ID).next(aside)
	if err != nil {
		return nil
	}
	return made.preview(aside)
}
