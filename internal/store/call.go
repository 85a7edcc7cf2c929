package store

import (
	"slices"
	"time"

	"florin/internal/pay"
)

var calls = define(table[pay.Call]{
	name: "calls",
	what: "call",
	fixed: "merchant mode id action connection payment subject wire_method wire_path wire_body wire_version " +
		"wire_account provider_key request_key first_sent_at created_at",
	mutable: "state attempts due_at fence outcome request_ref note answered_at",
	fields: func(c *pay.Call) []any {
		return []any{
			&c.Owner.Merchant, &c.Owner.Mode, &c.ID, &c.Action, &c.Connection, opt(&c.Payment), &c.Subject,
			&c.Wire.Method, &c.Wire.Path, &c.Wire.Body, &c.Wire.APIVersion,
			&c.Wire.Account, &c.ProviderKey, &c.RequestKey, moment{&c.FirstSentAt}, moment{&c.CreatedAt},
			&c.State, &c.Attempts, moment{&c.DueAt}, &c.Fence, &c.Outcome, &c.RequestRef, &c.Note, moment{&c.AnsweredAt},
		}
	},
})

// InsertCall keeps what will be asked of Stripe, before it is.
//
// Errors: already_exists, when an open call has the same subject and action.
func (tx *Tx) InsertCall(c pay.Call) error { return calls.insertLater(tx, c) }

// Call reads a call.
//
// Errors: not_found.
func (tx *Tx) Call(o pay.Owner, id pay.ID) (pay.Call, error) { return calls.get(tx, o, id) }

// CallsOf reads every call of a payment, oldest first: few, since each is a
// deed of the payment's life.
func (tx *Tx) CallsOf(o pay.Owner, payment pay.ID) ([]pay.Call, error) {
	return calls.all(tx, "WHERE merchant = $1 AND mode = $2 AND payment = $3 ORDER BY created_at, id", o.Merchant, o.Mode, payment)
}

// OpenCall reads a call of the payment whose outcome is not known, if there is
// one, the oldest.
func (tx *Tx) OpenCall(o pay.Owner, payment pay.ID) (pay.Call, bool, error) {
	return calls.first(tx, "WHERE merchant = $1 AND mode = $2 AND payment = $3 AND state = 'open' ORDER BY created_at, id LIMIT 1",
		o.Merchant, o.Mode, payment)
}

// OpenCallOf reads the same of one payment, refund, card or customer.
func (tx *Tx) OpenCallOf(o pay.Owner, subject pay.ID) (pay.Call, bool, error) {
	return calls.first(tx, "WHERE merchant = $1 AND mode = $2 AND subject = $3 AND state = 'open' ORDER BY created_at, id LIMIT 1",
		o.Merchant, o.Mode, subject)
}

// LeaseCalls takes up to limit open calls of every owner whose lease is over,
// those that waited longest first, and makes the caller their holder until the
// given time: due then, fence and attempts one higher. No call goes to two.
func (tx *Tx) LeaseCalls(now, until time.Time, limit int) ([]pay.Call, error) {
	leased, err := calls.read(tx, `WITH due AS MATERIALIZED (
		SELECT merchant AS due_merchant, mode AS due_mode, id AS due_id FROM calls
		WHERE state = 'open' AND due_at <= $1 ORDER BY due_at LIMIT $2`+tx.store.dialect.skipLocked+`)
		UPDATE calls SET due_at = $3, fence = fence + 1, attempts = attempts + 1 FROM due
		WHERE merchant = due_merchant AND mode = due_mode AND id = due_id RETURNING `+calls.columns,
		micros(now), limit, micros(until))
	slices.SortFunc(leased, func(a, b pay.Call) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return leased, err
}

// SettleCall keeps what came of a call: state, outcome, request, note and when
// it was answered.
//
// Errors: ErrFenced, by the commit, when it is settled or another holds it.
func (tx *Tx) SettleCall(c pay.Call) error {
	return tx.later(expectation{check: fenced}, statement{`UPDATE calls SET state = $5, outcome = $6, request_ref = $7, note = $8, answered_at = $9
		WHERE merchant = $1 AND mode = $2 AND id = $3 AND fence = $4 AND state = 'open'`,
		[]any{c.Owner.Merchant, c.Owner.Mode, c.ID, c.Fence, c.State, c.Outcome, c.RequestRef, c.Note, micros(c.AnsweredAt)}})
}

// DeferCall leaves a call open until its new due time, with a note.
//
// Errors: ErrFenced, as for SettleCall.
func (tx *Tx) DeferCall(c pay.Call) error {
	return tx.later(expectation{check: fenced}, statement{`UPDATE calls SET due_at = $5, note = $6
		WHERE merchant = $1 AND mode = $2 AND id = $3 AND fence = $4 AND state = 'open'`,
		[]any{c.Owner.Merchant, c.Owner.Mode, c.ID, c.Fence, micros(c.DueAt), c.Note}})
}

func fenced(changed int64) error {
	if changed == 0 {
		return ErrFenced
	}
	return nil
}

// ReleaseCalls ends every lease, and says how many there were: right only
// where one process owns the data, and before it sends anything.
func (tx *Tx) ReleaseCalls(now time.Time) (int, error) {
	n, err := tx.exec("UPDATE calls SET due_at = $1 WHERE state = 'open' AND due_at > $1", micros(now))
	return int(n), err
}
