package store

import (
	"time"

	"florin/internal/pay"
)

// ledgerLines are entries beside their transactions: read, never written so.
var ledgerLines = define(table[pay.LedgerLine]{
	name: "ledger_entries e JOIN ledger_transactions t ON t.merchant = e.merchant AND t.mode = e.mode AND t.id = e.transaction_id",
	what: "ledger entry",
	fixed: "e.merchant e.mode e.transaction_id e.number e.account e.amount e.currency " +
		"t.kind t.source t.payment t.note t.at",
	fields: func(l *pay.LedgerLine) []any {
		return []any{
			&l.Owner.Merchant, &l.Owner.Mode, &l.Transaction, &l.Number, &l.Account, &l.Amount.Minor, &l.Amount.Currency,
			&l.Kind, &l.Source, opt(&l.Payment), &l.Note, moment{&l.At},
		}
	},
})

// ledgerOrder is by the time of booking; entries of a transaction keep their
// order. The columns are those of the table that leads.
func ledgerOrder(f pay.LedgerFilter) order[pay.LedgerLine] {
	o := order[pay.LedgerLine]{
		name: "ledger", columns: []string{"t.at"}, tie: "t.id", part: "e.number", descending: !f.OldestFirst,
		key:    func(l pay.LedgerLine) []int64 { return []int64{micros(l.At)} },
		id:     func(l pay.LedgerLine) string { return string(l.Transaction) },
		number: func(l pay.LedgerLine) int64 { return int64(l.Number) },
	}
	if len(f.Accounts) > 0 {
		o.columns, o.tie = []string{"e.at"}, "e.transaction_id"
	}
	return o
}

// LedgerLines lists the entries that match a filter, newest first unless it
// says otherwise. Some accounts are walked along their index, all of them along
// the transactions'; filters by payment, source and transaction find few.
//
// Errors: invalid_cursor.
func (tx *Tx) LedgerLines(o pay.Owner, f pay.LedgerFilter, page pay.Page) (pay.List[pay.LedgerLine], error) {
	leads, at := "t.", "t.at"
	if len(f.Accounts) > 0 {
		leads, at = "e.", "e.at"
	}
	c := (&condition{}).and(leads+"merchant =", o.Merchant).and(leads+"mode =", o.Mode)
	for _, text := range []struct{ column, value string }{
		{"t.kind =", string(f.Kind)}, {"e.currency =", string(f.Currency)}, {"t.payment =", string(f.Payment)},
		{"t.source =", string(f.Source)}, {"t.id =", string(f.Transaction)},
	} {
		if text.value != "" {
			c.and(text.column, text.value)
		}
	}
	between(c, at, f.Since, f.Until)
	return listAny(tx, ledgerLines, oneOf(c, "e.account =", f.Accounts), ledgerOrder(f), page)
}

// between bounds a column of times: at or after since, before until; a zero
// time is no bound.
func between(c *condition, column string, since, until time.Time) {
	if !since.IsZero() {
		c.and(column+" >=", micros(since))
	}
	if !until.IsZero() {
		c.and(column+" <", micros(until))
	}
}

// LedgerSums is what some accounts, or all, moved in a while: what came and
// what went, in each currency. With a zero since it is what stood there at the
// end of it.
func (tx *Tx) LedgerSums(o pay.Owner, f pay.LedgerFilter) ([]pay.LedgerSum, error) {
	c := in(owned(o), "account", f.Accounts)
	if f.Currency != "" {
		c.and("currency =", f.Currency)
	}
	between(c, "at", f.Since, f.Until)
	var sums []pay.LedgerSum
	err := tx.each(func(row scanner) error {
		var s pay.LedgerSum
		if err := row.Scan(&s.Account, &s.Currency, &s.In, &s.Out, &s.Entries); err != nil {
			return err
		}
		sums = append(sums, s)
		return nil
	}, `SELECT account, currency, CAST(SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END) AS BIGINT), COUNT(*)
		FROM ledger_entries WHERE `+c.sql.String()+" GROUP BY account, currency ORDER BY account, currency", c.args...)
	return sums, err
}

// GuardedBalance is what stands on a guarded account, signed as entries are.
func (tx *Tx) GuardedBalance(o pay.Owner, a pay.LedgerAccount, c pay.Currency) (pay.Money, error) {
	standing := pay.Amount(0, c)
	_, err := tx.row("SELECT amount FROM ledger_balances WHERE merchant = $1 AND mode = $2 AND account = $3 AND currency = $4",
		balanceKey{o, a, c}.args(), &standing.Minor)
	return standing, err
}
