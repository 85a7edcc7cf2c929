package store

import "florin/internal/pay"

var reversals = define(table[pay.Reversal]{
	name:    "transfer_reversals",
	what:    "reversal",
	fixed:   "merchant mode id transfer refund amount currency description metadata is_external idempotency_key created_at",
	mutable: "status provider_ref failure_code failure_message sequence updated_at",
	fields: func(r *pay.Reversal) []any {
		return []any{
			&r.Owner.Merchant, &r.Owner.Mode, &r.ID, &r.Transfer, opt(&r.Refund), &r.Amount.Minor, &r.Amount.Currency, &r.Description,
			dict{&r.Metadata}, &r.External, opt(&r.IdempotencyKey), moment{&r.CreatedAt},
			&r.Status, opt(&r.ProviderRef), &r.Failure.Code, &r.Failure.Message, &r.Sequence, moment{&r.UpdatedAt},
		}
	},
})

// InsertReversal adds a reversal of a transfer.
//
// Errors: already_exists, when the id or Stripe's reference is taken.
func (tx *Tx) InsertReversal(r pay.Reversal) error { return reversals.insert(tx, r) }

// Reversal reads a reversal.
//
// Errors: not_found.
func (tx *Tx) Reversal(o pay.Owner, id pay.ID) (pay.Reversal, error) { return reversals.get(tx, o, id) }

// LockReversal reads a reversal and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockReversal(o pay.Owner, id pay.ID) (pay.Reversal, error) {
	return reversals.lock(tx, o, id)
}

// ReversalByRef reads the reversal that Stripe calls ref (trr_…).
//
// Errors: not_found.
func (tx *Tx) ReversalByRef(o pay.Owner, ref string) (pay.Reversal, error) {
	return reversals.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdateReversal writes all that may change of a reversal.
//
// Errors: not_found; already_exists, when another has the reference.
func (tx *Tx) UpdateReversal(r pay.Reversal) error { return reversals.update(tx, r, r.ID) }

// ReversalsOf reads every reversal of a transfer, oldest first.
func (tx *Tx) ReversalsOf(o pay.Owner, transfer pay.ID) ([]pay.Reversal, error) {
	return reversals.all(tx, "WHERE merchant = $1 AND mode = $2 AND transfer = $3 ORDER BY created_at, id", o.Merchant, o.Mode, transfer)
}
