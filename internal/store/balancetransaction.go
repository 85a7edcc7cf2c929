package store

import (
	"time"

	"florin/internal/pay"
)

var balanceTransactions = define(table[pay.BalanceTransaction]{
	name: "balance_transactions",
	what: "balance transaction",
	fixed: "merchant mode id connection account_ref ref type amount fee net currency source origin payment_ref description " +
		"created_at available_on seen_at",
	mutable: "payment payout_ref status",
	fields: func(b *pay.BalanceTransaction) []any {
		return []any{
			&b.Owner.Merchant, &b.Owner.Mode, &b.ID, &b.Connection, &b.AccountRef, &b.Ref, &b.Type, &b.Amount.Minor, &b.Fee.Minor,
			&b.Net.Minor, &b.Amount.Currency, &b.Source, &b.Origin, &b.PaymentRef, &b.Description,
			moment{&b.CreatedAt}, moment{&b.AvailableOn}, moment{&b.SeenAt},
			opt(&b.Payment), &b.PayoutRef, &b.Status,
		}
	},
	loaded: func(b *pay.BalanceTransaction) { b.Fee.Currency, b.Net.Currency = b.Amount.Currency, b.Amount.Currency },
})

// InsertBalanceTransactions adds those that are not known yet, and says how
// many that were. One statement takes a page of Stripe's, a hundred.
func (tx *Tx) InsertBalanceTransactions(list []pay.BalanceTransaction) (fresh int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	rows := rowsOf(balanceTransactions.name, balanceTransactions.columns)
	for i := range list {
		rows.add(balanceTransactions.fields(&list[i])...)
	}
	all := rows.statement()
	return tx.exec(all.sql+giveWay, all.args...)
}

// TieBalanceTransactions finds the payments of balance transactions that have
// none: by the intent or charge that Stripe names, or through their origin,
// which may be a row itself. It says how many it tied.
func (tx *Tx) TieBalanceTransactions(o pay.Owner, sources []string) (int64, error) {
	if len(sources) == 0 {
		return 0, nil
	}
	var tied int64
	for _, found := range []string{
		"SELECT p.id FROM payments p WHERE p.merchant = b.merchant AND p.mode = b.mode AND p.provider_ref = b.payment_ref",
		"SELECT p.id FROM payments p WHERE p.merchant = b.merchant AND p.mode = b.mode AND p.charge_ref <> '' AND p.charge_ref IN (b.source, b.origin)",
		"SELECT r.payment FROM refunds r WHERE r.merchant = b.merchant AND r.mode = b.mode AND r.provider_ref IN (b.source, b.origin)",
		"SELECT c.payment FROM balance_transactions c WHERE c.merchant = b.merchant AND c.mode = b.mode AND c.source = b.origin AND c.source <> '' AND c.payment IS NOT NULL",
	} {
		c := owned(o).raw("payment IS NULL")
		in(c, "source", sources)
		n, err := tx.exec("UPDATE balance_transactions AS b SET payment = ("+found+" LIMIT 1) WHERE "+c.sql.String()+
			" AND EXISTS ("+found+")", c.args...)
		if err != nil {
			return tied, err
		}
		tied += n
	}
	return tied, nil
}

// maxUntied bounds the balance transactions whose payments are sought again.
const maxUntied = 500

// UntiedSources are the sources of the newest balance transactions of which
// Stripe names a payment that was not known here when they were read.
func (tx *Tx) UntiedSources(o pay.Owner) ([]string, error) {
	var found []string
	err := tx.each(func(line scanner) error {
		var source string
		err := line.Scan(&source)
		found = append(found, source)
		return err
	}, `SELECT source FROM balance_transactions WHERE merchant = $1 AND mode = $2 AND payment IS NULL AND payment_ref <> ''
		ORDER BY created_at DESC LIMIT $3`, o.Merchant, o.Mode, maxUntied)
	return found, err
}

// OriginsOf are the sources of rows without a payment whose origin is among
// sources: what is tied next, once those are.
func (tx *Tx) OriginsOf(o pay.Owner, sources []string) ([]string, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	c := owned(o).raw("payment IS NULL").raw("source <> ''")
	in(c, "origin", sources)
	var found []string
	err := tx.each(func(line scanner) error {
		var source string
		err := line.Scan(&source)
		found = append(found, source)
		return err
	}, "SELECT DISTINCT source FROM balance_transactions WHERE "+c.sql.String(), c.args...)
	return found, err
}

// MatureBalanceTransactions makes available what has become so by Stripe's
// clock, of one balance.
func (tx *Tx) MatureBalanceTransactions(r pay.Reading, now time.Time) (int64, error) {
	return tx.exec(`UPDATE balance_transactions SET status = 'available' WHERE merchant = $1 AND mode = $2 AND connection = $3
		AND account_ref = $4 AND status = 'pending' AND available_on <= $5`,
		r.Owner.Merchant, r.Owner.Mode, r.Connection, r.AccountRef, micros(now))
}

// PayOutBalanceTransactions notes which payout paid balance transactions out.
func (tx *Tx) PayOutBalanceTransactions(o pay.Owner, payout string, refs []string) (int64, error) {
	if len(refs) == 0 {
		return 0, nil
	}
	c := owned(o)
	set := c.place(payout)
	in(c, "ref", refs)
	return tx.exec("UPDATE balance_transactions SET payout_ref = "+set+" WHERE "+c.sql.String(), c.args...)
}

// BalanceTransaction reads a balance transaction by our id.
//
// Errors: not_found.
func (tx *Tx) BalanceTransaction(o pay.Owner, id pay.ID) (pay.BalanceTransaction, error) {
	return balanceTransactions.get(tx, o, id)
}

// BalanceTransactionsOf reads every balance transaction of a payment, in the
// order in which they happened.
func (tx *Tx) BalanceTransactionsOf(o pay.Owner, payment pay.ID) ([]pay.BalanceTransaction, error) {
	return balanceTransactions.all(tx, "WHERE merchant = $1 AND mode = $2 AND payment = $3 ORDER BY created_at, id", o.Merchant, o.Mode, payment)
}

var balanceTransactionsNewest = order[pay.BalanceTransaction]{
	name: "transactions", columns: []string{"created_at"}, descending: true,
	key: func(b pay.BalanceTransaction) []int64 { return []int64{micros(b.CreatedAt)} },
	id:  func(b pay.BalanceTransaction) string { return string(b.ID) },
}

// BalanceTransactions lists those that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) BalanceTransactions(o pay.Owner, f pay.BalanceFilter, page pay.Page) (pay.List[pay.BalanceTransaction], error) {
	return listAny(tx, balanceTransactions, oneOf(balanceCondition(o, f), "type =", f.Types), balanceTransactionsNewest, page)
}

func balanceCondition(o pay.Owner, f pay.BalanceFilter) *condition {
	c := owned(o)
	texts := []struct{ column, value string }{
		{"status", string(f.Status)}, {"currency", string(f.Currency)}, {"source", f.Source}, {"payout_ref", f.Payout},
		{"payment", string(f.Payment)}, {"account_ref", f.AccountRef},
	}
	for _, text := range texts {
		if text.value != "" {
			c.and(text.column+" =", text.value)
		}
	}
	if f.Platform {
		c.raw("account_ref = ''")
	}
	if !f.Since.IsZero() {
		c.and("created_at >=", micros(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("created_at <", micros(f.Until))
	}
	return c
}
