package store

import "florin/internal/pay"

var transfers = define(table[pay.Transfer]{
	name: "transfers",
	what: "transfer",
	fixed: "merchant mode id connection account account_ref payment payout funding amount currency description metadata is_external " +
		"idempotency_key created_at",
	mutable: "status reversed provider_ref failure_code failure_message sequence updated_at",
	fields: func(t *pay.Transfer) []any {
		return []any{
			&t.Owner.Merchant, &t.Owner.Mode, &t.ID, &t.Connection, &t.Account, &t.AccountRef, opt(&t.Payment), opt(&t.Payout), &t.Funding,
			&t.Amount.Minor, &t.Amount.Currency, &t.Description, dict{&t.Metadata}, &t.External, opt(&t.IdempotencyKey), moment{&t.CreatedAt},
			&t.Status, &t.Reversed.Minor, opt(&t.ProviderRef), &t.Failure.Code, &t.Failure.Message, &t.Sequence, moment{&t.UpdatedAt},
		}
	},
	loaded: func(t *pay.Transfer) { t.Reversed.Currency = t.Amount.Currency },
})

var transfersNewest = order[pay.Transfer]{
	name: "transfers", columns: []string{"created_at"}, descending: true,
	key: func(t pay.Transfer) []int64 { return []int64{micros(t.CreatedAt)} },
	id:  func(t pay.Transfer) string { return string(t.ID) },
}

// InsertTransfer adds a transfer.
//
// Errors: already_exists, when the id or Stripe's reference is taken.
func (tx *Tx) InsertTransfer(t pay.Transfer) error { return transfers.insert(tx, t) }

// Transfer reads a transfer.
//
// Errors: not_found.
func (tx *Tx) Transfer(o pay.Owner, id pay.ID) (pay.Transfer, error) { return transfers.get(tx, o, id) }

// LockTransfer reads a transfer and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockTransfer(o pay.Owner, id pay.ID) (pay.Transfer, error) {
	return transfers.lock(tx, o, id)
}

// TransferByRef reads the transfer that Stripe calls ref (tr_…).
//
// Errors: not_found.
func (tx *Tx) TransferByRef(o pay.Owner, ref string) (pay.Transfer, error) {
	return transfers.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdateTransfer writes all that may change of a transfer.
//
// Errors: not_found; already_exists, when another has the reference.
func (tx *Tx) UpdateTransfer(t pay.Transfer) error { return transfers.update(tx, t, t.ID) }

// Transfers lists the transfers that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Transfers(o pay.Owner, f pay.TransferFilter, page pay.Page) (pay.List[pay.Transfer], error) {
	c := owned(o)
	for _, one := range []struct {
		column string
		id     pay.ID
	}{{"account =", f.Account}, {"payment =", f.Payment}, {"payout =", f.Payout}} {
		if one.id != "" {
			c.and(one.column, one.id)
		}
	}
	if !f.Since.IsZero() {
		c.and("created_at >=", micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("created_at <", micros(f.Until))
	}
	return listAny(tx, transfers, oneOf(c, "status =", f.Statuses), transfersNewest, page)
}

// TransfersOf reads every transfer of a payment's money, oldest first.
func (tx *Tx) TransfersOf(o pay.Owner, payment pay.ID) ([]pay.Transfer, error) {
	return transfers.all(tx, "WHERE merchant = $1 AND mode = $2 AND payment = $3 ORDER BY created_at, id", o.Merchant, o.Mode, payment)
}
