package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

const (
	// setupLook is how long nothing may be heard of a card's holder who went to
	// authenticate before Stripe is asked.
	setupLook = 5 * time.Minute
	// setupSpan is how long a holder may take: Stripe's page works for less
	// than a day, and a card that is pending for ever is of no use.
	setupSpan  = 24 * time.Hour
	setupBatch = 50
)

// SetUpCard saves a card with its holder present, without charging it: a bank
// that wants to see them sends them to a page, and the card can then be charged
// while they are away.
//
// Errors: those of SaveCard, invalid_url.
func (e *Engine) SetUpCard(ctx context.Context, ask Ask, r CardRequest) (Reply, error) {
	if err := checkURL(r.ReturnURL, "return_url"); err != nil {
		return Reply{}, err
	}
	if r.ReturnURL == "" {
		r.ReturnURL = e.cfg.PublicURL + ReturnPath
	}
	return e.SaveCard(ctx, ask, r)
}

// setupDeeds is what is asked of Stripe to save a card with its holder present.
func (e *Engine) setupDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{pay.ActionSetUpCard: {e.settleSetup, e.lookForSetup, e.openCard}}
}

// settleSetup takes over what came of it. A holder who must authenticate first
// leaves the card pending.
func (e *Engine) settleSetup(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	card, err := tx.LockCard(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Setup == nil {
		return e.failCard(tx, card, answer)
	}
	if card, err = e.takeOverSetup(tx, card, *answer.Setup); err != nil {
		return settlement{}, err
	}
	standing := StandingCreated
	if card.Status == pay.CardFailed {
		standing = StandingDeclined
	}
	return settlement{reply: e.present.Card(card, standing)}, nil
}

// takeOverSetup applies a report to a locked card.
func (e *Engine) takeOverSetup(tx *store.Tx, card pay.Card, r pay.SetupReport) (pay.Card, error) {
	if card.Status != pay.CardPending && card.Status != pay.CardFailed {
		return card, nil // it is saved already, or was removed since
	}
	card.SetupRef = r.Ref
	if r.Card.ProviderRef != "" {
		card = withFace(card, r.Card)
	}
	switch {
	case r.Status == pay.CardActive:
		return e.activate(tx, card)
	case card.Status == pay.CardFailed:
		return card, nil
	case r.Status == pay.CardFailed:
		card.RedirectURL, card.Failure = "", r.Failure
		return e.moveCard(tx, card, pay.CardFailed)
	case r.RedirectURL != "" && r.RedirectURL != card.RedirectURL:
		card.RedirectURL = r.RedirectURL
		return e.moveCard(tx, card, pay.CardPending)
	}
	card.UpdatedAt = tx.Now()
	return card, tx.UpdateCard(card)
}

func (e *Engine) lookForSetup(ctx context.Context, todo errand) (pay.Answer, error) {
	report, err := e.stripe.FindSetup(ctx, todo.access, "", todo.call.Subject, todo.call.FirstSentAt)
	return pay.Answer{Setup: &report}, err
}

// applySetup is what is done about a Stripe event of the saving of a card.
func (e *Engine) applySetup(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	card, err := read(ctx, e, func(tx *store.Tx) (pay.Card, error) { return tx.CardBySetup(ev.Owner, hint.ObjectRef) })
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs // or its answer is on the way, and will say as much
	}
	if err != nil {
		return "", err
	}
	return "read from Stripe", e.lookAtSetup(ctx, card)
}

// lookAtSetup reads what became of a holder who went to authenticate.
func (e *Engine) lookAtSetup(ctx context.Context, card pay.Card) error {
	todo, err := e.errandFor(ctx, pay.Call{Owner: card.Owner, Connection: card.Connection})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	report, err := e.stripe.FindSetup(ctx, todo.access, card.SetupRef, "", time.Time{})
	if err != nil {
		return err
	}
	return e.store.Write(ctx, func(tx *store.Tx) error {
		card, err := tx.LockCard(card.Owner, card.ID)
		if err != nil {
			return err
		}
		if report.Status == pay.CardPending && tx.Now().Sub(card.CreatedAt) > setupSpan {
			report.Status, report.Failure = pay.CardFailed, pay.Failure{Code: pay.CodeAuthFailed, Message: "the card's holder did not authenticate within a day"}
		}
		_, err = e.takeOverSetup(tx, card, report)
		return err
	})
}

// LookUpCards asks Stripe about holders who went to authenticate and were not
// heard of: events may be lost, and people may never come back.
func (e *Engine) LookUpCards(ctx context.Context) (int, error) {
	waiting, err := read(ctx, e, func(tx *store.Tx) ([]pay.Card, error) {
		return tx.UnfinishedCards(tx.Now().Add(-setupLook), setupBatch)
	})
	if err != nil {
		return 0, err
	}
	for _, card := range waiting {
		if err := e.lookAtSetup(ctx, card); err != nil {
			e.log.WarnContext(ctx, "a card could not be looked up", "card", card.ID, "error", err)
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return len(waiting), nil
}
