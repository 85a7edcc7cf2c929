package store

import "florin/internal/pay"

var plans = define(table[pay.Plan]{
	name: "plans",
	what: "plan",
	fixed: "merchant mode id connection amount currency interval_unit interval_count trial_days account platform_percent " +
		"metadata idempotency_key created_at",
	mutable: "name status provider_ref product_ref failure_code failure_message sequence updated_at",
	fields: func(p *pay.Plan) []any {
		return []any{
			&p.Owner.Merchant, &p.Owner.Mode, &p.ID, &p.Connection, &p.Amount.Minor, &p.Amount.Currency, &p.Interval, &p.IntervalCount,
			&p.TrialDays, opt(&p.Account), &p.PlatformPercent, dict{&p.Metadata}, opt(&p.IdempotencyKey), moment{&p.CreatedAt},
			&p.Name, &p.Status, opt(&p.ProviderRef), &p.ProductRef, &p.Failure.Code, &p.Failure.Message, &p.Sequence, moment{&p.UpdatedAt},
		}
	},
})

var plansNewest = order[pay.Plan]{
	name: "plans", columns: []string{"created_at"}, descending: true,
	key: func(p pay.Plan) []int64 { return []int64{micros(p.CreatedAt)} },
	id:  func(p pay.Plan) string { return string(p.ID) },
}

// InsertPlan adds a plan.
//
// Errors: already_exists.
func (tx *Tx) InsertPlan(p pay.Plan) error { return plans.insert(tx, p) }

// Plan reads a plan.
//
// Errors: not_found.
func (tx *Tx) Plan(o pay.Owner, id pay.ID) (pay.Plan, error) { return plans.get(tx, o, id) }

// LockPlan reads a plan and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockPlan(o pay.Owner, id pay.ID) (pay.Plan, error) { return plans.lock(tx, o, id) }

// PlanByRef reads the plan whose price Stripe calls ref (price_…).
//
// Errors: not_found.
func (tx *Tx) PlanByRef(o pay.Owner, ref string) (pay.Plan, error) {
	return plans.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdatePlan writes all that may change of a plan.
//
// Errors: not_found; already_exists, when another has the reference.
func (tx *Tx) UpdatePlan(p pay.Plan) error { return plans.update(tx, p, p.ID) }

// Plans lists the plans that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Plans(o pay.Owner, f pay.PlanFilter, page pay.Page) (pay.List[pay.Plan], error) {
	c := owned(o)
	if f.Account != "" {
		c.and("account =", f.Account)
	}
	return listAny(tx, plans, oneOf(c, "status =", f.Statuses), plansNewest, page)
}
