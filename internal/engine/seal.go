package engine

import (
	"context"
	"fmt"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

const (
	// sealAfter is how old a booking's id is when it is sealed: by then whatever
	// was begun before it has committed, since transactions are ended after a
	// minute, and clocks of several machines differ by less.
	sealAfter = 2 * time.Minute
	// sealOwners is how many owners one round of sealing serves.
	sealOwners = 1000
	// sealRounds is how many blocks of an owner one round seals: a thousand
	// transactions each, which is more than a minute brings.
	sealRounds = 100
)

// SealLedger seals what was booked into each owner's chain, minutes later, so
// that no payment waits for it.
func (e *Engine) SealLedger(ctx context.Context) (int, error) {
	before := idAt(e.clock.Now().Add(-sealAfter))
	var owners []pay.Owner
	var settled bool
	err := e.store.Write(ctx, func(tx *store.Tx) (err error) {
		if settled, err = tx.LedgerSettled(); err != nil || !settled {
			return err
		}
		owners, err = tx.UnsealedOwners(before, sealOwners)
		return err
	})
	if err != nil || !settled {
		return 0, err
	}
	sealed := 0
	for _, o := range owners {
		n, err := e.sealOwner(ctx, o, before)
		sealed += n
		if err != nil {
			return sealed, err
		}
	}
	return sealed, nil
}

// sealOwner seals block after block; where another worker does so too, it
// leaves the rest to that one.
func (e *Engine) sealOwner(ctx context.Context, o pay.Owner, before pay.ID) (int, error) {
	sealed := 0
	for range sealRounds {
		var n int
		err := e.store.Write(ctx, func(tx *store.Tx) (err error) { n, err = tx.SealLedger(o, before); return err })
		if pay.Is(err, pay.CodeExists) {
			return sealed, nil
		}
		if sealed += n; err != nil || n == 0 {
			return sealed, err
		}
	}
	return sealed, nil
}

// idAt is the first id that newID could make at a time (RFC 9562, version 7:
// milliseconds lead).
func idAt(t time.Time) pay.ID {
	text := fmt.Sprintf("%012x", t.UnixMilli())
	return pay.ID(text[:8] + "-" + text[8:] + "-7000-8000-000000000000")
}
