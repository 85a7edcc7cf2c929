package store

import (
	"cmp"
	"maps"
	"slices"

	"florin/internal/pay"
)

// sealBatch is how many transactions a block has at most: few enough that
// reading them takes a fraction of a second.
const sealBatch = 1000

var ledgerBlocks = define(table[pay.LedgerBlock]{
	name:  "ledger_blocks",
	what:  "ledger block",
	fixed: "merchant mode number last transactions hash at",
	fields: func(b *pay.LedgerBlock) []any {
		return []any{&b.Owner.Merchant, &b.Owner.Mode, &b.Number, &b.Last, &b.Transactions, blob{&b.Hash}, moment{&b.At}}
	},
})

// LedgerSettled reports whether no transaction is in flight that could still
// commit a booking whose id is minutes old. It is asked before what it is asked
// for.
func (tx *Tx) LedgerSettled() (settled bool, err error) {
	_, err = tx.row("SELECT "+tx.store.dialect.ledgerSettled, nil, &settled)
	return settled, err
}

// UnsealedOwners finds up to limit owners with transactions whose ids come
// before one, and that are in no block yet.
func (tx *Tx) UnsealedOwners(before pay.ID, limit int) ([]pay.Owner, error) {
	var owners []pay.Owner
	err := tx.each(func(row scanner) error {
		var o pay.Owner
		if err := row.Scan(&o.Merchant, &o.Mode); err != nil {
			return err
		}
		owners = append(owners, o)
		return nil
	}, `SELECT m.id, x.mode FROM merchants m CROSS JOIN (SELECT 'test' AS mode UNION ALL SELECT 'live') AS x
		WHERE EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.merchant = m.id AND t.mode = x.mode AND t.id < $1 AND t.id > COALESCE(
			(SELECT last FROM ledger_blocks b WHERE b.merchant = m.id AND b.mode = x.mode ORDER BY number DESC LIMIT 1), '')) LIMIT $2`, before, limit)
	return owners, err
}

// SealLedger seals the owner's oldest transactions that are in no block and
// whose ids come before one, up to a thousand of them, and brings the totals up
// to date. It says how many it sealed.
//
// Errors: already_exists when another was faster: nothing was done.
func (tx *Tx) SealLedger(o pay.Owner, before pay.ID) (int, error) {
	last, _, err := ledgerBlocks.first(tx, "WHERE merchant = $1 AND mode = $2 ORDER BY number DESC LIMIT 1", o.Merchant, o.Mode)
	if err != nil {
		return 0, err
	}
	booked, err := tx.bookingsAfter(o, last.Last, before, sealBatch)
	if err != nil || len(booked) == 0 {
		return 0, err
	}
	block := pay.LedgerBlock{
		Owner: o, Number: last.Number + 1, Last: booked[len(booked)-1].ID, Transactions: len(booked),
		Hash: pay.ChainHash(last.Hash, booked), At: tx.Now(),
	}
	if err := ledgerBlocks.insert(tx, block); err != nil {
		return 0, err
	}
	return len(booked), tx.addTotals(booked)
}

// bookingsAfter reads up to limit of the owner's transactions in the order of
// their ids: those after one and, when it is given, before another.
func (tx *Tx) bookingsAfter(o pay.Owner, after, before pay.ID, limit int) ([]pay.LedgerTransaction, error) {
	c := owned(o).and("id >", after)
	if before != "" {
		c.and("id <", before)
	}
	var last pay.ID
	found, err := tx.row("SELECT MAX(id) FROM (SELECT id FROM ledger_transactions WHERE "+c.sql.String()+" ORDER BY id LIMIT "+c.place(limit)+") AS oldest",
		c.args, opt(&last))
	if err != nil || !found || last == "" {
		return nil, err
	}
	return tx.bookings("WHERE t.merchant = $1 AND t.mode = $2 AND t.id > $3 AND t.id <= $4 ORDER BY t.id, e.number", o.Merchant, o.Mode, after, last)
}

// place is an account in one currency.
type place struct {
	account  pay.LedgerAccount
	currency pay.Currency
}

// addUp adds what bookings bring to each place.
func addUp(sums map[place]int64, booked []pay.LedgerTransaction) {
	for _, t := range booked {
		for _, e := range t.Entries {
			sums[place{e.Account, e.Amount.Currency}] += e.Amount.Minor
		}
	}
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.currency, b.currency))
}

// addTotals adds bookings, all of one owner, to its totals.
func (tx *Tx) addTotals(booked []pay.LedgerTransaction) error {
	sums := map[place]int64{}
	addUp(sums, booked)
	rows, o := rowsOf("ledger_totals", "merchant, mode, account, currency, amount"), booked[0].Owner
	for _, p := range slices.SortedFunc(maps.Keys(sums), comparePlaces) {
		rows.add(o.Merchant, o.Mode, p.account, p.currency, sums[p])
	}
	add := rows.statement()
	add.sql += " ON CONFLICT (merchant, mode, account, currency) DO UPDATE SET amount = ledger_totals.amount + excluded.amount"
	return tx.later(expectation{}, add)
}
