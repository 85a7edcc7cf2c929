package dashboard

import (
	"florin/internal/engine"
	"florin/internal/pay"
)

// subscriptionList is what the list of subscriptions shows.
type subscriptionList struct {
	Items  []pay.Subscription
	Plans  map[pay.ID]pay.Plan
	Status string
	Next   string
}

func (d *dashboard) subscriptions(v *visit) error {
	shown := subscriptionList{Status: v.query().Get("status"), Plans: map[pay.ID]pay.Plan{}}
	var filter pay.SubscriptionFilter
	if shown.Status != "" {
		filter.Statuses = []pay.SubscriptionStatus{pay.SubscriptionStatus(shown.Status)}
	}
	list, err := d.engine.Subscriptions(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: v.query().Get("cursor")})
	if err != nil {
		return err
	}
	for _, s := range list.Items {
		if _, known := shown.Plans[s.Plan]; known {
			continue
		}
		if shown.Plans[s.Plan], err = d.engine.Plan(v.ctx(), v.owner(), s.Plan); err != nil {
			return err
		}
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Subscriptions", subscriptionsPage(shown))
}

// subscriptionShown is what the page of one subscription shows.
type subscriptionShown struct {
	Subscription pay.Subscription
	Plan         pay.Plan
	Invoices     []pay.Invoice
	Write        bool
	Once         string
}

func (d *dashboard) subscription(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	s, err := d.engine.Subscription(v.ctx(), v.owner(), id)
	if err != nil {
		return err
	}
	plan, err := d.engine.Plan(v.ctx(), v.owner(), s.Plan)
	if err != nil {
		return err
	}
	invoices, err := d.engine.Invoices(v.ctx(), v.owner(), pay.InvoiceFilter{Subscription: id}, pay.Page{Limit: paymentPage})
	if err != nil {
		return err
	}
	return d.show(v, "Subscription to "+plan.Name, subscriptionPage(subscriptionShown{
		Subscription: s, Plan: plan, Invoices: invoices.Items, Once: once(),
		Write: v.allows(pay.ScopeSubscriptionsWrite) && !s.Status.Ended(),
	}))
}

func (d *dashboard) cancelSubscription(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ask, err := v.ask()
	if err != nil {
		return err
	}
	back := "/subscriptions/" + string(id)
	if v.field("when") == "now" {
		reply, err := d.engine.CancelSubscription(v.ctx(), ask, id, false)
		return v.settle(back, "The subscription has ended.", reply, err)
	}
	reply, err := d.engine.ChangeSubscription(v.ctx(), ask, id, engine.SubscriptionChange{CancelAtPeriodEnd: new(true)})
	return v.settle(back, "The subscription ends with what is paid for.", reply, err)
}

// plans is what customers can subscribe to.
func (d *dashboard) plans(v *visit) error {
	list, err := d.engine.Plans(v.ctx(), v.owner(), pay.PlanFilter{}, pay.Page{Limit: paymentPage, Cursor: v.query().Get("cursor")})
	if err != nil {
		return err
	}
	return d.show(v, "Plans", plansPage(list.Items, nextPage(v, list.Next), v.allows(pay.ScopeSubscriptionsWrite), once()))
}

func (d *dashboard) createPlan(v *visit) error {
	ask, err := v.ask()
	if err != nil {
		return err
	}
	r := engine.PlanRequest{Name: v.field("name"), Interval: pay.Interval(v.field("interval")), IntervalCount: 1}
	currency, err := pay.ParseCurrency(v.field("currency"))
	if err != nil {
		return v.giveBack("/plans", err)
	}
	if r.Amount, err = pay.ParseMoney(v.field("amount"), currency); err != nil {
		return v.giveBack("/plans", err)
	}
	reply, err := d.engine.CreatePlan(v.ctx(), ask, r)
	return v.settle("/plans", "The plan was made.", reply, err)
}
