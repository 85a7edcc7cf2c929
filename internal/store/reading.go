package store

import (
	"slices"
	"time"

	"florin/internal/pay"
)

var readings = define(table[pay.Reading]{
	name:  "readings",
	what:  "reading",
	fixed: "merchant mode id connection account_ref list created_at",
	mutable: "from_at settled_at deep_at is_open lower_at upper_at cursor_ref found due_at lease_until fence failures reason " +
		"updated_at",
	fields: func(r *pay.Reading) []any {
		return []any{
			&r.Owner.Merchant, &r.Owner.Mode, &r.ID, &r.Connection, &r.AccountRef, &r.List, moment{&r.CreatedAt},
			moment{&r.From}, moment{&r.Settled}, moment{&r.DeepAt}, &r.Open, moment{&r.Lower}, moment{&r.Upper}, &r.Cursor, &r.Found,
			moment{&r.DueAt}, moment{&r.LeaseUntil}, &r.Fence, &r.Failures, &r.Reason, moment{&r.UpdatedAt},
		}
	},
})

// EnsureReading adds a reading unless the list has one, and reads the one that
// there is.
func (tx *Tx) EnsureReading(r pay.Reading) (pay.Reading, error) {
	if _, err := tx.exec(readings.inserts+giveWay, readings.fields(&r)...); err != nil {
		return r, err
	}
	return readings.must(tx, r.List, "WHERE merchant = $1 AND mode = $2 AND connection = $3 AND account_ref = $4 AND list = $5",
		r.Owner.Merchant, r.Owner.Mode, r.Connection, r.AccountRef, r.List)
}

// Reading reads a reading.
//
// Errors: not_found.
func (tx *Tx) Reading(o pay.Owner, id pay.ID) (pay.Reading, error) { return readings.get(tx, o, id) }

// maxReadings bounds the readings of one owner: ten thousand partners.
const maxReadings = 10_000

// Readings reads an owner's readings of a list, the merchant's own first.
func (tx *Tx) Readings(o pay.Owner, list string) ([]pay.Reading, error) {
	return readings.all(tx, "WHERE merchant = $1 AND mode = $2 AND list = $3 ORDER BY account_ref, connection LIMIT $4",
		o.Merchant, o.Mode, list, maxReadings)
}

// UnreadConnections are connections of every owner that payments are made
// through, or were, and of whose list there is no reading.
func (tx *Tx) UnreadConnections(list string, limit int) ([]pay.Connection, error) {
	return connections.all(tx, `WHERE kind IN ('sandbox', 'stripe') AND (is_default OR owner_key = '') AND NOT EXISTS (
		SELECT 1 FROM readings r WHERE r.merchant = connections.merchant AND r.mode = connections.mode
			AND r.connection = connections.id AND r.account_ref = '' AND r.list = $1) ORDER BY created_at, id LIMIT $2`, list, limit)
}

// UnreadAccounts are partners' accounts of every owner that Stripe knows and of
// whose list there is no reading.
func (tx *Tx) UnreadAccounts(list string, limit int) ([]pay.Account, error) {
	return accounts.all(tx, `WHERE provider_ref IS NOT NULL AND status NOT IN ('failed', 'removed') AND NOT EXISTS (
		SELECT 1 FROM readings r WHERE r.merchant = accounts.merchant AND r.mode = accounts.mode
			AND r.connection = accounts.connection AND r.account_ref = accounts.provider_ref AND r.list = $1) ORDER BY created_at, id LIMIT $2`, list, limit)
}

// HastenReadings makes the readings of a balance due at a time that are not due
// before it.
func (tx *Tx) HastenReadings(o pay.Owner, accountRef string, at time.Time) error {
	_, err := tx.exec(`UPDATE readings SET due_at = $4 WHERE merchant = $1 AND mode = $2 AND account_ref = $3 AND list = $5
		AND due_at > $4 AND failures = 0`, o.Merchant, o.Mode, accountRef, micros(at), pay.ReadBalance)
	return err
}

// LeaseReadings takes up to limit readings of a list, of every owner, that are
// due and that nobody is at work on, those that waited longest first, and makes the caller
// their holder until the given time, with a fence of its own.
func (tx *Tx) LeaseReadings(list string, now, until time.Time, limit int) ([]pay.Reading, error) {
	leased, err := readings.read(tx, `WITH due AS MATERIALIZED (
		SELECT merchant AS due_merchant, mode AS due_mode, id AS due_id FROM readings
		WHERE due_at > 0 AND due_at <= $1 AND lease_until <= $1 AND list = $4 ORDER BY due_at LIMIT $2`+tx.store.dialect.skipLocked+`)
		UPDATE readings SET lease_until = $3, fence = fence + 1 FROM due
		WHERE merchant = due_merchant AND mode = due_mode AND id = due_id RETURNING `+readings.columns,
		micros(now), limit, micros(until), list)
	slices.SortFunc(leased, func(a, b pay.Reading) int { return a.DueAt.Compare(b.DueAt) })
	return leased, err
}

// TakeReading makes the caller the holder of a reading, whether it is due or
// not, unless another holds it; false says that one does.
func (tx *Tx) TakeReading(o pay.Owner, id pay.ID, now, until time.Time) (pay.Reading, bool, error) {
	r, err := readings.lock(tx, o, id)
	if err != nil || r.LeaseUntil.After(now) {
		return r, false, err
	}
	r.Fence++
	r.LeaseUntil = until
	return r, true, readings.update(tx, r, r.ID)
}

// KeepReading writes how far a reading has come.
//
// Errors: ErrFenced, when another holds it.
func (tx *Tx) KeepReading(r pay.Reading) error {
	held, err := readings.lock(tx, r.Owner, r.ID)
	if err != nil {
		return err
	}
	if held.Fence != r.Fence {
		return ErrFenced
	}
	return readings.update(tx, r, r.ID)
}

// ReleaseReadings ends every lease: right only where one process owns the data.
func (tx *Tx) ReleaseReadings(now time.Time) (int, error) {
	n, err := tx.exec("UPDATE readings SET lease_until = 0 WHERE lease_until > $1", micros(now))
	return int(n), err
}

// ReadOwners is every owner that has a reading of a list, in the order of their
// keys.
func (tx *Tx) ReadOwners(list string) ([]pay.Owner, error) {
	var owners []pay.Owner
	err := tx.each(func(line scanner) error {
		var o pay.Owner
		err := line.Scan(&o.Merchant, &o.Mode)
		owners = append(owners, o)
		return err
	}, "SELECT DISTINCT merchant, mode FROM readings WHERE list = $1 ORDER BY merchant, mode", list)
	return owners, err
}
