package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"florin/internal/pay"
)

// books is a walk through all transactions of one owner, in the order of their
// ids.
type books struct {
	report *LedgerReport
	owner  pay.Owner
	block  pay.LedgerBlock // the last one that was walked
	seen   pay.ID          // the last transaction that was walked
	sums   map[place]int64
	noted  map[string]bool // hashes that must be met, as hex; true once they were
}

// verifyBooks walks the transactions of each owner.
func (s *Store) verifyBooks(ctx context.Context, report *LedgerReport, heads [][]byte) error {
	noted := map[string]bool{}
	for _, head := range heads {
		noted[hex.EncodeToString(head)] = false
	}
	var owners []pay.Owner
	err := s.Read(ctx, func(tx *Tx) (err error) { owners, err = tx.ledgerOwners(); return err })
	if err != nil {
		return err
	}
	for _, o := range owners {
		b := &books{report: report, owner: o, sums: map[place]int64{}, noted: noted}
		if err := s.verifyOwner(ctx, b); err != nil {
			return err
		}
	}
	for _, head := range slices.Sorted(maps.Keys(noted)) {
		if !noted[head] {
			report.add(pay.Payment{}, "", fmt.Sprintf("no chain has a block with the noted hash %s: blocks were cut off or made anew", head))
		}
	}
	return nil
}

// ledgerOwners is every owner with bookings or blocks.
func (tx *Tx) ledgerOwners() ([]pay.Owner, error) {
	var owners []pay.Owner
	err := tx.each(func(row scanner) error {
		var o pay.Owner
		err := row.Scan(&o.Merchant, &o.Mode)
		owners = append(owners, o)
		return err
	}, `SELECT m.id, x.mode FROM merchants m CROSS JOIN (SELECT 'test' AS mode UNION ALL SELECT 'live') AS x
		WHERE EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.merchant = m.id AND t.mode = x.mode)
		OR EXISTS (SELECT 1 FROM ledger_blocks b WHERE b.merchant = m.id AND b.mode = x.mode) ORDER BY m.id, x.mode`)
	return owners, err
}

// verifyOwner walks the sealed blocks, which do not change, a snapshot each;
// then the rest and the kept balances in one snapshot.
func (s *Store) verifyOwner(ctx context.Context, b *books) error {
	for more := true; more; {
		err := s.Read(ctx, func(tx *Tx) (err error) { more, err = b.walkBlock(tx); return err })
		if err != nil {
			return err
		}
	}
	return s.Read(ctx, func(tx *Tx) error {
		for more := true; more; { // blocks that were sealed meanwhile
			var err error
			if more, err = b.walkBlock(tx); err != nil {
				return err
			}
		}
		return b.finish(tx)
	})
}

// walkBlock checks the next block, if there is one.
func (b *books) walkBlock(tx *Tx) (bool, error) {
	next, found, err := ledgerBlocks.first(tx, "WHERE merchant = $1 AND mode = $2 AND number > $3 ORDER BY number LIMIT 1",
		b.owner.Merchant, b.owner.Mode, b.block.Number)
	if err != nil || !found {
		return false, err
	}
	booked, err := tx.bookings("WHERE t.merchant = $1 AND t.mode = $2 AND t.id > $3 AND t.id <= $4 ORDER BY t.id, e.number",
		b.owner.Merchant, b.owner.Mode, b.seen, next.Last)
	if err != nil {
		return false, err
	}
	b.take(booked)
	b.report.Blocks++
	switch {
	case next.Number != b.block.Number+1:
		b.say("", "block %d follows block %d", next.Number, b.block.Number)
	case len(booked) != next.Transactions:
		b.say("", "block %d was sealed with %d transactions and has %d", next.Number, next.Transactions, len(booked))
	case !bytes.Equal(next.Hash, pay.ChainHash(b.block.Hash, booked)):
		b.say("", "block %d, up to transaction %s: something in it was changed after it was sealed", next.Number, next.Last)
	}
	if hash := hex.EncodeToString(next.Hash); len(b.noted) > 0 {
		if _, wanted := b.noted[hash]; wanted {
			b.noted[hash] = true
		}
	}
	b.block, b.seen = next, next.Last
	return true, nil
}

// take adds up transactions and checks each.
func (b *books) take(booked []pay.LedgerTransaction) {
	addUp(b.sums, booked)
	b.report.Transactions += len(booked)
	for _, t := range booked {
		b.report.Entries += len(t.Entries)
		if err := t.Check(); err != nil {
			b.report.add(pay.Payment{Owner: t.Owner, ID: t.Payment}, t.ID, err.Error())
		}
	}
}

// finish walks what is not sealed yet, and holds the kept balances against all
// that was walked.
func (b *books) finish(tx *Tx) error {
	if b.block.Number > 0 {
		b.report.Heads = append(b.report.Heads, b.block)
	}
	if err := b.match(tx, "ledger_totals", func(place) bool { return true }); err != nil {
		return err
	}
	for {
		booked, err := tx.bookingsAfter(b.owner, b.seen, "", verifyBatch)
		if err != nil {
			return err
		}
		if len(booked) == 0 {
			break
		}
		b.take(booked)
		b.seen = booked[len(booked)-1].ID
	}
	left := map[pay.Currency]int64{}
	for p, sum := range b.sums {
		left[p.currency] += sum
	}
	for currency, sum := range left {
		if sum != 0 {
			b.say("", "all accounts together have %s instead of nothing", pay.Amount(sum, currency))
		}
	}
	return b.match(tx, "ledger_balances", func(p place) bool { return p.account.IsGuarded() })
}

// match compares a table of kept balances with the sums so far of the places
// that it keeps.
func (b *books) match(tx *Tx, table string, keeps func(place) bool) error {
	missing := map[place]int64{}
	for p, sum := range b.sums {
		if keeps(p) && sum != 0 {
			missing[p] = sum
		}
	}
	err := tx.each(func(row scanner) error {
		var p place
		var kept int64
		if err := row.Scan(&p.account, &p.currency, &kept); err != nil {
			return err
		}
		if kept != b.sums[p] {
			b.say("", "%s has %s for %s, its entries say %s", table, pay.Amount(kept, p.currency), p.account, pay.Amount(b.sums[p], p.currency))
		}
		delete(missing, p)
		return nil
	}, "SELECT account, currency, amount FROM "+table+" WHERE merchant = $1 AND mode = $2 ORDER BY account, currency", b.owner.Merchant, b.owner.Mode)
	for _, p := range slices.SortedFunc(maps.Keys(missing), comparePlaces) {
		b.say("", "%s has nothing for %s, its entries say %s", table, p.account, pay.Amount(missing[p], p.currency))
	}
	return err
}

func (b *books) say(transaction pay.ID, format string, args ...any) {
	b.report.add(pay.Payment{Owner: b.owner}, transaction, fmt.Sprintf(format, args...))
}
