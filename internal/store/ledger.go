package store

import "florin/internal/pay"

// ledgerTransactions has no mutable columns: a trigger refuses changes.
var ledgerTransactions = define(table[pay.LedgerTransaction]{
	name:  "ledger_transactions",
	what:  "ledger transaction",
	fixed: "merchant mode id kind source payment note at",
	fields: func(t *pay.LedgerTransaction) []any {
		return []any{&t.Owner.Merchant, &t.Owner.Mode, &t.ID, &t.Kind, &t.Source, opt(&t.Payment), &t.Note, moment{&t.At}}
	},
})

// InsertLedger books balanced transactions with their entries. However many
// there are it takes two statements that nobody waits for, since each costs
// more than a row; only where they take from a partner's guarded account does
// it wait, for that account's row, and hold it until the commit.
//
// Errors: insufficient_balance, when a guarded account has too little: nothing
// was booked, and the transaction is usable; internal_error when one is not
// balanced; already_exists, by the commit, when a source has one of this kind.
func (tx *Tx) InsertLedger(booked ...pay.LedgerTransaction) error {
	if len(booked) == 0 {
		return nil
	}
	for _, t := range booked {
		if err := t.Check(); err != nil {
			return err
		}
	}
	if err := tx.moveBalances(booked); err != nil {
		return err
	}
	return tx.writeLedger(booked)
}

// writeLedger writes bookings down, once nothing speaks against them.
func (tx *Tx) writeLedger(booked []pay.LedgerTransaction) error {
	transactions := rowsOf("ledger_transactions", ledgerTransactions.columns)
	entries := rowsOf("ledger_entries", "merchant, mode, transaction_id, number, account, amount, currency, at")
	for _, t := range booked {
		transactions.add(ledgerTransactions.fields(&t)...)
		for number, e := range t.Entries {
			entries.add(t.Owner.Merchant, t.Owner.Mode, t.ID, number, e.Account, e.Amount.Minor, e.Amount.Currency, micros(t.At))
		}
	}
	return tx.later(expectation{what: ledgerTransactions.what}, transactions.statement(), entries.statement())
}

// LedgerOf reads every booking of a payment and its refunds, oldest first.
func (tx *Tx) LedgerOf(o pay.Owner, payment pay.ID) ([]pay.LedgerTransaction, error) {
	return tx.bookings("WHERE t.merchant = $1 AND t.mode = $2 AND t.payment = $3 ORDER BY t.at, t.id, e.number", o.Merchant, o.Mode, payment)
}

// bookings reads transactions with their entries in one query, ordered so that
// the entries of a transaction follow one another. One without entries, which
// only a defect can leave, is read all the same.
func (tx *Tx) bookings(where string, args ...any) ([]pay.LedgerTransaction, error) {
	var booked []pay.LedgerTransaction
	err := tx.each(func(line scanner) error {
		var t pay.LedgerTransaction
		var e pay.Entry
		fields := append(ledgerTransactions.fields(&t), &e.Account, &e.Amount.Minor, &e.Amount.Currency)
		if err := line.Scan(fields...); err != nil {
			return err
		}
		if n := len(booked); n == 0 || booked[n-1].ID != t.ID || booked[n-1].Owner != t.Owner {
			booked = append(booked, t)
		}
		if last := &booked[len(booked)-1]; e.Account != "" {
			last.Entries = append(last.Entries, e)
		}
		return nil
	}, `SELECT t.merchant, t.mode, t.id, t.kind, t.source, t.payment, t.note, t.at,
		COALESCE(e.account, ''), COALESCE(e.amount, 0), COALESCE(e.currency, '')
		FROM ledger_transactions t
		LEFT JOIN ledger_entries e ON e.merchant = t.merchant AND e.mode = t.mode AND e.transaction_id = t.id `+where, args...)
	return booked, err
}
