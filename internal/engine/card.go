package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// CardRequest is a payment method that a customer agreed to have charged
// again.
type CardRequest struct {
	PaymentMethod string // pm_…, as Stripe.js made it
	CustomerEmail string
	CustomerName  string
	Customer      pay.ID // one of ours; else the customer with this e-mail, or a new one
	Default       bool   // make it the customer's default; the first always is
	ReturnURL     string // where the holder comes back to who is there to authenticate; for SetUpCard
}

// SaveCard attaches a payment method to a customer at Stripe and keeps what
// may be shown of it. A new customer is made at Stripe first.
//
// Errors: those of CardRequest.check, not_found (the customer),
// provider_not_configured, in_doubt, and those of the idempotency gate.
func (e *Engine) SaveCard(ctx context.Context, ask Ask, r CardRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.connected(ctx, ask.Owner, func() (Reply, error) {
		return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendSave(tx, ask, r) })
	})
}

// intendSave writes the card down as pending, with the first call it needs.
func (e *Engine) intendSave(tx *store.Tx, ask Ask, r CardRequest) (order, error) {
	customer, c, err := e.customerFor(tx, ask.Owner, r)
	if err != nil {
		return order{}, err
	}
	now := tx.Now()
	card := pay.Card{
		ID: newID(), Owner: ask.Owner, Customer: customer.ID, Connection: c.ID, Provider: pay.ProviderStripe,
		ProviderRef: r.PaymentMethod, ReturnURL: r.ReturnURL, Default: r.Default, Status: pay.CardPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.InsertCard(card); err != nil {
		return order{}, err
	}
	return e.saveOrder(card, customer, c)
}

// saveOrder makes the customer known to Stripe, or goes straight to attaching
// the card when it is.
func (e *Engine) saveOrder(card pay.Card, customer pay.Customer, c pay.Connection) (order, error) {
	switch {
	case customer.ProviderRef != "" && card.ReturnURL != "":
		wire, err := e.stripe.SetUpCard(card, customer)
		return order{action: pay.ActionSetUpCard, connection: c, subject: card.ID, wire: wire}, err
	case customer.ProviderRef != "":
		wire, err := e.stripe.AttachCard(card, customer)
		return order{pay.ActionAttachCard, c, "", card.ID, wire}, err
	}
	wire, err := e.stripe.CreateCustomer(customer)
	return order{pay.ActionCreateCustomer, c, "", card.ID, wire}, err
}

// customerFor finds whose card it will be: the named customer, the one with
// the e-mail address, or a new one.
func (e *Engine) customerFor(tx *store.Tx, o pay.Owner, r CardRequest) (pay.Customer, pay.Connection, error) {
	if r.Customer != "" {
		return knownCustomer(tx, o, r.Customer)
	}
	c, err := defaultConnection(tx, o)
	if err != nil {
		return pay.Customer{}, c, err
	}
	if r.CustomerEmail != "" {
		customer, err := tx.CustomerByEmail(o, c.ID, r.CustomerEmail)
		if !pay.Is(err, pay.CodeNotFound) {
			return customer, c, err
		}
	}
	customer := pay.Customer{
		ID: newID(), Owner: o, Connection: c.ID, Email: r.CustomerEmail, Name: r.CustomerName, CreatedAt: tx.Now(),
	}
	return customer, c, tx.InsertCustomer(customer)
}

// knownCustomer is a customer whom a request names, and the account that knows
// them, whatever the default is today.
func knownCustomer(tx *store.Tx, o pay.Owner, id pay.ID) (pay.Customer, pay.Connection, error) {
	customer, err := tx.Customer(o, id)
	if err != nil {
		return customer, pay.Connection{}, atField(err, "customer_id")
	}
	c, err := tx.Connection(o, customer.Connection)
	return customer, c, err
}

// settleCustomer keeps the customer's reference and goes on to attach the
// card, for whose sake the customer was made.
func (e *Engine) settleCustomer(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	card, err := tx.LockCard(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Outcome != pay.OutcomeDone {
		return e.failCard(tx, card, answer)
	}
	if err := tx.SetCustomerRef(card.Owner, card.Customer, answer.Customer); err != nil {
		return settlement{}, err
	}
	customer, err := tx.Customer(card.Owner, card.Customer)
	if err != nil {
		return settlement{}, err
	}
	c, err := tx.Connection(card.Owner, card.Connection)
	if err != nil {
		return settlement{}, err
	}
	meant, err := e.saveOrder(card, customer, c)
	next := e.newCall(tx, card.Owner, meant)
	return settlement{next: &next}, err
}

// settleAttach takes over what came of attaching a card.
func (e *Engine) settleAttach(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	card, err := tx.LockCard(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Outcome != pay.OutcomeDone {
		return e.failCard(tx, card, answer)
	}
	if report := answer.Card; report != nil {
		card = withFace(card, *report)
	}
	if card, err = e.activate(tx, card); err != nil {
		return settlement{}, err
	}
	return settlement{reply: e.present.Card(card, StandingCreated)}, nil
}

// withFace is a card with what Stripe shows of it.
func withFace(card pay.Card, report pay.CardReport) pay.Card {
	card.ProviderRef, card.Brand, card.Last4 = report.ProviderRef, report.Brand, report.Last4
	card.ExpMonth, card.ExpYear = report.ExpMonth, report.ExpYear
	return card
}

// activate makes a card one that can be charged; a customer's first is the
// default.
func (e *Engine) activate(tx *store.Tx, card pay.Card) (pay.Card, error) {
	others, err := tx.Cards(card.Owner, card.Customer, pay.Page{Limit: 1})
	if err != nil {
		return card, err
	}
	card.Default = card.Default || len(others.Items) == 0
	card.RedirectURL, card.Failure = "", pay.Failure{}
	return e.moveCard(tx, card, pay.CardActive)
}

func (e *Engine) failCard(tx *store.Tx, card pay.Card, answer pay.Answer) (settlement, error) {
	if answer.Err != nil {
		card.Failure = pay.Failure{Code: answer.Err.Code, Message: answer.Err.Message, DeclineCode: answer.Err.DeclineCode}
	}
	card, err := e.moveCard(tx, card, pay.CardFailed)
	return settlement{reply: e.present.Card(card, StandingDeclined)}, err
}

// moveCard changes a card's status, if that is legal, and tells of it.
func (e *Engine) moveCard(tx *store.Tx, card pay.Card, to pay.CardStatus) (pay.Card, error) {
	move, legal := pay.CardMoves.Find(card.Status, to)
	if !legal {
		return card, nil
	}
	card.Status = to
	card.Sequence++
	card.UpdatedAt = tx.Now()
	if err := tx.UpdateCard(card); err != nil {
		return card, err
	}
	fact := pay.Event{Type: move.Event, Object: card.ID, Sequence: card.Sequence}
	return card, e.Tell(tx, card.Owner, fact, func(ev pay.Event) []byte { return e.present.CardEvent(ev, card) })
}

// RemoveCard stops a saved card from ever being charged again. It counts from
// the first transaction on; the detaching at Stripe follows.
//
// Errors: not_found, and those of the idempotency gate.
func (e *Engine) RemoveCard(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		card, err := tx.LockCard(ask.Owner, id)
		if err != nil {
			return order{}, err
		}
		if card.Status != pay.CardActive {
			return order{}, pay.NotFound("saved card", id)
		}
		wire, err := e.stripe.DetachCard(card)
		if err != nil {
			return order{}, err
		}
		card.Default = false
		if card, err = e.moveCard(tx, card, pay.CardRemoved); err != nil {
			return order{}, err
		}
		c, err := tx.Connection(card.Owner, card.Connection)
		return order{pay.ActionDetachCard, c, "", card.ID, wire}, err
	})
}

// settleDetach replies to a removal. If Stripe refused, the card is not
// attached there any more, or never will be charged by us: both are what was
// asked for.
func (e *Engine) settleDetach(tx *store.Tx, call pay.Call, _ pay.Answer) (settlement, error) {
	card, err := tx.Card(call.Owner, call.Subject)
	return settlement{reply: e.present.Card(card, StandingDone)}, err
}

// cardDeeds are what is asked of Stripe for a saved card and its customer.
func (e *Engine) cardDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionCreateCustomer: {e.settleCustomer, e.lookForCustomer, e.openCard},
		pay.ActionAttachCard:     {e.settleAttach, e.lookForAttached, e.openCard},
		pay.ActionDetachCard:     {e.settleDetach, e.lookForDetached, e.openCard},
	}
}

func (e *Engine) openCard(tx *store.Tx, call pay.Call) (Reply, error) {
	card, err := tx.Card(call.Owner, call.Subject)
	return e.present.Card(card, StandingOpen), err
}

// SetDefaultCard makes a saved card its customer's default.
//
// Errors: not_found, and those of the idempotency gate.
func (e *Engine) SetDefaultCard(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		card, err := tx.LockCard(ask.Owner, id)
		if err != nil {
			return Reply{}, err
		}
		if card.Status != pay.CardActive {
			return Reply{}, pay.NotFound("saved card", id)
		}
		card.Default, card.UpdatedAt = true, tx.Now()
		return e.present.Card(card, StandingDone), tx.UpdateCard(card)
	})
}

// Cards is a page of the saved cards of a customer, or of all.
//
// Errors: invalid_cursor.
func (e *Engine) Cards(ctx context.Context, o pay.Owner, customer pay.ID, page pay.Page) (pay.List[pay.Card], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Card], error) { return tx.Cards(o, customer, page) })
}

// Card is one saved card, also one that was removed.
//
// Errors: not_found.
func (e *Engine) Card(ctx context.Context, o pay.Owner, id pay.ID) (pay.Card, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Card, error) { return tx.Card(o, id) })
}
