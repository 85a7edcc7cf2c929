package automation

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// maxParkedRetry is how many parked objects are tried again in one go; whoever
// has more asks again.
const maxParkedRetry = 200

// RetryParked tries once more to begin runs of the objects that could not be
// read, for example after the flow was mended, and says how many went.
//
// Errors: not_found (the flow's trigger).
func (w *Watcher) RetryParked(ctx context.Context, o pay.Owner, flow pay.ID) (int, error) {
	watch, err := w.watch(ctx, o, flow)
	if err != nil {
		return 0, err
	}
	var parked []pay.ParkedFind
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		parked, err = tx.Parked(o, flow, maxParkedRetry)
		return err
	})
	if err != nil {
		return 0, err
	}
	went := 0
	for _, find := range parked {
		raw, err := w.sealer.Open(find.Item, parkedContext(watch.ID, find.Ref))
		if err != nil {
			return went, err
		}
		err = w.store.Write(ctx, func(tx *store.Tx) error { return w.unpark(tx, watch, find, raw) })
		switch {
		case isFaultOfInput(err):
			continue
		case err != nil:
			return went, err
		}
		went++
	}
	return went, nil
}

func (w *Watcher) unpark(tx *store.Tx, watch pay.Watch, find pay.ParkedFind, raw []byte) error {
	begun, err := handover{w: w, tx: tx}.begin(watch, listItem{ref: find.Ref, created: find.Created, raw: raw})
	if err != nil {
		return err
	}
	if begun {
		if err := tx.CountFinds(watch, 1, 0); err != nil {
			return err
		}
	}
	return tx.Unpark(find)
}
