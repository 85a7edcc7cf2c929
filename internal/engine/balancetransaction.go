package engine

import (
	"context"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// maxTies is how many steps a payment is followed through what came of it: from
// a charge to its transfer, to the partner's payment, to its refund. Nothing at
// Stripe is further away.
const maxTies = 5

// maxPayoutPages bounds what one automatic payout paid out: 100,000 balance
// transactions, a day of a very busy account.
const maxPayoutPages = 1000

// balancePages reads and keeps balance transactions.
func (e *Engine) balancePages() pages {
	return pages{turn: e.turnBalancePage, closed: func(tx *store.Tx, r pay.Reading) error {
		if _, err := tx.MatureBalanceTransactions(r, r.Upper); err != nil {
			return err
		}
		late, err := tx.UntiedSources(r.Owner)
		if err != nil {
			return err
		}
		return tie(tx, r.Owner, late)
	}}
}

func (e *Engine) turnBalancePage(ctx context.Context, access pay.Access, r pay.Reading) (last string, more bool, at time.Time, keep func(tx *store.Tx) (int64, error), err error) {
	list, err := e.stripe.ListBalanceTransactions(ctx, access, pay.ListSought{From: r.Lower, After: r.Cursor})
	if err != nil {
		return "", false, time.Time{}, nil, err
	}
	paidOut, err := e.payoutsIn(ctx, access, r.Owner, list.Items)
	if err != nil {
		return "", false, time.Time{}, nil, err
	}
	if n := len(list.Items); n > 0 {
		last = list.Items[n-1].Ref
	}
	return last, list.More, list.At, func(tx *store.Tx) (int64, error) {
		return keepBalance(tx, r, list.Items, paidOut)
	}, nil
}

// keepBalance adds balance transactions that are new, finds the payments that
// they belong to, and notes what payouts have paid out.
func keepBalance(tx *store.Tx, r pay.Reading, items []pay.BalanceTransaction, paidOut map[string][]string) (int64, error) {
	rows := make([]pay.BalanceTransaction, 0, len(items))
	sources := make([]string, 0, len(items))
	for _, b := range slices.Backward(items) { // oldest first, so that ids are in the order of time
		b.ID, b.Owner, b.Connection, b.AccountRef, b.SeenAt = newID(), r.Owner, r.Connection, r.AccountRef, tx.Now()
		rows = append(rows, b)
		if b.Source != "" {
			sources = append(sources, b.Source)
		}
	}
	fresh, err := tx.InsertBalanceTransactions(rows)
	if err != nil {
		return 0, err
	}
	for payout, refs := range paidOut {
		if _, err := tx.PayOutBalanceTransactions(r.Owner, payout, refs); err != nil {
			return 0, err
		}
	}
	return fresh, tie(tx, r.Owner, sources)
}

// tie finds the payments of balance transactions, and then of what came of
// those, which may have been read before.
func tie(tx *store.Tx, o pay.Owner, sources []string) error {
	for range maxTies {
		slices.Sort(sources)
		sources = slices.Compact(sources)
		tied, err := tx.TieBalanceTransactions(o, sources)
		if err != nil || tied == 0 {
			return err
		}
		if sources, err = tx.OriginsOf(o, sources); err != nil || len(sources) == 0 {
			return err
		}
	}
	return nil
}

// payoutsIn reads what each automatic payout among items has paid out, unless
// that is known.
func (e *Engine) payoutsIn(ctx context.Context, access pay.Access, o pay.Owner, items []pay.BalanceTransaction) (map[string][]string, error) {
	paidOut := map[string][]string{}
	for _, b := range items {
		if !b.AutomaticPayout || b.Type != "payout" {
			continue
		}
		known, err := glance(ctx, e, func(tx *store.Tx) (pay.List[pay.BalanceTransaction], error) {
			return tx.BalanceTransactions(o, pay.BalanceFilter{Payout: b.Source}, pay.Page{Limit: 1})
		})
		if err != nil {
			return nil, err
		}
		if len(known.Items) > 0 {
			continue
		}
		if paidOut[b.Source], err = e.paidOutBy(ctx, access, b.Source); err != nil {
			return nil, err
		}
	}
	return paidOut, nil
}

func (e *Engine) paidOutBy(ctx context.Context, access pay.Access, payout string) (refs []string, err error) {
	sought := pay.ListSought{Payout: payout}
	for range maxPayoutPages {
		list, err := e.stripe.ListBalanceTransactions(ctx, access, sought)
		if err != nil {
			return nil, err
		}
		for _, b := range list.Items {
			refs = append(refs, b.Ref)
		}
		if !list.More || len(list.Items) == 0 {
			break
		}
		sought.After = list.Items[len(list.Items)-1].Ref
	}
	return refs, nil
}

// BalanceTransactions is a page of the balance transactions that a filter lets
// through, newest first.
//
// Errors: invalid_cursor.
func (e *Engine) BalanceTransactions(ctx context.Context, o pay.Owner, f pay.BalanceFilter, page pay.Page) (pay.List[pay.BalanceTransaction], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.BalanceTransaction], error) {
		return tx.BalanceTransactions(o, f, page)
	})
}

// BalanceTransaction is one balance transaction.
//
// Errors: not_found.
func (e *Engine) BalanceTransaction(ctx context.Context, o pay.Owner, id pay.ID) (pay.BalanceTransaction, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.BalanceTransaction, error) { return tx.BalanceTransaction(o, id) })
}
