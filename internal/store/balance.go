package store

import (
	"cmp"
	"maps"
	"slices"

	"florin/internal/pay"
)

// balanceKey names the row of a guarded account in one currency.
type balanceKey struct {
	owner    pay.Owner
	account  pay.LedgerAccount
	currency pay.Currency
}

// args are the row's key, as the first placeholders of a statement.
func (k balanceKey) args() []any {
	return []any{k.owner.Merchant, k.owner.Mode, k.account, k.currency}
}

func compareBalances(a, b balanceKey) int {
	return cmp.Or(
		cmp.Compare(a.owner.Merchant, b.owner.Merchant), cmp.Compare(a.owner.Mode, b.owner.Mode),
		cmp.Compare(a.account, b.account), cmp.Compare(a.currency, b.currency),
	)
}

// balanceMove is what bookings do to a guarded account in sum.
type balanceMove struct {
	minor int64 // signed as entries are: below zero is more for the partner
	fact  bool  // one of them has happened already, whatever is there
}

// guardedMoves is what bookings do to guarded accounts.
func guardedMoves(booked []pay.LedgerTransaction) map[balanceKey]balanceMove {
	var moves map[balanceKey]balanceMove
	for _, t := range booked {
		for _, e := range t.Entries {
			if !e.Account.IsGuarded() {
				continue
			}
			if moves == nil {
				moves = map[balanceKey]balanceMove{}
			}
			key := balanceKey{t.Owner, e.Account, e.Amount.Currency}
			before := moves[key]
			moves[key] = balanceMove{before.minor + e.Amount.Minor, before.fact || t.Kind.IsFact()}
		}
	}
	return moves
}

// moveBalances brings guarded accounts up to date with bookings, or refuses
// them before anything is changed. Who only gives waits for nothing. Rows are
// taken in one order, so that two who want the same ones never wait for each
// other.
//
// Errors: insufficient_balance.
func (tx *Tx) moveBalances(booked []pay.LedgerTransaction) error {
	moves := guardedMoves(booked)
	if len(moves) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(moves), compareBalances)
	if slices.ContainsFunc(keys, func(k balanceKey) bool { return moves[k].minor > 0 && !moves[k].fact }) {
		if err := tx.checkBalances(keys, moves); err != nil {
			return err
		}
	}
	return tx.addBalances(keys, func(k balanceKey) int64 { return moves[k].minor }, addToBalance)
}

const addToBalance = " ON CONFLICT (merchant, mode, account, currency) DO UPDATE SET amount = ledger_balances.amount + excluded.amount"

// addBalances adds an amount to each row, with the next statement.
func (tx *Tx) addBalances(keys []balanceKey, minor func(balanceKey) int64, onConflict string) error {
	rows := rowsOf("ledger_balances", "merchant, mode, account, currency, partner, amount")
	for _, k := range keys {
		partner, _ := k.account.Partner()
		rows.add(append(k.args(), partner, minor(k))...)
	}
	add := rows.statement()
	add.sql += onConflict
	return tx.later(expectation{}, add)
}

// checkBalances locks the rows, making those that are missing, and asks the
// rule of pay about each.
//
// Errors: insufficient_balance.
func (tx *Tx) checkBalances(keys []balanceKey, moves map[balanceKey]balanceMove) error {
	if tx.reads {
		return errReads
	}
	if err := tx.addBalances(keys, func(balanceKey) int64 { return 0 }, giveWay); err != nil {
		return err
	}
	var refused error
	err := tx.lockBalances(keys, func(k balanceKey, b balance) {
		if move := moves[k]; refused == nil && !move.fact {
			refused = pay.CheckTake(k.account, pay.Amount(b.standing, k.currency), move.minor, b.debtLimit)
		}
	})
	return cmp.Or(err, refused)
}

// balance is a row that is locked.
type balance struct {
	standing  int64
	debtLimit int64
}

// lockBalances locks the rows that there are of keys, which are sorted, owner
// by owner, and hands each to read.
func (tx *Tx) lockBalances(keys []balanceKey, read func(balanceKey, balance)) error {
	for len(keys) > 0 {
		o, n := keys[0].owner, 0
		var names []pay.LedgerAccount
		var currencies []pay.Currency
		for n < len(keys) && keys[n].owner == o {
			names, currencies = append(names, keys[n].account), append(currencies, keys[n].currency)
			n++
		}
		slices.Sort(currencies)
		c := in(in(owned(o), "account", slices.Compact(names)), "currency", slices.Compact(currencies))
		wanted := keys[:n]
		keys = keys[n:]
		err := tx.each(func(row scanner) error {
			k, b := balanceKey{owner: o}, balance{}
			err := row.Scan(&k.account, &k.currency, &b.standing, &b.debtLimit)
			if _, asked := slices.BinarySearchFunc(wanted, k, compareBalances); asked {
				read(k, b)
			}
			return err
		}, `SELECT account, currency, amount, (SELECT a.debt_limit FROM accounts a
			WHERE a.merchant = b.merchant AND a.mode = b.mode AND a.id = b.partner)
			FROM ledger_balances b WHERE `+c.sql.String()+" ORDER BY account, currency"+tx.store.dialect.forUpdate, c.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// LedgerBalances is what stands on each of the owner's accounts in each
// currency, in minor units: what stood there at the last sealed block, and what
// was booked since.
func (tx *Tx) LedgerBalances(o pay.Owner) ([]pay.Entry, error) {
	return tx.standing(owned(o))
}

// PartnerBalances is what stands on each of a partner's accounts in each
// currency, in minor units.
func (tx *Tx) PartnerBalances(o pay.Owner, account pay.ID) ([]pay.Entry, error) {
	return tx.standing(in(owned(o), "account", pay.PartnerAccounts(account)))
}

// standing sums the accounts that a condition on owner and account lets
// through.
func (tx *Tx) standing(c *condition) ([]pay.Entry, error) {
	var standing []pay.Entry
	where := c.sql.String()
	err := tx.each(func(row scanner) error {
		var e pay.Entry
		if err := row.Scan(&e.Account, &e.Amount.Minor, &e.Amount.Currency); err != nil {
			return err
		}
		standing = append(standing, e)
		return nil
	}, `SELECT account, CAST(SUM(amount) AS BIGINT), currency FROM (
		SELECT account, amount, currency FROM ledger_totals WHERE `+where+`
		UNION ALL SELECT account, amount, currency FROM ledger_entries WHERE `+where+` AND transaction_id > COALESCE(
			(SELECT last FROM ledger_blocks WHERE merchant = $1 AND mode = $2 ORDER BY number DESC LIMIT 1), '')
		) AS moved GROUP BY account, currency ORDER BY account, currency`, c.args...)
	return standing, err
}
