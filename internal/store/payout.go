package store

import (
	"time"

	"florin/internal/pay"
)

var payouts = define(table[pay.Payout]{
	name: "payouts",
	what: "payout",
	fixed: "merchant mode id connection account account_ref source amount currency retry_of description metadata is_external " +
		"idempotency_key created_at",
	mutable: "status provider_ref arrives_at failure_code failure_message decline_code sequence updated_at look_at",
	fields: func(p *pay.Payout) []any {
		return []any{
			&p.Owner.Merchant, &p.Owner.Mode, &p.ID, &p.Connection, &p.Account, &p.AccountRef, &p.From, &p.Amount.Minor, &p.Amount.Currency,
			opt(&p.RetryOf), &p.Description, dict{&p.Metadata}, &p.External, opt(&p.IdempotencyKey), moment{&p.CreatedAt},
			&p.Status, opt(&p.ProviderRef), moment{&p.ArrivesAt}, &p.Failure.Code, &p.Failure.Message, &p.Failure.DeclineCode, &p.Sequence, moment{&p.UpdatedAt}, moment{&p.LookAt},
		}
	},
})

var payoutsNewest = order[pay.Payout]{
	name: "payouts", columns: []string{"created_at"}, descending: true,
	key: func(p pay.Payout) []int64 { return []int64{micros(p.CreatedAt)} },
	id:  func(p pay.Payout) string { return string(p.ID) },
}

// InsertPayout adds a payout.
//
// Errors: already_exists, when the id or Stripe's reference is taken.
func (tx *Tx) InsertPayout(p pay.Payout) error { return payouts.insert(tx, p) }

// Payout reads a payout.
//
// Errors: not_found.
func (tx *Tx) Payout(o pay.Owner, id pay.ID) (pay.Payout, error) { return payouts.get(tx, o, id) }

// LockPayout reads a payout and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockPayout(o pay.Owner, id pay.ID) (pay.Payout, error) { return payouts.lock(tx, o, id) }

// PayoutByRef reads the payout that Stripe calls ref (po_…).
//
// Errors: not_found.
func (tx *Tx) PayoutByRef(o pay.Owner, ref string) (pay.Payout, error) {
	return payouts.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdatePayout writes all that may change of a payout.
//
// Errors: not_found; already_exists, when another has the reference.
func (tx *Tx) UpdatePayout(p pay.Payout) error { return payouts.update(tx, p, p.ID) }

// Payouts lists the payouts that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Payouts(o pay.Owner, f pay.PayoutFilter, page pay.Page) (pay.List[pay.Payout], error) {
	c := owned(o)
	if f.Account != "" {
		c.and("account =", f.Account)
	}
	if !f.Since.IsZero() {
		c.and("created_at >=", micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("created_at <", micros(f.Until))
	}
	return listAny(tx, payouts, oneOf(c, "status =", f.Statuses), payoutsNewest, page)
}

// DuePayouts reads up to limit payouts of every owner that Stripe should be
// asked about by now, those that waited longest first.
func (tx *Tx) DuePayouts(now time.Time, limit int) ([]pay.Payout, error) {
	return payouts.all(tx, "WHERE look_at > 0 AND look_at <= $1 ORDER BY look_at, id LIMIT $2", micros(now), limit)
}
