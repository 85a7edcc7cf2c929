package store

import (
	"time"

	"florin/internal/pay"
)

var subscriptions = define(table[pay.Subscription]{
	name:  "subscriptions",
	what:  "subscription",
	fixed: "merchant mode id connection customer metadata idempotency_key created_at",
	mutable: "account platform_percent plan card status item_ref period_start period_end trial_end cancel_at_period_end cancel_at canceled_at " +
		"ended_at pause resumes_at clock_ref provider_ref failure_code failure_message decline_code sequence updated_at look_at",
	fields: func(s *pay.Subscription) []any {
		return []any{
			&s.Owner.Merchant, &s.Owner.Mode, &s.ID, &s.Connection, &s.Customer, dict{&s.Metadata}, opt(&s.IdempotencyKey), moment{&s.CreatedAt},
			opt(&s.Account), &s.PlatformPercent, &s.Plan, opt(&s.Card), &s.Status, &s.ItemRef, moment{&s.PeriodStart}, moment{&s.PeriodEnd},
			moment{&s.TrialEnd}, &s.CancelAtPeriodEnd, moment{&s.CancelAt}, moment{&s.CanceledAt}, moment{&s.EndedAt},
			&s.Pause, moment{&s.ResumesAt}, &s.ClockRef, opt(&s.ProviderRef),
			&s.Failure.Code, &s.Failure.Message, &s.Failure.DeclineCode, &s.Sequence, moment{&s.UpdatedAt}, moment{&s.LookAt},
		}
	},
})

var subscriptionsNewest = order[pay.Subscription]{
	name: "subscriptions", columns: []string{"created_at"}, descending: true,
	key: func(s pay.Subscription) []int64 { return []int64{micros(s.CreatedAt)} },
	id:  func(s pay.Subscription) string { return string(s.ID) },
}

// InsertSubscription adds a subscription.
//
// Errors: already_exists.
func (tx *Tx) InsertSubscription(s pay.Subscription) error { return subscriptions.insert(tx, s) }

// Subscription reads a subscription.
//
// Errors: not_found.
func (tx *Tx) Subscription(o pay.Owner, id pay.ID) (pay.Subscription, error) {
	return subscriptions.get(tx, o, id)
}

// LockSubscription reads a subscription and keeps others from changing it
// until the commit.
//
// Errors: not_found.
func (tx *Tx) LockSubscription(o pay.Owner, id pay.ID) (pay.Subscription, error) {
	return subscriptions.lock(tx, o, id)
}

// SubscriptionByRef reads the subscription that Stripe calls ref (sub_…).
//
// Errors: not_found.
func (tx *Tx) SubscriptionByRef(o pay.Owner, ref string) (pay.Subscription, error) {
	return subscriptions.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdateSubscription writes all that may change of a subscription.
//
// Errors: not_found; already_exists, when another has the reference.
func (tx *Tx) UpdateSubscription(s pay.Subscription) error { return subscriptions.update(tx, s, s.ID) }

// Subscriptions lists the subscriptions that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Subscriptions(o pay.Owner, f pay.SubscriptionFilter, page pay.Page) (pay.List[pay.Subscription], error) {
	c := owned(o)
	if f.Customer != "" {
		c.and("customer =", f.Customer)
	}
	if f.Plan != "" {
		c.and("plan =", f.Plan)
	}
	if f.Account != "" {
		c.and("account =", f.Account)
	}
	return listAny(tx, subscriptions, oneOf(c, "status =", f.Statuses), subscriptionsNewest, page)
}

// DueSubscriptions reads up to limit subscriptions of every owner that Stripe
// should be asked about by now, those that waited longest first.
func (tx *Tx) DueSubscriptions(now time.Time, limit int) ([]pay.Subscription, error) {
	return subscriptions.all(tx, "WHERE look_at > 0 AND look_at <= $1 ORDER BY look_at, id LIMIT $2", micros(now), limit)
}
