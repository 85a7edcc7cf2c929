package store

import (
	"time"

	"florin/internal/pay"
)

var differences = define(table[pay.Difference]{
	name:    "differences",
	what:    "difference",
	fixed:   "merchant mode id connection account_ref cause source payment currency created_at",
	mutable: "ours theirs note seen_at resolved_at",
	fields: func(d *pay.Difference) []any {
		return []any{
			&d.Owner.Merchant, &d.Owner.Mode, &d.ID, &d.Connection, &d.AccountRef, &d.Cause, &d.Source, opt(&d.Payment),
			&d.Ours.Currency, moment{&d.CreatedAt}, &d.Ours.Minor, &d.Theirs.Minor, &d.Note, moment{&d.SeenAt}, moment{&d.ResolvedAt},
		}
	},
	loaded: func(d *pay.Difference) { d.Theirs.Currency = d.Ours.Currency },
})

// KeepDifference takes note of a difference; fresh says that it was not open
// before.
func (tx *Tx) KeepDifference(d pay.Difference) (fresh bool, err error) {
	n, err := tx.exec(differences.inserts+giveWay, differences.fields(&d)...)
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = tx.exec(`UPDATE differences SET ours = $7, theirs = $8, note = $9, seen_at = $10 WHERE merchant = $1 AND mode = $2
		AND account_ref = $3 AND source = $4 AND cause = $5 AND currency = $6 AND resolved_at = 0`,
		d.Owner.Merchant, d.Owner.Mode, d.AccountRef, d.Source, d.Cause, d.Ours.Currency, d.Ours.Minor, d.Theirs.Minor, d.Note, micros(d.SeenAt))
	return false, err
}

// maxDifferences bounds the open differences that are read at once.
const maxDifferences = 10_000

// OpenDifferences reads what differs and did so last time, oldest first.
func (tx *Tx) OpenDifferences(o pay.Owner) ([]pay.Difference, error) {
	return differences.all(tx, "WHERE merchant = $1 AND mode = $2 AND resolved_at = 0 ORDER BY created_at, id LIMIT $3", o.Merchant, o.Mode, maxDifferences)
}

// ResolveDifference takes note that a difference is no more.
func (tx *Tx) ResolveDifference(o pay.Owner, id pay.ID, at time.Time) error {
	_, err := tx.exec("UPDATE differences SET resolved_at = $4 WHERE merchant = $1 AND mode = $2 AND id = $3 AND resolved_at = 0",
		o.Merchant, o.Mode, id, micros(at))
	return err
}

// PaymentsMoved is up to limit payments of which either book says that money
// moved in a span of time, in the order of their ids, after the given one.
func (tx *Tx) PaymentsMoved(o pay.Owner, from, to time.Time, after pay.ID, limit int) ([]pay.ID, error) {
	var ids []pay.ID
	err := tx.each(func(line scanner) error {
		var id pay.ID
		err := line.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT payment FROM (
		SELECT payment FROM balance_transactions WHERE merchant = $1 AND mode = $2 AND created_at >= $3 AND created_at < $4
		UNION SELECT payment FROM ledger_transactions WHERE merchant = $1 AND mode = $2 AND at >= $3 AND at < $4
		) moved WHERE payment > $5 ORDER BY payment LIMIT $6`,
		o.Merchant, o.Mode, micros(from), micros(to), after, limit)
	return ids, err
}

// LooseBalance reads up to limit balance transactions of a span of time that
// belong to no payment, in the order of their ids, after the given one.
func (tx *Tx) LooseBalance(o pay.Owner, from, to time.Time, after pay.ID, limit int) ([]pay.BalanceTransaction, error) {
	return balanceTransactions.all(tx, `WHERE merchant = $1 AND mode = $2 AND payment IS NULL AND created_at >= $3 AND created_at < $4
		AND id > $5 ORDER BY id LIMIT $6`, o.Merchant, o.Mode, micros(from), micros(to), after, limit)
}

// IsBooked reports whether something was booked for what caused a balance
// transaction, or for what that came of, in the currency that it is in.
func (tx *Tx) IsBooked(b pay.BalanceTransaction) (bool, error) {
	for _, ref := range []string{b.Source, b.Origin} {
		if ref == "" {
			continue
		}
		for _, noun := range bookedNouns {
			booked := false
			_, err := tx.row("SELECT TRUE FROM "+noun+` n JOIN ledger_transactions t ON t.merchant = n.merchant AND t.mode = n.mode AND t.source = n.id
				WHERE n.merchant = $1 AND n.mode = $2 AND n.provider_ref = $3 LIMIT 1`, []any{b.Owner.Merchant, b.Owner.Mode, ref}, &booked)
			if err != nil || booked {
				return booked, err
			}
		}
	}
	return false, nil
}

// bookedNouns are the tables of nouns that cause bookings without a payment,
// and whose provider_ref is what Stripe calls them.
var bookedNouns = []string{"refunds", "transfers"}
