package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// ExplainPayment says where every cent of a payment is.
//
// Errors: not_found.
func (e *Engine) ExplainPayment(ctx context.Context, o pay.Owner, id pay.ID) (pay.Explanation, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Explanation, error) { return explain(tx, o, id) })
}

func explain(tx *store.Tx, o pay.Owner, id pay.ID) (pay.Explanation, error) {
	p, err := tx.Payment(o, id)
	if err != nil {
		return pay.Explanation{}, err
	}
	booked, err := tx.LedgerOf(o, id)
	if err != nil {
		return pay.Explanation{}, err
	}
	moved, err := tx.BalanceTransactionsOf(o, id)
	if err != nil {
		return pay.Explanation{}, err
	}
	refs, err := accountRefs(tx, o, booked)
	return pay.Explain(p, booked, moved, refs), err
}

// accountRefs are Stripe's references of the partners that bookings name.
func accountRefs(tx *store.Tx, o pay.Owner, booked []pay.LedgerTransaction) (map[pay.ID]string, error) {
	refs := map[pay.ID]string{}
	for _, t := range booked {
		for _, entry := range t.Entries {
			partner, _ := entry.Account.Partner()
			if _, known := refs[partner]; known || partner == "" {
				continue
			}
			account, err := tx.Account(o, partner)
			if err != nil && !pay.Is(err, pay.CodeNotFound) {
				return nil, err
			}
			refs[partner] = account.ProviderRef
		}
	}
	return refs, nil
}
