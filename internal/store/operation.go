package store

import (
	"slices"
	"time"

	"florin/internal/pay"
)

var operationCalls = define(table[pay.OperationCall]{
	name:    "operation_calls",
	what:    "call",
	fixed:   "merchant mode id call operation connection connection_name fields amount currency wire provider_key created_at",
	mutable: "key approval state attempts first_sent_at lease_until retry_at fence outcome request_ref result note answered_at",
	fields: func(c *pay.OperationCall) []any {
		return []any{
			&c.Owner.Merchant, &c.Owner.Mode, &c.ID, &c.Call, &c.Operation, &c.Connection, &c.ConnectionName,
			dict{&c.Fields}, &c.Amount, &c.Currency, blob{&c.Wire}, &c.ProviderKey, moment{&c.CreatedAt},
			&c.Key, opt(&c.Approval), &c.State, &c.Attempts, moment{&c.FirstSentAt}, moment{&c.LeaseUntil}, moment{&c.RetryAt}, &c.Fence,
			&c.Outcome, &c.RequestRef, blob{&c.Result}, &c.Note, moment{&c.AnsweredAt},
		}
	},
})

// InsertOperationCall keeps what will be asked of Stripe, before it is. Of many
// at once one gets in: the others wait for its transaction.
//
// Errors: already_exists, when the owner has one with the same identity.
func (tx *Tx) InsertOperationCall(c pay.OperationCall) error { return operationCalls.insert(tx, c) }

// OperationCall reads a call.
//
// Errors: not_found.
func (tx *Tx) OperationCall(o pay.Owner, id pay.ID) (pay.OperationCall, error) {
	return operationCalls.get(tx, o, id)
}

// LockOperationCall reads the call that has an identity, if there is one, and
// keeps others from changing it until the commit.
func (tx *Tx) LockOperationCall(o pay.Owner, call string) (pay.OperationCall, bool, error) {
	if tx.reads {
		return pay.OperationCall{}, false, errReads
	}
	return operationCalls.first(tx, "WHERE merchant = $1 AND mode = $2 AND call = $3"+tx.store.dialect.forUpdate, o.Merchant, o.Mode, call)
}

// TakeOperationCall writes a new holder of a call: all that may change, fence
// included. The row is locked.
//
// Errors: not_found, by the commit.
func (tx *Tx) TakeOperationCall(c pay.OperationCall) error { return operationCalls.update(tx, c, c.ID) }

// SettleOperationCall keeps what came of a call.
//
// Errors: ErrFenced, by the commit, when it is settled or another holds it.
func (tx *Tx) SettleOperationCall(c pay.OperationCall) error {
	return tx.later(expectation{check: fenced}, statement{`UPDATE operation_calls SET state = $5, first_sent_at = $6, lease_until = $7, retry_at = $8,
		outcome = $9, request_ref = $10, result = $11, note = $12, answered_at = $13
		WHERE merchant = $1 AND mode = $2 AND id = $3 AND fence = $4 AND state = 'open'`,
		[]any{c.Owner.Merchant, c.Owner.Mode, c.ID, c.Fence, c.State, micros(c.FirstSentAt), micros(c.LeaseUntil), micros(c.RetryAt),
			c.Outcome, c.RequestRef, blob{&c.Result}, c.Note, micros(c.AnsweredAt)}})
}

// LeaseOperationCalls takes up to limit open calls of every owner that are due,
// those that waited longest first, and makes the caller their holder until the
// given time. No call goes to two.
func (tx *Tx) LeaseOperationCalls(now, until time.Time, limit int) ([]pay.OperationCall, error) {
	leased, err := operationCalls.read(tx, `WITH due AS MATERIALIZED (
		SELECT merchant AS due_merchant, mode AS due_mode, id AS due_id FROM operation_calls
		WHERE retry_at > 0 AND retry_at <= $1 AND state = 'open' ORDER BY retry_at LIMIT $2`+tx.store.dialect.skipLocked+`)
		UPDATE operation_calls SET lease_until = $3, retry_at = $3, fence = fence + 1, attempts = attempts + 1 FROM due
		WHERE merchant = due_merchant AND mode = due_mode AND id = due_id RETURNING `+operationCalls.columns,
		micros(now), limit, micros(until))
	slices.SortFunc(leased, func(a, b pay.OperationCall) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return leased, err
}

// ReleaseOperationCalls ends every lease: right only where one process owns the
// data, and before it sends anything.
func (tx *Tx) ReleaseOperationCalls(now time.Time) (int, error) {
	n, err := tx.exec("UPDATE operation_calls SET lease_until = 0, retry_at = $1 WHERE retry_at > 0 AND state = 'open' AND lease_until > $1", micros(now))
	return int(n), err
}

// OperationSpending adds up what a key's calls have moved in a currency since a
// time or may yet move, in minor units; a call whose currency is not known
// counts in every one. What counts is when a call is carried out, whenever it
// was asked for: what waits for a person, is under way or may be sent again
// counts now, and what is answered by its answer. What was refused or never
// sent does not count.
func (tx *Tx) OperationSpending(o pay.Owner, key string, c pay.Currency, since time.Time) (int64, error) {
	var sum int64
	_, err := tx.row(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM operation_calls
		WHERE merchant = $1 AND mode = $2 AND key = $3 AND amount > 0 AND currency IN ($5, '') AND state <> 'unsent' AND outcome <> 'refused'
			AND (answered_at >= $4 OR answered_at = 0 AND (state = 'pending_approval' OR retry_at > 0 OR first_sent_at >= $4))`,
		[]any{o.Merchant, o.Mode, key, micros(since), c}, &sum)
	return sum, err
}

// ReapOperationCalls forgets up to limit calls of every owner that were
// answered before a time. One whose outcome is not known is never forgotten.
func (tx *Tx) ReapOperationCalls(before time.Time, limit int) (int, error) {
	n, err := tx.exec(`DELETE FROM operation_calls WHERE (merchant, mode, id) IN (
		SELECT merchant, mode, id FROM operation_calls WHERE state = 'answered' AND answered_at < $1 ORDER BY answered_at LIMIT $2)`,
		micros(before), limit)
	return int(n), err
}
