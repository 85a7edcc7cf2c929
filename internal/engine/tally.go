package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Limits of counting.
const (
	countBatch   = 500 // events in one transaction, which holds the owner's mark
	countBatches = 40  // batches of one owner in a round; the rest waits for the next
)

// CountEvents brings the tallies of every owner up to date.
func (e *Engine) CountEvents(ctx context.Context) (counted int, err error) {
	page := pay.Page{Limit: pay.MaxPage}
	for {
		merchants, err := e.Merchants(ctx, page)
		if err != nil {
			return counted, err
		}
		for _, m := range merchants.Items {
			for _, mode := range []pay.Mode{pay.Test, pay.Live} {
				n, err := e.countEventsOf(ctx, pay.Owner{Merchant: m.ID, Mode: mode})
				counted += n
				if err != nil {
					return counted, err
				}
			}
		}
		if page.Cursor = merchants.Next; page.Cursor == "" {
			return counted, nil
		}
	}
}

func (e *Engine) countEventsOf(ctx context.Context, o pay.Owner) (counted int, err error) {
	news, err := read(ctx, e, func(tx *store.Tx) (bool, error) { return tx.HasUncounted(o) })
	if err != nil || !news {
		return 0, err
	}
	for range countBatches {
		var n int
		err := e.store.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.CountEvents(o, countBatch)
			return err
		})
		counted += n
		if err != nil || n < countBatch {
			return counted, err
		}
	}
	return counted, nil
}

// Tallies is what was counted from one day to before another, by day.
func (e *Engine) Tallies(ctx context.Context, o pay.Owner, since, until time.Time) ([]pay.Tally, error) {
	return read(ctx, e, func(tx *store.Tx) ([]pay.Tally, error) { return tx.Tallies(o, since, until) })
}
