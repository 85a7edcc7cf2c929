package store

import (
	"time"

	"florin/internal/pay"
)

var refunds = define(table[pay.Refund]{
	name:    "refunds",
	what:    "refund",
	fixed:   "merchant mode id payment amount currency reason metadata is_external idempotency_key created_at",
	mutable: "status provider_ref failure_code failure_message decline_code sequence updated_at look_at",
	fields: func(r *pay.Refund) []any {
		return []any{
			&r.Owner.Merchant, &r.Owner.Mode, &r.ID, &r.Payment, &r.Amount.Minor, &r.Amount.Currency, &r.Reason,
			dict{&r.Metadata}, &r.External, opt(&r.IdempotencyKey), moment{&r.CreatedAt},
			&r.Status, opt(&r.ProviderRef), &r.Failure.Code, &r.Failure.Message, &r.Failure.DeclineCode,
			&r.Sequence, moment{&r.UpdatedAt}, moment{&r.LookAt},
		}
	},
})

var refundsNewest = order[pay.Refund]{
	name: "refunds", columns: []string{"created_at"}, descending: true,
	key: func(r pay.Refund) []int64 { return []int64{micros(r.CreatedAt)} },
	id:  func(r pay.Refund) string { return string(r.ID) },
}

// InsertRefund adds a refund.
//
// Errors: already_exists, when the id or the provider's reference is taken.
func (tx *Tx) InsertRefund(r pay.Refund) error { return refunds.insertLater(tx, r) }

// Refund reads a refund.
//
// Errors: not_found.
func (tx *Tx) Refund(o pay.Owner, id pay.ID) (pay.Refund, error) { return refunds.get(tx, o, id) }

// LockRefund reads a refund and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockRefund(o pay.Owner, id pay.ID) (pay.Refund, error) { return refunds.lock(tx, o, id) }

// RefundByRef reads the refund that Stripe calls ref.
//
// Errors: not_found.
func (tx *Tx) RefundByRef(o pay.Owner, ref string) (pay.Refund, error) {
	return refunds.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdateRefund writes all that may change of a refund.
//
// Errors: not_found; already_exists, when another refund has the reference.
func (tx *Tx) UpdateRefund(r pay.Refund) error { return refunds.update(tx, r, r.ID) }

// Refunds lists the refunds that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Refunds(o pay.Owner, f pay.RefundFilter, page pay.Page) (pay.List[pay.Refund], error) {
	c := owned(o)
	if f.Payment != "" {
		c.and("payment =", f.Payment)
	}
	if !f.Since.IsZero() {
		c.and("created_at >=", micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("created_at <", micros(f.Until))
	}
	return listAny(tx, refunds, oneOf(c, "status =", f.Statuses), refundsNewest, page)
}

// RefundsOf reads every refund of a payment, oldest first.
func (tx *Tx) RefundsOf(o pay.Owner, payment pay.ID) ([]pay.Refund, error) {
	return refunds.all(tx, "WHERE merchant = $1 AND mode = $2 AND payment = $3 ORDER BY created_at, id", o.Merchant, o.Mode, payment)
}

// RefundTotals is what refunds of a payment have given back, and what is still
// on its way, in minor units of the payment's currency.
func (tx *Tx) RefundTotals(o pay.Owner, payment pay.ID) (completed, pending int64, err error) {
	_, err = tx.row(`SELECT CAST(COALESCE(SUM(CASE WHEN status = 'completed' THEN amount ELSE 0 END), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN status = 'pending' THEN amount ELSE 0 END), 0) AS BIGINT)
		FROM refunds WHERE merchant = $1 AND mode = $2 AND payment = $3`, []any{o.Merchant, o.Mode, payment}, &completed, &pending)
	return completed, pending, err
}

// DueRefunds reads up to limit refunds of every owner that Stripe should be
// asked about by now, those that waited longest first.
func (tx *Tx) DueRefunds(now time.Time, limit int) ([]pay.Refund, error) {
	return refunds.all(tx, "WHERE look_at > 0 AND look_at <= $1 ORDER BY look_at, id LIMIT $2", micros(now), limit)
}
