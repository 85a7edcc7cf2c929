package sandbox

import "net/http"

// plan is the older face of a recurring price: the same object, under the same
// id, with the names that it had before prices (§2.15).
type plan struct {
	head
	Active          bool              `json:"active"`
	Amount          *int64            `json:"amount"` // minor units
	AmountDecimal   *decimal          `json:"amount_decimal"`
	BillingScheme   string            `json:"billing_scheme"`
	Created         int64             `json:"created"`
	Currency        string            `json:"currency"`
	Interval        string            `json:"interval"`
	IntervalCount   int64             `json:"interval_count"`
	Livemode        bool              `json:"livemode"`
	Metadata        map[string]string `json:"metadata"`
	Meter           *string           `json:"meter"`
	Nickname        *string           `json:"nickname"`
	Product         string            `json:"product" expand:"product"`
	TiersMode       *string           `json:"tiers_mode"`
	TransformUsage  *transform        `json:"transform_usage"`
	TrialPeriodDays *int64            `json:"trial_period_days"`
	UsageType       string            `json:"usage_type"`
}

func (p *plan) createdAt() int64 { return p.Created }

// plan shows a recurring price as a plan.
func (p *price) plan() *plan {
	r := p.Recurring
	return &plan{
		head: head{p.ID, plans.name}, Active: p.Active, Amount: p.UnitAmount, AmountDecimal: p.UnitAmountDecimal, BillingScheme: p.BillingScheme,
		Created: p.Created, Currency: p.Currency, Interval: r.Interval, IntervalCount: r.IntervalCount, Metadata: p.Metadata, Meter: r.Meter,
		Nickname: p.Nickname, Product: p.Product, TiersMode: p.TiersMode, TransformUsage: p.TransformQuantity,
		TrialPeriodDays: r.TrialPeriodDays, UsageType: r.UsageType,
	}
}

// plans has no objects of its own: it is read and written through prices.
var plans = declare[plan](kind{name: "plan", prefix: "plan_", length: 14, param: "plan"})

func planResource() *resource {
	id := &plans.kind
	return &resource{kind: id, routes: []route{
		{method: http.MethodPost, path: "/v1/plans", title: "Create a plan: a recurring price by its older name", returns: id,
			params: []param{text("id"), boolean("active"), integer("amount"), text("amount_decimal"), text("currency").must(),
				enum("interval", "day", "month", "week", "year").must(), integer("interval_count"), metadata(), text("meter"), text("nickname"),
				hash("product", text("name").must(), text("id"), boolean("active"), metadata(), text("statement_descriptor"), text("unit_label")).orName(),
				integer("trial_period_days"), enum("usage_type", "licensed", "metered")}, do: createPlan},
		{method: http.MethodGet, path: "/v1/plans", title: "List plans", returns: id, list: true,
			params: paged(boolean("active"), text("product")), do: listPlans},
		{method: http.MethodGet, path: "/v1/plans/{id}", title: "Retrieve a plan", returns: id, do: retrievePlan},
		{method: http.MethodPost, path: "/v1/plans/{id}", title: "Update a plan", returns: id,
			params: []param{boolean("active"), metadata(), text("nickname"), integer("trial_period_days")}, do: updatePlan},
		{method: http.MethodDelete, path: "/v1/plans/{id}", title: "Delete a plan; subscriptions to it go on", do: deletePlan},
	}}
}

// planOf is the recurring price with this id, which may be gone.
func planOf(c *call) (*price, error) {
	if found, ok := prices.find(c.work, c.id); ok && found.Recurring != nil {
		return found, nil
	}
	return nil, noSuch(http.StatusNotFound, "plan", c.id, "plan")
}

func createPlan(c *call) (any, error) {
	if id := c.text("id"); id != "" && c.seek(&prices.kind, id) != nil {
		return nil, badState("resource_already_exists", "Plan already exists.").withParam("id")
	}
	of, err := planProduct(c)
	if err != nil {
		return nil, err
	}
	amount, err := c.amountOf("amount")
	if err != nil {
		return nil, err
	}
	if amount == nil {
		return nil, missingParam("amount")
	}
	currency, err := c.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	every, err := c.recurring(c.work)
	if err != nil {
		return nil, err
	}
	made := &price{head: head{ID: c.text("id")}, Active: !c.has("active") || c.yes("active"), BillingScheme: "per_unit", Created: c.wall,
		Currency: currency, Metadata: map[string]string{}, Nickname: textOrNil(c.text("nickname")), Product: of.ID, Recurring: every,
		TaxBehavior: "unspecified", Type: "recurring", UnitAmount: amount.whole64(), UnitAmountDecimal: amount}
	if made.ID == "" {
		made.ID = plans.prefix + c.sandbox.ids.text(plans.length)
	}
	prices.add(c.work, made)
	emit(c.work, "price.created", made)
	emit(c.work, "plan.created", made.plan())
	return made.plan(), c.setMetadata(&made.Metadata)
}

// planProduct is the product that a plan names, or makes by name.
func planProduct(c *call) (*product, error) {
	switch sent := c.hash("product"); {
	case sent.values == nil:
		return nil, missingParam("product")
	case sent.isHash():
		made := newProduct(c.work, sent.text("id"), sent.text("name"))
		emit(c.work, "product.created", made)
		return made, nil
	}
	return products.fromParam(c, "product")
}

func retrievePlan(c *call) (any, error) {
	found, err := planOf(c)
	if err != nil {
		if rec := c.seek(&prices.kind, c.id); rec != nil && rec.state == deleted {
			return &deletedObject{head{c.id, plans.name}, true}, nil
		}
		return nil, err
	}
	return found.plan(), nil
}

func updatePlan(c *call) (any, error) {
	old, err := planOf(c)
	if err != nil {
		return nil, err
	}
	next := prices.edit(c.work, c.id)
	if n, ok := c.integer("trial_period_days"); ok {
		every := *next.Recurring
		every.TrialPeriodDays = &n
		next.Recurring = &every
	}
	if err := next.set(c.work, c.params); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "price.updated", next)
	emitChange(c.work, "plan.updated", old.plan(), next.plan())
	return next.plan(), nil
}

func deletePlan(c *call) (any, error) {
	old, err := planOf(c)
	if err != nil {
		return nil, err
	}
	emit(c.work, "plan.deleted", old.plan())
	emit(c.work, "price.deleted", old)
	prices.remove(c.work, c.id, deleted)
	return &deletedObject{head{c.id, plans.name}, true}, nil
}

// listPlans is the list of recurring prices, each shown as a plan.
func listPlans(c *call) (any, error) {
	out, err := c.pageOf(query{kind: &prices.kind, key: c.filtered("product"), keep: func(o object) bool {
		p := o.(*price)
		return p.Recurring != nil && c.agrees("active", p.Active)
	}})
	if err != nil {
		return nil, err
	}
	for at, o := range out.objects {
		out.objects[at] = o.(*record).object().(*price).plan()
	}
	return out, nil
}
