package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Tell writes an event down, with a delivery and a job for every endpoint that
// wants it, in the transaction of the change that it tells of.
func (e *Engine) Tell(tx *store.Tx, o pay.Owner, fact pay.Event, body func(pay.Event) []byte) error {
	fact.ID, fact.Owner, fact.At = newID(), o, tx.Now()
	if fact.Type == pay.EventPaymentCompleted {
		e.hints.add(hint{owner: o}) // its money is on Stripe's list now
	}
	fact.Body = body(fact)
	if err := tx.InsertEvent(fact); err != nil {
		return err
	}
	endpoints, err := tx.Endpoints(o)
	if err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		if !endpoint.Wants(fact.Type) {
			continue
		}
		if err := schedule(tx, fact, endpoint); err != nil {
			return err
		}
	}
	return nil
}

// schedule makes the delivery of an event to an endpoint, to be tried at once.
func schedule(tx *store.Tx, ev pay.Event, endpoint pay.Endpoint) error {
	return start(tx, newDelivery(ev, endpoint, tx.Now()))
}

func newDelivery(ev pay.Event, endpoint pay.Endpoint, now time.Time) pay.Delivery {
	return pay.Delivery{
		ID: newID(), Owner: ev.Owner, Event: ev.ID, EventType: ev.Type, Endpoint: endpoint.ID,
		Status: pay.DeliveryPending, NextAt: now, CreatedAt: now, UpdatedAt: now,
	}
}

// start keeps a new delivery and has a job try it.
func start(tx *store.Tx, d pay.Delivery) error {
	if err := tx.InsertDelivery(d); err != nil {
		return err
	}
	return tx.Enqueue(deliveryJob(d), d.NextAt)
}

// Event is one event.
//
// Errors: not_found.
func (e *Engine) Event(ctx context.Context, o pay.Owner, id pay.ID) (pay.Event, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Event, error) { return tx.Event(o, id) })
}

// Events is what happened after an event, oldest first: the feed for those who
// would rather ask than be told. It leaves nothing out.
//
// Errors: not_found when there is no event after.
func (e *Engine) Events(ctx context.Context, o pay.Owner, after pay.ID, types []pay.EventType, limit int) (pay.List[pay.Event], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Event], error) { return tx.Events(o, after, types, limit) })
}
