package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// expiryBatch bounds one sweep over cards that have expired.
const expiryBatch = 500

// applyCard is what is done about a Stripe event of a saved card: banks
// replace cards behind everybody's back, and people detach them in Stripe's
// dashboard.
func (e *Engine) applyCard(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	card, err := read(ctx, e, func(tx *store.Tx) (pay.Card, error) { return tx.CardByRef(ev.Owner, hint.ObjectRef) })
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil || card.Status != pay.CardActive {
		return "nothing new", err
	}
	todo, err := e.errandFor(ctx, pay.Call{Owner: card.Owner, Connection: card.Connection})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	found, err := e.stripe.FindCard(ctx, todo.access, card.ProviderRef)
	gone := pay.Is(err, pay.CodeNotFound) || err == nil && found.CustomerRef == ""
	if err != nil && !gone {
		return "", err
	}
	return "read from Stripe", e.store.Write(ctx, func(tx *store.Tx) error {
		card, err := tx.LockCard(card.Owner, card.ID)
		if err != nil || card.Status != pay.CardActive {
			return err
		}
		if gone {
			card.Default = false
			_, err = e.moveCard(tx, card, pay.CardRemoved)
			return err
		}
		return e.replaceCard(tx, card, found.CardReport)
	})
}

// replaceCard takes over what stands on a card now.
func (e *Engine) replaceCard(tx *store.Tx, card pay.Card, report pay.CardReport) error {
	next := withFace(card, report)
	if next == card {
		return nil
	}
	if !next.HasExpired(tx.Now()) {
		next.ToldExpired = time.Time{} // the next end is told again
	}
	_, err := e.moveCard(tx, next, pay.CardActive)
	return err
}

// ExpireCards tells merchants, once, of saved cards whose month is over.
func (e *Engine) ExpireCards(ctx context.Context) (int, error) {
	now := e.clock.Now().UTC()
	due, err := read(ctx, e, func(tx *store.Tx) ([]pay.Card, error) {
		return tx.ExpiredCards(now.Year(), int(now.Month()), expiryBatch)
	})
	if err != nil {
		return 0, err
	}
	for _, card := range due {
		err := e.store.Write(ctx, func(tx *store.Tx) error {
			card, err := tx.LockCard(card.Owner, card.ID)
			if err != nil || card.Status != pay.CardActive || !card.ToldExpired.IsZero() || !card.HasExpired(tx.Now()) {
				return err
			}
			card.ToldExpired, card.UpdatedAt = tx.Now(), tx.Now()
			card.Sequence++
			if err := tx.UpdateCard(card); err != nil {
				return err
			}
			fact := pay.Event{Type: pay.EventCardExpired, Object: card.ID, Sequence: card.Sequence}
			return e.Tell(tx, card.Owner, fact, func(ev pay.Event) []byte { return e.present.CardEvent(ev, card) })
		})
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}
